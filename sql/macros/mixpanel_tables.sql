-- The tables that are kept, one row each: their rows, the days they were fetched for, and when and how often that was.
-- Example: SELECT name, type, row_count, from_date, to_date FROM mixpanel_tables();
CREATE OR REPLACE TEMP MACRO mixpanel_tables() AS TABLE
SELECT
    arg_max(table_name, fetched_at) AS name,
    arg_max(type, fetched_at) AS type,
    arg_max(row_count, fetched_at) AS row_count,
    max(fetched_at) AS fetched_at,
    min(from_date) AS from_date,
    max(to_date) AS to_date,
    count(*) AS fetches,
    arg_max(project_id, fetched_at) AS project_id
FROM _metadata
GROUP BY lower(table_name)
ORDER BY name;
