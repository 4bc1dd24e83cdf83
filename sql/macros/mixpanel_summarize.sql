-- Statistics of every column of a table: what SUMMARIZE says of it, as rows.
-- Example: SELECT column_name, approx_unique, null_percentage FROM mixpanel_summarize('events');
CREATE OR REPLACE TEMP MACRO mixpanel_summarize(t) AS TABLE
SELECT *
FROM query('SUMMARIZE FROM query_table(''' || replace(t, '''', '''''') || ''')');
