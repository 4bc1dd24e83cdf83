"""Tests `SET mixpanel_...` on DuckDB 2.x: each reaches the request, a call's own argument wins, and a bad value fails at once."""
from __future__ import annotations

import pytest
from conftest import FIRST, Project, Simulator, error_of, export, only_v2, rows
from simulator import peak_concurrency

pytestmark = only_v2

CALL = f"SELECT count(*) FROM {export(last=FIRST)}"
SETTINGS = ["account", "project_id", "region", "workspace_id", "max_workers", "archive", "max_age", "hourly_limit"]


@pytest.fixture
def two(monkeypatch):
    with Simulator(Project(days=8, events_per_day=10, other_project_ids=(777,))) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield simulator


@pytest.fixture
def accounts(tmp_path):
    """`first` is of the simulator, and of its other project; `wrong` has a bad secret."""
    text = """[accounts.first]\nusername = "demo.sa.mp-service-account"\nsecret = "demo-secret"\nproject_id = "777"
[accounts.wrong]\nusername = "demo.sa.mp-service-account"\nsecret = "not-the-secret"\nproject_id = "12345"\n"""
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)


def projects(sim) -> list[str]:
    found = [request.params["project_id"] for request in sim.settled()]
    sim.clear()
    return found


def test_a_project(con, two):
    con.execute("SET mixpanel_project_id = '777'")
    rows(con, CALL)
    assert projects(two) == ["777"]
    rows(con, f"SELECT count(*) FROM {export('project_id := 12345', last=FIRST)}")
    assert projects(two) == ["12345"]
    con.execute("RESET mixpanel_project_id")
    rows(con, CALL)
    assert projects(two) == ["12345"]


def test_an_account(con, two, accounts):
    """It wins over the environment, as an account that a call names does; what a call names wins over it."""
    con.execute("SET mixpanel_account = 'first'")
    rows(con, CALL)
    assert projects(two) == ["777"]
    assert "[AUTHENTICATION_FAILED]" in error_of(con, "FROM " + export("account := 'wrong'", last=FIRST))
    two.clear()
    # A project for calls that name no account means nothing to one that does.
    con.execute("RESET mixpanel_account; SET mixpanel_project_id = '12345'")
    rows(con, "SELECT count(*) FROM " + export("account := 'first'", last=FIRST))
    assert projects(two) == ["777"]
    con.execute("SET mixpanel_account = 'first'")
    rows(con, CALL)
    assert projects(two) == ["12345"], "both are settings: the project of this account"


def test_an_account_that_is_not_there(con, two, accounts):
    con.execute("SET mixpanel_account = 'later'")
    assert "[ACCOUNT_NOT_FOUND]" in error_of(con, CALL) and not two.settled()


def test_a_region(con, sim, monkeypatch):
    """Every host is the simulator here; which one it would be, the plan says."""
    monkeypatch.delenv("MP_API_BASE_URL")
    plan = "SELECT url FROM " + export(last=FIRST).replace("mixpanel_export", "mixpanel_export_plan")
    for region, host in (("eu", "data-eu.mixpanel.com"), ("in", "data-in.mixpanel.com"), ("us", "data.mixpanel.com")):
        con.execute(f"SET mixpanel_region = '{region}'")
        ((url,),) = rows(con, plan)
        assert url.startswith(f"https://{host}/")
    con.execute("SET mixpanel_region = 'eu'")
    ((url,),) = rows(con, plan.replace("(", "(region := 'in', "))
    assert url.startswith("https://data-in.")


def test_workers(con, two):
    two.add_fault("latency", times=None, seconds=0.1)
    con.execute("SET mixpanel_max_workers = 2")
    rows(con, f"SELECT count(*) FROM {export(last='2025-01-06')}")
    assert peak_concurrency(two.settled()) == 2
    two.clear()
    rows(con, f"SELECT count(*) FROM {export('max_workers := 1', last='2025-01-03')}")
    assert peak_concurrency(two.settled()) == 1


def test_a_data_view(con, sim):
    """Raw exports know none, and get none."""
    con.execute("SET mixpanel_workspace_id = '3002'")
    rows(con, CALL)
    assert "workspace_id" not in sim.settled()[0].params


