-- How many users of a table of events take some steps in their order, each later than the one before and all within
-- some time of the first, and how long that takes them.
-- Example: SELECT * FROM mixpanel_table_funnel('events', ['View Item', 'Add To Cart', 'Purchase'], INTERVAL 7 DAYS);
CREATE OR REPLACE TEMP MACRO mixpanel_table_funnel(t, steps, within) AS TABLE
WITH RECURSIVE taken AS MATERIALIZED (
    SELECT distinct_id, event_name, event_time
    FROM query_table(t)
    WHERE distinct_id <> '' AND list_contains(steps, event_name)
),
-- Users enter once, with their first such event. Each further step is the first such event after the step before.
reached AS (
    SELECT 1 AS step, distinct_id, min(event_time) AS entered, min(event_time) AS moment, NULL::DOUBLE AS seconds
    FROM taken
    WHERE event_name = steps[1]
    GROUP BY distinct_id
    UNION ALL
    SELECT step + 1, reached.distinct_id, entered, min(event_time), epoch(min(event_time) - moment)
    FROM reached
    JOIN taken
        ON taken.distinct_id = reached.distinct_id
        AND taken.event_name = steps[step + 1]
        AND taken.event_time > moment
        AND taken.event_time <= entered + within::INTERVAL
    GROUP BY step, reached.distinct_id, entered, moment
),
counted AS (
    SELECT step, steps[step] AS event_name, count(distinct_id) AS count, median(seconds) AS median_seconds
    FROM (SELECT unnest(range(1, len(steps) + 1))::INTEGER AS step)
    LEFT JOIN reached USING (step)
    GROUP BY step
)
SELECT
    step,
    event_name,
    count,
    CASE WHEN step = 1 THEN 1.0 WHEN count = 0 THEN 0.0 ELSE count / before END::DOUBLE AS step_conversion,
    CASE WHEN step = 1 THEN 1.0 WHEN count = 0 THEN 0.0 ELSE count / entries END::DOUBLE AS overall_conversion,
    median_seconds
FROM (
    SELECT *, lag(count) OVER (ORDER BY step) AS before, first_value(count) OVER (ORDER BY step) AS entries
    FROM counted
)
ORDER BY step;
