"""Provides for every test: the built extension, a simulator, and an environment that points the extension to it."""
from __future__ import annotations

import inspect
import json
import os
import pathlib
import re
import sys
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = next((folder / "shared" for folder in ROOT.parents if (folder / "shared" / "fixtures").is_dir()), ROOT.parent / "shared")
"""What is not part of this repository; beside it, or above where it is checked out a second time."""
sys.path.insert(0, str(ROOT / "test"))

from openapi import Specifications  # noqa: E402  the path is set above
from pairs import extension  # noqa: E402
from simulator import Project, RecordedRequest, RequestLog, Simulator  # noqa: E402

HOST = os.environ.get("MIXPANEL_HOST", "v2")
EXTENSION = pathlib.Path(os.environ.get("MIXPANEL_EXTENSION", extension(ROOT / "build" / "release", duckdb.__version__, HOST)))

USERNAME, SECRET, TOKEN = "demo.sa.mp-service-account", "demo-secret", "demo-token"
PROJECT = Project(days=5, events_per_day=300)
FIRST, LAST = "2025-01-01", "2025-01-05"

only_v2 = pytest.mark.skipif(HOST != "v2", reason="needs what only DuckDB's second C API offers")


def pytest_configure(config):
    config.addinivalue_line("markers", "unspecified(why): requests that are not checked against Mixpanel's specifications")
    config.addinivalue_line("markers", "slow: not in `make test`, but in `make test-slow`")


def pytest_addoption(parser):
    parser.addoption("--function", metavar="mixpanel_x", help="only tests that name this function, in their own text or in the page or file that they run")


def pytest_collection_modifyitems(config, items):
    if not (function := config.getoption("--function")):
        return
    name = re.compile(rf"\b{re.escape(function)}\b")
    chosen = [item for item in items if any(map(name.search, texts(item)))]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def texts(item):
    """What a test consists of: its name, its source, and the parameters that it is given, files as their content."""
    yield item.nodeid
    yield inspect.getsource(item.function)
    for value in item.callspec.params.values() if hasattr(item, "callspec") else ():
        yield value.read_text(encoding="utf-8", errors="replace") if isinstance(value, pathlib.Path) and value.is_file() else repr(value)


SPECIFICATIONS = Specifications(SHARED / "openapi")
HEARD: list[RecordedRequest] = []
"""What any simulator was asked and no test has answered for yet."""
RequestLog.listeners.append(HEARD.append)


def connect(path: str = ":memory:", **config) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(path, config={"allow_unsigned_extensions": "true", **config})
    connection.execute(f"LOAD '{EXTENSION}'")
    return connection


@pytest.fixture(autouse=True)
def keeps_to_the_specifications(request):
    """Every request of every test, whichever simulator it went to; `pytest.mark.unspecified(why)` is for tests whose
    requests are not the extension's own. Without the specifications nothing is checked: `test_openapi.py` says so."""
    yield
    asked, HEARD[:] = HEARD[:], []
    # Run beside `test_simulator.py`, the simulator's own tests see these fixtures too.
    is_ours = pathlib.Path(__file__).parent in request.path.parents and not request.node.get_closest_marker("unspecified")
    if SPECIFICATIONS.operations and is_ours:
        for one in asked:
            violations = SPECIFICATIONS.violations(one)
            assert not violations, f"{one.method} {one.target} {one.body!r}: {'; '.join(violations)}"


@pytest.fixture(scope="session")
def shared_simulator():
    with Simulator(PROJECT) as simulator:
        yield simulator


