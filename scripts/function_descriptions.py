#!/usr/bin/env python3
"""Writes `docs/function_descriptions.csv` from `duckdb_functions()`. DuckDB's community extensions make a page of it.

Runs with DuckDB 2.x: the first C API has no descriptions.
"""
import argparse
import csv
import io
import pathlib

COLUMNS = ["function", "description", "comment", "example"]
COMMENTS = {
    "pragma": "Needs DuckDB 2.x.",
    "table_macro": "On DuckDB 1.x, first run the statement that mixpanel_macro_sql() returns under this name.",
}
QUERY = """
    SELECT DISTINCT function_name, description, function_type, examples[1]
    FROM duckdb_functions() WHERE function_name LIKE 'mixpanel%' ORDER BY function_name
"""


def described(connection) -> str:
    """The file's text, from a connection that has the extension."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, description, kind, example in connection.execute(QUERY).fetchall():
        writer.writerow([name, description, COMMENTS.get(kind, ""), example])
    return text.getvalue()


def main() -> None:
    import duckdb

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extension", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute(f"LOAD '{arguments.extension}'")
    arguments.out.write_text(described(connection), encoding="utf-8")


if __name__ == "__main__":
    main()
