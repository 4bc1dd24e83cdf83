"""Runs dbt on the DuckDB of this interpreter: `python dbt_here.py PACKAGES COMMAND ...`, a command being a JSON list of words.

The packages are another environment's, so that one installation of dbt serves every DuckDB.
dbt may call nobody: its process ends where Python code asks for an address or a connection. The extension's are not Python's."""
from __future__ import annotations

import json
import os
import sys


def refuse_calls(event: str, arguments: tuple) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        # An exception could be caught.
        os.write(2, f"dbt wanted to call {arguments[1:]}\n".encode())
        os._exit(86)


if __name__ == "__main__":
    packages, *commands = sys.argv[1:]
    import duckdb  # noqa: F401  this environment's, before the others are in sight

    sys.path.insert(0, packages)
    sys.addaudithook(refuse_calls)
    from dbt.cli.main import dbtRunner

    sys.exit(not all(dbtRunner().invoke(json.loads(command)).success for command in commands))
