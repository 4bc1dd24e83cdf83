DELETE FROM {{own}}_staged WHERE rowid IN (SELECT staged_row FROM {{own}}_same);
DROP TABLE {{own}}_same;
