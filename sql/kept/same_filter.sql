-- Which rows of a day a filter brought can't be told afterwards, nor what their times mean.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{mixed}}) END
    FROM {{metadata}}
    WHERE {{is_this}}
        AND (
            (arguments->>'time_zone') IS DISTINCT FROM {{time_zone}}
            OR {{has_filter}} AND filter_where IS DISTINCT FROM {{filter_where}}
        )
);
