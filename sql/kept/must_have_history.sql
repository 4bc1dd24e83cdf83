SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN NOT getvariable('{{own}}_explained') AND NOT getvariable('{{own}}_made') THEN error({{not_kept}}) END
);
