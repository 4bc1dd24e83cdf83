SELECT day, count(*) AS events, count(DISTINCT nullif(distinct_id, '')) AS users
FROM {{ ref('stg_events') }}
GROUP BY day
