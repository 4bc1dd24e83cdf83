"""Finds the file of the extension for a DuckDB.

    v1/mixpanel.duckdb_extension       for every DuckDB from 1.2.0 on
    v2.0.1/mixpanel.duckdb_extension   for that one, where it can do more
"""
from __future__ import annotations

import pathlib
import re

NAME = "mixpanel.duckdb_extension"
FILES = pathlib.Path(__file__).parent / "files"
OLDEST = (1, 2, 0)
# The last fields of a file: what it is for, 32 bytes, then the form's number, as many, and a signature.
PLATFORM = slice(-256 - 64, -256 - 32)


class NoFile(Exception):
    """There is none for that DuckDB."""


def folder_for(version: str, files: pathlib.Path = FILES) -> str:
    return version if (files / version / NAME).exists() else "v1"


def content(version: str, platform: str, files: pathlib.Path = FILES) -> bytes:
    """The file for a DuckDB that calls its version and platform so."""
    numbers = re.match(r"v(\d+)\.(\d+)\.(\d+)", version)
    if numbers and tuple(map(int, numbers.groups())) < OLDEST:
        raise NoFile(f"DuckDB {version} is older than {'.'.join(map(str, OLDEST))}")
    data = (files / folder_for(version, files) / NAME).read_bytes()
    return labelled(data, platform)


def platform_of(files: pathlib.Path = FILES) -> str:
    return platform_in((files / "v1" / NAME).read_bytes())


def platform_in(data: bytes) -> str:
    return data[PLATFORM].rstrip(b"\0").decode()


def labelled(data: bytes, platform: str) -> bytes:
    """The same for a platform that has two names: PyPI's DuckDB 1.2 calls itself after its compiler."""
    built = platform_in(data)
    if platform == built:
        return data
    if platform.removesuffix("_gcc4") != built:
        raise NoFile(f"these files are for {built}, and this DuckDB is for {platform}")
    return data[: PLATFORM.start] + platform.encode().ljust(32, b"\0") + data[PLATFORM.stop :]
