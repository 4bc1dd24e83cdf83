"""Tests that bad input fails when the statement is bound, with a message that names the parameter and the fix."""
from __future__ import annotations

import duckdb
import pytest
from conftest import FIRST, HOST, LAST, error_of, export, rows

DATES = f"from_date := '{FIRST}', to_date := '{LAST}'"
REFUSED = [
    ("from_date := '2025-01-05', to_date := '2025-01-01'", "from_date: 2025-01-05 is after to_date 2025-01-01. Swap them"),
    ("from_date := '2025-01-01', to_date := 'infinity'", "to_date: is outside the years 0001 to 9999"),
    ("from_date := '-infinity', to_date := '2025-01-01'", "from_date: is outside the years 0001 to 9999"),
    ("from_date := '0044-03-15 (BC)', to_date := '2025-01-01'", "from_date: is outside the years 0001 to 9999"),
    (f"{DATES}, region := 'asia'", "region: must be 'us', 'eu' or 'in', not 'asia'"),
    (f"{DATES}, region := ''", "region: must not be empty"),
    (f"{DATES}, account := ''", "account: must not be empty"),
    (f"{DATES}, time_zone := 'Mars/Olympus'", "time_zone: \"Mars/Olympus\" is not a time zone. Use an IANA name like"),
    (f"{DATES}, time_zone := '../../etc/passwd'", "is not a time zone"),
    (f"{DATES}, max_rows := 0", "max_rows: must be at least 1, not 0"),
    (f"{DATES}, max_rows := -1", "max_rows: must be at least 1, not -1"),
    (f"{DATES}, window_days := 0", "window_days: must be at least 1, not 0"),
    (f"{DATES}, max_workers := 0", "max_workers: must be at least 1, not 0"),
    (f"{DATES}, max_workers := 49", "max_workers: must be from 1 to 48, not 49"),
    (f"{DATES}, events := []", "events: is an empty list. Leave it out"),
    (f"{DATES}, events := ['A', NULL]", "events: contains NULL. Remove it"),
    (f"{DATES}, events := ['A', '']", "events: contains an empty string. Remove it"),
    (f"{DATES}, filter := ' '", "filter: must not be empty"),
    (f"{DATES}, on_failure := 'ignore'", "on_failure: must be 'error' or 'skip', not 'ignore'"),
    (f"{DATES}, project_id := 'my project'", "project_id: must be a number, like 1234567, not 'my project'"),
    (f"{DATES}, project_id := -5", "project_id: must be a number"),
    (f"{DATES}, project_id := 1.5", "project_id: must be a number"),
    (f"{DATES}, project_id := 123456789012345678901234", "project_id: must be a number"),
    (f"{DATES}, project_id := '0123456789abcdef0123456789abcdef'", "project_id: looks like a project's token or secret"),
    (f"{DATES}, columns := {{'amount': 'MONEY'}}", "columns: 'amount': type 'MONEY' is not supported. Use one of VARCHAR, JSON"),
    (f"{DATES}, columns := {{'amount': 'DECIMAL(39,2)'}}", "type 'DECIMAL(39,2)' is not supported"),
    (f"{DATES}, columns := {{'amount': 'DOUBLE; DROP TABLE x'}}", "is not supported. Use one of"),
    (f"{DATES}, columns := {{'amount': NULL}}", "columns: must be a struct or map of texts, like"),
    (f"{DATES}, columns := {{'amount': 1}}", "columns: must be a struct or map of texts, like"),
    (f"{DATES}, columns := 'amount'", "columns: must be a struct or map of texts, like"),
    (f"{DATES}, columns := ['amount']", "columns: must be a struct or map of texts, like"),
    (f"{DATES}, columns := MAP {{}}", "columns: must be a struct or map of texts, like"),
    (f"{DATES}, columns := {{'Event_Name': 'VARCHAR'}}", "columns: 'Event_Name' is already a column"),
    (f"{DATES}, columns := MAP {{'Plan': 'VARCHAR', 'plan': 'VARCHAR'}}", "columns: 'plan' is already a column"),
    (f"{DATES}, raw := true, columns := {{'plan': 'VARCHAR'}}", "columns: cannot be combined with raw := true"),
]  # fmt: skip


@pytest.mark.parametrize("arguments, message", REFUSED)
@pytest.mark.parametrize("function", ["mixpanel_export", "mixpanel_export_plan"])
def test_refused_at_bind(con, sim, function, arguments, message):
    error = error_of(con, f"DESCRIBE FROM {function}({arguments})")
    assert "[INVALID_ARGUMENT]" in error and message in error, error
    assert not sim.settled()


def test_nulls_are_not_given(con, sim):
    """NULL stands for "not given" everywhere: programs pass what they have."""
    names = ("events", "filter", "max_rows", "time_zone", "columns", "raw", "window_days", "max_workers", "on_failure",
             "account", "project_id", "region")  # fmt: skip
    call = export(", ".join(f"{name} := NULL" for name in names))
    assert rows(con, f"SELECT count(*) FROM {call}") == [(1500,)]
    assert "from_date: is missing" in error_of(con, f"FROM mixpanel_export(from_date := NULL, to_date := '{LAST}')")


