-- When Mixpanel was asked for what the table holds, day by day. Fetches of before each day had its moment count by their own. A
-- moment ahead of the clock is a clock that went wrong.
CREATE OR REPLACE TEMP TABLE {{own}}_known AS
WITH
    {{own}}_fetches AS (
        SELECT
            row_number() OVER () AS entry, fetched_at, from_date, to_date, failed_ranges, arguments->'days' AS days, asked,
            project_id, filter_events, filter_where, arguments->>'time_zone' AS time_zone
        FROM {{metadata}}
        WHERE {{is_this}}
    ),
    {{own}}_moments AS (
        SELECT entry, unnest(map_keys(moments)) AS day, unnest(map_values(moments)) AS asked_at
        FROM (SELECT entry, asked::MAP(DATE, TIMESTAMP) AS moments FROM {{own}}_fetches WHERE asked IS NOT NULL)
    ),
    -- A sync asks for some days of its range only.
    {{own}}_ranges AS (
        SELECT entry, fetched_at, unnest(from_json(days, '["DATE"]')) AS day
        FROM {{own}}_fetches
        WHERE asked IS NULL AND days IS NOT NULL
        UNION ALL
        SELECT entry, fetched_at, unnest(generate_series(from_date, to_date, INTERVAL 1 DAY))::DATE AS day
        FROM {{own}}_fetches
        WHERE asked IS NULL AND days IS NULL
    ),
    {{own}}_failed AS (
        SELECT entry, unnest(from_json(failed_ranges, '[{"range": "VARCHAR"}]')).range AS days FROM {{own}}_fetches WHERE asked IS NULL
    )
SELECT day, asked_at, project_id, filter_events::VARCHAR AS filter_events, filter_where, time_zone
FROM (
    FROM {{own}}_moments
    UNION ALL
    SELECT entry, day, fetched_at AS asked_at
    FROM {{own}}_ranges AS ranges
    WHERE NOT EXISTS (
        FROM {{own}}_failed AS failed
        WHERE failed.entry = ranges.entry AND ranges.day BETWEEN left(failed.days, 10)::DATE AND right(failed.days, 10)::DATE
    )
)
JOIN {{own}}_fetches USING (entry)
WHERE asked_at <= {{now}} + INTERVAL 5 MINUTES;