def test_kept_tables_and_their_history(con, two):
    con.execute("SET mixpanel_project_id = '777'; SET mixpanel_max_workers = 3")
    con.execute(f"PRAGMA mixpanel_fetch_events('events', from_date = '{FIRST}', to_date = '{FIRST}')")
    assert projects(two) == ["777"]
    assert rows(con, "SELECT project_id, arguments->>'project_id', arguments->>'max_workers' FROM _metadata") == [("777", "777", "3")]
    con.execute("RESET mixpanel_project_id")
    assert "another project" in error_of(con, f"PRAGMA mixpanel_sync_events('events', to_date = '{FIRST}')")
    assert not two.settled()


@pytest.mark.parametrize("name, value, problem", [
    ("account", "''", "must not be empty"), ("account", "' '", "must not be empty"),
    ("account", "'0123456789abcdef0123456789abcdef'", "looks like a token or secret"),
    ("project_id", "'x'", "must be a number"), ("project_id", "''", "must not be empty"), ("project_id", "-1", "must be a number"),
    ("region", "'moon'", "'us', 'eu' or 'in'"), ("region", "'https://evil.example'", "'us', 'eu' or 'in'"),
    ("workspace_id", "'1; 2'", "must be a number"), ("max_workers", "0", "from 1 to 48"), ("max_workers", "49", "from 1 to 48"),
    ("max_workers", "-1", "from 1 to 48"),
])  # fmt: skip
def test_nonsense_is_refused_at_once(con, sim, name, value, problem):
    for scope in ("", "GLOBAL ", "SESSION "):
        message = error_of(con, f"SET {scope}mixpanel_{name} = {value}")
        assert f"[INVALID_ARGUMENT] mixpanel_{name}: " in message and problem in message
    rows(con, CALL)
    assert len(sim.settled()) == 1


def test_a_session_and_everybody(con, two):
    other = con.cursor()
    con.execute("SET SESSION mixpanel_project_id = '777'")
    rows(other, CALL)
    assert projects(two) == ["12345"]
    other.execute("SET GLOBAL mixpanel_project_id = '777'")
    rows(con.cursor(), CALL)
    assert projects(two) == ["777"]
    con.execute("SET SESSION mixpanel_project_id = '12345'")
    rows(con, CALL)
    assert projects(two) == ["12345"]


def test_a_number_does_for_an_id(con, two):
    con.execute("SET mixpanel_project_id = 777")
    rows(con, CALL)
    assert projects(two) == ["777"]


def test_none_is_as_if_there_were_none(con, sim):
    con.execute("; ".join(f"SET mixpanel_{name} = NULL" for name in SETTINGS))
    rows(con, CALL)
    assert projects(sim) == ["12345"]


def test_there_is_no_setting_for_secrets_or_addresses(con):
    found = rows(con, "SELECT name, description FROM duckdb_settings() WHERE name LIKE 'mixpanel%' ORDER BY name")
    names = [name for name, _ in found]
    assert set(names) <= {f"mixpanel_{name}" for name in SETTINGS} and all(description for _, description in found)
    for name in ("secret", "username", "token", "api_base_url", "base_url"):
        assert "mixpanel" in error_of(con, f"SET mixpanel_{name} = 'x'")


def test_to_prepare_is_not_to_run(con, two):
    """A statement takes the settings of the moment at which it is bound."""
    con.execute(f"PREPARE p AS {CALL}")
    assert not two.settled()
    con.execute("SET mixpanel_project_id = '777'")
    rows(con, CALL)
    assert projects(two) == ["777"]


def test_a_script_gets_the_settings_of_what_it_fetches(con, sim):
    """Exports have no workspaces, and profiles a limit of workers of their own."""
    con.execute("SET mixpanel_max_workers = 20; SET mixpanel_workspace_id = '3001'")
    ((events,),) = rows(con, f"SELECT sql FROM mixpanel_fetch_sql('t', from_date := '{FIRST}', to_date := '{FIRST}')")
    ((profiles,),) = rows(con, "SELECT sql FROM mixpanel_fetch_sql('p', type := 'profiles')")
    assert "max_workers := 20" in events and "workspace_id :=" not in events
    assert "workspace_id := '3001'" in profiles and "max_workers :=" not in profiles
