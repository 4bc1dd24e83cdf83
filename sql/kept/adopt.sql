-- What the library's history says of this table; our own rows have arguments.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{kept_already}}) END
    FROM {{metadata}}
    WHERE {{is_this}} AND arguments IS NOT NULL
);
CREATE OR REPLACE TEMP TABLE {{own}}_library AS
SELECT type, fetched_at, from_date, to_date, to_json(list_sort(from_json(filter_events, '["VARCHAR"]'), 'ASC'))::VARCHAR AS filter_events, filter_where
FROM {{metadata}}
WHERE {{is_this}};
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN type <> {{type}} THEN error({{other_type}}) END FROM {{own}}_library
);
DELETE FROM {{metadata}} WHERE {{is_this}};

-- The table without keys and constraints, which would stand in the way of what is fetched into it.
SET VARIABLE {{own}}_rows_before = (SELECT count(*) FROM {{table}});
CREATE OR REPLACE TABLE {{table}} AS SELECT {{columns_kept}} FROM {{table}};
