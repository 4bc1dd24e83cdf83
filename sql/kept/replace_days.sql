-- The days that were brought anew are removed first: rows that Mixpanel deleted or gave to another user since are not kept.
-- A day that could not be fetched stays as it is.
SET VARIABLE mixpanel_days_brought = (
    SELECT coalesce(list(day), [])
    FROM (SELECT unnest(getvariable('mixpanel_days')) AS day)
    WHERE NOT EXISTS (
        FROM (
            SELECT unnest(from_json(failed_ranges, '[{"range": "VARCHAR"}]')).range AS days
            FROM (FROM mixpanel_fetches() WHERE (arguments->>'label') = {{label}} ORDER BY id DESC LIMIT 1)
        )
        WHERE day BETWEEN left(days, 10)::DATE AND right(days, 10)::DATE
    )
);
CREATE OR REPLACE TEMP TABLE mixpanel_replaced AS
SELECT kept.rowid AS kept_row
FROM {{table}} AS kept
JOIN (
    SELECT {{day_begins}} AS begins, {{day_ends}} AS ends FROM (SELECT unnest(getvariable('mixpanel_days_brought')) AS day)
) AS days ON kept.event_time >= begins AND kept.event_time < ends
WHERE {{filtered}};
DELETE FROM {{table}} WHERE rowid IN (SELECT kept_row FROM mixpanel_replaced);
SET VARIABLE mixpanel_rows_removed = (SELECT count(*) FROM mixpanel_replaced);
DROP TABLE mixpanel_replaced;
