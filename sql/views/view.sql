-- What somebody else made under that name stays as it is.
SET VARIABLE mixpanel_views_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{taken}}) END
    FROM information_schema.views
    WHERE {{condition}} AND NOT contains(view_definition, 'mixpanel_')
);
CREATE OR REPLACE VIEW {{view}} AS SELECT * FROM {{call}};
COMMENT ON VIEW {{view}} IS {{comment}};
