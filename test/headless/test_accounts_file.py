"""Tests the shared accounts file: each program reads what the other writes, and neither breaks the other."""
from __future__ import annotations

import pytest
from conftest import SECRET, USERNAME

pytest.importorskip("mixpanel_headless")
from mixpanel_headless._internal.auth.resolver import resolve_session  # noqa: E402
from mixpanel_headless._internal.config import ConfigManager  # noqa: E402

ADD = f"CALL mixpanel_account_add('{{}}', username := '{USERNAME}', secret := '{SECRET}', project_id := 12345, region := 'eu')"


@pytest.fixture
def theirs():
    return ConfigManager()


@pytest.fixture
def written(theirs):
    """A file that the official client has written, with everything that it keeps there."""
    theirs.add_account("prod", type="service_account", region="us", default_project="12345", username=USERNAME, secret=SECRET)
    theirs.add_account("ci", type="oauth_token", region="in", default_project="7", token="hunter2")
    theirs.add_account("agent", type="oauth_token", region="us", default_project="8", token_env="MY_TOKEN")
    theirs.add_account("me", type="oauth_browser", region="us")
    theirs.set_active(account="prod", workspace=3001)
    theirs.add_target("ecom", account="ci", project="99")
    theirs.set_custom_header(name="X-Team", value="data")
    return theirs


def listed(con) -> dict[str, tuple]:
    return {name: rest for name, *rest in con.execute("SELECT name, kind, project_id, region, is_default, problem IS NULL FROM mixpanel_accounts()").fetchall()}


def test_we_read_what_they_wrote(con, written):
    assert listed(con) == {
        "prod": ["service account", "12345", "us", True, True],
        "ci": ["oauth token", "7", "in", False, True],
        "agent": [None, "8", "us", False, False],
        "me": [None, None, "us", False, False],
    }


@pytest.mark.parametrize("name", ["two", "my prod", "größe", "a.b", 'a"b', "x" * 65])
def test_they_read_what_we_wrote(con, written, name):
    """Also where the name is none of theirs: an account of ours must not cost them all of their own."""
    before = {account.name for account in written.list_accounts()}
    con.execute(ADD.format(name))
    after = {account.name for account in written.list_accounts()}
    assert after - before == ({name} if name == "two" else set()) and before <= after
    if name == "two":
        account = written.get_account("two")
        assert (account.type, account.region, account.default_project, account.username) == ("service_account", "eu", "12345", USERNAME)
        assert account.secret.get_secret_value() == SECRET
    assert name in listed(con)
    # What they write next keeps it.
    written.add_account("three", type="oauth_browser", region="in")
    assert name in listed(con)


@pytest.mark.parametrize("arguments", ["token := 'hunter2', project_id := 7", "secret := '0123456789abcdef0123456789abcdef'"])
def test_other_kinds(con, theirs, arguments):
    con.execute(ADD.format("main"))
    con.execute(f"CALL mixpanel_account_add('other', {arguments})")
    assert {account.name for account in theirs.list_accounts()} == ({"main", "other"} if "token" in arguments else {"main"})
    assert "other" in listed(con)


def test_a_new_file_is_one_that_they_use(con, theirs):
    con.execute(ADD.format("main"))
    session = resolve_session(config=theirs)
    assert (session.account.name, session.account.region, session.project.id) == ("main", "eu", "12345")


def test_choosing_and_removing(con, written):
    con.execute("CALL mixpanel_account_use('ci')")
    active = written.get_active()
    assert (active.account, active.workspace) == ("ci", None), "a data view belongs to the account that it was chosen for"
    assert resolve_session(config=written).project.id == "7"
    with pytest.raises(Exception, match="targets 'ecom'"):
        con.execute("CALL mixpanel_account_remove('ci')").fetchall()
    con.execute("CALL mixpanel_account_remove('me')")
    written.remove_target("ecom")
    con.execute("CALL mixpanel_account_remove('ci')")
    assert written.get_active().account == "prod"
    assert {account.name for account in written.list_accounts()} == {"prod", "agent"}
    for name in ("prod", "agent"):
        con.execute(f"CALL mixpanel_account_remove('{name}')")
    assert written.list_accounts() == [] and written.get_active().account is None
    assert written.get_custom_header() == ("X-Team", "data")
    written.add_account("again", type="oauth_browser", region="us")


def test_both_choose_the_same_default(con, written):
    for name in ("ci", "agent", "prod"):
        con.execute(f"CALL mixpanel_account_use('{name}')")
        assert written.get_active().account == name
        [default] = [name for name, (*_, is_default, _) in listed(con).items() if is_default]
        assert default == name
    written.set_active(account="ci")
    assert listed(con)["ci"][3]
