"""Provides what the documentation assumes: January's events, and the account that its pages show."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, with_limits
from results import Shown, shown_after
from simulator import Credentials, Project, Simulator

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ACCOUNT = Credentials(username="name.abc123.mp-service-account", secret="...")
PROJECT = Project(from_date="2025-01-01", days=31, events_per_day=100, other_project_ids=(67890,))

NOT_RUN, ONLY_V2 = "not run: ", "DuckDB 2.x"
"""The notes that a block may have."""

FENCED = re.compile(
    r"(?P<badge>^\*DuckDB 2\.x\*\n+)?(?:^<!-- (?P<note>[^\n]*?) -->\n+)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass
class Block:
    """A fenced block of a page, and the comment just before it, which no reader sees."""

    page: Path
    line: int
    note: str
    text: str
    shown: Shown | None
    """What the page shows of the last statement's rows."""
    has_badge: bool

    @property
    def notes(self) -> list[str]:
        return self.note.split(", ") if not self.note.startswith(NOT_RUN) else [self.note]

    def is_run(self, host: str) -> bool:
        return not self.note.startswith(NOT_RUN) and (ONLY_V2 not in self.notes or host == "v2")

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, language: str = "sql") -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in FENCED.finditer(text):
        if found["language"] == language:
            # What is not run comes first: its note says why, in words of its own.
            notes = [note for note in [found["note"], ONLY_V2 if found["badge"] else None] if note]
            yield Block(page, text.count("\n", 0, found.start("text")), ", ".join(notes), found["text"], shown_after(text, found.end()), bool(found["badge"]))


@pytest.fixture(scope="session")
def january():
    with Simulator(PROJECT, credentials=ACCOUNT) as simulator:
        yield simulator


@pytest.fixture
def as_documented(january, monkeypatch, tmp_path):
    """The environment and the accounts file of `docs/accounts.md`; a folder for files that statements write."""
    january.reset()
    monkeypatch.setenv("MP_API_BASE_URL", january.url)
    monkeypatch.setenv("MP_USERNAME", ACCOUNT.username)
    monkeypatch.setenv("MP_SECRET", ACCOUNT.secret)
    [accounts, _older] = blocks(ROOT / "docs" / "accounts.md", "toml")
    (tmp_path / "config.toml").write_text(accounts.text)
    (tmp_path / "config.toml").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    return january


@pytest.fixture
def within_the_hour(as_documented, monkeypatch):
    """The same with Mixpanel's limits, here and there, and an hour that nobody has asked in yet."""
    with Simulator(PROJECT, credentials=ACCOUNT, limits=True) as limited:
        last_week(limited)
        monkeypatch.setenv("MP_API_BASE_URL", limited.url)
        with_limits(monkeypatch)
        yield limited


def days_of_last_week() -> list[date]:
    """The seven days that ended yesterday, as `current_date` has it."""
    [(today,)] = duckdb.execute("SELECT current_date").fetchall()
    return [today - timedelta(days=number) for number in range(7, 0, -1)]


def last_week(simulator: Simulator) -> None:
    """Makes January's first week the one that ended yesterday too, for statements that say `current_date - 7`."""
    for number, day in enumerate(days_of_last_week()):
        first = PROJECT.from_date + timedelta(days=number)
        later = (day - first) // timedelta(milliseconds=1)
        lines = simulator.archive.lines(first, first)
        simulator.set_day(day, [re.sub(rb'"time":(\d+)', lambda time: b'"time":%d' % (int(time[1]) + later), line, count=1) for line in lines])
