-- Does the history say where all rows of the table come from? It does if a fetch made the table, or filled an empty one, or if it was
-- adopted: only an adoption has a table among its arguments. What was appended to a table of the user's own says nothing of the
-- rows that were there.
SET VARIABLE {{own}}_explained = (
    SELECT coalesce(bool_or(row_count = rows_added OR (arguments->>'table') IS NOT NULL), false) FROM {{metadata}} WHERE {{is_this}}
);
