-- Returns one row per bucket with the number of users of a table whose number of events falls into it.
-- Example: SELECT * FROM mixpanel_table_engagement_distribution('events', events := ['View Item']);
CREATE OR REPLACE TEMP MACRO mixpanel_table_engagement_distribution(t, from_date := NULL, to_date := NULL, events := NULL, buckets := [1, 2, 5, 10, 25, 50, 100], report_time_zone := NULL) AS TABLE
SELECT
    bucket_min,
    CASE
        WHEN next_min IS NULL THEN bucket_min || '+'
        WHEN next_min = bucket_min + 1 THEN bucket_min::VARCHAR
        ELSE bucket_min || '-' || (next_min - 1)
    END AS bucket_label,
    count(*) AS user_count,
    100.0 * count(*) / sum(count(*)) OVER () AS percentage
FROM (
    SELECT sum(occurrences) AS total
    FROM (
        -- An event that comes twice counts once, as in Mixpanel's reports. One without an insert_id comes once.
        SELECT distinct_id, CASE WHEN insert_id <> '' THEN 1 ELSE count(*) END AS occurrences
        FROM (
            SELECT
                event_name,
                event_time,
                distinct_id,
                insert_id,
                CASE WHEN report_time_zone IS NULL THEN event_time ELSE mixpanel_local(event_time, report_time_zone) END AS local_time
            FROM query_table(t)
        )
        WHERE event_time IS NOT NULL
            AND distinct_id <> ''
            AND CASE
                WHEN events IS NULL THEN true
                WHEN len(events::VARCHAR[]) = 0 THEN error('[INVALID_ARGUMENT] events: is an empty list. Leave it out to count all events.')::BOOLEAN
                WHEN len(events::VARCHAR[]) > list_count(events::VARCHAR[]) THEN error('[INVALID_ARGUMENT] events: contains NULL. Remove it.')::BOOLEAN
                ELSE list_contains(events::VARCHAR[], event_name)
            END
            AND CASE
                WHEN from_date::DATE > to_date::DATE
                THEN error('[INVALID_ARGUMENT] from_date: ' || from_date::DATE || ' is after to_date ' || to_date::DATE || '. Swap them.')::BOOLEAN
                ELSE (from_date IS NULL OR local_time >= from_date::DATE) AND (to_date IS NULL OR local_time < to_date::DATE + 1)
            END
        GROUP BY event_name, distinct_id, event_time, insert_id
    )
    GROUP BY distinct_id
) AS users
JOIN (
    -- From 1 on, so that nobody is below the first.
    SELECT bucket_min, lead(bucket_min) OVER (ORDER BY bucket_min ASC NULLS LAST) AS next_min
    FROM (SELECT DISTINCT unnest(list_prepend(1, buckets))::BIGINT AS bucket_min)
) AS bounds ON total >= bucket_min AND (next_min IS NULL OR total < next_min)
GROUP BY bucket_min, next_min
ORDER BY bucket_min ASC NULLS LAST;
