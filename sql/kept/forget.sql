-- What was fetched into the table that is replaced says nothing of the new one.
DELETE FROM {{metadata}} WHERE {{is_this}};
