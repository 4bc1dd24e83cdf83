-- Rows whose times mean something else would be taken for other rows.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{other_time_zone}}) END
    FROM {{metadata}}
    WHERE {{is_this}} AND (arguments->>'time_zone') IS DISTINCT FROM {{time_zone}}
);
