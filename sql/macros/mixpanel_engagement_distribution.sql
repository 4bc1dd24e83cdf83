-- How many users did something how often: the users by their number of events, in buckets.
-- Exports those days: some events, or all.
-- Example: SELECT * FROM mixpanel_engagement_distribution('2025-01-01', '2025-01-05', events := ['View Item']);
CREATE OR REPLACE TEMP MACRO mixpanel_engagement_distribution(from_date, to_date, events := NULL, buckets := [1, 2, 5, 10, 25, 50, 100], max_age := NULL) AS TABLE
WITH bounds AS (
    -- From 1 on, so that nobody is below the first.
    SELECT bucket_min, lead(bucket_min) OVER (ORDER BY bucket_min) AS next_min
    FROM (SELECT DISTINCT unnest(list_prepend(1, buckets))::BIGINT AS bucket_min)
),
users AS (
    SELECT sum(occurrences) AS total
    FROM (
        -- An event that comes twice counts once, as in Mixpanel's reports. One without an insert_id comes once.
        SELECT distinct_id, CASE WHEN insert_id <> '' THEN 1 ELSE count(*) END AS occurrences
        FROM mixpanel_export(from_date := from_date::DATE, to_date := to_date::DATE, events := events::VARCHAR[], max_age := max_age::INTERVAL)
        WHERE event_time IS NOT NULL AND distinct_id <> ''
        GROUP BY event_name, distinct_id, event_time, insert_id
    )
    GROUP BY distinct_id
)
SELECT
    bucket_min,
    CASE
        WHEN next_min IS NULL THEN bucket_min || '+'
        WHEN next_min = bucket_min + 1 THEN bucket_min::VARCHAR
        ELSE bucket_min || '-' || (next_min - 1)
    END AS bucket_label,
    count(*) AS user_count,
    100.0 * count(*) / sum(count(*)) OVER () AS percentage
FROM users
JOIN bounds ON total >= bucket_min AND (next_min IS NULL OR total < next_min)
GROUP BY bucket_min, next_min
ORDER BY bucket_min;
