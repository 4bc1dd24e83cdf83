SET VARIABLE mixpanel_rows_before = 0;
SET VARIABLE mixpanel_rows_removed = 0;
{{create}} {{table}} AS SELECT {{columns_kept}} FROM {{fetch}};
