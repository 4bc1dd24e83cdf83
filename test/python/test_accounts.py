"""Accounts: their file, and which of them a call uses."""
from __future__ import annotations

import os
import stat
from base64 import b64encode
from threading import Thread

import pytest
from conftest import FIRST, SECRET, USERNAME, error_of, export, rows

ADD = f"CALL mixpanel_account_add('main', username := '{USERNAME}', secret := '{SECRET}', project_id := '12345')"
PLAN = "SELECT DISTINCT url[:url.position('?') - 1] FROM mixpanel_export_plan(from_date := '2025-01-01', to_date := '2025-01-01'{})"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config.toml"


@pytest.fixture
def nothing_in_the_environment(monkeypatch):
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)


def mode(path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_adding_writes_the_format_of_mixpanel_data(con, file):
    assert rows(con, f"{ADD.removesuffix(')')}, region := 'eu')")[0][:2] == ("main", "main")
    assert file.read_text() == (
        'default = "main"\n\n[accounts.main]\nusername = "demo.sa.mp-service-account"\nsecret = "demo-secret"\n'
        'project_id = "12345"\nregion = "eu"\n'
    )
    assert mode(file) == 0o600


def test_a_folder_that_is_missing_is_made_for_the_owner_alone(con, monkeypatch, tmp_path):
    path = tmp_path / "home" / ".mp" / "config.toml"
    monkeypatch.setenv("MP_CONFIG_PATH", str(path))
    con.execute(ADD)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_an_account_from_sql_exports(con, sim, nothing_in_the_environment):
    con.execute(ADD)
    assert rows(con, f"SELECT count(*) FROM {export(last=FIRST)}") == [(300,)]
    call = export("account := 'main'", last=FIRST)
    assert rows(con, f"SELECT count(*) FROM {call}") == [(300,)]


def test_comments_and_order_are_kept(con, file):
    file.write_text(
        "# my accounts\ndefault = 'one' # the usual\n\n[accounts.one] # first\nsecret = 'hunter2'  # secret!\nregion='in'\n"
        "unknown = [1, 2]\n\n[other]\nkey = 'kept'\n"
    )
    before = file.read_text()
    con.execute(ADD)
    con.execute("CALL mixpanel_account_use('main')")
    con.execute("CALL mixpanel_account_use('one')")
    con.execute("CALL mixpanel_account_remove('main')")
    after = file.read_text()
    for part in ("# my accounts", "# the usual", "[accounts.one] # first", "secret = 'hunter2'  # secret!", "unknown = [1, 2]",
                 "[other]\nkey = 'kept'"):  # fmt: skip
        assert part in after, after
    assert len(after.splitlines()) == len(before.splitlines())


def test_the_default_moves_on(con, file):
    con.execute(ADD)
    con.execute(ADD.replace("'main'", "'second'"))
    names = "SELECT name FROM mixpanel_accounts() WHERE name <> '(environment)' ORDER BY ALL"
    assert rows(con, names) == [("main",), ("second",)]
    assert rows(con, "CALL mixpanel_account_use('second')")[0][:2] == ("second", "second")
    assert rows(con, "CALL mixpanel_account_remove('second')")[0][:2] == ("second", "main")
    assert rows(con, "CALL mixpanel_account_remove('main')")[0][:2] == ("main", None)


@pytest.mark.parametrize("name", ["my prod", "it''s", "größe", "a.b", 'a"b', "[x]", "#no comment", "a\\b", "x = 1"])
def test_odd_names(con, sim, file, nothing_in_the_environment, name):
    con.execute(ADD)
    con.execute(ADD.replace("'main'", f"'{name}'"))
    assert (name.replace("''", "'"),) in rows(con, "SELECT name FROM mixpanel_accounts()")
    call = export(f"account := '{name}'", last=FIRST)
    assert rows(con, f"SELECT count(*) FROM {call}") == [(300,)]
    con.execute(f"CALL mixpanel_account_remove('{name}')")
    assert rows(con, "SELECT name FROM mixpanel_accounts()") == [("main",)]


@pytest.mark.parametrize("statement, message", [
    (ADD.replace("'main'", "'twice'"), "[ACCOUNT_EXISTS] there is an account 'twice' already"),
    (ADD.replace("'main'", "' '"), "name: must not be empty"),
    (ADD.replace("'main'", "'(environment)'"), "stands for the environment's credentials"),
    (ADD.replace("'main'", "chr(10)"), "name: must not"),
    (ADD.replace("'12345'", "'abc'"), "project_id must be a number"),
    (ADD.replace(", project_id := '12345'", ""), "project_id is missing"),
    (ADD.replace(f", secret := '{SECRET}'", ""), "secret is missing"),
    (ADD.removesuffix(")") + ", token := 't')", "token and username and secret are both given"),
    (ADD.removesuffix(")") + ", region := 'moon')", "region: must be 'us', 'eu' or 'in'"),
    ("CALL mixpanel_account_remove('nobody')", "[ACCOUNT_NOT_FOUND] there is no account 'nobody'. There are 'twice'"),
    ("CALL mixpanel_account_use('nobody')", "[ACCOUNT_NOT_FOUND] there is no account 'nobody'. There are 'twice'"),
])  # fmt: skip
def test_what_is_refused_changes_nothing(con, file, statement, message):
    con.execute(ADD.replace("'main'", "'twice'"))
    before = file.read_text()
    error = error_of(con, statement)
    assert message in error, error
    assert file.read_text() == before and os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize("text, message", [
    ("default = 'x'\n[accounts.x]\nsecret = 'hunter2\n", "line 3"),
    ("[accounts.x]\nsecret = hunter2\n", "line 2"),
    ("[accounts.x]\nsecret = 12\n", "secret of account 'x' must be a text in quotes"),
    ("[accounts.x]\nsecret = 'hunter2'\nregion = 'moon'\n", "line 3: region of account 'x' must be"),
    ("accounts = 3\n", "accounts must be tables"),
    ("default = 'y'\n[accounts.x]\nsecret = 'hunter2'\n", "there is no account 'y'"),
    ("[accounts.x]\nsecret = 'hunter2'\n[accounts.y]\nsecret = 'hunter2'\n", "there is no default among the accounts 'x', 'y'"),
    ("[accounts.x]\nusername = 'me'\n", "secret of account 'x' is missing"),
    ("[accounts.x]\nusername = 'me'\nsecret = 'hunter2'\n", "project_id of account 'x' is missing"),
    (b"\xff\xfe", "is not UTF-8 text"),
])  # fmt: skip
def test_a_file_that_makes_no_sense_is_an_error_with_its_place(con, sim, file, nothing_in_the_environment, text, message):
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    error = error_of(con, f"FROM {export()}")
    assert message in error and "hunter2" not in error, error
    assert not sim.settled()


def test_a_file_that_others_can_read_is_warned_about(con, file, sim):
    con.execute(ADD)
    file.chmod(0o644)
    ((warnings,),) = rows(con, "SELECT warnings FROM mixpanel_account_test(account := 'main')")
    assert any("chmod 600" in warning for warning in warnings), warnings
    con.execute(ADD.replace("'main'", "'other'"))
    assert mode(file) == 0o600


def test_a_file_that_nobody_can_read_is_an_error(con, sim, file, nothing_in_the_environment):
    file.mkdir()
    error = error_of(con, f"FROM {export()}")
    assert "[IO_ERROR]" in error and str(file) in error


def test_who_wins(con, sim, file, monkeypatch):
    """An account named in the call, then the environment, then the file's default, then the only account."""
    file.write_text("[accounts.filed]\nsecret = 'demo-project-secret'\nregion = 'eu'\n")
    used = "SELECT account, region FROM mixpanel_account_test({})"
    assert rows(con, used.format("")) == [(None, "us")]
    assert rows(con, used.format("account := 'filed'")) == [("filed", "eu")]
    assert rows(con, used.format("account := 'filed', region := 'in'")) == [("filed", "in")]
    assert rows(con, "SELECT name, is_default FROM mixpanel_accounts()") == [("(environment)", True), ("filed", False)]
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    assert rows(con, used.format("")) == [("filed", "eu")]
    assert rows(con, "SELECT name, is_default FROM mixpanel_accounts()") == [("filed", True)]
    sim.settled()
    basic = [request.headers["authorization"] for request in sim.requests]
    assert basic[-1] == "Basic " + b64encode(b"demo-project-secret:").decode()


@pytest.mark.parametrize("region, host", [("us", "data.mixpanel.com"), ("eu", "data-eu.mixpanel.com"), ("in", "data-in.mixpanel.com")])
def test_each_region_has_its_host(con, sim, file, monkeypatch, region, host):
    """Seen in the plan, which makes no request."""
    monkeypatch.delenv("MP_API_BASE_URL")
    expected = [(f"https://{host}/api/2.0/export",)]
    assert rows(con, PLAN.format(f", region := '{region}'")) == expected
    assert rows(con, PLAN.format(f", region := '{region.upper()}'")) == expected
    monkeypatch.setenv("MP_REGION", region)
    assert rows(con, PLAN.format("")) == expected
    file.write_text(f"[accounts.x]\nsecret = 's'\nregion = '{region}'\n")
    monkeypatch.setenv("MP_REGION", "us")
    assert rows(con, PLAN.format(", account := 'x'")) == expected
    assert not sim.settled()


def test_what_the_list_shows(con, file):
    con.execute(ADD.removesuffix(")") + ", region := 'eu')")
    con.execute("CALL mixpanel_account_add('tok', token := 'hunter2', project_id := 7)")
    con.execute("CALL mixpanel_account_add('old', secret := 'hunter2')")
    assert rows(con, "FROM mixpanel_accounts()") == [
        ("(environment)", "service account", USERNAME, "12345", "us", True),
        ("main", "service account", USERNAME, "12345", "eu", False),
        ("tok", "oauth token", None, "7", "us", False),
        ("old", "project secret", None, None, "us", False),
    ]


def test_account_test(con, sim, monkeypatch):
    query = "SELECT success, project_id, region, events_found > 10, error FROM mixpanel_account_test({})"
    assert rows(con, query.format("")) == [(True, "12345", "us", True, None)]
    assert [request.path for request in sim.settled()] == ["/api/query/events/names"]
    ((success, _, _, found, error),) = rows(con, query.format("project_id := 999"))
    assert (success, found) == (False, None) and error.startswith("[PERMISSION_DENIED]") and "999" in error
    monkeypatch.setenv("MP_SECRET", "hunter2")
    ((success, _, _, found, error),) = rows(con, query.format(""))
    assert (success, found) == (False, None) and error.startswith("[AUTHENTICATION_FAILED]") and "hunter2" not in error


def test_two_threads_add_accounts_at_once(con, file):
    """Neither writes over the other's."""
    def add(number: int):
        con.cursor().execute(ADD.replace("'main'", f"'account {number}'"))

    threads = [Thread(target=add, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(rows(con, "FROM mixpanel_accounts()")) == 21
