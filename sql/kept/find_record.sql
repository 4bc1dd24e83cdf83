-- What became of the fetch. Without its record nobody knows which days could not be fetched, and rows would be removed that
-- nothing replaces.
SET VARIABLE {{own}}_fetch = (
    SELECT CASE WHEN count(*) = 0 THEN error({{no_record}}) ELSE max(id) END
    FROM mixpanel_fetches()
    WHERE (arguments->>'label') = {{label}}
);
