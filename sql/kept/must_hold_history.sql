-- A table of that name may be somebody else's: mixpanel_data, the Python library, has one too.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN list_sort(list(lower(column_name)), 'ASC', 'NULLS LAST') NOT IN (
        SELECT list_sort(list(column_name), 'ASC', 'NULLS LAST') FROM (DESCRIBE {{no_history}})
        UNION ALL
        SELECT list_sort(list(column_name), 'ASC', 'NULLS LAST') FROM (DESCRIBE {{no_history}}) WHERE column_name <> 'asked'
    ) THEN error({{other_history}}) END
    FROM information_schema.columns
    WHERE {{metadata_condition}}
);
-- Histories from before each day had its moment.
ALTER TABLE {{metadata}} ADD COLUMN IF NOT EXISTS asked JSON;
