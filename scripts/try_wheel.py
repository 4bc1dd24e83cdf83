#!/usr/bin/env python3
"""Checks that the wheel installed in this Python loads, and is for the expected platform."""
import sys

import duckdb
import duckdb_mixpanel


def main() -> None:
    [platform] = sys.argv[1:]
    with duckdb_mixpanel.connect() as connection:
        [build] = connection.execute("SELECT version, host_api, duckdb_version, platform FROM mixpanel_build()").fetchall()
    version, host, its_duckdb, its_platform = build
    print(f"mixpanel {version} in DuckDB {its_duckdb} on {its_platform}, through C API {host}")
    if (its_duckdb, its_platform) != (f"v{duckdb.__version__}", platform):
        sys.exit(f"expected DuckDB v{duckdb.__version__} on {platform}")


if __name__ == "__main__":
    main()
