"""Provides Mixpanel's own client and this extension, both before the same simulator."""
from __future__ import annotations

import os
import pathlib
import sys

import duckdb
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))

from pairs import extension  # noqa: E402  the path is set above
from simulator import Project, Simulator  # noqa: E402

EXTENSION = pathlib.Path(os.environ.get("MIXPANEL_EXTENSION", extension(ROOT / "build" / "release", duckdb.__version__, "v2")))
USERNAME, SECRET = "demo.sa.mp-service-account", "demo-secret"
PROJECT = Project(days=31, events_per_day=100, profiles=250, weird_rate=0.02)


@pytest.fixture(scope="session")
def shop():
    with Simulator(PROJECT) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """No accounts, tokens or caches of the machine; no waits between requests."""
    for name in list(os.environ):
        if name.startswith("MP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MP_CONFIG_PATH", str(tmp_path / "config.toml"))
    monkeypatch.setenv("MP_RATE_LIMITS", "off")


@pytest.fixture
def credentials(monkeypatch, shop):
    """As both read them from the environment."""
    monkeypatch.setenv("MP_API_BASE_URL", shop.url)
    monkeypatch.setenv("MP_USERNAME", USERNAME)
    monkeypatch.setenv("MP_SECRET", SECRET)
    monkeypatch.setenv("MP_PROJECT_ID", str(PROJECT.project_id))
    monkeypatch.setenv("MP_REGION", "us")


@pytest.fixture
def con():
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute(f"LOAD '{EXTENSION}'")
    connection.execute("CALL mixpanel_clear_cache()").fetchall()
    yield connection
    connection.close()
