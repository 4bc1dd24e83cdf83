#!/usr/bin/env python3
"""Copy the built files to where `LOAD mixpanel` looks, for every DuckDB that they serve.

A session must still allow unsigned extensions (`duckdb -unsigned`, or the
option `allow_unsigned_extensions`).
"""
import argparse
import pathlib
import shutil

from replacing import replacing
from served import RANGE, SERVED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--platform", required=True)
    parser.add_argument("--home", type=pathlib.Path, default=pathlib.Path.home() / ".duckdb")
    arguments = parser.parse_args()
    for host, versions in SERVED.items():
        source = arguments.build / host / "mixpanel.duckdb_extension"
        for version in versions:
            with replacing(arguments.home / "extensions" / version / arguments.platform / source.name) as unfinished:
                shutil.copyfile(source, unfinished)
    print(f"installed in {arguments.home / 'extensions'} for {RANGE}")
    print("now: duckdb -unsigned, then LOAD mixpanel;")


if __name__ == "__main__":
    main()
