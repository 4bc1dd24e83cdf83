-- The table, if it is yet to be made. What was fetched into one of that name that is gone says nothing of this one.
SET VARIABLE mixpanel_checked = (
    SELECT CASE WHEN count(*) = 0 AND {{from_date}} IS NULL THEN error({{from_missing}}) END
    FROM information_schema.tables
    WHERE {{condition}}
);
DELETE FROM {{metadata}}
WHERE lower(table_name) = lower({{name}}) AND NOT EXISTS (FROM information_schema.tables WHERE {{condition}});
SET VARIABLE mixpanel_made = (SELECT count(*) = 0 FROM information_schema.tables WHERE {{condition}});
CREATE TABLE IF NOT EXISTS {{table}} (
    event_name VARCHAR, event_time TIMESTAMP, distinct_id VARCHAR, insert_id VARCHAR, properties JSON
);
