{{ config(
    materialized='view',
    pre_hook=before_begin("{{ sync_events('mixpanel.events') }}")
) }}

SELECT
    event_name,
    event_time,
    event_time::DATE AS day,
    distinct_id,
    insert_id,
    properties->>'$.plan' AS plan,
    mixpanel_property(properties, '$city') AS city,
    properties
FROM {{ source('mixpanel', 'events') }}
