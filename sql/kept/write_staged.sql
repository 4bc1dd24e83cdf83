-- What is left of the staged rows takes the place of what they supersede.
DELETE FROM {{table}} WHERE rowid IN (SELECT kept_row FROM mixpanel_superseded);
SET VARIABLE mixpanel_rows_removed =
    getvariable('mixpanel_rows_removed') + (SELECT count(DISTINCT kept_row) FROM mixpanel_superseded);
INSERT INTO {{table}} BY NAME FROM mixpanel_staged;
DROP TABLE mixpanel_superseded;
DROP TABLE mixpanel_staged;
