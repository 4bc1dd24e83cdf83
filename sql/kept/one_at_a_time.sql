-- Two fetches into one table at the same time would not see each other's rows. Whoever comes second conflicts here, before a
-- request is made. A name that is made and dropped again conflicts with whoever does the same, until all transactions have ended
-- that began before the first of them ended.
CREATE VIEW {{turn}} AS SELECT 'fetching' AS what;
DROP VIEW {{turn}};
-- DuckLake notices what was made only at the end, and rows as well. DuckDB does nothing for an update that changes nothing, and
-- takes a row that one transaction updates and the other deletes for no conflict, so that all do this first.
UPDATE {{metadata}} SET row_count = row_count + 1 WHERE {{is_this}};
UPDATE {{metadata}} SET row_count = row_count - 1 WHERE {{is_this}};
