-- What somebody else made under that name stays as it is. A view of ours is such a call alone, under an alias that nobody
-- else needs. Those of before have a comment in place of the alias.
SET VARIABLE mixpanel_views_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{taken}}) END
    FROM (
        SELECT database_name AS table_catalog, schema_name AS table_schema, view_name AS table_name, sql, comment
        FROM duckdb_views()
    )
    WHERE {{condition}} AND NOT (
        regexp_matches(sql,
            ' AS SELECT \* FROM mixpanel_\w+\('
            || '((account|project_id|region) := ''([^'']|'''')*''|from_date := \(current_date - \d+\)|, )*'
            || '\)( AS mixpanel_views)?;?$')
        AND (comment IS NOT NULL OR contains(sql, ' AS mixpanel_views'))
    )
);
CREATE OR REPLACE VIEW {{view}} AS SELECT * FROM {{call}} AS mixpanel_views;
COMMENT ON VIEW {{view}} IS {{comment}};
