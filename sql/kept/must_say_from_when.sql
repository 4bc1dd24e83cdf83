-- A table that is yet to be made.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) = 0 AND {{from_date}} IS NULL THEN error({{from_missing}}) END
    FROM information_schema.tables
    WHERE {{condition}}
);
