SELECT
    NULL::VARCHAR AS table_name,
    NULL::VARCHAR AS type,
    NULL::TIMESTAMP AS fetched_at,
    NULL::DATE AS from_date,
    NULL::DATE AS to_date,
    NULL::JSON AS filter_events,
    NULL::VARCHAR AS filter_where,
    NULL::BIGINT AS row_count,
    NULL::VARCHAR AS project_id,
    NULL::BIGINT AS requests,
    NULL::JSON AS failed_ranges,
    NULL::DOUBLE AS duration_seconds,
    NULL::BIGINT AS rows_added,
    NULL::BIGINT AS rows_removed,
    NULL::JSON AS arguments,
    NULL::JSON AS asked
WHERE false
