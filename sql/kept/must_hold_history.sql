-- A table of that name may be somebody else's: mixpanel_data, the Python library, has one too.
SET VARIABLE mixpanel_checked = (
    SELECT CASE WHEN list_sort(list(lower(column_name))) <> {{metadata_columns}} THEN error({{other_history}}) END
    FROM information_schema.columns
    WHERE {{metadata_condition}}
);
