SET VARIABLE mixpanel_rows_before = (SELECT count(*) FROM {{table}});
SET VARIABLE mixpanel_rows_removed = 0;
CREATE OR REPLACE TEMP TABLE mixpanel_staged AS SELECT {{columns_kept}} FROM {{fetch}};
