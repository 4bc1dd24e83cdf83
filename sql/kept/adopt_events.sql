-- Which days it holds, and when Mixpanel was asked for them: as the call says, else as the library noted, else no earlier than the newest
-- event among them happened.
-- Days that have not begun were not fetched.
SET VARIABLE {{own}}_days = (
    SELECT {first: first, last: CASE WHEN last > {{latest_day}} THEN greatest(first, {{latest_day}}) ELSE last END}
    FROM (SELECT coalesce({{from_date}}, max(from_date)) AS first, coalesce({{to_date}}, max(to_date)) AS last FROM {{own}}_library)
);
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN days.first IS NULL OR days.last IS NULL THEN error({{days_unknown}}) END
    FROM (SELECT getvariable('{{own}}_days') AS days)
);
CREATE OR REPLACE TEMP TABLE {{own}}_came AS
SELECT day, {{day_begins}} AS begins, {{day_ends}} AS ends
FROM (SELECT unnest(generate_series(getvariable('{{own}}_days').first, getvariable('{{own}}_days').last, INTERVAL 1 DAY))::DATE AS day)
WHERE day <= {{latest_day}};
SET VARIABLE {{own}}_asked = (
    SELECT coalesce(
        {{asked_at}},
        (SELECT max(fetched_at) FROM {{own}}_library),
        (
            SELECT CASE WHEN count(*) > 0 THEN least(max(event_time), {{now}}) END
            FROM {{table}}
            WHERE event_time >= (SELECT min(begins) FROM {{own}}_came) AND event_time < (SELECT max(ends) FROM {{own}}_came)
        ),
        error({{asked_unknown}})
    )
);
-- The library's history has the first and the last day of all its fetches: those between without a row may never have been fetched.
DELETE FROM {{own}}_came WHERE (SELECT count(*) > 0 FROM {{own}}_library) AND NOT EXISTS (
    FROM {{table}} AS kept WHERE kept.event_time >= {{own}}_came.begins AND kept.event_time < {{own}}_came.ends
);
