-- A view holds no rows, and a temporary table hides the one that is meant from some of the statements that follow.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{hidden}}) END
    FROM information_schema.tables
    WHERE {{condition}} AND table_type <> 'BASE TABLE'
);
