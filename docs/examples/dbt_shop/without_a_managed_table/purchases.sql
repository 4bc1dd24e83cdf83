{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}

SELECT event_time::DATE AS day, event_time, distinct_id, insert_id, amount
FROM mixpanel_export(
    from_date := '{{ first_day() }}',
    to_date := '{{ last_day() }}',
    events := ['Purchase'],
    columns := {'Amount': 'DOUBLE'}
)
-- delete+insert would not replace rows without a day, and Mixpanel sends some events twice.
WHERE event_time IS NOT NULL
QUALIFY coalesce(insert_id, '') = '' OR row_number() OVER (
    PARTITION BY event_name, distinct_id, event_time, insert_id
    ORDER BY TRY_CAST(properties->>'$.mp_processing_time_ms' AS BIGINT) DESC) = 1
