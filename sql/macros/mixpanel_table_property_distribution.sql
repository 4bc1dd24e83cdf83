-- Most frequent values of a property of an event in a table, one row each, with their percentage of the events that have
-- the property.
-- Example: SELECT * FROM mixpanel_table_property_distribution('events', 'Purchase', 'plan');
CREATE OR REPLACE TEMP MACRO mixpanel_table_property_distribution(t, event, property, from_date := NULL, to_date := NULL, max_rows := 20, report_time_zone := NULL) AS TABLE
SELECT value, count(*) AS count, 100.0 * count(*) / sum(count(*)) OVER () AS percentage
FROM (
    -- Of an event that comes twice, the copy that was processed last counts, as in Mixpanel's reports.
    SELECT value
    FROM (
        SELECT
            event_name,
            distinct_id,
            event_time,
            insert_id,
            mixpanel_property(happened.properties, property) AS value,
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
WHERE value IS NOT NULL
GROUP BY value
ORDER BY count DESC NULLS LAST, value ASC NULLS LAST
LIMIT max_rows;
