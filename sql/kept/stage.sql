SET VARIABLE {{own}}_rows_before = (SELECT count(*) FROM {{table}});
CREATE OR REPLACE TEMP TABLE {{own}}_staged AS SELECT {{columns_kept}} FROM {{fetch}};
