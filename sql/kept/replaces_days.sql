-- Does this fetch bring all that the table holds of its days? Only where all of them were fetched with its filter: which of a
-- day's rows another filter brought can't be told, nor which are the user's own.
SET VARIABLE {{own}}_replaces = (
    SELECT getvariable('{{own}}_explained') AND coalesce(bool_and(filter_where IS NOT DISTINCT FROM {{filter_where}}), false)
    FROM {{metadata}}
    WHERE {{is_this}}
);
