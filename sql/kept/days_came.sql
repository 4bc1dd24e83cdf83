-- Which days came, and when Mixpanel was asked for each.
CREATE OR REPLACE TEMP TABLE {{own}}_came AS
SELECT day, min(asked_at) AS asked_at, bool_or(empty) AS empty, min(number) AS answer
FROM (
    SELECT unnest(generate_series(answer."from", answer."to", INTERVAL 1 DAY))::DATE AS day, answer.asked_at, answer.empty, answer.answer AS number
    FROM (
        SELECT unnest(from_json(asked, '[{"answer": "BIGINT", "from": "DATE", "to": "DATE", "asked_at": "TIMESTAMP", "empty": "BOOLEAN"}]')) AS answer
        FROM mixpanel_fetches()
        WHERE id = getvariable('{{own}}_fetch')
    )
)
GROUP BY day;
