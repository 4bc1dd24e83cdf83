-- Statistics of the columns of a table, one row each, as SUMMARIZE returns them.
-- Example: SELECT column_name, approx_unique, null_percentage FROM mixpanel_summarize('events');
CREATE OR REPLACE TEMP MACRO mixpanel_summarize(t) AS TABLE
SELECT *
FROM query('SUMMARIZE FROM query_table(''' || replace(t, '''', '''''') || ''')');
