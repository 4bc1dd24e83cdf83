-- Two fetches into one table at the same time would not see each other's rows. Whoever comes second conflicts here, before a
-- request is made. DuckDB does nothing for an update that changes nothing, and takes a row that one transaction
-- updates and the other deletes for no conflict, so that all do this first.
UPDATE {{metadata}} SET row_count = row_count + 1 WHERE {{is_this}};
UPDATE {{metadata}} SET row_count = row_count - 1 WHERE {{is_this}};
