-- What was appended to the table stays in its history.
SET VARIABLE {{own}}_checked = (SELECT CASE WHEN getvariable('{{own}}_explained') THEN error({{kept_already}}) END);
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{other_type}}) END FROM {{metadata}} WHERE {{is_this}} AND type <> {{type}}
);
-- What the library's history says of it; our own rows have arguments.
CREATE OR REPLACE TEMP TABLE {{own}}_library AS
SELECT type, fetched_at, from_date, to_date, to_json(list_sort(from_json(filter_events, '["VARCHAR"]'), 'ASC', 'NULLS LAST'))::VARCHAR AS filter_events, filter_where
FROM {{metadata}}
WHERE {{is_this}} AND arguments IS NULL;
DELETE FROM {{metadata}} WHERE {{is_this}} AND arguments IS NULL;

-- The table without keys and constraints, which would stand in the way of what is fetched into it.
SET VARIABLE {{own}}_rows_before = (SELECT count(*) FROM {{table}});
CREATE OR REPLACE TABLE {{table}} AS SELECT {{columns_kept}} FROM {{table}};