@pytest.mark.parametrize("arguments", [
    "from_date := 'yesterday', to_date := '2025-01-01'",
    f"{DATES}, events := 'Purchase'",
    f"{DATES}, max_rows := 'many'",
    f"{DATES}, raw := 'perhaps'",
    f"{DATES}, where := 'true'",
    f"'{FIRST}', '{LAST}'",
])  # fmt: skip
def test_what_duckdb_refuses_itself(con, sim, arguments):
    error_of(con, f"DESCRIBE FROM mixpanel_export({arguments})")
    assert not sim.settled()


def test_an_unknown_account_lists_the_known_ones(con, sim, tmp_path):
    (tmp_path / "config.toml").write_text(
        '[accounts.prod]\nsecret = "hunter2"\n[accounts."it\'s me"]\nsecret = "hunter3"\n'
    )
    call = export("account := 'produ'")
    error = error_of(con, f"DESCRIBE FROM {call}")
    assert "[ACCOUNT_NOT_FOUND]" in error and "there is no account 'produ'" in error
    assert "'prod', 'it's me'" in error and "hunter" not in error
    assert not sim.settled()


def test_no_credentials_at_all(con, sim, monkeypatch, tmp_path):
    """The three ways to give them, with the path of the file that was looked for."""
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    ((success, tested),) = rows(con, "SELECT success, error FROM mixpanel_account_test()")
    assert success is False
    for error in (error_of(con, f"DESCRIBE FROM {export()}"), tested):
        assert "[MISSING_CREDENTIALS]" in error
        for part in ("export MP_USERNAME=", "CALL mixpanel_account_add('main'", str(tmp_path / "config.toml"), "[accounts.main]"):
            assert part in error, error
    assert not sim.settled()


@pytest.mark.parametrize("changes, message", [
    ({"MP_SECRET": None}, "MP_SECRET is missing"),
    ({"MP_SECRET": "", "MP_PROJECT_ID": None}, "MP_SECRET is missing: only MP_USERNAME is set"),
    ({"MP_PROJECT_ID": None}, "MP_PROJECT_ID is missing"),
    ({"MP_PROJECT_ID": "demo"}, "MP_PROJECT_ID must be a number"),
    ({"MP_REGION": "moon"}, "MP_REGION must be 'us', 'eu' or 'in'"),
    ({"MP_OAUTH_TOKEN": "t"}, "MP_OAUTH_TOKEN and MP_USERNAME and MP_SECRET are both given"),
    ({"MP_API_BASE_URL": "http://example.com"}, "MP_API_BASE_URL must be https"),
    ({"MP_API_BASE_URL": "https://me:pass@example.com"}, "MP_API_BASE_URL must not contain a user or password"),
    ({"MP_API_BASE_URL": "ftp://127.0.0.1"}, "MP_API_BASE_URL must start with https"),
])  # fmt: skip
def test_an_environment_that_makes_no_sense(con, sim, monkeypatch, changes, message):
    for name, value in changes.items():
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    error = error_of(con, f"DESCRIBE FROM {export()}")
    assert "[INVALID_CONFIG]" in error and message in error, error
    assert "demo-secret" not in error and "pass@" not in error
    assert not sim.settled()


@pytest.mark.parametrize("function, parameter, more", [
    ("mixpanel_export_plan", "project_id", DATES), ("mixpanel_export_plan", "columns", DATES), ("mixpanel_export_plan", "days", None),
    ("mixpanel_profiles", "distinct_ids", ""), ("mixpanel_profiles", "behaviors", ""), ("mixpanel_profiles", "as_of_timestamp", ""),
    ("mixpanel_api", "params", "'/api/app/me'"), ("mixpanel_api", "body", "'/api/query/jql', method := 'POST'"),
])  # fmt: skip
def test_values_of_every_type(con, sim, function, parameter, more):
    """A parameter that takes any type is bound or refused by ours, whatever it is: DuckDB's own list of types, their
    extremes and NULL."""
    names = [name for name, *_ in rows(con, "DESCRIBE FROM test_all_types()")]
    assert len(names) > 50
    for name in names:
        for row in range(3):
            con.execute(f'SET VARIABLE anything = (SELECT "{name}" FROM test_all_types() LIMIT 1 OFFSET {row})')
            words = ", ".join(filter(None, [more, f"{parameter} := getvariable('anything')"]))
            try:
                con.execute(f"DESCRIBE FROM {function}({words})")
            except duckdb.Error as error:
                assert "[INVALID_ARGUMENT]" in str(error), f"{name}, {row}: {error}"
    assert rows(con, "SELECT 42") == [(42,)] and not sim.settled()
def test_what_is_said_of_missing_dates_is_so_on_this_host(con, sim):
    """A condition does as well only where the host hands conditions on: not on DuckDB 2.x with the file for 1.x."""
    error = error_of(con, "FROM mixpanel_export()")
    assert "from_date: is missing" in error and ("a condition in WHERE that compares event_time" in error) is (HOST == "v2")
    assert not sim.settled()
