-- Which staged rows has the table already? Only the days that were fetched are looked at, and of the properties only a hash
-- until two rows with one key differ.
CREATE OR REPLACE TEMP TABLE mixpanel_matched AS
SELECT staged.row_id AS staged_row, kept.row_id AS kept_row, staged.content = kept.content AS same
FROM (
    SELECT rowid AS row_id, event_name, event_time, distinct_id, insert_id, hash(properties) AS content FROM mixpanel_staged
) AS staged
JOIN (
    SELECT rowid AS row_id, event_name, event_time, distinct_id, insert_id, hash(properties) AS content
    FROM {{table}}
    WHERE event_time BETWEEN (SELECT min(event_time) FROM mixpanel_staged) AND (SELECT max(event_time) FROM mixpanel_staged)
        OR event_time IS NULL
) AS kept
    ON staged.event_time IS NOT DISTINCT FROM kept.event_time
    AND staged.insert_id IS NOT DISTINCT FROM kept.insert_id
    AND staged.distinct_id IS NOT DISTINCT FROM kept.distinct_id
    AND staged.event_name = kept.event_name
    AND (staged.insert_id IS NOT NULL OR staged.content = kept.content);

-- The newer row stays, and of two equally new ones the one that is there.
CREATE OR REPLACE TEMP TABLE mixpanel_superseded AS
SELECT staged_row, kept_row
FROM (FROM mixpanel_matched WHERE NOT same) AS differing
JOIN mixpanel_staged AS staged ON staged.rowid = differing.staged_row
JOIN {{table}} AS kept ON kept.rowid = differing.kept_row
WHERE coalesce(TRY_CAST(mixpanel_property(staged.properties, 'mp_processing_time_ms') AS BIGINT), -1)
    > coalesce(TRY_CAST(mixpanel_property(kept.properties, 'mp_processing_time_ms') AS BIGINT), -1);

DELETE FROM mixpanel_staged WHERE rowid IN (
    SELECT staged_row FROM mixpanel_matched ANTI JOIN mixpanel_superseded USING (staged_row, kept_row)
);
DELETE FROM {{table}} WHERE rowid IN (SELECT kept_row FROM mixpanel_superseded);
SET VARIABLE mixpanel_rows_removed =
    getvariable('mixpanel_rows_removed') + (SELECT count(DISTINCT kept_row) FROM mixpanel_superseded);
INSERT INTO {{table}} BY NAME FROM mixpanel_staged;
DROP TABLE mixpanel_superseded;
DROP TABLE mixpanel_matched;
DROP TABLE mixpanel_staged;
