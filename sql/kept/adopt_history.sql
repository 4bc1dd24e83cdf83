-- Whose history is it? mixpanel_data, the Python library, has one with six columns, or eight as its documents have it: one row for
-- each table. It becomes one of ours, and each of its tables is taken over by a call of its own.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN list_sort(list(lower(column_name)), 'ASC', 'NULLS LAST') NOT IN (
        SELECT list_sort(list(column_name), 'ASC', 'NULLS LAST') FROM (DESCRIBE {{no_history}})
        UNION ALL
        SELECT list_sort(list(column_name), 'ASC', 'NULLS LAST') FROM (DESCRIBE {{no_history}}) WHERE column_name <> 'asked'
        UNION ALL
        SELECT ['fetched_at', 'from_date', 'row_count', 'table_name', 'to_date', 'type']
        UNION ALL
        SELECT ['fetched_at', 'filter_events', 'filter_where', 'from_date', 'row_count', 'table_name', 'to_date', 'type']
    ) THEN error({{other_history}}) END
    FROM information_schema.columns
    WHERE {{metadata_condition}}
);
-- It is made anew, since the library's key allows one row for each table, and DuckDB can't drop a key. What other transactions have
-- done to the old one must not go with it. Each fetch into a table that has a history changes its rows, and conflicts here. One into
-- a new table conflicts when it writes its first row. (In this order: DuckDB 1.4 does not commit what was updated and then altered.)
ALTER TABLE {{metadata}} ADD COLUMN {{own}}_taken BOOLEAN;
UPDATE {{metadata}} SET row_count = row_count + 1;
UPDATE {{metadata}} SET row_count = row_count - 1;
CREATE OR REPLACE TABLE {{metadata}} AS
SELECT * REPLACE (filter_events::JSON AS filter_events, row_count::BIGINT AS row_count)
FROM ({{no_history}} UNION ALL BY NAME SELECT * EXCLUDE ({{own}}_taken) FROM {{metadata}});
