-- Mixpanel's key: event, distinct_id, time and $insert_id. Rows without an $insert_id are never the same. The row that Mixpanel
-- processed last stays. Keys that occur once, nearly all, are never looked at again.
DELETE FROM {{target}} WHERE rowid IN (
    SELECT row_id FROM (
        SELECT
            rows.rowid AS row_id,
            row_number() OVER (
                PARTITION BY rows.event_name, rows.distinct_id, rows.event_time, rows.insert_id
                ORDER BY TRY_CAST(mixpanel_property(rows.properties, 'mp_processing_time_ms') AS BIGINT) DESC NULLS LAST,
                    rows.rowid ASC NULLS LAST
            ) AS rank
        FROM {{target}} AS rows
        JOIN (
            SELECT event_name, distinct_id, event_time, insert_id
            FROM {{target}}
            WHERE insert_id <> ''
            GROUP BY ALL
            HAVING count(*) > 1
        ) AS twice
            ON rows.insert_id = twice.insert_id
            AND rows.event_time IS NOT DISTINCT FROM twice.event_time
            AND rows.distinct_id IS NOT DISTINCT FROM twice.distinct_id
            AND rows.event_name IS NOT DISTINCT FROM twice.event_name
    )
    WHERE rank > 1
);
