-- Returns one row per cohort date and period with the number of users of a table who come back, that is, do return_event.
-- A cohort is the users whose first born_event was on one day, week or month.
-- Example: SELECT * FROM mixpanel_table_retention('events', 'Sign Up', 'View Item', unit := 'day', periods := 3);
CREATE OR REPLACE TEMP MACRO mixpanel_table_retention(t, born_event, return_event, unit := 'day', periods := 10) AS TABLE
WITH mixpanel_happened AS MATERIALIZED (
    SELECT nullif(distinct_id, '') AS distinct_id, event_name, event_time
    FROM query_table(t)
),
mixpanel_length AS (
    SELECT
        CASE WHEN unit IN ('day', 'week', 'month') THEN unit::VARCHAR
            ELSE error('[INVALID_ARGUMENT] unit: must be ''day'', ''week'' or ''month''.') END AS name,
        CASE unit WHEN 'day' THEN INTERVAL 1 DAY WHEN 'week' THEN INTERVAL 7 DAYS ELSE INTERVAL 1 MONTH END AS period
),
mixpanel_born AS (
    SELECT distinct_id, birth, date_trunc(name, birth)::DATE AS cohort_date
    FROM (
        SELECT distinct_id, min(event_time) AS birth
        FROM mixpanel_happened
        WHERE (born_event IS NULL OR event_name = born_event) AND distinct_id IS NOT NULL AND event_time IS NOT NULL
        GROUP BY distinct_id
    )
    CROSS JOIN mixpanel_length
),
-- Periods run from a user's own birth, not by the calendar. date_diff counts the calendar's borders between birth and
-- return: that many periods have passed, or one less.
mixpanel_returned AS (
    SELECT
        cohort_date,
        borders - (birth + borders * period > event_time)::BIGINT AS number,
        count(DISTINCT distinct_id) AS users
    FROM (
        SELECT born.*, event_time, period, date_diff(name, birth, event_time) AS borders
        FROM mixpanel_born AS born
        JOIN mixpanel_happened AS happened ON happened.distinct_id = born.distinct_id AND event_time > birth
        CROSS JOIN mixpanel_length
        WHERE return_event IS NULL OR event_name = return_event
    )
    GROUP BY ALL
),
-- What had not ended by the end of the newest day is not known yet.
mixpanel_reported AS (
    SELECT cohort_date, cohort_size, number
    FROM (SELECT cohort_date, count(*) AS cohort_size FROM mixpanel_born GROUP BY cohort_date)
    CROSS JOIN (SELECT unnest(range(periods + 1)) AS number)
    CROSS JOIN mixpanel_length
    CROSS JOIN (SELECT date_trunc('day', max(event_time)) + INTERVAL 1 DAY AS known_until FROM mixpanel_happened)
    WHERE cohort_date + (number + 1) * period <= known_until
)
SELECT
    cohort_date,
    cohort_size,
    number::INTEGER AS period,
    coalesce(users, 0) AS retained,
    retained::DOUBLE / cohort_size AS retention_rate
FROM mixpanel_reported
LEFT JOIN mixpanel_returned USING (cohort_date, number)
ORDER BY cohort_date ASC NULLS LAST, period ASC NULLS LAST;
