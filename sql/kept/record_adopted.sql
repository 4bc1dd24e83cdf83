SET VARIABLE {{own}}_row_count = (SELECT count(*) FROM {{table}});
INSERT INTO {{metadata}} BY NAME
SELECT
    {{name}} AS table_name,
    {{type}} AS type,
    getvariable('{{own}}_asked') AS fetched_at,
    {{first_day}} AS from_date,
    {{last_day}} AS to_date,
    coalesce({{filter_events}}, max(filter_events))::JSON AS filter_events,
    coalesce({{filter_where}}, max(filter_where)) AS filter_where,
    getvariable('{{own}}_row_count') AS row_count,
    {{project}} AS project_id,
    0 AS requests,
    '[]'::JSON AS failed_ranges,
    0 AS duration_seconds,
    0 AS rows_added,
    getvariable('{{own}}_rows_before') - getvariable('{{own}}_row_count') AS rows_removed,
    {{arguments}}::JSON AS arguments,
    {{asked}} AS asked
FROM {{own}}_library;
DROP TABLE {{own}}_library;
