SET VARIABLE {{own}}_rows_before = 0;
{{create}} {{table}} AS SELECT {{columns_kept}} FROM {{fetch}};
