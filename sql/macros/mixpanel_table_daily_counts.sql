-- Returns one row per day and event name of a table with the number of events. Counts each occurrence once, as Mixpanel's
-- reports do.
-- Example: SELECT * FROM mixpanel_table_daily_counts('events', events := ['Sign Up', 'Purchase']);
CREATE OR REPLACE TEMP MACRO mixpanel_table_daily_counts(t, from_date := NULL, to_date := NULL, events := NULL, report_time_zone := NULL) AS TABLE
SELECT date, event_name, sum(occurrences)::BIGINT AS count
FROM (
    -- An event that comes twice counts once. One without an insert_id comes once.
    SELECT event_name, date, CASE WHEN insert_id <> '' THEN 1 ELSE count(*) END AS occurrences
    FROM (
        SELECT
            event_name,
            event_time,
            distinct_id,
            insert_id,
            (CASE WHEN report_time_zone IS NULL THEN event_time ELSE mixpanel_local(event_time, report_time_zone) END)::DATE AS date
        FROM query_table(t)
        WHERE event_time IS NOT NULL
            AND CASE
                WHEN events IS NULL THEN true
                WHEN len(events::VARCHAR[]) = 0 THEN error('[INVALID_ARGUMENT] events: is an empty list. Leave it out to count all events.')::BOOLEAN
                WHEN len(events::VARCHAR[]) > list_count(events::VARCHAR[]) THEN error('[INVALID_ARGUMENT] events: contains NULL. Remove it.')::BOOLEAN
                ELSE list_contains(events::VARCHAR[], event_name)
            END
    )
    WHERE CASE
        WHEN from_date::DATE > to_date::DATE
        THEN error('[INVALID_ARGUMENT] from_date: ' || from_date::DATE || ' is after to_date ' || to_date::DATE || '. Swap them.')::BOOLEAN
        ELSE (from_date IS NULL OR date >= from_date::DATE) AND (to_date IS NULL OR date <= to_date::DATE)
    END
    GROUP BY event_name, distinct_id, event_time, date, insert_id
)
GROUP BY date, event_name
ORDER BY date ASC NULLS LAST, event_name ASC NULLS LAST;
