"""Reads the files of the macros as the extension's host reads them."""
from __future__ import annotations

import re
from typing import NamedTuple

from conftest import ROOT

FILES = sorted((ROOT / "sql" / "macros").glob("*.sql"))
FORM = re.compile(
    r"(?P<description>(?:-- (?!Example: )[^\n]+\n)+)"
    r"-- Example: (?P<example>[^\n]+;)\n"
    r"CREATE OR REPLACE TEMP MACRO (?P<name>\w+)\((?P<parameters>[^\n]*)\) AS TABLE\n"
    r"(?P<body>[^;]+);\n"
)


class Macro(NamedTuple):
    text: str
    name: str
    description: str
    example: str
    parameters: dict[str, str | None]
    """The defaults, as they are written; None for a parameter that must be given."""


def read(path) -> Macro:
    text = path.read_text(encoding="utf-8")
    found = FORM.fullmatch(text)
    assert found, f"{path.name} has not the form of a macro's file"
    description = " ".join(line.removeprefix("-- ") for line in found["description"].splitlines())
    # Commas within a default's brackets separate nothing.
    parameters = [part.strip() for part in re.split(r",(?![^\[]*\])", found["parameters"]) if part.strip()]
    pairs = (part.partition(" := ") for part in parameters)
    defaults = {name: default or None for name, _, default in pairs}
    return Macro(text, found["name"], description, found["example"], defaults)


MACROS = {path.stem: read(path) for path in FILES}
METADATA = (ROOT / "sql" / "kept" / "metadata.sql").read_text(encoding="utf-8").replace("{{metadata}}", "_metadata")
"""Makes the history that the first fetch makes."""


def load(connection) -> None:
    """Creates the macros that the extension has not registered itself, as `docs/macros.md` tells."""
    registered = "SELECT function_name FROM duckdb_functions() WHERE function_type = 'table_macro'"
    known = {name for (name,) in connection.execute(registered).fetchall()}
    for name, sql in connection.execute("SELECT name, sql FROM mixpanel_macro_sql()").fetchall():
        if name not in known:
            connection.execute(sql)


def table(connection, name: str, events) -> None:
    """A table of (event_name, event_time, distinct_id) and, where an event has them, (insert_id, properties)."""
    connection.execute(
        f"CREATE TABLE {name} (event_name VARCHAR, event_time TIMESTAMP, distinct_id VARCHAR, insert_id VARCHAR, properties JSON)"
    )
    padded = [(*event, None, "{}")[:5] if len(event) == 3 else event for event in events]
    if padded:
        # One statement for all of them: a statement for each takes seconds.
        places = ", ".join(["(?, ?, ?, ?, ?)"] * len(padded))
        connection.execute(f"INSERT INTO {name} VALUES {places}", [value for event in padded for value in event])


def dicts(connection, statement: str, parameters=None) -> list[dict]:
    cursor = connection.execute(statement, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
