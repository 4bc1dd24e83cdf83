-- depends_on: {{ ref('stg_events') }}
-- Each sync asks again for the days that an earlier one left out, so the last one knows what is missing.
SELECT * FROM {{ source('mixpanel', '_metadata') }}
WHERE table_name = 'events'
QUALIFY row_number() OVER (ORDER BY fetched_at DESC) = 1 AND failed_ranges::VARCHAR <> '[]'
