-- An answer without a row may be an outage, and what it would replace may be the only copy.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN getvariable('{{own}}_had_rows') AND NOT EXISTS (FROM {{table}}) THEN error({{emptied}}) END
);
