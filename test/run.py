#!/usr/bin/env python3
"""Runs the client tests on every DuckDB: the built file in stock clients, against the simulator.

    test/run.py --build build/release                                every test on every pair of DuckDB and file
    test/run.py --build build/release --part quick                   what `make test` runs
    test/run.py --build build/release --part slow                    and what it leaves out of these
    test/run.py --build build/release --pair 2.0.0/v2                every test on one of them
    test/run.py --build build/release --pair 2.0.1/v2 -k limit       and pytest's options
    test/run.py --build build/release --pair 2.0.1/v2 --function mixpanel_cohorts    what names one function
    test/run.py --build build/release --pair simulator               the simulator's own tests
"""
import argparse
import os
import pathlib
import subprocess
import sys

from pairs import FULL, NEWEST, OLD_API, PAIRS, extension

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "test" / "python"
HOST_TESTS = [
    "test_clients.py", "test_contained.py", "test_database.py", "test_days.py", "test_discovery.py", "test_export.py", "test_fetches.py", "test_json_columns.py",
    "test_kept_fetch.py", "test_nul.py", "test_lifecycle.py", "test_profiles.py", "test_size.py", "test_values.py", "test_vectors.py",
]  # fmt: skip
"""What is between a DuckDB and a file that others have tested in full."""
SIMULATOR_TESTS = [ROOT / "test" / "simulator", FOLDER / "test_simulator.py"]


def pytest(version: str, arguments: list, environment: dict[str, str]) -> int:
    place = ROOT / "build" / "venv" / f"duckdb-{version}"
    python = place / "Scripts" / "python.exe" if os.name == "nt" else place / "bin" / "python"
    # Two processes for each core: a test waits more than it computes, and each process has simulators of its own.
    processes = str(2 * (os.cpu_count() or 1))
    command = [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--numprocesses", processes, *arguments]
    return subprocess.run(command, env=os.environ | environment, cwd=ROOT).returncode


def run(pair: str, build: pathlib.Path, options: list[str], part: str | None = None) -> int:
    if pair == "simulator":
        print("== the simulator", flush=True)
        return pytest(NEWEST["v2"], [*SIMULATOR_TESTS, *options], {})
    version, host = pair.split("/")
    tests, said = chosen(pair, part)
    print(f"== DuckDB {version}, file for C API {host}{said}", flush=True)
    return pytest(version, [*tests, *options], {"MIXPANEL_EXTENSION": str(extension(build, version, host)), "MIXPANEL_HOST": host})


def chosen(pair: str, part: str | None) -> tuple[list, str]:
    """Which tests, and how that is called. The two parts have no test in common, and together all of them."""
    everything = [FOLDER, "--ignore", SIMULATOR_TESTS[1]]
    files = FOLDER / "test_sql.py"
    if part is None:
        return everything, ""
    if pair in FULL:
        return ([*everything, "-m", "not slow"], "") if part == "quick" else ([*everything, "-m", "slow"], ", the slow tests")
    if part == "quick":
        return [files], ", the .test files"
    if pair in OLD_API:
        return [FOLDER / name for name in HOST_TESTS], ", what passes between DuckDB and the file"
    return [*everything, "--ignore", files], ", all but the .test files"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--part", choices=["quick", "slow"], help="without, both")
    parser.add_argument("--pair", action="append", choices=["simulator", *PAIRS], help="one of several; without, all of them")
    arguments, options = parser.parse_known_args()
    build = arguments.build.resolve()
    # The simulator's own tests are quick ones.
    pairs = arguments.pair or [*(["simulator"] if arguments.part != "slow" else []), *PAIRS]
    results = [run(pair, build, options, arguments.part) for pair in pairs]
    # pytest's 5 is "no test was chosen", which happens to a -k that is for some pairs only.
    return max(0 if result == 5 and options else result for result in results)


if __name__ == "__main__":
    sys.exit(main())