@pytest.fixture
def sim(shared_simulator):
    """A simulator that knows nothing of earlier tests."""
    shared_simulator.reset()
    return shared_simulator


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path, shared_simulator):
    """Credentials and waits for tests; no accounts file of the machine, no quota of an hour."""
    for name in list(os.environ):
        if name.startswith("MP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MP_API_BASE_URL", shared_simulator.url)
    monkeypatch.setenv("MP_USERNAME", USERNAME)
    monkeypatch.setenv("MP_SECRET", SECRET)
    monkeypatch.setenv("MP_PROJECT_ID", str(PROJECT.project_id))
    monkeypatch.setenv("MP_CONFIG_PATH", str(tmp_path / "config.toml"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MP_RETRY_BASE_MS", "1")
    monkeypatch.setenv("MP_RATE_LIMITS", "off")


def with_limits(monkeypatch):
    """As users have it: the hour counts, and who is told to come back later waits for a second and more, not for a
    millisecond. A machine that is busy bunches requests, and six tries within a moment all meet the same limit."""
    monkeypatch.delenv("MP_RATE_LIMITS")
    monkeypatch.delenv("MP_RETRY_BASE_MS")


@pytest.fixture
def con():
    connection = connect()
    # The process keeps answers of discovery for a while; earlier tests got theirs from other questions and faults.
    connection.execute("CALL mixpanel_clear_cache()").fetchall()
    yield connection
    connection.close()


class MovedClock:
    """The extension's clock, which a test moves; the simulator's and DuckDB's stay what they are."""

    def __init__(self, path: pathlib.Path):
        self._path = path

    def move_to(self, moment: datetime) -> None:
        """A moment in UTC from which the clock goes on."""
        self.move_by(moment.replace(tzinfo=UTC) - datetime.now(UTC))

    def move_by(self, distance: timedelta) -> None:
        """So far ahead of the machine's clock."""
        new = self._path.with_suffix(".new")
        new.write_text(str(round(distance.total_seconds())))
        # In one step: the extension may look at any moment.
        new.replace(self._path)


@pytest.fixture
def clock(tmp_path, monkeypatch) -> MovedClock:
    path = tmp_path / "clock"
    monkeypatch.setenv("MP_TEST_CLOCK", str(path))
    return MovedClock(path)


def newcomers_home(folder: pathlib.Path) -> None:
    """As `make install` leaves a home directory, for this DuckDB: a plain `LOAD mixpanel` finds the file."""
    [(platform,)] = duckdb.execute("PRAGMA platform").fetchall()
    place = folder / ".duckdb" / "extensions" / f"v{duckdb.__version__}" / platform
    place.mkdir(parents=True)
    (place / "mixpanel.duckdb_extension").symlink_to(EXTENSION)


def export(arguments: str = "", first: str = FIRST, last: str = LAST) -> str:
    """A call of mixpanel_export for the days from first to last."""
    more = f", {arguments}" if arguments else ""
    return f"mixpanel_export(from_date := '{first}', to_date := '{last}'{more})"


def rows(connection, statement: str) -> list[tuple]:
    return connection.execute(statement).fetchall()


def days_asked(sim) -> list[tuple[str, str]]:
    """The windows of the export requests so far, in order of arrival."""
    return [(request.params["from_date"], request.params["to_date"]) for request in sim.settled()]


def last_fetch(connection) -> dict:
    """The youngest record of `mixpanel_fetches()`, by column name."""
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM mixpanel_fetches() ORDER BY id DESC LIMIT 1")
    return dict(zip([column[0] for column in cursor.description], cursor.fetchone()))


def error_of(connection, statement: str, parameters=None) -> str:
    """The message of a statement that must fail."""
    with pytest.raises(duckdb.Error) as caught:
        connection.execute(statement, parameters).fetchall()
    return str(caught.value)


def line(event: str = "A", **properties) -> str:
    """A line of an export. Keys that are no Python names come as `**{"$insert_id": "x"}`."""
    return json.dumps({"event": event, "properties": properties}, separators=(",", ":"), ensure_ascii=False)


LONG = Project(days=40, events_per_day=20)
LONG_CALL = export("max_workers := 2", last="2025-02-09")


@pytest.fixture(scope="session")
def long_simulator():
    with Simulator(LONG, latency=0.05) as simulator:
        simulator.warm()
        yield simulator


@pytest.fixture
def long(long_simulator, monkeypatch):
    """Forty days, each of which takes a moment to answer: a whole export takes a second."""
    long_simulator.reset()
    monkeypatch.setenv("MP_API_BASE_URL", long_simulator.url)
    return long_simulator
