-- Returns one row per day and event name with the number of events. Exports those days, for the named events or for all.
-- Example: SELECT * FROM mixpanel_daily_counts('2025-01-01', '2025-01-05', events := ['Sign Up', 'Purchase']);
CREATE OR REPLACE TEMP MACRO mixpanel_daily_counts(from_date, to_date, events := NULL, filter := NULL, time_zone := NULL, report_time_zone := NULL, window_days := NULL, max_age := NULL, max_wait := NULL, account := NULL, project_id := NULL, region := NULL) AS TABLE
WITH mixpanel_exported AS NOT MATERIALIZED (
    FROM mixpanel_export(
        -- A day more at each end where the days are those of another zone, which is looked at before anything is asked for.
        from_date := from_date::DATE - (mixpanel_utc(TIMESTAMP '2000-01-01', report_time_zone::VARCHAR) IS NOT NULL)::INTEGER,
        to_date := to_date::DATE + (report_time_zone IS NOT NULL)::INTEGER,
        events := events::VARCHAR[],
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
FROM mixpanel_table_daily_counts(
    'mixpanel_exported',
    from_date := CASE WHEN report_time_zone IS NOT NULL THEN from_date END,
    to_date := CASE WHEN report_time_zone IS NOT NULL THEN to_date END,
    report_time_zone := report_time_zone
);
