"""Tests `docs/from-mixpanel-headless.md`: it has each read of Mixpanel's own client once, and each statement does what the page says.

`shown` in its tables is a promise: rows from the simulator, or the path of the request."""
from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from conftest import ROOT, error_of, rows
from documented import as_documented, january  # noqa: F401  fixtures are known by their names

PAGE = ROOT / "docs" / "from-mixpanel-headless.md"
READS = 118
PREFIXES = {"P": "/api/app/projects/12345", "Q": "/api/query"}

@dataclass
class Read:
    method: str
    statement: str
    asks: str
    shown: str

    @property
    def request(self) -> tuple[str, str]:
        method, path = self.asks.split(" ", 1)
        prefix, _, rest = path.partition("/")
        return method, PREFIXES[prefix] + "/" + rest if prefix in PREFIXES else path


def reads() -> list[Read]:
    lines = re.findall(r"^\| `(\w+)` \| (.*?) \| ([^|]*?) \| (rows|path|no request|not here) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [Read(method, statement.strip("`"), asks, shown) for method, statement, asks, shown in lines]


def shown(mark: str) -> list:
    return [pytest.param(read, id=read.method) for read in reads() if read.shown == mark]


def test_each_read_is_there_once():
    methods = [read.method for read in reads()]
    assert len(methods) == len(set(methods)) == READS


def test_they_are_those_of_the_client():
    """Where it is installed: what is neither a choice of a session nor a word that writes."""
    workspace = pytest.importorskip("mixpanel_headless").Workspace
    session = {"account", "project", "workspace", "session", "use", "close", "api"}
    writing = re.compile("(create|update|delete|bulk|favorite|unfavorite|pin|unpin|remove|add|finalize|duplicate|archive|restore|set|launch|conclude|decide|test|init|replace|cancel|clear|upload|mark)_")
    public = {name for name in vars(workspace) if not name.startswith("_")} - session
    assert {name for name in public if not writing.match(name)} == {read.method for read in reads()}


@pytest.fixture
def asked(con, as_documented):  # noqa: F811
    as_documented.clear()
    return as_documented


def paths(sim) -> list[tuple[str, str]]:
    return [(request.method, request.path) for request in sim.settled()]


@pytest.mark.unspecified("mixpanel_api asks as Mixpanel's own client does, in routes that no specification has")
@pytest.mark.parametrize("read", shown("rows"))
def test_what_the_simulator_answers(con, asked, read):
    assert rows(con, read.statement)
    assert read.request in paths(asked)
    assert {request.status for request in asked.requests} == {200}


@pytest.mark.unspecified("mixpanel_api asks as Mixpanel's own client does, in routes that no specification has")
@pytest.mark.parametrize("read", shown("path"))
def test_what_arrives(con, asked, read):
    asked.add_fault("body", path=read.request[1], times=None, body='{"results": {}}', headers={"Content-Type": "application/json"})
    if read.statement.startswith("FROM mixpanel_api("):
        assert rows(con, read.statement) == [(200, '{"results": {}}')]
    else:
        try:
            rows(con, read.statement)
        except Exception as error:  # noqa: BLE001  an empty answer is none of this route's, which is no matter here
            assert "[UNEXPECTED_RESPONSE]" in str(error) or "[TRUNCATED]" in str(error), error
    assert read.request in paths(asked)


@pytest.mark.parametrize("read", shown("no request"))
def test_what_asks_nothing(con, asked, read):
    assert rows(con, read.statement) and not asked.settled()


def test_what_is_not_here():
    assert {read.method for read in reads() if read.shown == "not here"} == {
        "validate_alerts_for_bookmark", "validate_custom_property", "preview_deletion_filters",
        "sign_replay", "sign_replays", "fetch_replay", "fetch_replays", "stream_replay", "analyze_replay",
    }  # fmt: skip


def test_a_post_on_the_app_api_is_refused(con, asked):
    error = error_of(con, "FROM mixpanel_api('/api/app/projects/{project_id}/custom_properties/validate/', method := 'POST')")
    assert "[INVALID_ARGUMENT]" in error and not asked.settled()
