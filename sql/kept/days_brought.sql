-- Does the table hold nothing but these events?
SET VARIABLE {{own}}_same_events = (
    SELECT getvariable('{{own}}_explained') AND coalesce(bool_and(filter_events::VARCHAR IS NOT DISTINCT FROM {{filter_events}}), false)
    FROM {{metadata}}
    WHERE {{is_this}}
);

-- An answer without any events for days of which the table has some looks like an outage, or like a history that has ended. It takes
-- nothing away, and its days stay unknown.
SET VARIABLE {{own}}_empty = (
    SELECT {first: min({{day_begins}}), last: max({{day_ends}})} FROM {{own}}_came WHERE empty AND getvariable('{{own}}_replaces')
);
SET VARIABLE {{own}}_doubtful = (
    SELECT coalesce(list(DISTINCT days.answer), [])
    FROM (SELECT answer, {{day_begins}} AS begins, {{day_ends}} AS ends FROM {{own}}_came WHERE empty) AS days
    JOIN {{table}} AS kept ON kept.event_time >= days.begins AND kept.event_time < days.ends
    WHERE getvariable('{{own}}_empty').first IS NOT NULL
        AND kept.event_time >= getvariable('{{own}}_empty').first
        AND kept.event_time < getvariable('{{own}}_empty').last
        AND (getvariable('{{own}}_same_events') OR {{filtered}})
);
SET VARIABLE {{own}}_left_out = (
    SELECT coalesce(list({range: CASE WHEN first = last THEN first::VARCHAR ELSE first || ' to ' || last END, error: {{empty_answer}}} ORDER BY first ASC NULLS LAST), [])
    FROM (
        SELECT min(day) AS first, max(day) AS last
        FROM {{own}}_came
        WHERE list_contains(getvariable('{{own}}_doubtful'), answer)
        GROUP BY answer
    )
);
DELETE FROM {{own}}_came WHERE list_contains(getvariable('{{own}}_doubtful'), answer);

-- The days that arrived. One that could not be fetched stays as it is.
SET VARIABLE {{own}}_days_brought = (SELECT coalesce(list(day), []) FROM {{own}}_came WHERE getvariable('{{own}}_replaces'));

-- Mixpanel was asked later for some of what the table holds: kept answers may be older than it. Those rows stay as they are.
CREATE OR REPLACE TEMP TABLE {{own}}_later AS
SELECT DISTINCT {{day_begins}} AS begins, {{day_ends}} AS ends, from_json(filter_events, '["VARCHAR"]') AS events
FROM (
    SELECT came.day, known.filter_events
    FROM {{own}}_came AS came
    JOIN {{own}}_known AS known ON known.day = came.day AND known.asked_at > came.asked_at
    WHERE getvariable('{{own}}_replaces')
);
DROP TABLE {{own}}_known;
SET VARIABLE {{own}}_has_later = (SELECT count(*) > 0 FROM {{own}}_later);
DELETE FROM {{own}}_staged WHERE getvariable('{{own}}_has_later') AND rowid IN (
    SELECT staged.rowid
    FROM {{own}}_staged AS staged
    JOIN {{own}}_later AS later ON staged.event_time >= later.begins AND staged.event_time < later.ends
    WHERE later.events IS NULL OR list_contains(later.events, staged.event_name)
);

-- When the rows happened, of the answer or of the table, that it can be about.
SET VARIABLE {{own}}_first = (
    SELECT least(
        (SELECT min(event_time) FROM {{own}}_staged),
        (SELECT min({{day_begins}}) FROM (SELECT unnest(getvariable('{{own}}_days_brought')) AS day))
    )
);
SET VARIABLE {{own}}_last = (
    SELECT greatest(
        (SELECT max(event_time) FROM {{own}}_staged),
        (SELECT max({{day_ends}}) FROM (SELECT unnest(getvariable('{{own}}_days_brought')) AS day))
    )
);
