#!/usr/bin/env python3
"""Checks that every DuckDB that we serve has the functions that the library calls.

    scripts/calls.py

The first C API: each was in its version 1.2.0, the oldest that a file of ours is loaded by, and the crate's table has it in the same
place. `c_api_v1.2.0.txt` has that version's functions in the order of its header (duckdb_extension.h of DuckDB 1.2.0, up to what
is unstable). The second: each has a place in the layout of every version.
"""
import argparse
import json
import pathlib
import re
import subprocess
import tarfile

from called import LIBRARY, ROOT, called
from headers import plain, table
from platform_name import target

OLDEST = pathlib.Path(__file__).parent / "c_api_v1.2.0.txt"
KNOWN = ROOT / "src" / "host" / "v2" / "layouts" / "known.rs"


def bindings() -> list[str]:
    """The first C API's functions in the order of the table that the crate reads."""
    # For this platform only: cargo would download the other platforms' crates.
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target()]
    metadata = json.loads(subprocess.check_output(command, cwd=ROOT))
    [crate] = [package for package in metadata["packages"] if package["name"] == "libduckdb-sys"]
    # Its copy of DuckDB, out of which its bindings were made.
    with tarfile.open(pathlib.Path(crate["manifest_path"]).parent / "duckdb.tar.gz") as sources:
        header = sources.extractfile("duckdb/src/include/duckdb_extension.h").read().decode()
    return [name for name, _ in table(plain(header), "duckdb_ext_api_v1")]


def first(ours: set[str], oldest: list[str], crate: list[str]) -> list[str]:
    """What is wrong with calls of the first C API."""
    # Those of the crate itself are in no table.
    names = sorted(name for name in ours if not name.startswith(("duckdb_v2_", "duckdb_rs_")))
    missing = [f"{name} was not in C API v1.2.0" for name in names if name not in oldest]
    moved = [name for name in names if name in oldest and crate.index(name) != oldest.index(name)]
    return missing + [f"{name} is not where C API v1.2.0 had it" for name in moved]


def second(ours: set[str], layouts: str) -> list[str]:
    """What is wrong with calls of the second one."""
    names = re.findall(r'c"(\w+)"', layouts)
    found = []
    for version, runs in re.findall(r'version: "(v[\d.]+)",\s*runs: &\[(.*?)\]', layouts, flags=re.DOTALL):
        has = {names[int(here) + at] for here, count in re.findall(r"\((\d+), \d+, (\d+)\)", runs) for at in range(int(count))}
        missing = sorted(name for name in ours if name.startswith("duckdb_v2_") and name not in has)
        found += [f"DuckDB {version} has no {name} as we call it" for name in missing]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=pathlib.Path, default=LIBRARY, help="a debug build")
    ours = called(parser.parse_args().library)
    wrong = first(ours, OLDEST.read_text().split(), bindings()) + second(ours, KNOWN.read_text(encoding="utf-8"))
    if wrong:
        raise SystemExit("\n".join(wrong))
    print(f"each of the {len(ours)} functions of DuckDB that we call is in every DuckDB that we serve")


if __name__ == "__main__":
    main()
