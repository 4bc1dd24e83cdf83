"""Runs the notebooks of `docs/notebooks` without a browser, and tests their charts and their requests.

Each runs in a virtual environment of its own, with the extension where `make install` puts it."""
from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date, datetime

import duckdb
import pytest
from conftest import HOST, ROOT, connect, line, newcomers_home
from pairs import NEWEST
from simulator import Project, Simulator

VENV = ROOT / "build" / "venv" / "notebooks" / "bin"
MARIMO, JUPYTER = ROOT / "docs" / "notebooks" / "explore.py", ROOT / "docs" / "notebooks" / "explore.ipynb"
DAYS = [f"2025-01-{day:02}" for day in range(1, 15)]
LOOKBACK = DAYS[-6:]
EVENTS = ["Sign Up", "View Item", "Purchase"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(duckdb.__version__ != NEWEST["v2"] or HOST != "v2", reason="they use the pragmas of DuckDB 2.0"),
    pytest.mark.skipif(not VENV.exists(), reason="there is no virtual environment for them: make configure"),
]


@pytest.fixture(scope="module")
def fortnight():
    with Simulator(Project(from_date=DAYS[0], days=len(DAYS), events_per_day=200)) as simulator:
        yield simulator


@pytest.fixture
def shop(fortnight, monkeypatch, tmp_path):
    """Two weeks of the shop, and a home where a plain LOAD mixpanel finds the built file."""
    fortnight.reset()
    monkeypatch.setenv("MP_API_BASE_URL", fortnight.url)
    monkeypatch.setenv("HOME", str(tmp_path))
    newcomers_home(tmp_path)
    monkeypatch.chdir(tmp_path)
    return fortnight


