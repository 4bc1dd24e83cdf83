-- Statistics of one column of a table, or of an SQL expression over its columns: NULLs, distinct values, the most
-- frequent values, and the mean and sample standard deviation of numbers.
-- Example: SELECT * FROM mixpanel_column_stats('events', 'properties->>''$.plan''', top_n := 5);
CREATE OR REPLACE TEMP MACRO mixpanel_column_stats(t, col, top_n := 10) AS TABLE
WITH listed AS MATERIALIZED (
    SELECT value
    FROM query('SELECT (' || col || ') AS value FROM query_table(''' || replace(t, '''', '''''') || ''')')
),
-- The type of the column decides what a number is, not what a text looks like.
stats AS (
    SELECT
        count(value) AS count,
        count(*) - count(value) AS null_count,
        count(DISTINCT value) AS unique_count,
        min(value) AS min,
        max(value) AS max,
        avg(number) FILTER (isfinite(number)) AS mean,
        stddev_samp(number) FILTER (isfinite(number)) AS std,
        typeof(min(value)) AS dtype
    FROM (
        SELECT
            value,
            CASE
                WHEN regexp_matches(typeof(value), '^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)$')
                THEN TRY_CAST(value::VARCHAR AS DOUBLE)
            END AS number
        FROM listed
    )
)
SELECT
    count,
    null_count,
    round(100.0 * null_count / nullif(count + null_count, 0), 2) AS null_pct,
    unique_count,
    round(100.0 * unique_count / nullif(count, 0), 2) AS unique_pct,
    min,
    max,
    mean,
    std,
    (
        SELECT coalesce(list({value: value, count: occurrences} ORDER BY occurrences DESC, value), [])
        FROM (
            SELECT value, count(*) AS occurrences
            FROM listed
            WHERE value IS NOT NULL
            GROUP BY value
            ORDER BY occurrences DESC, value
            LIMIT top_n
        )
    ) AS top_values,
    dtype
FROM stats;
