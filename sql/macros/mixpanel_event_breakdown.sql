-- Returns one row per event name of a table: its rows, its users, its percentage of all rows, and when it was first
-- and last seen.
-- Example: SELECT * FROM mixpanel_event_breakdown('events');
CREATE OR REPLACE TEMP MACRO mixpanel_event_breakdown(t) AS TABLE
SELECT
    event_name,
    count(*) AS count,
    count(DISTINCT nullif(distinct_id, '')) AS unique_users,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS pct_of_total
FROM query_table(t)
GROUP BY event_name
ORDER BY count DESC NULLS LAST, event_name ASC NULLS LAST;
