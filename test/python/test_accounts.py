"""Tests accounts: their file, and which of them a call uses."""
from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
from base64 import b64encode
from threading import Thread

import pytest
from conftest import EXTENSION, FIRST, SECRET, TOKEN, USERNAME, error_of, export, rows

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


def test_a_new_file_has_the_format_of_mixpanel_headless(con, file, nothing_in_the_environment):
    assert rows(con, f"{ADD.removesuffix(')')}, region := 'eu')") == [("main", "main", [])]
    assert file.read_text() == (
        '[active]\naccount = "main"\n\n[accounts.main]\ntype = "service_account"\nregion = "eu"\ndefault_project = "12345"\n'
        'username = "demo.sa.mp-service-account"\nsecret = "demo-secret"\n'
    )
    assert mode(file) == 0o600


OLDER = """default = "one"

[accounts.one]
username = "demo.sa.mp-service-account"
secret = "demo-secret"
project_id = "12345"
region = "us"
"""
NEWER = """[active]
account = "one"

[accounts.one]
type = "service_account"
region = "us"
default_project = "12345"
username = "demo.sa.mp-service-account"
secret = "demo-secret"

[accounts.variable]
type = "oauth_token"
region = "us"
default_project = "12345"
token_env = "SHOP_TOKEN"

[accounts.me]
type = "oauth_browser"
region = "eu"
default_project = "7"
"""


@pytest.mark.parametrize("text", [OLDER, NEWER], ids=["older", "newer"])
def test_a_file_is_written_in_the_format_that_it_has(con, sim, file, nothing_in_the_environment, text):
    file.write_text(text)
    assert rows(con, f"SELECT count(*) FROM {export(last=FIRST)}") == [(300,)]
    con.execute(ADD)
    call = export("account := 'main'", last=FIRST)
    assert rows(con, f"SELECT count(*) FROM {call}") == [(300,)]
    assert file.read_text().startswith(text)
    added = tomllib.loads(file.read_text())["accounts"]["main"]
    expected = tomllib.loads(text)["accounts"]["one"]
    assert added == expected and list(added) == list(expected)
    con.execute("CALL mixpanel_account_use('main')")
    con.execute("CALL mixpanel_account_remove('one')")
    assert rows(con, "SELECT name FROM mixpanel_accounts() WHERE is_default") == [("main",)]


