"""Derives columns from an answer: those of the things in its list, or one column with the whole answer."""
from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?")
# By kind of column: its SQL type, and its letter in a `.test` file.
TYPES = {"bigint": ("BIGINT", "I"), "double": ("DOUBLE", "R"), "boolean": ("BOOLEAN", "T"), "timestamp": ("TIMESTAMP", "T"), "text": ("VARCHAR", "T")}


@dataclass
class Answer:
    example: Any

    @property
    def is_in_an_envelope(self) -> bool:
        return isinstance(self.example, dict) and isinstance(self.example.get("results"), list)

    @property
    def things(self) -> list[dict] | None:
        """`None` where it is no list of objects."""
        found = self.example["results"] if self.is_in_an_envelope else self.example
        return found if isinstance(found, list) and found and all(isinstance(one, dict) for one in found) else None

    @property
    def is_sorted(self) -> bool:
        return all({"id", "name"} <= one.keys() for one in self.things or [{}])

    @property
    def columns(self) -> dict[str, str]:
        """Name and kind; of no list, nothing. A value that has no kind of its own is its JSON text."""
        kinds: dict[str, str] = {}
        for one in self.things or []:
            for name, value in one.items():
                if value is not None and re.fullmatch(r"\w+", name):
                    kinds.setdefault(name, kind(value))
        return kinds

    @property
    def rows(self) -> list[list[str]]:
        """As a `.test` file writes them, in the function's order."""
        things = self.things or []
        if self.is_sorted:
            things = sorted(things, key=lambda one: (str(one["name"]), one["id"]))
        return [[written(one.get(name), kind) for name, kind in self.columns.items()] for one in things]


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "bigint"
    if isinstance(value, float):
        return "double"
    return "timestamp" if isinstance(value, str) and MOMENT.fullmatch(value) else "text"


def written(value: Any, kind: str) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if kind == "timestamp":
        value = value.replace("T", " ").removesuffix("Z")
        return value if value.count(":") == 2 else f"{value}:00"
    return value.replace("\n", "|") or "(empty)"
