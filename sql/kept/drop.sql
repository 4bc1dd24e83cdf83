-- It may be gone already.
DROP TABLE IF EXISTS {{table}};
DELETE FROM {{metadata}} WHERE {{is_this}};
