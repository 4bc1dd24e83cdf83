-- Managed tables, one row each: their rows, the days that were fetched, the days that are missing, and when and how often
-- they were fetched. Does not list dropped tables.
-- Example: SELECT name, type, row_count, from_date, to_date, missing_days FROM mixpanel_tables();
CREATE OR REPLACE TEMP MACRO mixpanel_tables() AS TABLE
WITH
    history AS (
        -- Histories of before have no column asked.
        SELECT *, translate(table_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') AS kept, row_number() OVER () AS entry
        FROM (SELECT NULL::JSON AS asked WHERE false UNION ALL BY NAME FROM _metadata)
        -- As DuckDB folds names, which is ASCII only.
        WHERE translate(table_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') IN (
            SELECT translate(existing.table_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
            FROM information_schema.tables AS existing
            WHERE existing.table_catalog = current_database()
                AND existing.table_type = 'BASE TABLE'
                AND existing.table_schema = (
                    -- Where the history itself was found: in the first schema of the search path that has one, else in main.
                    SELECT histories.table_schema
                    FROM information_schema.tables AS histories
                    WHERE histories.table_catalog = current_database() AND histories.table_name = '_metadata'
                    ORDER BY coalesce(
                        list_position(list_append(current_schemas(false), current_schema()), histories.table_schema),
                        CASE WHEN histories.table_schema = 'main' THEN 1000 END
                    ) ASC NULLS LAST
                    LIMIT 1
                )
        )
    ),
    -- What was asked: one table may have the days of several questions.
    questions AS (
        SELECT
            *,
            concat_ws(chr(31), kept, coalesce(project_id, ''), coalesce(filter_events::VARCHAR, ''), coalesce(filter_where, ''), coalesce(arguments->>'time_zone', '')) AS question
        FROM history
        WHERE type = 'events'
    ),
    spans AS (
        SELECT kept, question, unnest(generate_series(min(from_date), max(to_date), INTERVAL 1 DAY))::DATE AS day
        FROM questions
        GROUP BY kept, question
    ),
    brought AS (
        SELECT question, unnest(map_keys(asked::MAP(DATE, TIMESTAMP))) AS day FROM questions WHERE asked IS NOT NULL
        UNION ALL
        SELECT ranges.question, ranges.day
        FROM (
            SELECT
                entry,
                question,
                unnest(coalesce(from_json(arguments->'days', '["DATE"]'), generate_series(from_date, to_date, INTERVAL 1 DAY)::DATE[])) AS day
            FROM questions
            WHERE asked IS NULL
        ) AS ranges
        ANTI JOIN (
            SELECT entry, unnest(from_json(failed_ranges, '[{"range": "VARCHAR"}]')).range AS days FROM questions WHERE asked IS NULL
        ) AS failed
            ON failed.entry = ranges.entry AND ranges.day BETWEEN left(failed.days, 10)::DATE AND right(failed.days, 10)::DATE
    ),
    missing AS (
        SELECT kept, list(DISTINCT day ORDER BY day ASC NULLS LAST) AS days FROM spans ANTI JOIN brought USING (question, day) GROUP BY kept
    )
SELECT
    arg_max(table_name, entry) AS name,
    arg_max(type, entry) AS type,
    arg_max(row_count, entry) AS row_count,
    max(fetched_at) AS fetched_at,
    min(from_date) AS from_date,
    max(to_date) AS to_date,
    count(*) AS fetches,
    arg_max(project_id, entry) AS project_id,
    CASE WHEN min(from_date) IS NOT NULL THEN coalesce(any_value(missing.days), []) END AS missing_days
FROM history
LEFT JOIN missing USING (kept)
GROUP BY kept
ORDER BY name ASC NULLS LAST;
