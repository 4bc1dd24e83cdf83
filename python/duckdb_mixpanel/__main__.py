"""    python -m duckdb_mixpanel install      a plain LOAD mixpanel works from then on, in each DuckDB of this machine
    python -m duckdb_mixpanel uninstall
"""
from __future__ import annotations

import argparse
import pathlib

from .files import FILES
from .install import HOME, install, uninstall


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m duckdb_mixpanel", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["install", "uninstall"])
    parser.add_argument("duckdb", nargs="*", help="install for these instead: versions, duckdb programs, virtual environments")
    parser.add_argument("--files", type=pathlib.Path, default=FILES, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=pathlib.Path, default=HOME, help=argparse.SUPPRESS)
    arguments = parser.parse_intermixed_args()
    if arguments.command == "uninstall":
        print("\n".join(f"removed {path}" for path in uninstall(arguments.home)) or "nothing was installed")
        return
    print("\n".join(install(arguments.duckdb, arguments.files, arguments.home)))
    print(f"""
in {arguments.home / "extensions"}. Each version has a folder of its own: after an upgrade of DuckDB, run this again.
Now LOAD mixpanel works in a session that allows unsigned extensions: `duckdb -unsigned`, or the option allow_unsigned_extensions.""")


if __name__ == "__main__":
    main()
