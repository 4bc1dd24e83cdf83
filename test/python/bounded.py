"""Runs one statement with a bounded amount of memory, in a process of its own, for test_size.py.

Prints a line of JSON: how the statement ended, whether the connection works afterwards, and by how many MB the process grew.
"""
from __future__ import annotations

import json
import pathlib
import re
import resource
import sys

import duckdb

MB = 1 << 20


def of_process(name: str) -> int:
    """In bytes, as the kernel counts."""
    return int(re.search(rf"^{name}:\s+(\d+) kB$", pathlib.Path("/proc/self/status").read_text(), re.MULTILINE)[1]) << 10


def main() -> None:
    extension, megabytes, statement = sys.argv[1:]
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": "2"})
    connection.execute(f"LOAD '{extension}'")
    connection.execute("CREATE TABLE mine AS SELECT 42 AS answer")
    limit = of_process("VmSize") + int(megabytes) * MB
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    before = of_process("VmRSS")
    result = error = None
    try:
        result = connection.execute(statement).fetchall()
    except duckdb.Error as failure:
        error = str(failure)
    grown = (of_process("VmHWM") - before) // MB
    works = connection.execute("FROM mine").fetchall() == connection.cursor().execute("FROM mine").fetchall() == [(42,)]
    print(json.dumps({"result": result, "error": error, "works": works, "grown": grown}))


if __name__ == "__main__":
    main()
