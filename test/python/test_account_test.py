"""Tests mixpanel_account_test: what an account can read, by one request to each API, and which region to use instead."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import SECRET, USERNAME, error_of, rows
from simulator import Project, Simulator

EXPORT, NAMES, WORKSPACES = "/api/2.0/export", "/api/query/events/names", "/api/app/projects/12345/workspaces/public"
TESTED = "SELECT success, export_ok, query_ok, app_ok, events_found > 5, error FROM mixpanel_account_test({})"
FEW = {"days": 5, "events_per_day": 50}


def outcome(con, arguments: str = "") -> tuple:
    (row,) = rows(con, TESTED.format(arguments))
    return row


@pytest.fixture
def serve(monkeypatch):
    """A simulator of another project, asked by region where that is wanted."""
    running = []

    def started(by_region: bool = False, **options) -> Simulator:
        simulator = Simulator(Project(**FEW, **options)).start()
        running.append(simulator)
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url + ("/{region}" if by_region else ""))
        return simulator

    yield started
    for simulator in running:
        simulator.close()


def test_one_request_of_each_api(con, sim):
    assert outcome(con) == (True, True, True, True, True, None)
    asked = sim.settled(3)
    assert [request.path for request in asked] == [EXPORT, NAMES, WORKSPACES]
    yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
    assert asked[0].params == {"project_id": "12345", "from_date": yesterday, "to_date": yesterday, "limit": "1"}
    # Event names as the other functions ask for them, of all time and all of them.
    rows(con, "FROM mixpanel_events()")
    assert asked[1].params == sim.settled(4)[3].params


def test_it_is_asked_anew_each_time(con, sim):
    rows(con, "FROM mixpanel_events()")
    outcome(con), outcome(con)
    assert [request.path for request in sim.settled(7)].count(NAMES) == 3


def test_a_plan_without_reports_is_a_success_that_says_so(con, serve):
    serve(is_free=True)
    success, export_ok, query_ok, app_ok, found, error = outcome(con)
    assert (success, export_ok, query_ok, app_ok, found) == (True, True, False, True, None)
    assert error.startswith("query: [PAYMENT_REQUIRED]") and "mixpanel_export works on every plan" in error
    assert "export: " not in error and "app: " not in error


def test_a_projects_secret_can_not_read_the_app_api(con, sim, monkeypatch):
    monkeypatch.delenv("MP_USERNAME"), monkeypatch.delenv("MP_PROJECT_ID")
    monkeypatch.setenv("MP_SECRET", "demo-project-secret")
    success, export_ok, query_ok, app_ok, found, error = outcome(con)
    assert (success, export_ok, query_ok, app_ok, found) == (True, True, True, False, True)
    assert error.startswith("app: [INVALID_CONFIG]") and "service account" in error
    assert [request.path for request in sim.settled(2)] == [EXPORT, NAMES]


@pytest.mark.parametrize("broken", [EXPORT, NAMES, WORKSPACES])
def test_each_api_has_its_own_answer(con, sim, broken):
    sim.add_fault("status", path=broken, times=None, status=403)
    success, *oks, found, error = outcome(con)
    assert success and oks == [path != broken for path in (EXPORT, NAMES, WORKSPACES)]
    assert error.count("[PERMISSION_DENIED]") == 1
    assert len(sim.settled(3)) == 3, "no other region"


def test_history_that_is_limited_is_no_failure(con, serve):
    simulator = serve(max_data_history_days=9000)
    assert outcome(con, "project_id := 12345")[:4] == (True,) * 4
    names = [request.params["from_date"] for request in simulator.settled(4) if request.path == NAMES]
    assert names[0] == "2000-01-01" and len(names) == 2
    simulator.add_fault("body", path=NAMES, status=400, body='{"error": "Date range exceeds 90 days into the past"}')
    con.execute("CALL mixpanel_clear_cache()").fetchall()
    assert outcome(con)[:4] == (True,) * 4, "also where that comes with status 400"
    con.execute("CALL mixpanel_clear_cache()").fetchall()


def test_a_refusal_is_said_once(con, sim, monkeypatch):
    success, *oks, found, error = outcome(con, "project_id := 999")
    assert (success, oks, found) == (False, [False] * 3, None)
    assert error.startswith("[PERMISSION_DENIED]") and "999" in error and error.count("[PERMISSION_DENIED]") == 1
    monkeypatch.setenv("MP_SECRET", "hunter2")
    success, *oks, found, error = outcome(con)
    assert (success, oks, found) == (False, [False] * 3, None)
    assert error.startswith("[AUTHENTICATION_FAILED]") and "hunter2" not in error
    # A base URL that is the same for all regions is one host, and was asked.
    assert len(sim.settled(6)) == 6 and "Region 'eu' answers" not in error and "Neither" not in error


@pytest.mark.parametrize("asked, lives", [("us", "eu"), ("us", "in"), ("eu", "us"), ("in", "eu")])
def test_the_region_that_answers_is_named(con, serve, asked, lives):
    simulator = serve(by_region=True, region=lives)
    success, *oks, found, error = outcome(con, f"region := '{asked}'")
    assert (success, oks, found) == (False, [False] * 3, None)
    assert error.startswith("[NOT_FOUND]") and f"is not in region '{asked}' (HTTP" in error
    assert f"Region '{lives}' works. Add region := '{lives}' to the call, or set MP_REGION='{lives}'." in error
    regions = [request.region for request in simulator.settled()]
    assert regions[:3] == [asked] * 3 and regions[-1] == lives and len(regions) <= 5
    assert all(request.path == NAMES for request in simulator.requests[3:])
    assert outcome(con, f"region := '{lives}'")[:4] == (True,) * 4


def test_an_account_of_the_file_is_told_where_to_write_it(con, serve, monkeypatch):
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    serve(by_region=True, region="eu")
    con.execute(f"CALL mixpanel_account_add('main', username := '{USERNAME}', secret := '{SECRET}', project_id := 12345)")
    assert """set region = "eu" for account 'main' in the accounts file""" in outcome(con)[-1]
    monkeypatch.setenv("MP_REGION", "in")
    assert "set MP_REGION='eu'" in outcome(con)[-1]


def test_a_free_plan_in_another_region_is_found_too(con, serve):
    serve(by_region=True, region="in", is_free=True)
    assert "Region 'in' works" in outcome(con)[-1]


def test_where_no_region_answers(con, serve, monkeypatch):
    simulator = serve(by_region=True, region="eu")
    monkeypatch.setenv("MP_SECRET", "hunter2")
    error = outcome(con, "region := 'eu'")[-1]
    assert error.startswith("[AUTHENTICATION_FAILED]")
    assert "Regions 'us' and 'in' do not accept these credentials for this project either." in error
    assert [request.region for request in simulator.settled(5)] == ["eu"] * 3 + ["us", "in"]


def test_other_failures_ask_no_other_region(con, serve):
    simulator = serve(by_region=True, region="us")
    simulator.add_fault("status", path=None, times=None, status=500)
    error = outcome(con)[-1]
    assert error.startswith("[SERVER_ERROR]") and "Neither" not in error
    assert {request.region for request in simulator.settled()} == {"us"}


def test_nothing_listens(con, monkeypatch):
    monkeypatch.setenv("MP_API_BASE_URL", "http://127.0.0.1:9/{region}")
    success, *oks, found, error = outcome(con)
    assert not success and error.startswith("[NETWORK_ERROR]")


def test_a_project_without_events_gets_a_hint(con, sim):
    """A wrong region may also answer with nothing at all."""
    warned = "SELECT success, events_found, len(warnings), warnings[1] FROM mixpanel_account_test()"
    sim.add_fault("body", path=NAMES, body="[]")
    ((success, found, count, warning),) = rows(con, warned)
    assert (success, found, count) == (True, 0, 1) and "region 'us' has no events of the project" in warning
    assert rows(con, warned)[0][2] == 0


def test_without_credentials_it_is_a_row(con, sim, monkeypatch):
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    ((success, account, project_id, error, warnings),) = rows(con, "SELECT success, account, project_id, error, warnings FROM mixpanel_account_test()")
    assert (success, account, project_id, warnings) == (False, None, None, [])
    assert error.startswith("[MISSING_CREDENTIALS]")
    monkeypatch.setenv("MP_USERNAME", "half")
    assert outcome(con)[-1].startswith("[INVALID_CONFIG] MP_SECRET is missing")
    assert not sim.settled()


@pytest.mark.parametrize("arguments, message", [
    ("region := 'moon'", "region: must be"), ("project_id := 'x'", "project_id"), ("account := 'nobody'", "[ACCOUNT_NOT_FOUND]"),
])  # fmt: skip
def test_what_is_wrong_with_the_call_is_an_error(con, sim, arguments, message):
    assert message in error_of(con, TESTED.format(arguments))
    assert not sim.settled()
