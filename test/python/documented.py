"""What the documentation takes for granted: January's events, and the account that its pages show."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT
from simulator import Credentials, Project, Simulator

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ACCOUNT = Credentials(username="name.abc123.mp-service-account", secret="...")
PROJECT = Project(from_date="2025-01-01", days=31, events_per_day=100, other_project_ids=(67890,))

FENCED = re.compile(r"(?:^<!-- (?P<note>[^\n]*?) -->\n+)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """A fenced block of a page, and the comment just before it, which no reader sees."""

    page: Path
    line: int
    note: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, language: str = "sql") -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in FENCED.finditer(text):
        if found["language"] == language:
            yield Block(page, text.count("\n", 0, found.start("text")), found["note"] or "", found["text"])


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
    [accounts] = blocks(ROOT / "docs" / "accounts.md", "toml")
    (tmp_path / "config.toml").write_text(accounts.text)
    (tmp_path / "config.toml").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    return january
