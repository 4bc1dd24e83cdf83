-- depends_on: {{ ref('stg_events') }}
SELECT * FROM {{ source('mixpanel', '_metadata') }} WHERE failed_ranges::VARCHAR <> '[]'
