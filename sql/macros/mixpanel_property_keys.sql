-- The names of the properties in a table, and how many rows have each: of all rows, or of one event's.
-- Example: SELECT key, count FROM mixpanel_property_keys('events', event := 'Purchase');
CREATE OR REPLACE TEMP MACRO mixpanel_property_keys(t, event := NULL) AS TABLE
-- As a text, because a table of profiles has no event_name to compare with.
SELECT key, count(*) AS count
FROM query(
    'SELECT unnest(mixpanel_property_names(properties)) AS key'
    || ' FROM query_table(''' || replace(t, '''', '''''') || ''')'
    || coalesce(' WHERE event_name = ''' || replace(event, '''', '''''') || '''', '')
)
GROUP BY key
ORDER BY key;
