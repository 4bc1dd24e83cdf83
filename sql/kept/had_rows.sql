-- Whether a table is there that has rows, by its size or its history; how many is not needed.
SET VARIABLE {{own}}_had_rows = EXISTS (
    FROM duckdb_tables() AS known
    JOIN (SELECT table_catalog, table_schema, table_name FROM information_schema.tables WHERE {{condition}}) AS here
        ON known.database_name = here.table_catalog AND known.schema_name = here.table_schema AND known.table_name = here.table_name
    WHERE known.estimated_size > 0
        OR EXISTS (FROM {{metadata}} WHERE {{is_this}} AND row_count > 0)
);
