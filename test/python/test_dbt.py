"""Runs the project in `docs/examples/dbt_shop` with dbt itself, and checks that `docs/dbt.md` shows its files."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from conftest import EXTENSION, HOST, PROJECT, ROOT, connect, line, only_v2, rows
from pairs import NEWEST
from simulator import Simulator
from simulator.events import reported

PAIR = duckdb.__version__, HOST
FOLDER = ROOT / "docs" / "examples" / "dbt_shop"
FIRST = date(2025, 1, 1)
[PACKAGES] = [*(ROOT / "build" / "venv" / "dbt" / "lib").glob("python*/site-packages")] or [None]

# A run takes seconds.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PAIR not in [(version, host) for host, version in NEWEST.items()], reason="runs once for each C API"),
]
needs_dbt = pytest.mark.skipif(PACKAGES is None, reason="dbt's environment is missing")


@pytest.fixture
def dbt(sim, tmp_path, clock):
    """Runs commands of dbt, in one process, in a copy of the project. It is the 5th of January, 14:00 in UTC."""
    clock.move_to(datetime(2025, 1, 5, 14))
    project = tmp_path / "shop"
    shutil.copytree(FOLDER, project)
    if HOST == "v1":
        # As the page says.
        shutil.copy(FOLDER / "on_duckdb_1" / "sync_events.sql", project / "macros")
        (project / "models" / "event.sql").unlink()
    # dbt installs extensions in the home directory before it loads them.
    ours = {"MIXPANEL_EXTENSION": str(EXTENSION), "HOME": str(tmp_path), "DO_NOT_TRACK": "1"}

    def run(*commands: str, to_date: str | None) -> subprocess.CompletedProcess:
        given = {"lookback_days": 2} | ({"to_date": to_date} if to_date else {})
        options = ["--no-use-colors", "--vars", json.dumps(given)]
        words = [json.dumps([*command.split(), *options]) for command in commands]
        command = [sys.executable, ROOT / "test" / "python" / "dbt_here.py", PACKAGES, *words]
        return subprocess.run(command, env=os.environ | ours, cwd=project, capture_output=True, text=True, timeout=120)

    def asked(*commands: str, to_date: str) -> dict[str, list[str]]:
        """The days or pages that were asked for: of all events, of one of them, of profiles."""
        sim.clear()
        ended = run(*commands, to_date=to_date)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        found = defaultdict(list)
        for request in sim.settled():
            what = request.params.get("event") or request.path.rsplit("/", 1)[-1]
            found[what].append(request.params.get("from_date") or request.form["page"])
        return {what: sorted(each) for what, each in found.items()}

    run.asked, run.database = asked, project / "shop.duckdb"
    return run


def table(dbt, statement: str) -> list[tuple]:
    """Read as another program would, without credentials."""
    connection = connect(str(dbt.database), access_mode="read_only")
    try:
        return rows(connection, statement)
    finally:
        connection.close()


def days(*numbers: int) -> list[str]:
    return [f"2025-01-0{number}" for number in numbers]


def as_models(sim, to_date: str) -> tuple[list, list]:
    """What `daily_users` and `purchases` must hold."""
    users, events, purchases = defaultdict(set), Counter(), Counter()
    for event in reported(sim.archive, FIRST, date.fromisoformat(to_date)):
        day = datetime.fromtimestamp(event.time_ms / 1000, UTC).date()
        events[day] += 1
        users[day].update({event.distinct_id} - {None})
        purchases[day] += event.event == "Purchase"
    return [(day, events[day], len(users[day])) for day in sorted(events)], sorted(purchases.items())


MODELS = "FROM daily_users ORDER BY day", "SELECT day, count(*) FROM purchases GROUP BY day ORDER BY day"


@needs_dbt
def test_two_builds(dbt, sim, clock):
    assert dbt.asked("build", to_date="2025-01-04") == {
        "export": days(1, 2, 3, 4), "engage": ["0", "1", "2"],
    }  # fmt: skip
    assert tuple(table(dbt, model) for model in MODELS) == as_models(sim, "2025-01-04")
    assert len(table(dbt, "FROM profiles")) == PROJECT.profiles

    # A phone sends what it did on the 3rd. What is older than the look-back is not asked for again.
    late = line("Purchase", time=1735905600000, distinct_id="late", **{"$insert_id": "late", "Amount": 12.5})
    third = date(2025, 1, 3)
    sim.set_day(third, [*sim.archive.lines(third, third), late])
    clock.move_to(datetime(2025, 1, 6, 14))
    assert dbt.asked("build", to_date="2025-01-05") == {
        "export": days(3, 4, 5), "engage": ["0", "1", "2"],
    }  # fmt: skip
    assert tuple(table(dbt, model) for model in MODELS) == as_models(sim, "2025-01-05")
    assert table(dbt, "SELECT day, amount FROM purchases WHERE distinct_id = 'late'") == [(third, 12.5)]
    fetches = table(dbt, "SELECT from_date::VARCHAR, to_date::VARCHAR, requests FROM mixpanel._metadata ORDER BY fetched_at")
    assert fetches == [("2025-01-01", "2025-01-04", 4), ("2025-01-03", "2025-01-05", 3)]


@needs_dbt
def test_two_builds_within_the_hour(dbt, sim, monkeypatch, tmp_path):
    """With Mixpanel's limits, and another target with a database of its own: the archive has all events."""
    with Simulator(PROJECT, limits=True) as limited:
        monkeypatch.setenv("MP_API_BASE_URL", limited.url)
        monkeypatch.setenv("MP_RATE_LIMITS", "on")
        monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
        for database, exports in [("shop", 4), ("shop", 0), ("elsewhere", 0)]:
            monkeypatch.setenv("SHOP_DATABASE", f"{database}.duckdb")
            limited.clear()
            ended = dbt("build", to_date="2025-01-04")
            assert ended.returncode == 0, ended.stdout + ended.stderr
            assert len([request for request in limited.settled() if request.path.endswith("/export")]) == exports, database


