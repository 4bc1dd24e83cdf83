-- The tables that are kept, one row each: their rows, the days they were fetched for, and when and how often that was. One that was
-- dropped is not listed.
-- Example: SELECT name, type, row_count, from_date, to_date FROM mixpanel_tables();
CREATE OR REPLACE TEMP MACRO mixpanel_tables() AS TABLE
SELECT
    arg_max(table_name, entry) AS name,
    arg_max(type, entry) AS type,
    arg_max(row_count, entry) AS row_count,
    max(fetched_at) AS fetched_at,
    min(from_date) AS from_date,
    max(to_date) AS to_date,
    count(*) AS fetches,
    arg_max(project_id, entry) AS project_id
FROM (SELECT *, row_number() OVER () AS entry FROM _metadata)
WHERE lower(table_name) IN (
    SELECT lower(existing.table_name)
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
            ) NULLS LAST
            LIMIT 1
        )
)
GROUP BY lower(table_name)
ORDER BY name;
