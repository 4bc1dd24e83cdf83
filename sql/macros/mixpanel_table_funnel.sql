-- Returns one row per step with the number of users of a table who take the steps in order and the time that they need.
-- Each step must come later than the one before, and all within an interval of the first.
-- Example: SELECT * FROM mixpanel_table_funnel('events', ['View Item', 'Add To Cart', 'Purchase'], INTERVAL 7 DAYS);
CREATE OR REPLACE TEMP MACRO mixpanel_table_funnel(t, steps, within, segment_by := NULL) AS TABLE
WITH RECURSIVE mixpanel_taken AS MATERIALIZED (
    SELECT
        distinct_id,
        event_name,
        event_time,
        CASE WHEN segment_by IS NOT NULL AND event_name = steps[1]
            THEN coalesce(
                mixpanel_property(to_json(properties)->>'$', segment_by),
                -- In Mixpanel's reports a property that is null is not one that is missing. A pointer takes any name.
                CASE WHEN json_exists(
                    to_json(properties)->>'$', '/' || replace(replace(segment_by, '~', '~0'), '/', '~1')
                ) THEN 'null' ELSE 'undefined' END
            ) END AS segment
    -- With a column of that name in any case, because a table without properties has funnels too.
    FROM (SELECT NULL AS properties WHERE false UNION ALL BY NAME FROM query_table(t))
    WHERE distinct_id <> '' AND list_contains(steps, event_name)
),
-- Users enter once, with their first such event, and count for its segment. Each further step is the first such event after the step before.
mixpanel_reached AS (
    SELECT
        1 AS step,
        distinct_id,
        min(event_time) AS entered,
        min(event_time) AS moment,
        NULL::DOUBLE AS seconds,
        arg_min(segment, event_time) AS segment
    FROM mixpanel_taken
    WHERE event_name = steps[1]
    GROUP BY distinct_id
    UNION ALL
    SELECT step + 1, reached.distinct_id, entered, min(event_time), epoch(min(event_time) - moment), reached.segment
    FROM mixpanel_reached AS reached
    JOIN mixpanel_taken AS taken
        ON taken.distinct_id = reached.distinct_id
        AND taken.event_name = steps[step + 1]
        AND taken.event_time > moment
        AND taken.event_time <= entered + within::INTERVAL
    GROUP BY step, reached.distinct_id, entered, moment, reached.segment
),
mixpanel_measured AS (
    SELECT
        step,
        CASE WHEN segment_by IS NOT NULL AND grouping(segment) = 1 THEN '$overall' ELSE segment END AS segment,
        count(distinct_id) AS count,
        median(seconds) AS median_seconds
    FROM mixpanel_reached
    GROUP BY GROUPING SETS ((step), (step, segment))
    HAVING segment_by IS NOT NULL OR grouping(segment) = 1
),
mixpanel_segments AS (
    -- Without UNION, which means recursion here.
    SELECT DISTINCT unnest([CASE WHEN segment_by IS NOT NULL THEN '$overall' END] || coalesce(list(segment), [])) AS segment
    FROM mixpanel_measured
),
mixpanel_counted AS (
    SELECT
        all_steps.step,
        steps[all_steps.step] AS event_name,
        segments.segment,
        coalesce(measured.count, 0) AS count,
        median_seconds
    FROM (
        -- A step that the table has no event of is a slip of the pen. An empty table knows no names.
        SELECT
            CASE WHEN names IS NULL OR steps[step] IS NULL OR list_contains(names, steps[step]) THEN step
                ELSE error(
                    '[NOT_FOUND] steps: ' || t || ' has no event ''' || steps[step] || ''', the closest is '''
                    || list_sort([
                        {'distance': damerau_levenshtein(lower(known), lower(steps[step])), 'name': known} FOR known IN names
                    ], 'ASC', 'NULLS LAST')[1].name
                    || '''. mixpanel_event_breakdown lists all.'
                )::INTEGER END AS step
        FROM (SELECT unnest(range(1, len(steps) + 1))::INTEGER AS step)
        CROSS JOIN (SELECT list(DISTINCT event_name) AS names FROM query_table(t))
    ) AS all_steps
    CROSS JOIN mixpanel_segments AS segments
    LEFT JOIN mixpanel_measured AS measured
        ON measured.step = all_steps.step AND measured.segment IS NOT DISTINCT FROM segments.segment
)
SELECT
    step,
    event_name,
    count,
    CASE WHEN step = 1 THEN 1.0 WHEN count = 0 THEN 0.0 ELSE count::DOUBLE / before END::DOUBLE AS step_conversion,
    CASE WHEN step = 1 THEN 1.0 WHEN count = 0 THEN 0.0 ELSE count::DOUBLE / entries END::DOUBLE AS overall_conversion,
    median_seconds,
    segment
FROM (
    SELECT *, lag(count) OVER by_step AS before, first_value(count) OVER by_step AS entries
    FROM mixpanel_counted
    WINDOW by_step AS (PARTITION BY segment ORDER BY step ASC NULLS LAST)
)
ORDER BY segment ASC NULLS LAST, step ASC NULLS LAST;
