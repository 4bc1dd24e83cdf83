-- How often each event happened on each day. Exports those days: some events, or all.
-- Example: SELECT * FROM mixpanel_daily_counts('2025-01-01', '2025-01-05', events := ['Sign Up', 'Purchase']);
CREATE OR REPLACE TEMP MACRO mixpanel_daily_counts(from_date, to_date, events := NULL, max_age := NULL) AS TABLE
SELECT event_time::DATE AS date, event_name, sum(occurrences)::BIGINT AS count
FROM (
    -- An event that comes twice counts once, as in Mixpanel's reports. One without an insert_id comes once.
    SELECT event_name, event_time, CASE WHEN insert_id <> '' THEN 1 ELSE count(*) END AS occurrences
    FROM mixpanel_export(from_date := from_date::DATE, to_date := to_date::DATE, events := events::VARCHAR[], max_age := max_age::INTERVAL)
    WHERE event_time IS NOT NULL
    GROUP BY event_name, distinct_id, event_time, insert_id
)
GROUP BY date, event_name
ORDER BY date, event_name;
