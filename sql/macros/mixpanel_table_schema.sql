-- Columns of a table, one row each: name, type, whether it may be NULL, and whether it is part of the primary key.
-- Example: SELECT * FROM mixpanel_table_schema('events');
CREATE OR REPLACE TEMP MACRO mixpanel_table_schema(t) AS TABLE
SELECT name AS column_name, type AS column_type, NOT "notnull" AS nullable, pk AS primary_key
FROM pragma_table_info(t)
ORDER BY cid ASC NULLS LAST;
