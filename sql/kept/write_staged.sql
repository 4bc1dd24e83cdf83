-- What is left of the staged rows takes the place of what is gone.
DELETE FROM {{table}} WHERE rowid IN (SELECT kept_row FROM {{own}}_gone);
SET VARIABLE {{own}}_rows_removed = (SELECT count(DISTINCT kept_row) FROM {{own}}_gone);
INSERT INTO {{table}} BY NAME FROM {{own}}_staged;
DROP TABLE {{own}}_gone;
DROP TABLE {{own}}_staged;
