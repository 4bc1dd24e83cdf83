-- What was fetched into the table that is replaced says nothing of the new one.
DELETE FROM {{metadata}} WHERE lower(table_name) = lower({{name}});
