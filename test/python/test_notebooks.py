"""Runs the notebooks of `docs/notebooks` without a browser, and tests their charts and their requests.

Each runs in a virtual environment of its own, within Mixpanel's limits, with the extension where `make install` puts it."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace

import duckdb
import pytest
from conftest import EXTENSION, HOST, ROOT, connect, newcomers_home
from pairs import NEWEST

sys.path.insert(0, str(ROOT / "test" / "notebooks"))

from shop import CHARTS, DAYS, NOTEBOOKS, shop  # noqa: E402  the path is set above

PYTHON = ROOT / "build" / "venv" / "notebooks" / "bin" / "python"
JUPYTER, RUN_JUPYTER = NOTEBOOKS / "explore.ipynb", str(ROOT / "test" / "notebooks" / "run_jupyter.py")

in_their_environment = [
    pytest.mark.slow,
    pytest.mark.skipif(duckdb.__version__ != NEWEST["v2"] or HOST != "v2", reason="the environment of the notebooks has one DuckDB"),
    pytest.mark.skipif(not PYTHON.exists(), reason="there is no virtual environment for them: make configure"),
]


def marked(test):
    for mark in in_their_environment:
        test = mark(test)
    return test


@pytest.fixture
def month(monkeypatch, tmp_path):
    """The shop's last 30 days, an hour that nobody has asked in yet, and a home where a plain LOAD mixpanel finds the built file."""
    with shop(EXTENSION) as (simulator, environment):
        for name in set(os.environ) - set(environment):
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield simulator


