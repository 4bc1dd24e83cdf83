-- The history: one row for each fetch. Made first, so that a schema that is missing or read-only stops a fetch before it
-- makes a request.
CREATE TABLE IF NOT EXISTS {{metadata}} (
    table_name VARCHAR,
    type VARCHAR,
    fetched_at TIMESTAMP,
    from_date DATE,
    to_date DATE,
    filter_events JSON,
    filter_where VARCHAR,
    row_count BIGINT,
    project_id VARCHAR,
    requests BIGINT,
    failed_ranges JSON,
    duration_seconds DOUBLE,
    rows_added BIGINT,
    rows_removed BIGINT,
    arguments JSON,
    asked JSON
);
