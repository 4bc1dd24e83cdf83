"""Finds the DuckDBs of this machine, with their versions and platforms.

Programs are asked: the `duckdb` on the PATH and those in `~/.duckdb/cli`, the Python of the active virtual environment, and those
on the PATH. The folders in `~/.duckdb/extensions` tell of others, such as those of Node and R."""
from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

ASKED = "SELECT CASE WHEN library_version LIKE '%-dev%' THEN source_id ELSE library_version END FROM pragma_version()"
PLATFORM = "PRAGMA platform"
PROGRAM = f"""
import duckdb

connection = duckdb.connect()
for statement in ({ASKED!r}, {PLATFORM!r}):
    print(connection.execute(statement).fetchall()[0][0])
"""
EXE = ".exe" if os.name == "nt" else ""


@dataclass(frozen=True)
class DuckDB:
    version: str
    """As the folder of its extensions is called: `v2.0.1`, or what a build under development was made of."""
    platform: str
    whose: str


def found(home: pathlib.Path, platform: str) -> Iterator[DuckDB]:
    """Every DuckDB that there is a trace of, those of this platform at least; the same one perhaps more than once."""
    for program in programs(home):
        answer = asked(program)
        if answer:
            yield answer
    for folder in sorted((home / "extensions").glob("*/*")):
        if folder.is_dir() and folder.name.removesuffix("_gcc4") == platform:
            yield DuckDB(folder.parent.name, folder.name, str(folder))


def programs(home: pathlib.Path) -> list[pathlib.Path]:
    """Each once, whatever links lead to it."""
    environment = os.environ.get("VIRTUAL_ENV")
    candidates = [
        shutil.which("duckdb"),
        *sorted((home / "cli").glob(f"*/duckdb{EXE}")),
        sys.executable,
        *([python_of(pathlib.Path(environment))] if environment else []),
        shutil.which("python3"),
        shutil.which("python"),
    ]
    there = [pathlib.Path(path) for path in candidates if path and pathlib.Path(path).exists()]
    return list({key(path): path for path in reversed(there)}.values())[::-1]


def key(program: pathlib.Path) -> pathlib.Path:
    # A virtual environment's Python is a link itself, to one that has other packages.
    return program.parent.resolve() / program.name if is_python(program) else program.resolve()


def is_python(program: pathlib.Path) -> bool:
    return program.name.lower().startswith(("python", "pypy"))


def python_of(environment: pathlib.Path) -> pathlib.Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / f"python{EXE}"


def named(text: str, platform: str) -> DuckDB:
    """What somebody says on purpose: a version, a program, or a virtual environment's folder."""
    if re.fullmatch(r"v?\d+\.\d+\.\d+", text):
        return DuckDB(f"v{text.removeprefix('v')}", platform, "as you say")
    path = pathlib.Path(text).expanduser()
    program = python_of(path) if path.is_dir() else path
    answer = asked(program)
    if not answer:
        raise SystemExit(f"{text}: no DuckDB that says its version; a version will do too: 1.5.6")
    return answer


def asked(program: pathlib.Path) -> DuckDB | None:
    """`None` where it can't be started, or is a Python without duckdb."""
    if is_python(program):
        command = [program, "-c", PROGRAM]
    else:
        # Without what the user's own start-up file prints.
        command = [program, "-init", os.devnull, "-csv", "-noheader", "-c", f"{ASKED}; {PLATFORM};"]
    with tempfile.TemporaryDirectory() as elsewhere:
        # Not where a file of the current folder could be taken for the package.
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=elsewhere, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired):
            return None
    lines = ended.stdout.split()
    if ended.returncode or len(lines) != 2:
        return None
    version, platform = lines
    return DuckDB(f"v{version}" if version[0].isdigit() and "." in version else version, platform, str(program))
