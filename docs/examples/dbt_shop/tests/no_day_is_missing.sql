-- depends_on: {{ ref('stg_events') }}
-- Each sync fetches the days that an earlier one left out, so the latest fetch knows what is missing.
SELECT * FROM {{ source('mixpanel', '_metadata') }}
WHERE table_name = 'events'
QUALIFY row_number() OVER (ORDER BY rowid DESC) = 1 AND failed_ranges::VARCHAR <> '[]'
