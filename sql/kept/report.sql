WITH
    history AS (
        SELECT *, row_number() OVER () AS entry FROM {{metadata}} WHERE {{is_this}}
    ),
    this AS (
        SELECT * FROM history WHERE (arguments->>'label') = {{label}} ORDER BY entry DESC NULLS LAST LIMIT 1
    ),
    same AS (
        SELECT history.*
        FROM history
        JOIN this
            ON history.project_id IS NOT DISTINCT FROM this.project_id
            AND history.filter_events::VARCHAR IS NOT DISTINCT FROM this.filter_events::VARCHAR
            AND history.filter_where IS NOT DISTINCT FROM this.filter_where
            AND (history.arguments->>'time_zone') IS NOT DISTINCT FROM (this.arguments->>'time_zone')
    ),
    brought AS (
        SELECT unnest(map_keys(asked::MAP(DATE, TIMESTAMP))) AS day FROM same WHERE asked IS NOT NULL
        UNION ALL
        SELECT ranges.day
        FROM (
            SELECT
                entry,
                unnest(coalesce(from_json(arguments->'days', '["DATE"]'), generate_series(from_date, to_date, INTERVAL 1 DAY)::DATE[])) AS day
            FROM same
            WHERE asked IS NULL
        ) AS ranges
        ANTI JOIN (SELECT entry, unnest(from_json(failed_ranges, '[{"range": "VARCHAR"}]')).range AS days FROM same WHERE asked IS NULL) AS failed
            ON failed.entry = ranges.entry AND ranges.day BETWEEN left(failed.days, 10)::DATE AND right(failed.days, 10)::DATE
    ),
    missing AS (
        SELECT coalesce(list(day ORDER BY day ASC NULLS LAST), []) AS days
        FROM (SELECT unnest(generate_series(min(from_date), max(to_date), INTERVAL 1 DAY))::DATE AS day FROM same)
        WHERE day NOT IN (FROM brought)
    )
SELECT
    table_name, rows_added, rows_removed, row_count, requests, failed_ranges, duration_seconds AS seconds,
    CASE WHEN type = 'events' THEN (SELECT days FROM missing) END AS missing_days
FROM this;
