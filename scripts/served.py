#!/usr/bin/env python3
"""Says which file serves which DuckDB.

    scripts/served.py v2.0.1     prints the folder of the file for that version: v2.0.1
"""
# Also with Python 3.6, which is what the container of DuckDB's community CI may have.
import pathlib
import re
import sys

KNOWN = pathlib.Path(__file__).resolve().parent.parent / "src" / "host" / "v2" / "layouts" / "known.rs"


def versions(line, patches):
    return [f"v{line}.{patch}" for patch in patches]


# The DuckDBs whose table of functions the library knows, as scripts/layouts.py wrote them.
LAYOUTS = re.findall(r'version: "(v[\d.]+)"', KNOWN.read_text(encoding="utf-8"))

# For each file: which C API DuckDB takes it for, and that API's version. The first loads everywhere, each of the others in
# exactly one DuckDB.
FILES = {"v1": ("C_STRUCT", "v1.2.0")}
FILES.update({version: ("C_STRUCT_UNSTABLE", version) for version in LAYOUTS})

RELEASED = versions("1.2", range(3)) + versions("1.3", range(3)) + versions("1.4", range(6)) + versions("1.5", range(7)) + LAYOUTS
# What may come of the current lines. Whoever has one first gets the file that loads everywhere.
AHEAD = [
    version
    for version in versions("1.5", range(7, 10)) + versions("2.0", range(10)) + ["v2.1.0"]
    if version not in RELEASED
]


def file_for(version):
    """The folder of the file for a DuckDB, whatever version it is."""
    return version if version in LAYOUTS else "v1"


if __name__ == "__main__":
    print(file_for(sys.argv[1]))
