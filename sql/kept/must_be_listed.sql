SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) = 0 THEN error({{not_kept}}) END FROM {{metadata}} WHERE {{is_this}}
);
