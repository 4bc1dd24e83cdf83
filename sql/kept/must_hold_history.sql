-- A table of that name may be somebody else's: mixpanel_data, the Python library, has one too.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN list_sort(list(lower(column_name))) <> (SELECT list_sort(list(column_name)) FROM (DESCRIBE {{no_history}})) THEN error({{other_history}}) END
    FROM information_schema.columns
    WHERE {{metadata_condition}}
);
