#!/usr/bin/env python3
"""Run the client tests on every DuckDB: the built file in stock clients, against the simulator.

    test/run.py --build build/release                                what `pairs.py` says for each DuckDB with each of its files
    test/run.py --build build/release --pair 2.0.0/v2                every test on one of them
    test/run.py --build build/release --pair 2.0.1/v2 -k limit       and pytest's options
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
    place = ROOT / "build" / "venv" / f"duckdb-{version}"
    python = place / "Scripts" / "python.exe" if os.name == "nt" else place / "bin" / "python"
    # One process for each core: a test waits more than it computes, and each process has simulators of its own.
    command = [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--numprocesses", "auto", *arguments]
    return subprocess.run(command, env=os.environ | environment, cwd=ROOT).returncode


def run(pair: str, build: pathlib.Path, options: list[str], chosen: list[str] | None = None) -> int:
    if pair == "simulator":
        print("== the simulator", flush=True)
        return pytest(NEWEST["v2"], [*SIMULATOR_TESTS, *options], {})
    version, host = pair.split("/")
    print(f"== DuckDB {version}, file for C API {host}{', the core of the tests' if chosen else ''}", flush=True)
    folder = ROOT / "test" / "python"
    tests = [folder / name for name in chosen] if chosen else [folder, "--ignore", SIMULATOR_TESTS[1]]
    return pytest(version, [*tests, *options], {"MIXPANEL_EXTENSION": str(extension(build, version, host)), "MIXPANEL_HOST": host})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--pair", action="append", choices=["simulator", *PAIRS], help="one of several, with all tests; without, all of them")
    arguments, options = parser.parse_known_args()
    build = arguments.build.resolve()
    if arguments.pair:
        results = [run(pair, build, options) for pair in arguments.pair]
    else:
        results = [run("simulator", build, options), *(run(pair, build, options, chosen) for pair, chosen in PAIRS.items())]
    # pytest's 5 is "no test was chosen", which happens to a -k that is for some pairs only.
    return max(0 if result == 5 and options else result for result in results)


if __name__ == "__main__":
    sys.exit(main())
