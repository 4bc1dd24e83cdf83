-- Which staged rows has the table already? Of the properties only a hash is compared. Rows without an $insert_id may be equal and
-- not the same: the first is the first one there, the second the second. (The user's table may have any name, which one of a
-- subquery would hide: those have the names of this fetch. It may also have columns of any name, so that columns of ours beside them
-- say whose they are, here and in the other texts.)
CREATE OR REPLACE TEMP TABLE {{own}}_pairs AS
WITH
    {{own}}_new AS (
        SELECT rowid AS row_id, event_name, event_time, distinct_id, insert_id, hash(properties) AS content FROM {{own}}_staged
    ),
    {{own}}_old AS (
        SELECT rowid AS row_id, event_name, event_time, distinct_id, insert_id, hash(properties) AS content
        FROM {{table}}
        WHERE event_time BETWEEN getvariable('{{own}}_first') AND getvariable('{{own}}_last')
        UNION ALL
        SELECT rowid AS row_id, event_name, event_time, distinct_id, insert_id, hash(properties) AS content
        FROM {{table}}
        WHERE event_time IS NULL
    )
SELECT staged.row_id AS staged_row, kept.row_id AS kept_row, staged.content = kept.content AS same
FROM {{own}}_new AS staged
JOIN {{own}}_old AS kept
    ON staged.insert_id = kept.insert_id
    AND staged.event_time IS NOT DISTINCT FROM kept.event_time
    AND staged.distinct_id IS NOT DISTINCT FROM kept.distinct_id
    AND staged.event_name IS NOT DISTINCT FROM kept.event_name
WHERE staged.insert_id <> '' AND kept.insert_id <> ''
UNION ALL
SELECT staged.row_id AS staged_row, kept.row_id AS kept_row, true AS same
FROM (
    SELECT *, row_number() OVER (PARTITION BY event_name, event_time, distinct_id, insert_id, content ORDER BY row_id ASC NULLS LAST) AS nth
    FROM {{own}}_new
    WHERE insert_id IS NULL OR insert_id = ''
) AS staged
JOIN (
    SELECT *, row_number() OVER (PARTITION BY event_name, event_time, distinct_id, insert_id, content ORDER BY row_id ASC NULLS LAST) AS nth
    FROM {{own}}_old
    WHERE insert_id IS NULL OR insert_id = ''
) AS kept
    ON staged.content = kept.content
    AND staged.nth = kept.nth
    AND staged.insert_id IS NOT DISTINCT FROM kept.insert_id
    AND staged.event_time IS NOT DISTINCT FROM kept.event_time
    AND staged.distinct_id IS NOT DISTINCT FROM kept.distinct_id
    AND staged.event_name IS NOT DISTINCT FROM kept.event_name;

-- Rows of the days that arrived which Mixpanel does not have any more: it deleted them, or gave them to another user.
CREATE OR REPLACE TEMP TABLE {{own}}_gone AS
SELECT kept.rowid AS kept_row
FROM {{table}} AS kept
JOIN (
    SELECT {{day_begins}} AS begins, {{day_ends}} AS ends FROM (SELECT unnest(getvariable('{{own}}_days_brought')) AS day)
) AS days ON kept.event_time >= days.begins AND kept.event_time < days.ends
WHERE kept.event_time BETWEEN getvariable('{{own}}_first') AND getvariable('{{own}}_last')
    AND (getvariable('{{own}}_same_events') OR {{filtered}})
    AND kept.rowid NOT IN (SELECT kept_row FROM {{own}}_pairs WHERE same);
DELETE FROM {{own}}_gone WHERE getvariable('{{own}}_has_later') AND kept_row IN (
    SELECT kept.rowid
    FROM {{table}} AS kept
    JOIN {{own}}_later AS later ON kept.event_time >= later.begins AND kept.event_time < later.ends
    WHERE later.events IS NULL OR list_contains(later.events, kept.event_name)
);
DROP TABLE {{own}}_later;

-- Of two rows with one key the newer stays, and of two equally new ones the one that is there.
CREATE OR REPLACE TEMP TABLE {{own}}_differing AS
SELECT
    pairs.staged_row,
    pairs.kept_row,
    coalesce(TRY_CAST(mixpanel_property(staged.properties, 'mp_processing_time_ms') AS BIGINT), -1)
        > coalesce(TRY_CAST(mixpanel_property(kept.properties, 'mp_processing_time_ms') AS BIGINT), -1) AS is_newer
FROM (FROM {{own}}_pairs WHERE NOT same AND kept_row NOT IN (SELECT kept_row FROM {{own}}_gone)) AS pairs
JOIN {{own}}_staged AS staged ON staged.rowid = pairs.staged_row
JOIN {{table}} AS kept ON kept.rowid = pairs.kept_row;
INSERT INTO {{own}}_gone SELECT kept_row FROM {{own}}_differing WHERE is_newer;
DELETE FROM {{own}}_staged WHERE rowid IN (
    SELECT staged_row FROM {{own}}_pairs WHERE same
    UNION ALL
    SELECT staged_row FROM {{own}}_differing WHERE NOT is_newer
);
DROP TABLE {{own}}_pairs;
DROP TABLE {{own}}_differing;
