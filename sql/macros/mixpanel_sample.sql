-- A few rows of a table, drawn at random.
-- Example: SELECT * FROM mixpanel_sample('events', n := 5);
CREATE OR REPLACE TEMP MACRO mixpanel_sample(t, n := 10) AS TABLE
SELECT *
FROM query_table(t)
ORDER BY random()
LIMIT n;
