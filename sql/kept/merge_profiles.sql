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
