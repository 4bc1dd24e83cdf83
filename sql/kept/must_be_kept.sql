SET VARIABLE mixpanel_checked = (
    SELECT CASE
        WHEN count(*) = 0 AND NOT getvariable('mixpanel_made') THEN error({{not_kept}})
        WHEN bool_or(
            (arguments->>'time_zone') IS DISTINCT FROM {{time_zone}}
            OR {{has_filter}} AND filter_where IS DISTINCT FROM {{filter_where}}
        ) THEN error({{mixed}})
    END
    FROM {{metadata}}
    WHERE lower(table_name) = lower({{name}})
);
