DROP TABLE {{table}};
DELETE FROM {{metadata}} WHERE lower(table_name) = lower({{name}});
