-- Property names in a table, one row each, with the number of rows that have them. Counts all rows, or those of one event.
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
ORDER BY key ASC NULLS LAST;
