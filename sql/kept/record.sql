SET VARIABLE {{own}}_row_count = (SELECT count(*) FROM {{table}});
INSERT INTO {{metadata}} BY NAME
SELECT
    {{name}} AS table_name,
    {{type}} AS type,
    -- When Mixpanel was asked for the oldest of what came: some of it may have been kept since.
    least(started, coalesce(oldest_asked, started)) AS fetched_at,
    {{first_day}} AS from_date,
    {{last_day}} AS to_date,
    {{filter_events}}::JSON AS filter_events,
    {{filter_where}} AS filter_where,
    getvariable('{{own}}_row_count') AS row_count,
    {{project}} AS project_id,
    requests,
    {{failed_ranges}} AS failed_ranges,
    epoch_ms(finished - started) / 1000 AS duration_seconds,
    getvariable('{{own}}_row_count') - getvariable('{{own}}_rows_before') + coalesce(getvariable('{{own}}_rows_removed'), 0) AS rows_added,
    coalesce(getvariable('{{own}}_rows_removed'), 0) AS rows_removed,
    arguments,
    {{asked}} AS asked
FROM mixpanel_fetches()
WHERE id = getvariable('{{own}}_fetch');
