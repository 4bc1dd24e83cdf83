-- A profile that changed is written anew, one that did not stays as it is.
DELETE FROM mixpanel_staged WHERE rowid IN (
    SELECT staged.rowid
    FROM mixpanel_staged AS staged
    JOIN {{table}} AS kept
        ON staged.distinct_id IS NOT DISTINCT FROM kept.distinct_id
        AND staged.last_seen IS NOT DISTINCT FROM kept.last_seen
        AND staged.properties::VARCHAR IS NOT DISTINCT FROM kept.properties::VARCHAR
);
CREATE OR REPLACE TEMP TABLE mixpanel_superseded AS
SELECT kept.rowid AS kept_row
FROM {{table}} AS kept
JOIN mixpanel_staged AS staged ON staged.distinct_id IS NOT DISTINCT FROM kept.distinct_id;
DELETE FROM {{table}} WHERE rowid IN (SELECT kept_row FROM mixpanel_superseded);
SET VARIABLE mixpanel_rows_removed =
    getvariable('mixpanel_rows_removed') + (SELECT count(DISTINCT kept_row) FROM mixpanel_superseded);
INSERT INTO {{table}} BY NAME FROM mixpanel_staged;
DROP TABLE mixpanel_superseded;
DROP TABLE mixpanel_staged;
