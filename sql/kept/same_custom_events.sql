-- The answer to a custom event has the names of the events that it is made of. Which of a table's rows it stands for can be told only
-- where nothing else was fetched into it.
SET VARIABLE {{own}}_checked = (
    SELECT CASE WHEN count(*) > 0 THEN error({{custom_events}}) END
    FROM {{metadata}}
    WHERE {{is_this}} AND filter_events::VARCHAR IS DISTINCT FROM {{filter_events}}
);