@pytest.fixture
def alone(dbt):
    """The project with the model that asks Mixpanel itself."""
    for source, folder in [("first_day.sql", "macros"), ("purchases.sql", "models")]:
        shutil.copy(FOLDER / "without_a_managed_table" / source, dbt.database.parent / folder)
    return dbt


@needs_dbt
def test_a_model_that_asks_itself(alone, sim):
    asked = '["Purchase"]'
    assert alone.asked("build --select purchases", to_date="2025-01-04") == {asked: days(1, 2, 3, 4)}
    late = line("Purchase", time=1735905600000, distinct_id="late", **{"$insert_id": "late", "Amount": 12.5})
    third = date(2025, 1, 3)
    sim.set_day(third, [*sim.archive.lines(third, third), late])
    assert alone.asked("build --select purchases", to_date="2025-01-05") == {asked: days(2, 3, 4, 5)}
    assert table(alone, MODELS[1]) == as_models(sim, "2025-01-05")[1]
    assert table(alone, "SELECT day, amount FROM purchases WHERE distinct_id = 'late'") == [(third, 12.5)]


@needs_dbt
@only_v2
def test_what_asks_nothing_and_what_fails(alone, sim, clock):
    dbt, days_of_run = alone, {"export": days(1, 2, 3), '["Purchase"]': days(1, 2, 3)}
    # The others compile the hook of stg_events and the incremental model, but don't run them.
    commands = "run --exclude profiles", "test --exclude profiles", "source freshness", "docs generate"
    assert dbt.asked(*commands, to_date="2025-01-03") == days_of_run
    events, marked = table(dbt, "SELECT count(*), count(insert_id) FROM main_fivetran.event")[0]
    assert events == marked == table(dbt, "SELECT sum(events) FROM daily_users")[0][0]

    # Late events of the 2nd come, those of the 3rd don't: nothing changes.
    second = date(2025, 1, 2)
    late = line("Purchase", time=1735819200000, distinct_id="late", **{"$insert_id": "late"})
    sim.set_day(second, [*sim.archive.lines(second, second), late])
    before = table(dbt, MODELS[1])
    clock.move_to(datetime(2025, 1, 6, 14))
    sim.add_fault("status", status=403, times=None, match={"from_date": "2025-01-03"})
    ended = dbt("run --select purchases stg_events", to_date="2025-01-03")
    assert ended.returncode == 1 and ended.stdout.count("[PERMISSION_DENIED] 2025-01-03") == 2, ended.stdout
    assert table(dbt, MODELS[1]) == before
    assert table(dbt, "SELECT count(*) FROM stg_events") == [(events,)]


@needs_dbt
@only_v2
def test_the_last_day_has_begun_wherever_the_project_is(dbt):
    """Mixpanel refuses a day that has not, and until eight in the morning of UTC California is in its yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    ended = dbt("compile --inline {{last_day()}}", to_date=None)
    assert ended.stdout.split()[-1] in {str(yesterday.date()), str((datetime.now(UTC) - timedelta(days=1)).date())}, ended.stdout


@needs_dbt
@only_v2
def test_an_incremental_model_that_is_empty_or_young(alone, sim):
    """No day is passed over because no such event had happened yet, and none before `from_date` is asked for."""
    sim.set_day(FIRST, [each for each in sim.archive.lines(FIRST, FIRST) if b'"Purchase"' not in each])
    for to_date, asked in [("2025-01-01", days(1)), ("2025-01-04", days(1, 2, 3, 4)), ("2025-01-02", days(1, 2))]:
        assert alone.asked("run --select purchases", to_date=to_date) == {'["Purchase"]': asked}


@needs_dbt
@only_v2
def test_a_day_that_was_left_out_is_missing_until_it_came(dbt, sim, clock):
    hook = dbt.database.with_name("macros") / "sync_events.sql"
    hook.write_text(hook.read_text().replace("lookback_days =", "on_failure = 'skip', lookback_days ="))
    sim.add_fault("truncated_line", times=None, match={"from_date": "2025-01-02"})
    ended = dbt("build --select +daily_users", to_date="2025-01-03")
    assert ended.returncode == 1 and "FAIL 1 no_day_is_missing" in ended.stdout, ended.stdout
    sim.reset()
    clock.move_to(datetime(2025, 1, 6, 14))
    assert dbt.asked("build --select +daily_users", to_date="2025-01-05") == {"export": days(2, 3, 4, 5)}


def test_the_page_shows_the_files_of_the_project():
    """All of them, as they are: what is shown is what is run."""
    page = (ROOT / "docs" / "dbt.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^`([\w./-]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    files = [path for path in FOLDER.rglob("*") if path.suffix in (".sql", ".yml")]
    assert shown == {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in files}
