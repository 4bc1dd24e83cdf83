-- The days to ask for: those that no fetch with these filters has brought, and those that it asked for too early. A day is finished
-- once it is over and its last events can be exported; what devices send late comes until some days after its end. Who asks
-- often need not ask for that each time.
SET VARIABLE {{own}}_days = (
    WITH
        begun AS (
            SELECT min(from_date) AS day
            FROM {{metadata}}
            WHERE {{is_this}}
                AND project_id IS NOT DISTINCT FROM {{project}}
                AND filter_events::VARCHAR IS NOT DISTINCT FROM {{filter_events}}
                AND filter_where IS NOT DISTINCT FROM {{filter_where}}
                AND (arguments->>'time_zone') IS NOT DISTINCT FROM {{time_zone}}
        ),
        wanted AS (
            SELECT unnest(generate_series(coalesce({{from_date}}, (SELECT day FROM begun)), {{to_date}}, INTERVAL 1 DAY))::DATE AS day
        ),
        settled AS (
            SELECT DISTINCT day
            FROM {{own}}_known
            WHERE project_id IS NOT DISTINCT FROM {{project}}
                AND filter_events IS NOT DISTINCT FROM {{filter_events}}
                AND filter_where IS NOT DISTINCT FROM {{filter_where}}
                AND time_zone IS NOT DISTINCT FROM {{time_zone}}
                AND asked_at >= {{day_finished}}
                AND (asked_at >= {{day_ends}} + INTERVAL ({{lookback_days}}) DAY OR {{is_fresh}})
        )
    SELECT CASE
        WHEN {{from_date}} IS NULL AND (SELECT day FROM begun) IS NULL THEN error({{from_unknown}})
        ELSE coalesce(list(day ORDER BY day ASC NULLS LAST), [])
    END
    FROM wanted
    WHERE day NOT IN (FROM settled)
);
