-- The most frequent values of a property of an event, with their percentage of all such events that have the property.
-- Exports the event.
-- Example: SELECT * FROM mixpanel_property_distribution('Purchase', 'plan', '2025-01-01', '2025-01-05');
CREATE OR REPLACE TEMP MACRO mixpanel_property_distribution(event, property, from_date, to_date, max_rows := 20, max_age := NULL) AS TABLE
SELECT value, count(*) AS count, 100.0 * count(*) / sum(count(*)) OVER () AS percentage
FROM (
    -- Of an event that comes twice, the copy that was processed last counts, as in Mixpanel's reports.
    SELECT value
    FROM (
        SELECT
            distinct_id,
            event_time,
            insert_id,
            mixpanel_property(exported.properties, property) AS value,
            TRY_CAST(mixpanel_property(exported.properties, 'mp_processing_time_ms') AS BIGINT) AS processed
        FROM mixpanel_export(from_date := from_date::DATE, to_date := to_date::DATE, events := [event], max_age := max_age::INTERVAL) AS exported
        WHERE event_time IS NOT NULL
    )
    QUALIFY coalesce(insert_id, '') = '' OR row_number() OVER (
        PARTITION BY distinct_id, event_time, insert_id ORDER BY processed DESC NULLS LAST
    ) = 1
)
WHERE value IS NOT NULL
GROUP BY value
ORDER BY count DESC, value
LIMIT max_rows;
