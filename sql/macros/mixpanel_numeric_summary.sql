-- Count, range, sum, mean, population standard deviation and percentiles of a numeric property of an event.
-- Exports the event.
-- Example: SELECT * FROM mixpanel_numeric_summary('Purchase', 'Amount', '2025-01-01', '2025-01-05');
CREATE OR REPLACE TEMP MACRO mixpanel_numeric_summary(event, property, from_date, to_date, max_age := NULL) AS TABLE
SELECT
    count(number) AS count,
    min(number) AS min,
    max(number) AS max,
    fsum(number) AS sum,
    favg(number) AS avg,
    stddev_pop(number) AS stddev,
    quantile_cont(number, 0.25) AS p25,
    quantile_cont(number, 0.5) AS p50,
    quantile_cont(number, 0.75) AS p75,
    quantile_cont(number, 0.9) AS p90,
    quantile_cont(number, 0.95) AS p95,
    quantile_cont(number, 0.99) AS p99
FROM (
    -- Of an event that comes twice, the copy that was processed last counts, as in Mixpanel's reports.
    SELECT number
    FROM (
        SELECT
            distinct_id,
            event_time,
            insert_id,
            -- Numbers only, not texts that look like one. As a JSON pointer any name is a path.
            CASE
                WHEN json_type(exported.properties, '/' || replace(replace(property, '~', '~0'), '/', '~1'))
                    IN ('BIGINT', 'UBIGINT', 'DOUBLE')
                THEN TRY_CAST(mixpanel_property(exported.properties, property) AS DOUBLE)
            END AS number,
            TRY_CAST(mixpanel_property(exported.properties, 'mp_processing_time_ms') AS BIGINT) AS processed
        FROM mixpanel_export(from_date := from_date::DATE, to_date := to_date::DATE, events := [event], max_age := max_age::INTERVAL) AS exported
        WHERE event_time IS NOT NULL
    )
    QUALIFY coalesce(insert_id, '') = '' OR row_number() OVER (
        PARTITION BY distinct_id, event_time, insert_id ORDER BY processed DESC NULLS LAST
    ) = 1
)
WHERE isfinite(number);
