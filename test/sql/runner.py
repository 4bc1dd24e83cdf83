"""Runs `.test` files in DuckDB's sqllogictest dialect with the stock `duckdb` module.

DuckDB's own runner is in no registry, so this one understands the part of the
dialect that the files here use, and nothing else: an unknown line is an error.
DuckDB's runner can run the same files.

    python runner.py --extension build/release/v2.0.1/mixpanel.duckdb_extension FILE...
"""
from __future__ import annotations

import argparse
import datetime
import os
import pathlib
import re
import sys
from dataclasses import dataclass, field


class Failed(Exception):
    """A record whose outcome is not what the file says."""


class Skipped(Exception):
    """A file that asks for something this machine doesn't have."""


@dataclass
class Record:
    """One `statement` or `query` with what it expects."""

    line: int
    kind: str
    words: list[str]
    sql: str = ""
    expected: list[str] = field(default_factory=list)


def parse(text: str) -> list[Record]:
    lines = text.splitlines()
    records, index = [], 0
    while index < len(lines):
        line = lines[index].strip()
        index += 1
        if not line or line.startswith("#"):
            continue
        words = line.split()
        record = Record(line=index, kind=words[0], words=words[1:])
        records.append(record)
        if record.kind in ("require", "require-env"):
            continue
        if record.kind not in ("statement", "query"):
            raise ValueError(f"line {index}: unknown command {record.kind!r}")
        body = []
        while index < len(lines) and lines[index].strip():
            body.append(lines[index])
            index += 1
        if "----" in body:
            cut = body.index("----")
            body, record.expected = body[:cut], body[cut + 1 :]
        record.sql = "\n".join(body)
    return records


def substitute(text: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: os.environ.get(match[1], match[0]), text)


def shown(value: object) -> str:
    """A value as DuckDB prints it."""
    if value is None:
        return "NULL"
    if value == "":
        return "(empty)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, list):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    return str(value)


def matches(expected: str, actual: str) -> bool:
    if expected.startswith("<REGEX>:"):
        return re.fullmatch(expected[len("<REGEX>:") :], actual, re.DOTALL) is not None
    return expected == actual


class Runner:
    def __init__(self, connection, extension: str):
        self.connection = connection
        self.extension = extension

    def run(self, path: pathlib.Path) -> None:
        for record in parse(path.read_text(encoding="utf-8")):
            try:
                self.step(record)
            except Failed as failure:
                raise Failed(f"{path}:{record.line}: {failure}\n{record.sql}") from None

    def step(self, record: Record) -> None:
        if record.kind == "require":
            self.require(record.words[0])
        elif record.kind == "require-env":
            name, *value = record.words
            if name not in os.environ or (value and os.environ[name] != value[0]):
                raise Skipped(f"needs {' '.join(record.words)}")
        elif record.kind == "statement":
            self.statement(record)
        else:
            self.query(record)

    def require(self, name: str) -> None:
        if name == "mixpanel":
            self.connection.execute(f"LOAD '{self.extension}'")
        elif name not in ("json", "parquet"):
            raise Skipped(f"needs {name}")

    def statement(self, record: Record) -> None:
        try:
            self.connection.execute(substitute(record.sql)).fetchall()
        except Exception as error:  # noqa: BLE001  every error of DuckDB is an outcome here
            if record.words[0] == "ok":
                raise Failed(f"unexpected error: {error}") from None
            expected = "\n".join(record.expected)
            found = matches(expected, str(error)) if expected.startswith("<REGEX>:") else expected in str(error)
            if not found:
                raise Failed(f"another error than {expected!r}: {error}") from None
            return
        if record.words[0] != "ok":
            raise Failed("an error was expected")

    def query(self, record: Record) -> None:
        try:
            rows = self.connection.execute(substitute(record.sql)).fetchall()
        except Exception as error:  # noqa: BLE001
            raise Failed(f"unexpected error: {error}") from None
        actual = ["\t".join(shown(value) for value in row) for row in rows]
        expected = [substitute(line) for line in record.expected]
        if "rowsort" in record.words:
            actual, expected = sorted(actual), sorted(expected)
        if len(actual) != len(expected) or not all(map(matches, expected, actual)):
            raise Failed("expected:\n" + "\n".join(expected) + "\ngot:\n" + "\n".join(actual))


def main() -> int:
    import duckdb

    parser = argparse.ArgumentParser()
    parser.add_argument("--extension", required=True)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    failed = 0
    for path in arguments.files:
        connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        try:
            Runner(connection, arguments.extension).run(path)
            print(f"ok {path}")
        except Skipped as reason:
            print(f"skipped {path}: {reason}")
        except Failed as failure:
            failed += 1
            print(f"FAILED {failure}")
        finally:
            connection.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
