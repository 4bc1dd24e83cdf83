-- Returns the count, range, sum, mean, population standard deviation and percentiles of a numeric property of an event
-- in a table.
-- Example: SELECT * FROM mixpanel_table_numeric_summary('events', 'Purchase', 'Amount', percentiles := [5, 99.9]);
CREATE OR REPLACE TEMP MACRO mixpanel_table_numeric_summary(t, event, property, from_date := NULL, to_date := NULL, percentiles := NULL, report_time_zone := NULL) AS TABLE
SELECT
    * EXCLUDE (halves) REPLACE (CASE WHEN isfinite(sum) THEN sum END AS sum),
    -- As quantile_cont has it, which takes no parameter of a macro. Between halves, whose distance is a DOUBLE always.
    CASE WHEN count > 0 AND percentiles IS NOT NULL THEN map(
        list_sort(list_distinct(percentiles::DOUBLE[]), 'ASC', 'NULLS LAST'),
        [
            2 * (
                halves[floor(place)::BIGINT + 1]
                + (halves[ceil(place)::BIGINT + 1] - halves[floor(place)::BIGINT + 1]) * (place - floor(place))
            )
            FOR place IN [
                CASE WHEN percentile BETWEEN 0 AND 100 THEN percentile / 100 * (count - 1)
                    ELSE error('[INVALID_ARGUMENT] percentiles: must be numbers from 0 to 100.')::DOUBLE END
                FOR percentile IN list_sort(list_distinct(percentiles::DOUBLE[]), 'ASC', 'NULLS LAST')
            ]
        ]
    ) END AS percentiles
FROM (
    SELECT
        count(number) AS count,
        min(number) AS min,
        max(number) AS max,
        -- In their order, so that the last digits are the same whatever order the rows come in.
        fsum(number / scale ORDER BY number ASC NULLS LAST) * any_value(scale) AS sum,
        fsum(number / scale ORDER BY number ASC NULLS LAST) / count * any_value(scale) AS avg,
        stddev_pop(number / scale ORDER BY number ASC NULLS LAST) * any_value(scale) AS stddev,
        quantile_cont(number, 0.25) AS p25,
        quantile_cont(number, 0.5) AS p50,
        quantile_cont(number, 0.75) AS p75,
        quantile_cont(number, 0.9) AS p90,
        quantile_cont(number, 0.95) AS p95,
        quantile_cont(number, 0.99) AS p99,
        list_sort(list(number / 2) FILTER (percentiles IS NOT NULL), 'ASC', 'NULLS LAST') AS halves
    FROM (
        -- The squares of numbers near the end of DOUBLE lie beyond it. A power of two takes no digits away.
        SELECT number, CASE WHEN max(abs(number)) OVER () > 1e140 THEN pow(2, 600) ELSE 1 END AS scale
        FROM (
            -- Of an event that comes twice, the copy that was processed last counts, as in Mixpanel's reports.
            SELECT number
            FROM (
                SELECT
                    event_name,
                    distinct_id,
                    event_time,
                    insert_id,
                    -- Numbers only, not texts that look like one. As a JSON pointer any name is a path.
                    CASE
                        WHEN json_type(happened.properties, '/' || replace(replace(property, '~', '~0'), '/', '~1'))
                            IN ('BIGINT', 'UBIGINT', 'DOUBLE')
                        THEN TRY_CAST(mixpanel_property(happened.properties, property) AS DOUBLE)
                    END AS number,
                    TRY_CAST(mixpanel_property(happened.properties, 'mp_processing_time_ms') AS BIGINT) AS processed
                FROM (
                    SELECT
                        given.event_name,
                        given.event_time,
                        given.distinct_id,
                        given.insert_id,
                        given.properties,
                        CASE WHEN report_time_zone IS NULL THEN event_time ELSE mixpanel_local(event_time, report_time_zone) END AS local_time
                    FROM query_table(t) AS given
                ) AS happened
                WHERE event_time IS NOT NULL
                    AND (event IS NULL OR event_name = event)
                    AND CASE
                        WHEN from_date::DATE > to_date::DATE
                        THEN error('[INVALID_ARGUMENT] from_date: ' || from_date::DATE || ' is after to_date ' || to_date::DATE || '. Swap them.')::BOOLEAN
                        ELSE (from_date IS NULL OR local_time >= from_date::DATE) AND (to_date IS NULL OR local_time < to_date::DATE + 1)
                    END
            )
            QUALIFY coalesce(insert_id, '') = '' OR row_number() OVER (
                PARTITION BY event_name, distinct_id, event_time, insert_id ORDER BY processed DESC NULLS LAST
            ) = 1
        )
        WHERE isfinite(number)
    )
);