def python(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([VENV / "python", *arguments], capture_output=True, text=True, timeout=120)


def open_marimo(fresh_minutes: int = 60, picks: dict = {}, days: tuple = (DAYS[0], DAYS[-1]), names: list = EVENTS) -> subprocess.CompletedProcess:
    options = ["--database", "shop.duckdb", "--from-date", days[0], "--to-date", days[1], "--fresh-minutes", str(fresh_minutes)]
    events = [part for name in names for part in ("--events", name)]
    return python(str(ROOT / "test/notebooks/run_marimo.py"), json.dumps(picks), "--", *options, *events)


def open_jupyter(fresh_minutes: int = 60, picks: dict = {}, days: tuple = (DAYS[0], DAYS[-1]), names: list = EVENTS) -> subprocess.CompletedProcess:
    # As papermill gives them, days are texts.
    parameters = f"DATABASE = 'shop.duckdb'; FRESH_MINUTES = {fresh_minutes}; EVENTS = {names!r}; FROM_DATE, TO_DATE = {days!r}"
    return python(str(ROOT / "test/notebooks/run_jupyter.py"), json.dumps(picks), parameters)


def shown(ended: subprocess.CompletedProcess) -> dict:
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert not seen.get("errors"), seen["errors"]
    return seen


def expected(days: list[str], events: list[str]) -> dict:
    """The same from a plain export, in which an event may come twice."""
    con = connect()
    con.execute(f"""
        CREATE TABLE events AS
        SELECT * FROM mixpanel_export(from_date := '{days[0]}', to_date := '{days[-1]}')
        QUALIFY coalesce(insert_id, '') = '' OR row_number() OVER (PARTITION BY event_name, event_time, distinct_id, insert_id) = 1""")
    trend = """
        SELECT event_time::DATE::VARCHAR, event_name, count(*), count(DISTINCT nullif(distinct_id, ''))
        FROM events WHERE list_contains(?, event_name) GROUP BY ALL ORDER BY ALL"""
    funnel = "SELECT event_name, count FROM mixpanel_table_funnel('events', ?, '7 days')"
    retention = "SELECT cohort_date::VARCHAR, period, retained FROM mixpanel_table_retention('events', ?, NULL, unit := 'week')"
    return {
        "trend": con.execute(trend, [events]).fetchall(),
        "funnel": con.execute(funnel, [events]).fetchall(),
        "retention": con.execute(retention, [events[0]]).fetchall(),
    }


def read(seen: dict) -> dict:
    """What a notebook showed, in the form of `expected`."""
    return {
        "trend": [(row["day"][:10], row["event_name"], row["events"], row["users"]) for row in seen["trend"]],
        "funnel": [(row["event_name"], row["count"]) for row in seen["funnel"]],
        "retention": [(row["cohort_date"][:10], row["period"], row["retained"]) for row in seen["retention"]],
    }


def asked(simulator) -> list[str]:
    """The days that were asked for since this was called last."""
    windows = [(request.params["from_date"], request.params["to_date"]) for request in simulator.settled()]
    simulator.clear()
    assert all(first == last for first, last in windows)
    return sorted(first for first, _ in windows)


def asked_on(day: date) -> None:
    """As if the table's days had been asked for on that day, and not a year later, when all of them are settled."""
    with duckdb.connect("shop.duckdb") as kept:
        kept.execute("UPDATE _metadata SET fetched_at = ?, asked = NULL", [datetime(day.year, day.month, day.day, 14)])


@pytest.mark.parametrize("open_notebook", [open_marimo, open_jupyter], ids=["marimo", "jupyter"])
def test_a_notebook(shop, open_notebook):
    full, few = expected(DAYS, EVENTS), expected(DAYS[3:12], ["Purchase", "Search"])
    assert len(full["trend"]) == len(DAYS) * len(EVENTS) and len(full["retention"]) > 2 and few["retention"]
    asked(shop)

    first = shown(open_notebook())
    assert read(first) == full
    assert first["charts"] in (["Trend", "Funnel: users", "Retention"], 3)
    assert asked(shop) == DAYS

    # Soon after, and with something else picked: nothing is asked.
    picks = {"days": [DAYS[3], DAYS[11]], "events": ["Purchase", "Search"]}
    assert read(shown(open_notebook(picks=picks))) == few
    assert asked(shop) == []

    # Later: the look-back, in which a row came late.
    late = line("Purchase", time=1736850000, distinct_id="late", **{"$insert_id": "late"})
    last_day = date.fromisoformat(DAYS[-1])
    shop.set_day(last_day, [*shop.archive.lines(last_day, last_day), late])
    asked_on(last_day)
    again = shown(open_notebook(fresh_minutes=0))
    assert asked(shop) == LOOKBACK
    assert read(again) == expected(DAYS, EVENTS) != full
    asked(shop)

    # When Mixpanel can't be had, what is kept is shown all the same, and said to be.
    asked_on(last_day)
    shop.add_fault("status", status=403, times=None)
    refused = shown(open_notebook(fresh_minutes=0))
    assert read(refused) == read(again)
    assert "events of the last time" in refused["said"] and "PERMISSION_DENIED" in refused["said"]


@pytest.mark.parametrize("open_notebook", [open_marimo, open_jupyter], ids=["marimo", "jupyter"])
def test_without_a_table_the_error_is_seen(shop, open_notebook):
    shop.add_fault("status", status=403, times=None)
    ended = open_notebook()
    assert ended.returncode != 0 and "[PERMISSION_DENIED]" in ended.stderr


@pytest.mark.parametrize("open_notebook", [open_marimo, open_jupyter], ids=["marimo", "jupyter"])
def test_days_without_events(shop, open_notebook):
    for day in DAYS:
        shop.set_day(day, [])
    ended = open_notebook()
    assert f"There are no events from {DAYS[0]} to {DAYS[-1]}." in ended.stdout + ended.stderr
    assert asked(shop) == DAYS


@pytest.mark.parametrize("open_notebook", [open_marimo, open_jupyter], ids=["marimo", "jupyter"])
def test_days_that_the_file_lacks_are_asked_for(shop, open_notebook, monkeypatch):
    """Fresh is what was fetched lately, has each of the days, and is of this project."""
    for days in [(DAYS[0], DAYS[1]), (DAYS[8], DAYS[9]), (DAYS[4], DAYS[5])]:
        assert shown(open_notebook(days=days))["trend"]
        assert set(days) <= set(asked(shop))
    monkeypatch.setenv("MP_PROJECT_ID", "67890")
    assert "another project" in shown(open_notebook(days=(DAYS[8], DAYS[9])))["said"]


@pytest.mark.parametrize("open_notebook", [open_marimo, open_jupyter], ids=["marimo", "jupyter"])
def test_what_cannot_be_is_said(shop, open_notebook):
    ended = open_notebook(days=(DAYS[1], DAYS[0]))
    assert ended.returncode != 0 and "swap them" in ended.stderr
    assert asked(shop) == []

    # Two days are less than a week: there is no chart of retention, but a sentence.
    seen = shown(open_notebook(days=(DAYS[0], DAYS[1]), names=["Purchase", "purchase"]))
    assert {row["event_name"] for row in seen["trend"]} == {"Purchase"}
    assert seen["retention"] == [] and seen["charts"] in (["Trend", "Funnel: users"], 2)
    assert "Not among the events that are kept: purchase" in seen["said"]
    assert "nobody's first week after “Purchase” has ended" in seen["said"]

    # A day without any event.
    empty = shown(open_notebook(days=("2024-12-01", "2024-12-01"), names=[]))
    assert empty["trend"] == empty["retention"] == [] and empty["charts"] in ([], 0)
    assert "There are no such events" in empty["said"] and "Nobody took these steps" in empty["said"]


def test_an_app_shows_errors():
    """marimo has them on the console only, where who opens the app does not look."""
    program = f"""
import importlib.util, types
spec = importlib.util.spec_from_file_location("explore", {str(MARIMO)!r})
notebook = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notebook)
notebook.mo.app_meta = lambda: types.SimpleNamespace(mode="run")
try:
    notebook.halt(ValueError("the reason"))
except notebook.mo.MarimoStopError as stopped:
    print(stopped.output.text)
"""
    ended = python("-c", program)
    assert ended.returncode == 0 and "the reason" in ended.stdout, ended.stderr


def test_marimo_exports_a_page(shop, tmp_path):
    options = ["--database", "shop.duckdb", "--from-date", DAYS[0], "--to-date", DAYS[-1]]
    shutil.copy(MARIMO, tmp_path)  # beside it, marimo keeps what it showed
    exported = python("-m", "marimo", "export", "html", "explore.py", "--output", "page.html", "--", *options)
    assert exported.returncode == 0, exported.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("vegalite") >= 3 and "14 requests" in page
    assert asked(shop) == DAYS


def test_the_notebook_is_kept_without_what_it_showed():
    """Nothing of anybody's project is committed, and diffs stay readable."""
    cells = json.loads(JUPYTER.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 5 and not any(cell["outputs"] or cell["execution_count"] for cell in code)
