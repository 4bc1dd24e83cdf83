-- Returns one row per property with the number of an event's occurrences that have it and that lack it.
-- Exports the event.
-- Example: SELECT * FROM mixpanel_property_coverage('Purchase', ['plan', 'Coupon'], '2025-01-01', '2025-01-05');
CREATE OR REPLACE TEMP MACRO mixpanel_property_coverage(event, properties, from_date, to_date, filter := NULL, time_zone := NULL, report_time_zone := NULL, window_days := NULL, max_age := NULL, max_wait := NULL, account := NULL, project_id := NULL, region := NULL) AS TABLE
WITH mixpanel_exported AS NOT MATERIALIZED (
    FROM mixpanel_export(
        -- A day more at each end where the days are those of another zone, which is looked at before anything is asked for.
        from_date := from_date::DATE - (mixpanel_utc(TIMESTAMP '2000-01-01', report_time_zone::VARCHAR) IS NOT NULL)::INTEGER,
        to_date := to_date::DATE + (report_time_zone IS NOT NULL)::INTEGER,
        events := [event],
        filter := filter::VARCHAR,
        time_zone := time_zone::VARCHAR,
        window_days := window_days::BIGINT,
        max_age := max_age::INTERVAL,
        max_wait := max_wait::INTERVAL,
        account := account::VARCHAR,
        project_id := project_id::VARCHAR,
        region := region::VARCHAR
    )
)
FROM mixpanel_table_property_coverage(
    'mixpanel_exported',
    NULL,
    properties,
    from_date := CASE WHEN report_time_zone IS NOT NULL THEN from_date END,
    to_date := CASE WHEN report_time_zone IS NOT NULL THEN to_date END,
    report_time_zone := report_time_zone
);