def test_accounts_that_can_not_be_used_are_listed_with_the_reason(con, sim, file, nothing_in_the_environment, monkeypatch):
    file.write_text(NEWER + '\n[accounts.odd]\ntype = "passkey"\nregion = "us"\n')
    listed = {name: (kind, region, problem) for name, kind, region, problem in rows(con, "SELECT name, kind, region, problem FROM mixpanel_accounts()")}
    assert listed["one"] == ("service account", "us", None)
    for name, reason in (("me", "browser login"), ("odd", "the unknown type 'passkey'"), ("variable", "SHOP_TOKEN, which is not set")):
        assert listed[name][2].startswith("[INVALID_CONFIG]") and reason in listed[name][2]
        call = export(f"account := '{name}'")
        assert reason in error_of(con, f"FROM {call}")
        ((success, tested),) = rows(con, f"SELECT success, error FROM mixpanel_account_test(account := '{name}')")
        assert not success and reason in tested
    assert not sim.settled()
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    assert rows(con, f"SELECT count(*) FROM {export(chr(97) + 'ccount := ' + repr('variable'), last=FIRST)}") == [(300,)]
    assert sim.settled()[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("text", ["", OLDER, NEWER], ids=["new", "older", "newer"])
def test_what_other_programs_have_no_place_for_is_kept_apart(con, sim, file, nothing_in_the_environment, text):
    """A name with a space, or a project's secret, among their accounts would make them refuse the whole file."""
    file.write_text(text)
    ((account, default, warnings),) = rows(con, "CALL mixpanel_account_add('my old', secret := 'demo-project-secret')")
    assert account == "my old" and any("only this extension" in warning for warning in warnings)
    assert default == ("one" if text else "my old")
    after = tomllib.loads(file.read_text())
    assert after["duckdb"]["accounts"]["my old"]["secret"] == "demo-project-secret"
    assert after.get("accounts") == tomllib.loads(text).get("accounts")
    call = export("account := 'my old'", last=FIRST)
    assert rows(con, f"SELECT count(*) FROM {call}") == [(300,)]
    assert rows(con, "SELECT default_account FROM mixpanel_account_use('my old')") == [("my old",)]
    assert rows(con, f"SELECT count(*) FROM {export(last=FIRST)}") == [(300,)]
    con.execute("CALL mixpanel_account_remove('my old')")
    assert rows(con, "SELECT name FROM mixpanel_accounts() WHERE is_default") == ([("one",)] if text else [])


def test_a_project_or_region_of_the_environment_goes_with_the_default(con, sim, file, nothing_in_the_environment, monkeypatch):
    file.write_text(NEWER + '\n[accounts.two]\ntype = "service_account"\nregion = "in"\ndefault_project = "7"\nusername = "u"\nsecret = "s"\n')
    used = "SELECT account, project_id, region FROM mixpanel_account_test({})"
    monkeypatch.setenv("MP_REGION", "eu")
    assert rows(con, used.format("")) == [("one", "12345", "eu")]
    assert rows(con, used.format("account := 'one'")) == [("one", "12345", "us")]
    monkeypatch.setenv("MP_PROJECT_ID", "678")
    assert rows(con, used.format("")) == [("one", "678", "eu")]
    assert rows(con, used.format("account := 'two'")) == [("two", "7", "in")]
    assert rows(con, used.format("project_id := 5, region := 'us'")) == [("one", "5", "us")]
    ((warnings,),) = rows(con, "SELECT warnings FROM mixpanel_accounts() WHERE name = 'one'")
    assert any("MP_PROJECT_ID and MP_REGION of the environment" in warning for warning in warnings)


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
    (ADD.replace("'main'", "'twice'"), "[ACCOUNT_EXISTS] account 'twice' already exists"),
    (ADD.replace("'main'", "' '"), "name: must not be empty"),
    (ADD.replace("'main'", "'(environment)'"), "is reserved for the environment's credentials"),
    (ADD.replace("'main'", "chr(10)"), "name: must not"),
    (ADD.replace("'12345'", "'abc'"), "project_id must be a number"),
    (ADD.replace(", project_id := '12345'", ""), "project_id is missing"),
    (ADD.replace(f", secret := '{SECRET}'", ""), "secret is missing"),
    (ADD.removesuffix(")") + ", token := 't')", "token and username and secret are both given"),
    (ADD.removesuffix(")") + ", region := 'moon')", "region: must be 'us', 'eu' or 'in'"),
    ("CALL mixpanel_account_remove('nobody')", "[ACCOUNT_NOT_FOUND] there is no account 'nobody'. Use one of 'twice'"),
    ("CALL mixpanel_account_use('nobody')", "[ACCOUNT_NOT_FOUND] there is no account 'nobody'. Use one of 'twice'"),
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
    ("active = 'x'\n", "active must be a table"),
    ("[active]\naccount = 'y'\n[accounts.x]\ntype = 'oauth_browser'\n", "there is no account 'y'"),
    ("[accounts.x]\ntype = 'service_account'\nusername = 'me'\nsecret = 'hunter2'\n", "default_project of account 'x' is missing"),
    ("default = 'y'\n[accounts.x]\nsecret = 'hunter2'\n", "there is no account 'y'"),
    ("[accounts.x]\nsecret = 'hunter2'\n[accounts.y]\nsecret = 'hunter2'\n", "the accounts file names no default among 'x', 'y'"),
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


def test_every_listed_account_of_such_a_file_says_so(con, file):
    con.execute(ADD)
    warned = "SELECT name, list_filter(warnings, lambda warning: warning.contains('chmod 600')) <> [] FROM mixpanel_accounts()"
    assert rows(con, warned) == [("(environment)", False), ("main", False)]
    file.chmod(0o604)
    assert rows(con, warned) == [("(environment)", False), ("main", True)]


def folder(path):
    path.mkdir()


def device(path):
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [folder, os.mkfifo, device], ids=["folder", "pipe", "device"])
def test_what_is_no_file_is_an_error_and_stays(con, sim, file, nothing_in_the_environment, make):
    """Reading a pipe would wait for ever, a device would never end, and neither is ours to replace."""
    make(file)
    before = os.lstat(file)
    for statement in (f"FROM {export()}", ADD, "CALL mixpanel_account_use('x')", "CALL mixpanel_account_remove('x')", "FROM mixpanel_accounts()"):
        error = error_of(con, statement)
        assert "[INVALID_CONFIG]" in error and str(file) in error and "not a file" in error
    assert "[INVALID_CONFIG]" in rows(con, "SELECT error FROM mixpanel_account_test()")[0][0]
    after = os.lstat(file)
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode) and os.listdir(file.parent) == [file.name]
    assert not sim.settled()


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


def test_half_an_environment_is_listed_with_what_it_lacks(con, monkeypatch):
    monkeypatch.delenv("MP_SECRET")
    ((name, is_default, problem),) = rows(con, "SELECT name, is_default, problem FROM mixpanel_accounts()")
    assert (name, is_default) == ("(environment)", True) and problem.startswith("[INVALID_CONFIG] MP_SECRET is missing")


def test_what_the_list_shows(con, file):
    con.execute(ADD.removesuffix(")") + ", region := 'eu')")
    con.execute("CALL mixpanel_account_add('tok', token := 'hunter2', project_id := 7)")
    con.execute("CALL mixpanel_account_add('old', secret := 'hunter2')")
    assert rows(con, "SELECT * EXCLUDE (problem, warnings) FROM mixpanel_accounts()") == [
        ("(environment)", "service account", USERNAME, "12345", "us", True),
        ("main", "service account", USERNAME, "12345", "eu", False),
        ("tok", "oauth token", None, "7", "us", False),
        ("old", "project secret", None, None, "us", False),
    ]


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


ADDING = """
import duckdb, sys
con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
con.execute(f"LOAD '{sys.argv[1]}'")
print("ready", flush=True)
sys.stdin.readline()
con.execute(f"CALL mixpanel_account_add('{sys.argv[2]}', username := 'u', secret := 's', project_id := 1)")
"""


@pytest.mark.parametrize("text", ["", OLDER], ids=["new", "older"])
def test_twenty_processes_add_accounts_at_once(con, file, text):
    """None writes over another's change, and nothing but the file is left."""
    if text:
        file.write_text(text)
    before = rows(con, "SELECT name FROM mixpanel_accounts()")
    processes = [
        subprocess.Popen([sys.executable, "-c", ADDING, EXTENSION, f"account{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(20)
    ]
    for process in processes:
        # Where the machine is busy, DuckDB ends the line of a progress bar.
        assert next(line for line in process.stdout if line.strip()) == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    added = sorted(rows(con, "SELECT name FROM mixpanel_accounts()"))
    assert added == sorted(before + [(f"account{number}",) for number in range(20)])
    assert os.listdir(file.parent) == [file.name] and mode(file) == 0o600
