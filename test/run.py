#!/usr/bin/env python3
"""Run the client tests on every DuckDB: the built file in stock clients, against the simulator.

    test/run.py --build build/release                                everything
    test/run.py --build build/release --pair 2.0.1/v2 -k limit       one DuckDB with one of the files, and pytest's options
    test/run.py --build build/release --pair simulator               the simulator's own tests
"""
import argparse
import os
import pathlib
import subprocess
import sys

from pairs import NEWEST, PAIRS, extension

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIMULATOR_TESTS = [ROOT / "test" / "simulator", ROOT / "test" / "python" / "test_simulator.py"]


def pytest(version: str, arguments: list, environment: dict[str, str]) -> int:
    python = ROOT / "build" / "venv" / f"duckdb-{version}" / "bin" / "python"
    # One process for each core: a test waits more than it computes, and each process has simulators of its own.
    command = [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--numprocesses", "auto", *arguments]
    return subprocess.run(command, env=os.environ | environment, cwd=ROOT).returncode


def run(pair: str, build: pathlib.Path, options: list[str]) -> int:
    if pair == "simulator":
        print("== the simulator", flush=True)
        return pytest(NEWEST["v2"], [*SIMULATOR_TESTS, *options], {})
    version, host = pair.split("/")
    print(f"== DuckDB {version}, file for C API {host}", flush=True)
    tests = [ROOT / "test" / "python", "--ignore", SIMULATOR_TESTS[1]]
    return pytest(version, [*tests, *options], {"MIXPANEL_EXTENSION": str(extension(build, version, host)), "MIXPANEL_HOST": host})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--pair", action="append", choices=["simulator", *PAIRS], help="one of several; all of them without")
    arguments, options = parser.parse_known_args()
    results = [run(pair, arguments.build.resolve(), options) for pair in arguments.pair or ["simulator", *PAIRS]]
    # pytest's 5 is "no test was chosen", which happens to a -k that is for some pairs only.
    return max(0 if result == 5 and options else result for result in results)


if __name__ == "__main__":
    sys.exit(main())
