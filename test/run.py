#!/usr/bin/env python3
"""Run the client tests on every DuckDB: the built file in stock clients, against the simulator.

    test/run.py --build build/release                      everything
    test/run.py --build build/release 2.0.0/v2 -k limit    one pair of DuckDB and file, with pytest's own options
"""
import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAIRS = ["1.4.5/v1", "1.5.6/v1", "2.0.0/v1", "2.0.0/v2"]


def run_pair(pair: str, build: pathlib.Path, options: list[str]) -> int:
    version, host = pair.split("/")
    environment = os.environ | {
        "MIXPANEL_EXTENSION": str(build / host / "mixpanel.duckdb_extension"),
        "MIXPANEL_HOST": host,
    }
    python = ROOT / "build" / "venv" / f"duckdb-{version}" / "bin" / "python"
    print(f"== DuckDB {version}, file for C API {host}", flush=True)
    command = [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", ROOT / "test" / "python", *options]
    return subprocess.run(command, env=environment, cwd=ROOT).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("pairs", nargs="*", metavar="VERSION/HOST")
    arguments, options = parser.parse_known_args()
    build = arguments.build.resolve()
    results = [run_pair(pair, build, options) for pair in arguments.pairs or PAIRS]
    return max(results)


if __name__ == "__main__":
    sys.exit(main())
