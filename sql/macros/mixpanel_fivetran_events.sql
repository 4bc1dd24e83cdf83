-- A table of events in the columns that the dbt package fivetran/dbt_mixpanel reads. An event without an insert_id gets one
-- that is made of its content, because the package takes all of a user's events of a name and day that have none for one.
-- Example: SELECT * FROM mixpanel_fivetran_events('events') LIMIT 10;
CREATE OR REPLACE TEMP MACRO mixpanel_fivetran_events(t) AS TABLE
SELECT
    event_name AS name,
    event_time AS time,
    distinct_id,
    coalesce(nullif(insert_id, ''), md5(concat_ws(chr(31), event_name, epoch_us(event_time), distinct_id, properties))) AS insert_id,
    properties,
    mixpanel_property(properties, '$device_id') AS device_id,
    TRY_CAST(mixpanel_property(properties, 'mp_processing_time_ms') AS BIGINT) AS mp_processing_time_ms
FROM query_table(t);
