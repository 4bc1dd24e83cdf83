-- Profiles that Mixpanel no longer has. Where fewer came than it announced, nothing is removed on their account.
INSERT INTO {{own}}_gone
SELECT kept.rowid
FROM {{table}} AS kept
WHERE kept.rowid NOT IN (SELECT kept_row FROM {{own}}_same)
    AND NOT EXISTS (FROM {{own}}_staged AS staged WHERE staged.distinct_id = kept.distinct_id)
    AND NOT EXISTS (
        FROM (
            SELECT unnest(from_json(warnings, '[{"code": "VARCHAR"}]')).code AS code
            FROM mixpanel_fetches()
            WHERE id = getvariable('{{own}}_fetch')
        )
        WHERE code = 'FEWER_PROFILES'
    );
