"""Installs the files of the extension where a plain `LOAD mixpanel` looks, for each DuckDB of this machine."""
from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable

from .files import FILES, NAME, NoFile, content, folder_for, platform_of
from .machine import DuckDB, found, named

HOME = pathlib.Path.home() / ".duckdb"


def install(chosen: Iterable[str] = (), files: pathlib.Path = FILES, home: pathlib.Path = HOME) -> list[str]:
    """Places a file for each DuckDB that is found, or for those that are named. Returns a line for each."""
    platform = platform_of(files)
    duckdbs = [named(text, platform) for text in chosen] or list(found(home, platform))
    whose: dict[tuple[str, str], list[str]] = {}
    for duckdb in duckdbs:
        whose.setdefault((duckdb.version, duckdb.platform), []).append(duckdb.whose)
    lines, placed = [], 0
    for (version, its_platform), users in whose.items():
        try:
            data = content(version, its_platform, files)
        except NoFile as reason:
            lines.append(f"not served: {reason} ({', '.join(users)})")
            continue
        place(home / "extensions" / version / its_platform / NAME, data)
        placed += 1
        lines.append(f"DuckDB {version}, {its_platform}: the file {folder_for(version, files)}, for {', '.join(users)}")
    if not placed:
        raise SystemExit("\n".join([*lines, "no DuckDB was found that these files serve; name one: a version, a program, a virtual environment"]))
    return lines


def place(path: pathlib.Path, data: bytes) -> None:
    """In one step: a running DuckDB may have the old file open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(data)
        # What INSTALL noted of an earlier file; DuckDB refuses a file of another version than that.
        path.with_name(f"{path.name}.info").unlink(missing_ok=True)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def uninstall(home: pathlib.Path = HOME) -> list[pathlib.Path]:
    """Removes our files, whoever put them there. Returns which."""
    there = [path for name in (NAME, f"{NAME}.info") for path in (home / "extensions").glob(f"**/{name}")]
    for path in there:
        path.unlink()
    return sorted(there)
