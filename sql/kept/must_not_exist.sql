SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{exists}}) END FROM information_schema.tables WHERE {{condition}}
);
