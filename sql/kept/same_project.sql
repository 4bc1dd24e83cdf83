-- Rows of two projects can't be told apart afterwards.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{other_project}}) END
    FROM {{metadata}}
    WHERE {{is_this}} AND project_id IS DISTINCT FROM {{project}}
);
