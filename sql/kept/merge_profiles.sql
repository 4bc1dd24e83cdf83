-- Which staged profiles has the table already, with all that they hold? Profiles without an id may be equal and not the same: the
-- first is the first one there, the second the second.
CREATE OR REPLACE TEMP TABLE {{own}}_same AS
WITH
    {{own}}_new AS (
        SELECT rowid AS row_id, distinct_id, last_seen, properties::VARCHAR AS content, 0 AS nth FROM {{own}}_staged WHERE distinct_id IS NOT NULL
        UNION ALL
        SELECT
            rowid AS row_id, distinct_id, last_seen, properties::VARCHAR AS content,
            row_number() OVER (PARTITION BY last_seen, properties::VARCHAR) AS nth
        FROM {{own}}_staged
        WHERE distinct_id IS NULL
    ),
    {{own}}_old AS (
        SELECT rowid AS row_id, distinct_id, last_seen, properties::VARCHAR AS content, 0 AS nth FROM {{table}} WHERE distinct_id IS NOT NULL
        UNION ALL
        SELECT
            rowid AS row_id, distinct_id, last_seen, properties::VARCHAR AS content,
            row_number() OVER (PARTITION BY last_seen, properties::VARCHAR) AS nth
        FROM {{table}}
        WHERE distinct_id IS NULL
    )
SELECT staged.row_id AS staged_row, kept.row_id AS kept_row
FROM {{own}}_new AS staged
JOIN {{own}}_old AS kept
    ON staged.distinct_id IS NOT DISTINCT FROM kept.distinct_id
    AND staged.nth = kept.nth
    AND staged.last_seen IS NOT DISTINCT FROM kept.last_seen
    AND staged.content IS NOT DISTINCT FROM kept.content;

-- A profile that changed is written anew, one that did not stays as it is.
CREATE OR REPLACE TEMP TABLE {{own}}_gone AS
SELECT kept.rowid AS kept_row
FROM {{table}} AS kept
JOIN {{own}}_staged AS staged ON staged.distinct_id = kept.distinct_id
WHERE kept.rowid NOT IN (SELECT kept_row FROM {{own}}_same);
