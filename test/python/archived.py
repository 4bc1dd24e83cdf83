"""Provides for tests of the archive: a shop of their own with limits on, a folder for the archive, other processes."""
from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import time
from itertools import count

import pytest
from conftest import EXTENSION, export
from simulator import Project, Simulator

FIRST, LAST = "2025-01-01", "2025-01-31"
NUMBERS = count(5000)


def month(arguments: str = "") -> str:
    return export(arguments, first=FIRST, last=LAST)


def open_shop(monkeypatch, **options) -> Simulator:
    """A simulator of a project that no other test has, so that nobody else counts in its hour."""
    project = Project(**{"days": 31, "events_per_day": 40, "project_id": next(NUMBERS), **options.pop("project", {})})
    simulator = Simulator(project, **options).start()
    monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
    monkeypatch.setenv("MP_PROJECT_ID", str(project.project_id))
    monkeypatch.delenv("MP_RATE_LIMITS", raising=False)
    return simulator


@pytest.fixture
def archive(monkeypatch, tmp_path) -> pathlib.Path:
    monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
    return tmp_path / "archive"


@pytest.fixture
def shop(monkeypatch, archive):
    with_limits = open_shop(monkeypatch)
    yield with_limits
    with_limits.close()


def at_rest(shop: Simulator, archive: pathlib.Path) -> None:
    """What was under way when a scan ended is kept a moment later."""
    shop.settled()
    looks = [None]
    # Between the last byte and the file there is a moment in which nothing of it is to be seen.
    while len(looks) < 4 or len(set(looks[-3:])) > 1 or any(name.endswith(".partial") for name in looks[-1]):
        time.sleep(0.1)
        looks.append(tuple(sorted(path.name for path in archive.rglob("*.*"))))


def files(archive: pathlib.Path) -> list[pathlib.Path]:
    return sorted(archive.glob("*/*/*/*.jsonl.gz"))


def python(script: str, *before: str, head: str = "", **environment) -> subprocess.Popen:
    """Another process, with the extension loaded as `con`. `before`: a command that runs it."""
    head = f"""
{head}
import duckdb, os, sys
con = duckdb.connect(config={{"allow_unsigned_extensions": "true"}})
con.execute("SET enable_progress_bar = false")
con.execute("LOAD '{EXTENSION}'")
"""
    command = [*before, sys.executable, "-c", head + script]
    return subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.strip()
