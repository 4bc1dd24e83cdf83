"""Tests requests in `duckdb_logs` on DuckDB 2.0: each is there, failed ones as warnings, without credentials."""
from __future__ import annotations

from base64 import b64encode

import pytest
from conftest import FIRST, LAST, SECRET, USERNAME, error_of, export, only_v2, rows

pytestmark = only_v2

LOG = "SELECT log_level, message FROM duckdb_logs WHERE type = 'mixpanel' ORDER BY timestamp"


@pytest.fixture
def logging(con):
    con.execute("CALL enable_logging(level := 'info')")


def test_nothing_is_logged_unless_asked_for(con, sim):
    rows(con, f"SELECT count(*) FROM {export()}")
    assert rows(con, LOG) == []


def test_each_request_of_an_export(con, sim, logging):
    rows(con, f"SELECT count(*) FROM {export()}")
    expected = sorted(f"GET {sim.url}/api/2.0/export?project_id=12345&from_date={r.params['from_date']}&to_date={r.params['to_date']}&time_in_ms=true: 200" for r in sim.settled())
    assert sorted(message for _, message in rows(con, LOG)) == expected and len(expected) == 5
    assert {level for level, _ in rows(con, LOG)} == {"INFO"}


def test_attempts_that_failed_are_warnings(con, sim, logging):
    sim.add_fault("status", status=503, match={"from_date": "2025-01-02"}, times=2)
    rows(con, f"SELECT count(*) FROM {export()}")
    found = rows(con, LOG)
    assert len(found) == len(sim.settled()) == 7
    warnings = [message for level, message in found if level == "WARNING"]
    assert len(warnings) == 2 and all("from_date=2025-01-02" in message and "HTTP 503" in message for message in warnings)


def test_a_query_that_fails_is_logged_too(con, sim, logging):
    sim.add_fault("status", status=400)
    error_of(con, f"FROM {export(last=FIRST)}")
    ((level, message),) = rows(con, LOG)
    assert level == "WARNING" and message.endswith(": HTTP 400")


def test_other_functions(con, sim, logging):
    rows(con, "FROM mixpanel_account_test()")
    found = rows(con, LOG)
    paths = ["/api/2.0/export?", "/api/query/events/names?", "/api/app/projects/12345/workspaces/public: 200"]
    assert all(level == "INFO" and message.startswith(f"GET {sim.url}{path}") for (level, message), path in zip(found, paths, strict=True))


@pytest.mark.parametrize("statement", [f"SELECT count(*) FROM {export()}", "FROM mixpanel_events()", "FROM mixpanel_account_test()"])
def test_an_accounts_file_that_others_can_read_is_warned_about_once(con, sim, logging, monkeypatch, tmp_path, statement):
    """By each statement that uses it, however many requests that makes."""
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    con.execute(f"CALL mixpanel_account_add('main', username := '{USERNAME}', secret := '{SECRET}', project_id := 12345)")
    assert rows(con, LOG) == []
    (tmp_path / "config.toml").chmod(0o640)
    rows(con, statement)
    warnings = [message for level, message in rows(con, LOG) if level == "WARNING"]
    assert len(warnings) == 1 and "chmod 600" in warnings[0] and len(rows(con, LOG)) == 1 + len(sim.settled())
    assert SECRET not in warnings[0]


def test_a_prepared_statement_warns_each_time(con, sim, logging, monkeypatch, tmp_path):
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    con.execute(f"CALL mixpanel_account_add('main', username := '{USERNAME}', secret := '{SECRET}', project_id := 12345)")
    (tmp_path / "config.toml").chmod(0o640)
    con.execute(f"PREPARE p AS SELECT count(*) FROM {export()}")
    for executed in (1, 2):
        rows(con, "EXECUTE p")
        warnings = [message for level, message in rows(con, LOG) if level == "WARNING"]
        assert len(warnings) == executed and all("chmod 600" in message for message in warnings)


def test_kept_tables(con, sim, logging):
    con.execute(f"PRAGMA mixpanel_sync_events('events', from_date = '{FIRST}', to_date = '{LAST}')")
    assert len(rows(con, LOG)) == len(sim.settled()) == 5


def test_a_level_of_warnings_has_only_those(con, sim):
    con.execute("CALL enable_logging(level := 'warning')")
    sim.add_fault("status", status=503, match={"from_date": "2025-01-02"})
    rows(con, f"SELECT count(*) FROM {export()}")
    assert [level for level, _ in rows(con, LOG)] == ["WARNING"]


@pytest.mark.parametrize("status", [200, 400, 401, 503])
def test_no_credentials(con, sim, logging, monkeypatch, status):
    basic = b64encode(f"{USERNAME}:{SECRET}".encode()).decode()
    if status != 200:
        sim.add_fault("status", status=status, times=None, body=f"you sent {SECRET} and Basic {basic}")
        error_of(con, f"FROM {export(last=FIRST)}")
    else:
        rows(con, f"SELECT count(*) FROM {export(last=FIRST)}")
    text = repr(rows(con, "SELECT message FROM duckdb_logs WHERE type = 'mixpanel'"))
    assert "api/2.0/export" in text and SECRET not in text and basic not in text
