"""Computes what an export must return, from the simulator's own archive."""
from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

COLUMNS = "event_name, event_time, distinct_id, insert_id, properties"
TAKEN = ("time", "distinct_id", "$insert_id")
"""The properties that became columns."""


def export_rows(sim, first: str, last: str) -> list[str]:
    """The archive's events of these days, as `normal` shows them."""
    return sorted(
        normal(
            readable(row.event),
            None if row.time_ms is None else datetime(1970, 1, 1) + timedelta(milliseconds=row.time_ms),
            identifier(row.distinct_id),
            identifier(row.properties.get("$insert_id")),
            {name: value for name, value in row.properties.items() if name not in TAKEN},
        )
        for row in sim.archive.rows(date.fromisoformat(first), date.fromisoformat(last))
    )


def fetched_rows(connection, source: str) -> list[str]:
    """The rows that a table or table function gives, in the same form. Rows that occur twice occur twice."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM {source}").fetchall()
    return sorted(normal(*row[:4], json.loads(row[4])) for row in rows)


def normal(name: str, moment: datetime | None, distinct_id: str | None, insert_id: str | None, properties: dict) -> str:
    """A row as text that is the same for the same values, and sorts."""
    return json.dumps([name, str(moment), distinct_id, insert_id, readable(properties)], sort_keys=True)


def identifier(value: Any) -> str | None:
    """A numeric id is its digits; a missing one is NULL, an empty one is not."""
    return value if value is None else readable(value if isinstance(value, str) else json.dumps(value))


def readable(value: Any) -> Any:
    """Texts without the lone surrogates that no SQL text can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [readable(item) for item in value]
    if isinstance(value, dict):
        return {readable(name): readable(item) for name, item in value.items()}
    return value
