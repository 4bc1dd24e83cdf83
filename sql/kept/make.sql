-- The table, if it is yet to be made. What was fetched into one of that name that is gone says nothing of this one.
DELETE FROM {{metadata}}
WHERE {{is_this}} AND NOT EXISTS (FROM information_schema.tables WHERE {{condition}});
SET VARIABLE {{own}}_made = (SELECT count(*) = 0 FROM information_schema.tables WHERE {{condition}});
CREATE TABLE IF NOT EXISTS {{table}} ({{definitions}});
