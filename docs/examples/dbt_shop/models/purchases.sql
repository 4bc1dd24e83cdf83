SELECT day, event_time, distinct_id, insert_id, TRY_CAST(mixpanel_property(properties, 'Amount') AS DOUBLE) AS amount
FROM {{ ref('stg_events') }}
WHERE event_name = 'Purchase'
