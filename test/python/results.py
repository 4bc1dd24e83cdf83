"""Reads the table of rows that a page shows below a statement, compares it with the statement's result, and rewrites it.

Below `<!-- rows -->` stands a table with a header. Where its dates move with today, the comment has the day on which they were
written, `<!-- rows of 2026-11-28 -->`, and they are compared by how far from that day they are. A page may show the first rows only;
then the last line of its table is one of `…`.

`SHOW_RESULTS=1 make try F=test_docs` writes the tables: a comment without a table below it is enough."""
from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

FIRST_ROWS = 5
LONGEST = 60
MARK = re.compile(r"\s*<!-- rows(?: of (?P<day>\d{4}-\d\d-\d\d))? -->\n(?P<table>(?:\|[^\n]*\|(?:\n|\Z))*)")
DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
MORE = "…"


@dataclass
class Shown:
    start: int
    end: int
    """Where the table is in the page."""
    day: date | None
    """The day on which its dates were written; none where they stay what they are."""
    lines: list[list[str]]
    """With the header."""

    def differs_from(self, header: list[str], rows: list[tuple], today: date) -> str | None:
        """What the page should show in its place, as lines of a table."""
        expected = table(header, rows)
        shown = [line for line in self.lines]
        if self.day:
            shown = [[relative(cell, self.day) for cell in line] for line in shown]
            compared = [[relative(cell, today) for cell in line] for line in expected]
        else:
            compared = expected
        return None if shown == compared else written(expected)


def shown_after(text: str, end: int) -> Shown | None:
    found = MARK.match(text, end)
    if not found:
        return None
    lines = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])] for line in found["table"].splitlines()]
    day = date.fromisoformat(found["day"]) if found["day"] else None
    return Shown(found.start("table"), found.end("table"), day, lines[:1] + lines[2:])


def table(header: list[str], rows: list[tuple]) -> list[list[str]]:
    more = [[MORE] * len(header)] if len(rows) > FIRST_ROWS else []
    return [header, *([cell(value) for value in row] for row in rows[:FIRST_ROWS]), *more]


def cell(value) -> str:
    """As the shell shows it."""
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "true", False: "false"}[value]
    if isinstance(value, datetime):
        text = value.isoformat(" ")
    elif isinstance(value, list):
        text = "[" + ", ".join(map(cell, value)) + "]"
    else:
        text = str(value)
    text = text.replace("\n", " ").replace("|", "\\|")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + MORE


def relative(text: str, today: date) -> str:
    """With its dates as their distance from today."""
    return DAY.sub(lambda found: f"{(date.fromisoformat(found[0]) - today).days:+d} days", text)


def written(lines: list[list[str]]) -> str:
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([rows[0], "|---" * len(lines[0]) + "|", *rows[1:]]) + "\n"


def write(page: Path, tables: list[tuple[Shown, str]], today: date) -> None:
    """Puts tables in the place of those that the page has, and today into their comments."""
    text = page.read_text(encoding="utf-8")
    for shown, new in sorted(tables, key=lambda each: each[0].start, reverse=True):
        before = text[: shown.start]
        if shown.day:
            head, _, tail = before.rpartition("<!-- rows of ")
            before = f"{head}<!-- rows of {today}{tail[10:]}"
        after = text[shown.end :]
        text = before + new + ("" if after.startswith("\n") or not after else "\n") + after
    page.write_text(text, encoding="utf-8")