def python(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([PYTHON, *arguments], capture_output=True, text=True, timeout=180)


def open_marimo(picks: dict = {}, days: int = DAYS) -> subprocess.CompletedProcess:
    return python(str(ROOT / "test/notebooks/run_marimo.py"), json.dumps(picks), "--", "--days", str(days))


def open_jupyter(picks: dict = {}, days: int = DAYS) -> subprocess.CompletedProcess:
    return python(RUN_JUPYTER, json.dumps(picks), f"DAYS = {days}")


both = pytest.mark.parametrize("open_notebook", [open_marimo, open_jupyter], ids=["marimo", "jupyter"])


def shown(ended: subprocess.CompletedProcess) -> dict:
    """What the charts show, in the form of `expected`, or their sentences."""
    assert ended.returncode == 0, ended.stderr
    columns = {
        "top_events": ["label", "value"],
        "events_a_day": ["day", "event_name", "value"],
        "funnel": ["event_name", "count"],
        "retention": ["cohort_date", "period", "retained"],
        "breakdown": ["label", "value"],
    }
    dates = ["day", "cohort_date"]
    return {
        name: rows if isinstance(rows, str) else [tuple(row[each][:10] if each in dates else row[each] for each in columns[name]) for row in rows]
        for name, rows in json.loads(ended.stdout).items()
    }


def expected(first: date, last: date, events: list[str], measure: str, prop: str) -> dict:
    """The same from statements of our own over the same days."""
    con = connect()
    con.execute(f"CREATE TABLE t AS FROM mixpanel_export(from_date := '{first}', to_date := '{last}', max_age := INTERVAL 12 HOURS)")
    counted = {"events": "count(*)", "users": "count(DISTINCT nullif(distinct_id, ''))"}[measure]
    ask = lambda statement, *given: con.execute(statement, given).fetchall()  # noqa: E731
    return {
        "top_events": ask(f"SELECT event_name, {counted} AS n FROM t GROUP BY ALL ORDER BY n DESC, event_name"),
        "events_a_day": ask(
            f"SELECT event_time::DATE::VARCHAR, event_name, {counted} FROM t WHERE list_contains(?, event_name) GROUP BY ALL ORDER BY ALL", events
        ),
        "funnel": ask("SELECT event_name, count FROM mixpanel_table_funnel('t', ?, '7 days')", events),
        "retention": ask("SELECT cohort_date::VARCHAR, period, retained FROM mixpanel_table_retention('t', ?, NULL, unit := 'week')", events[0]),
        "breakdown": ask(
            "SELECT mixpanel_property(properties, ?) AS v, count(*) AS n FROM t WHERE event_name = ? AND v IS NOT NULL GROUP BY v ORDER BY n DESC, v",
            prop, events[0],
        ),
    }  # fmt: skip


def exported(simulator) -> list[date]:
    """The days of the exports since this was called last, in which nothing else was requested."""
    requests = simulator.settled()
    simulator.clear()
    # On a busy machine, more than three starts may arrive within a second. Mixpanel refuses the fourth and does not count it.
    assert all(request.path == "/api/2.0/export" and request.status in (200, 429) for request in requests)
    counted = [request for request in requests if request.status == 200]
    assert len(counted) <= 20
    windows = [[date.fromisoformat(request.params[name]) for name in ("from_date", "to_date")] for request in counted]
    return sorted(first + timedelta(days=number) for first, last in windows for number in range((last - first).days + 1))


@marked
@both
def test_a_notebook(month, clock, open_notebook):
    # In the night, when yesterday is not over everywhere on earth: without `max_age`, its answer would serve for a minute.
    night = datetime.combine(date.today(), time(3))
    clock.move_to(night)
    days = [date.today() - timedelta(days=number) for number in range(DAYS, 0, -1)]
    first = shown(open_notebook())
    assert exported(month) == days

    # Some hours later, with something else picked: nothing is asked.
    clock.move_to(night + timedelta(hours=3))
    picked = shown(open_notebook({"days": [str(days[3]), str(days[25])], "events": ["Purchase", "Search"]}))
    assert first == expected(days[0], days[-1], ["View Item", "Search", "Add To Cart"], "events", "experiment")
    assert picked == expected(days[3], days[25], ["Purchase", "Search"], "users", "plan")
    assert len(first["retention"]) > 2 and len(first["top_events"]) > 5 and picked["retention"] and len(picked["breakdown"]) == 3
    assert exported(month) == []


@marked
@both
def test_charts_without_rows_say_why(month, open_notebook):
    yesterday = str(date.today() - timedelta(days=1))
    seen = shown(open_notebook({"days": [yesterday, yesterday], "events": ["Sign Up"]}, days=2))
    assert seen["retention"] == "Nothing is known yet: nobody's first week after “Sign Up” has ended on these days."
    assert len(exported(month)) == 2

    before = str(date.today() - timedelta(days=9))
    seen = shown(open_notebook({"days": [before, before], "events": ["Sign Up"]}, days=2))
    assert seen["top_events"] == "There are no events on these days."
    assert seen["events_a_day"] == "There are no such events on these days."
    assert seen["funnel"] == "Nobody took these steps on these days."
    assert seen["breakdown"] == "No “Sign Up” of these days has “plan”."
    assert exported(month) == []


@marked
@both
def test_an_error_is_seen(month, open_notebook):
    month.add_fault("status", status=403, times=None)
    ended = open_notebook()
    assert ended.returncode != 0 and "[PERMISSION_DENIED]" in ended.stderr


@marked
@both
def test_days_without_events(month, open_notebook):
    for number in (1, 2):
        month.set_day(date.today() - timedelta(days=number), [])
    ended = open_notebook(days=2)
    assert ended.returncode != 0 and "Mixpanel has no events of these days." in ended.stderr


@marked
def test_an_app_shows_errors(month):
    """marimo has them on the console only, where who opens the app does not look."""
    month.add_fault("status", status=403, times=None)
    program = f"""
import sys, types
sys.path.insert(0, {str(NOTEBOOKS)!r})
import explore
explore.mo.app_meta = lambda: types.SimpleNamespace(mode="run")
outputs, _ = explore.app.run()
print([output.text for output in outputs if hasattr(output, "text")])
"""
    ended = python("-c", program)
    assert ended.returncode == 0 and "PERMISSION_DENIED" in ended.stdout, ended.stderr


@marked
def test_marimo_exports_a_page(month, tmp_path):
    for name in ("explore.py", "mixpanel_charts.py"):
        shutil.copy(NOTEBOOKS / name, tmp_path)  # beside the notebook, marimo keeps what it showed
    ended = python("-m", "marimo", "export", "html", "explore.py", "--no-include-code", "--output", "page.html")
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("vegalite") >= len(CHARTS) and "9,000 events of" in page and "mixpanel_export(" not in page


@marked
def test_only_the_first_cells_of_the_app_have_code_to_read():
    """An app hides all code. Who edits it sees what fetches, and unfolds the rest."""
    cells = re.findall(r"^@app\.(?:cell|function)(.*)\n(?:.*\n)*?(?=^@app|^if __name__)", (NOTEBOOKS / "explore.py").read_text(), re.MULTILINE)
    assert len(cells) > len(CHARTS) and cells.count("") == 1


def shape(path) -> list[tuple]:
    """The cells, their code, and of which kinds their outputs are."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["id"], cell["source"], [(output["output_type"], *output.get("data", {})) for output in cell.get("outputs", [])]) for cell in cells]


@marked
def test_the_stored_notebook_shows_what_its_code_makes(tmp_path):
    """Not the same dates and numbers, which move with today, but the same cells with the same kinds of outputs, of this very code."""
    again = tmp_path / "again.ipynb"
    ended = python(RUN_JUPYTER, "--store", str(EXTENSION), str(again))
    assert ended.returncode == 0, ended.stderr
    assert shape(again) == shape(JUPYTER)
    made_by = [json.loads(path.read_text(encoding="utf-8"))["metadata"]["stored"] for path in (JUPYTER, again)]
    assert made_by[0] == made_by[1], f"build/venv/notebooks/bin/python test/notebooks/run_jupyter.py --store {EXTENSION}"
    pictures = [kind for *_, outputs in shape(JUPYTER) for _, *data in outputs for kind in data if kind == "image/png"]
    assert len(pictures) == len(CHARTS)


def test_the_charts_rows_on_each_duckdb(sim, monkeypatch, tmp_path):
    """Also where the macros are not there by themselves."""
    newcomers_home(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "altair", SimpleNamespace(Chart=None))
    monkeypatch.syspath_prepend(str(NOTEBOOKS))
    monkeypatch.delitem(sys.modules, "mixpanel_charts", raising=False)
    import mixpanel_charts as charts

    con = charts.connect()
    con.execute("CREATE TABLE events AS FROM mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-03', events := ['Purchase', 'Sign Up'])")
    view = charts.pick_days(con, date(2025, 1, 2), date(2025, 1, 3))
    days = con.execute(f"SELECT count(*), min(event_time)::DATE, max(event_time)::DATE FROM {view}").fetchone()
    assert days[0] > 5 and days[1:] == (date(2025, 1, 2), date(2025, 1, 3))
    count, users, first, last = charts.summary(con, view)
    assert (count, first, last) == days and 0 < users <= count
    assert sorted(charts.event_names(con)) == ["Purchase", "Sign Up"]
    assert charts.property_names(con)[0] != "$city" and "$city" in charts.property_names(con)
    assert con.execute("SELECT count(*) FROM mixpanel_table_funnel(?, ['Sign Up', 'Purchase'], to_days(7))", [view]).fetchone() == (2,)
