-- Statistics of one column of a table, or of an SQL expression over its columns: NULLs, distinct values, the most
-- frequent values, and the mean and sample standard deviation of numbers.
-- Example: SELECT * FROM mixpanel_column_stats('events', 'properties->>''$.plan''', top_n := 5);
CREATE OR REPLACE TEMP MACRO mixpanel_column_stats(t, col, top_n := 10) AS TABLE
WITH mixpanel_listed AS MATERIALIZED (
    SELECT value, CASE WHEN isfinite(number) THEN number END AS number
    FROM (
        -- The type of the column decides what a number is, not what a text looks like.
        SELECT
            value,
            CASE
                WHEN regexp_matches(typeof(value), '^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)$')
                THEN TRY_CAST(value::VARCHAR AS DOUBLE)
            END AS number
        FROM query('SELECT (' || col || ') AS value FROM query_table(''' || replace(t, '''', '''''') || ''')')
    )
),
-- The squares of numbers near the end of DOUBLE lie beyond it. A power of two takes no digits away.
mixpanel_scale AS (
    SELECT CASE WHEN max(abs(number)) > 1e140 THEN pow(2, 600) ELSE 1 END AS scale
    FROM mixpanel_listed
),
mixpanel_stats AS (
    SELECT
        count(value) AS count,
        count(*) - count(value) AS null_count,
        count(DISTINCT value) AS unique_count,
        min(value) AS min,
        max(value) AS max,
        avg(number / scale) * any_value(scale) AS mean,
        stddev_samp(number / scale) * any_value(scale) AS std,
        typeof(min(value)) AS dtype
    FROM mixpanel_listed
    CROSS JOIN mixpanel_scale
)
SELECT
    count,
    null_count,
    round(100.0 * null_count / nullif(count + null_count, 0), 2) AS null_pct,
    unique_count,
    round(100.0 * unique_count / nullif(count, 0), 2) AS unique_pct,
    min,
    max,
    CASE WHEN isfinite(mean) THEN mean END AS mean,
    CASE WHEN isfinite(std) THEN std END AS std,
    (
        SELECT coalesce(list({value: value, count: occurrences} ORDER BY occurrences DESC NULLS LAST, value ASC NULLS LAST), [])
        FROM (
            SELECT value, count(*) AS occurrences
            FROM mixpanel_listed
            WHERE value IS NOT NULL
            GROUP BY value
            ORDER BY occurrences DESC NULLS LAST, value ASC NULLS LAST
            LIMIT top_n
        )
    ) AS top_values,
    dtype
FROM mixpanel_stats;
