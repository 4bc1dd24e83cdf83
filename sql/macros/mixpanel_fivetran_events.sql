-- Returns the events of a table in the columns that the dbt package fivetran/dbt_mixpanel reads. An event without an
-- insert_id gets one made of its content and of its number among equal events, because the package counts the events of one
-- user, name, day and insert_id once.
-- Example: SELECT * FROM mixpanel_fivetran_events('events') LIMIT 10;
CREATE OR REPLACE TEMP MACRO mixpanel_fivetran_events(t) AS TABLE
SELECT
    event_name AS name,
    event_time AS time,
    distinct_id,
    insert_id,
    properties,
    mixpanel_property(properties, '$device_id') AS device_id,
    TRY_CAST(mixpanel_property(properties, 'mp_processing_time_ms') AS BIGINT) AS mp_processing_time_ms
FROM (
    SELECT event_name, event_time, distinct_id, insert_id, properties FROM query_table(t) WHERE insert_id <> ''
    UNION ALL
    SELECT
        event_name,
        event_time,
        distinct_id,
        md5(concat_ws(
            chr(31), event_name, epoch_us(event_time), distinct_id, properties,
            nullif(row_number() OVER (PARTITION BY event_name, event_time, distinct_id, properties::VARCHAR), 1)
        )) AS insert_id,
        properties
    FROM query_table(t)
    WHERE insert_id IS NULL OR insert_id = ''
);
