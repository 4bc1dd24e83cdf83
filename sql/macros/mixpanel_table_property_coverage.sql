-- Returns one row per property with the number of an event's occurrences in a table that have it and that lack it.
-- Example: SELECT * FROM mixpanel_table_property_coverage('events', 'Purchase', ['plan', 'Coupon']);
CREATE OR REPLACE TEMP MACRO mixpanel_table_property_coverage(t, event, properties, from_date := NULL, to_date := NULL, report_time_zone := NULL) AS TABLE
SELECT
    properties[position] AS property,
    count(*) FILTER (defined[position]) AS defined_count,
    count(*) FILTER (NOT defined[position]) AS null_count,
    coalesce(100.0 * defined_count / nullif(defined_count + null_count, 0), 0) AS coverage_percentage
FROM (SELECT unnest(range(1, len(properties) + 1)) AS position)
LEFT JOIN (
    -- Of an event that comes twice, the copy that was processed last counts, as in Mixpanel's reports.
    SELECT defined
    FROM (
        SELECT
            event_name,
            distinct_id,
            event_time,
            insert_id,
            -- A bare `properties` is the parameter.
            [mixpanel_property(happened.properties, name) IS NOT NULL FOR name IN properties] AS defined,
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
) ON true
GROUP BY position
ORDER BY position ASC NULLS LAST;
