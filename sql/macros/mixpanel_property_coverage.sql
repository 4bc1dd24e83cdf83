-- How many of an event's occurrences have each of some properties, and how many lack it. Exports the event.
-- Example: SELECT * FROM mixpanel_property_coverage('Purchase', ['plan', 'Coupon'], '2025-01-01', '2025-01-05');
CREATE OR REPLACE TEMP MACRO mixpanel_property_coverage(event, properties, from_date, to_date, max_age := NULL) AS TABLE
WITH happened AS MATERIALIZED (
    -- Of an event that comes twice, the copy that was processed last counts, as in Mixpanel's reports.
    SELECT defined
    FROM (
        SELECT
            distinct_id,
            event_time,
            insert_id,
            -- A bare `properties` is the parameter.
            [mixpanel_property(exported.properties, name) IS NOT NULL FOR name IN properties] AS defined,
            TRY_CAST(mixpanel_property(exported.properties, 'mp_processing_time_ms') AS BIGINT) AS processed
        FROM mixpanel_export(from_date := from_date::DATE, to_date := to_date::DATE, events := [event], max_age := max_age::INTERVAL) AS exported
        WHERE event_time IS NOT NULL
    )
    QUALIFY coalesce(insert_id, '') = '' OR row_number() OVER (
        PARTITION BY distinct_id, event_time, insert_id ORDER BY processed DESC NULLS LAST
    ) = 1
)
SELECT
    properties[position] AS property,
    count(*) FILTER (defined[position]) AS defined_count,
    count(*) FILTER (NOT defined[position]) AS null_count,
    coalesce(100.0 * defined_count / nullif(defined_count + null_count, 0), 0) AS coverage_percentage
FROM (SELECT unnest(range(1, len(properties) + 1)) AS position)
LEFT JOIN happened ON true
GROUP BY position
ORDER BY position;
