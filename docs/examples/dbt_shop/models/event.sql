{{ config(materialized='view', schema='fivetran') }}

-- depends_on: {{ ref('stg_events') }}
SELECT * FROM mixpanel_fivetran_events('mixpanel.events')
