-- Returns one row about this database and session: file, size, versions, Mixpanel account and project, and managed tables.
-- Example: SELECT * FROM mixpanel_info();
CREATE OR REPLACE TEMP MACRO mixpanel_info() AS TABLE
SELECT
    current_database() AS database,
    databases.path,
    sizes.block_size * sizes.total_blocks / 1e6 AS size_mb,
    version() AS duckdb_version,
    mixpanel_version() AS extension_version,
    accounts.name AS account,
    accounts.project_id,
    accounts.region,
    kept.tables,
    kept.row_count
FROM (
    SELECT coalesce(list(table_name ORDER BY table_name ASC NULLS LAST), []) AS tables, coalesce(sum(row_count), 0)::BIGINT AS row_count
    FROM (
        SELECT arg_max(table_name, entry) AS table_name, arg_max(row_count, entry) AS row_count
        FROM (SELECT *, row_number() OVER () AS entry FROM _metadata)
        -- As DuckDB folds names, which is ASCII only.
        WHERE translate(table_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') IN (
            SELECT translate(existing.table_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
            FROM information_schema.tables AS existing
            WHERE existing.table_catalog = current_database()
                AND existing.table_type = 'BASE TABLE'
                AND existing.table_schema = (
                    -- Where the history itself was found: in the first schema of the search path that has one, else in main.
                    SELECT histories.table_schema
                    FROM information_schema.tables AS histories
                    WHERE histories.table_catalog = current_database() AND histories.table_name = '_metadata'
                    ORDER BY coalesce(
                        list_position(list_append(current_schemas(false), current_schema()), histories.table_schema),
                        CASE WHEN histories.table_schema = 'main' THEN 1000 END
                    ) ASC NULLS LAST
                    LIMIT 1
                )
        )
        GROUP BY translate(table_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
    )
) AS kept
LEFT JOIN (SELECT * FROM mixpanel_accounts() WHERE is_default) AS accounts ON true
LEFT JOIN duckdb_databases() AS databases ON databases.database_name = current_database()
LEFT JOIN pragma_database_size() AS sizes ON sizes.database_name = current_database();
