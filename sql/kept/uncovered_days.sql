-- The days to ask for: those that no fetch with these filters has brought, and the look-back. A fetch covers a day only if the
-- day was over when it began.
SET VARIABLE mixpanel_days = (
    WITH
        fetches AS (
            FROM {{metadata}}
            WHERE lower(table_name) = lower({{name}})
                AND project_id IS NOT DISTINCT FROM {{project}}
                AND filter_events::VARCHAR IS NOT DISTINCT FROM {{filter_events}}
                AND filter_where IS NOT DISTINCT FROM {{filter_where}}
                AND (arguments->>'time_zone') IS NOT DISTINCT FROM {{time_zone}}
        ),
        wanted AS (
            SELECT unnest(generate_series(coalesce({{from_date}}, (SELECT min(from_date) FROM fetches)), {{to_date}}, INTERVAL 1 DAY))::DATE AS day
        ),
        failed AS (
            SELECT (arguments->>'label') AS label, fetched_at, unnest(from_json(failed_ranges, '[{"range": "VARCHAR"}]')).range AS days FROM fetches
        ),
        covered AS (
            SELECT DISTINCT day
            FROM wanted
            JOIN fetches
                ON day BETWEEN from_date AND to_date
                AND fetched_at >= {{day_after}}
            WHERE NOT EXISTS (
                FROM failed
                WHERE failed.label = (fetches.arguments->>'label') AND failed.fetched_at = fetches.fetched_at
                    AND day BETWEEN left(days, 10)::DATE AND right(days, 10)::DATE
            )
        )
    SELECT CASE
        WHEN {{from_date}} IS NULL AND (SELECT min(from_date) FROM fetches) IS NULL THEN error({{from_unknown}})
        ELSE coalesce(list(day ORDER BY day), [])
    END
    FROM wanted
    WHERE day >= {{to_date}} - {{lookback_days}} OR day NOT IN (FROM covered)
);
