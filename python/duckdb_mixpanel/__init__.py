"""A Mixpanel project as SQL: the DuckDB extension `mixpanel`, for every DuckDB that pip brings.

    import duckdb_mixpanel

    con = duckdb_mixpanel.connect()          # as duckdb.connect(), with the extension in it
    con.sql("FROM mixpanel_events()")

`duckdb_mixpanel.load(con)` brings it into a connection of your own; `python -m duckdb_mixpanel install` makes a plain
`LOAD mixpanel` work in the other DuckDBs of this machine.
"""
from __future__ import annotations

import pathlib
import tempfile
from typing import TYPE_CHECKING

from .files import FILES, NAME, content, folder_for, platform_of

if TYPE_CHECKING:
    import duckdb

__all__ = ["connect", "load"]

UNSIGNED = {"allow_unsigned_extensions": "true"}


def connect(database: str | pathlib.Path = ":memory:", *, config: dict | None = None, **options) -> duckdb.DuckDBPyConnection:
    """As `duckdb.connect`, with the extension loaded. The session allows unsigned extensions: this one is not signed by DuckDB."""
    import duckdb  # not above: who installs for other DuckDBs needs none in this Python

    connection = duckdb.connect(database, config=UNSIGNED | (config or {}), **options)
    try:
        load(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def load(connection: duckdb.DuckDBPyConnection) -> None:
    """Loads the file for the DuckDB that this is."""
    import duckdb

    # Not the connection itself: it may hold a result that was not fetched yet.
    cursor = connection.cursor()
    [(version,)] = cursor.execute("SELECT library_version FROM pragma_version()").fetchall()
    [(platform,)] = cursor.execute("PRAGMA platform").fetchall()
    try:
        if platform == platform_of():
            load_file(cursor, FILES / folder_for(version) / NAME)
        else:
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder, NAME)
                file.write_bytes(content(version, platform))
                load_file(cursor, file)
    except duckdb.IOException as error:
        if "signature" not in str(error):
            raise
        raise duckdb.IOException(
            "this session does not allow unsigned extensions, and it is too late to allow them. Open it with duckdb_mixpanel.connect(), "
            "or with duckdb.connect(config={'allow_unsigned_extensions': 'true'})"
        ) from error
    finally:
        cursor.close()


def load_file(connection: duckdb.DuckDBPyConnection, file: pathlib.Path) -> None:
    quoted = str(file).replace("'", "''")
    connection.execute(f"LOAD '{quoted}'")
