-- The days that arrived, and whether the table holds nothing but these events. A day that could not be fetched stays as it is.
SET VARIABLE {{own}}_days_brought = (
    SELECT coalesce(list(day), [])
    FROM (SELECT unnest({{days_asked}}) AS day)
    WHERE getvariable('{{own}}_replaces') AND NOT EXISTS (
        FROM (
            SELECT unnest(from_json(failed_ranges, '[{"range": "VARCHAR"}]')).range AS days
            FROM mixpanel_fetches()
            WHERE id = getvariable('{{own}}_fetch')
        )
        WHERE day BETWEEN left(days, 10)::DATE AND right(days, 10)::DATE
    )
);
SET VARIABLE {{own}}_same_events = (
    SELECT coalesce(bool_and(filter_events::VARCHAR IS NOT DISTINCT FROM {{filter_events}}), false)
    FROM {{metadata}}
    WHERE lower(table_name) = lower({{name}})
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
