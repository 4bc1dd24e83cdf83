-- Profiles that Mixpanel no longer has.
SET VARIABLE mixpanel_rows_removed = (
    SELECT count(*) FROM {{table}} AS kept
    WHERE NOT EXISTS (FROM mixpanel_staged AS staged WHERE staged.distinct_id IS NOT DISTINCT FROM kept.distinct_id)
);
DELETE FROM {{table}} AS kept
WHERE NOT EXISTS (FROM mixpanel_staged AS staged WHERE staged.distinct_id IS NOT DISTINCT FROM kept.distinct_id);
