SELECT distinct_id, event_time, insert_id
FROM {{ ref('purchases') }}
WHERE insert_id IS NOT NULL
GROUP BY ALL
HAVING count(*) > 1
