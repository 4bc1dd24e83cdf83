-- The days to ask for: those that no fetch with these filters has brought, and those that it asked for too early. A day is finished
-- once it is over and its last events can be exported; what devices send late comes until some days after its end.
SET VARIABLE {{own}}_days = (
    WITH
        fetches AS (
            SELECT rowid AS fetch_row, fetched_at, from_date, to_date, failed_ranges, arguments->'days' AS days
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
        -- A sync asks for some days of its range only.
        asked AS (
            SELECT fetch_row, fetched_at, unnest(from_json(days, '["DATE"]')) AS day FROM fetches WHERE days IS NOT NULL
            UNION ALL
            SELECT fetch_row, fetched_at, unnest(generate_series(from_date, to_date, INTERVAL 1 DAY))::DATE AS day
            FROM fetches
            WHERE days IS NULL
        ),
        failed AS (
            SELECT fetch_row, unnest(from_json(failed_ranges, '[{"range": "VARCHAR"}]')).range AS days FROM fetches
        ),
        settled AS (
            SELECT DISTINCT day
            FROM asked
            WHERE fetched_at >= {{day_finished}}
                AND fetched_at >= {{day_ends}} + INTERVAL ({{lookback_days}}) DAY
                AND NOT EXISTS (
                    FROM failed
                    WHERE failed.fetch_row = asked.fetch_row AND day BETWEEN left(failed.days, 10)::DATE AND right(failed.days, 10)::DATE
                )
        )
    SELECT CASE
        WHEN {{from_date}} IS NULL AND (SELECT min(from_date) FROM fetches) IS NULL THEN error({{from_unknown}})
        ELSE coalesce(list(day ORDER BY day), [])
    END
    FROM wanted
    WHERE day NOT IN (FROM settled)
);
