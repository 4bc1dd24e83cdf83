-- Returns a few random rows of a table.
-- Example: SELECT * FROM mixpanel_sample('events', n := 5);
CREATE OR REPLACE TEMP MACRO mixpanel_sample(t, n := 10) AS TABLE
SELECT *
FROM query_table(t)
ORDER BY random()
LIMIT n;
