DELETE FROM {{metadata}}
WHERE lower(table_name) = lower({{name}}) AND NOT EXISTS (FROM information_schema.tables WHERE {{condition}});
SET VARIABLE mixpanel_made = (SELECT count(*) = 0 FROM information_schema.tables WHERE {{condition}});
CREATE TABLE IF NOT EXISTS {{table}} (distinct_id VARCHAR, properties JSON, last_seen TIMESTAMP);
