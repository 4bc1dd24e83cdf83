SELECT table_name, rows_added, rows_removed, row_count, requests, failed_ranges, duration_seconds AS seconds
FROM {{metadata}}
WHERE (arguments->>'label') = {{label}}
ORDER BY rowid DESC
LIMIT 1;
