SET VARIABLE {{own}}_checked = (
    SELECT CASE
        WHEN count(*) = 0 THEN error({{missing}})
        WHEN list_sort(list(lower(column_name) || ' ' || data_type), 'ASC', 'NULLS LAST') <> list_sort([{{columns}}], 'ASC', 'NULLS LAST') THEN error({{other_columns}})
    END
    FROM information_schema.columns
    WHERE {{condition}}
);
