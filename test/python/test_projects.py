"""Tests `mixpanel_projects()`: answers of any size, of which it keeps only what has a column, and the warning about the time zone."""
from __future__ import annotations

import json

import pytest
from conftest import FIRST, LAST, error_of, export, last_fetch, rows
from simulator import Project, Simulator
from simulator.blocks import deflate, gzip_member
from simulator.routes.me import TOKEN
from test_size import run

ME = "/api/app/me"
MIB = 1 << 20
PROJECTS = "SELECT project_id, name, organization, time_zone, region, has_workspaces FROM mixpanel_projects()"


def me(**projects: dict) -> dict:
    organizations = {"5": {"id": 5, "name": "Org", "role": "admin"}}
    numbered = {name.removeprefix("p"): about for name, about in projects.items()}
    return {"status": "ok", "results": {"user_id": 1, "organizations": organizations, "projects": numbered}}


def zone(name: str | None) -> str:
    return json.dumps(me(p12345={"name": "Shop", "organization_id": 5, "timezone": name, "domain": "mixpanel.com"}))


def warnings(con) -> list[dict]:
    return json.loads(last_fetch(con)["warnings"] or "[]")


def test_projects_of_several_organizations(con, sim):
    body = me(p2={"name": "b", "organization_id": 5, "timezone": "US/Pacific", "has_workspaces": True, "domain": "eu.mixpanel.com"},
              p3={"name": "a", "organization_id": 6, "timezone": None})  # fmt: skip
    sim.add_fault("body", path=ME, body=json.dumps(body))
    assert rows(con, PROJECTS) == [(3, "a", None, None, None, None), (2, "b", "Org", "US/Pacific", "eu", True)]


def test_one_answer_for_all_projects(con, sim):
    for project in ("12345", "7", "8"):
        rows(con, f"FROM mixpanel_projects(project_id := {project})")
    assert [request.target for request in sim.settled()] == [ME]


def test_nothing_secret_is_shown(con, sim):
    assert TOKEN not in str(rows(con, "FROM mixpanel_projects()")) and len(sim.settled()) == 1
    secret = json.dumps(me(p1={"name": "demo-secret here"}))
    sim.add_fault("body", path=ME, body=secret)
    rows(con, "CALL mixpanel_clear_cache()")
    assert rows(con, "SELECT name FROM mixpanel_projects()") == [("*** here",)]


def text(encoding: str, members: bytes, mebibytes: int) -> bytes:
    """An answer with so much in it that nobody reads: permissions, and one text."""
    before, after = b'{"results": {"workspaces": {' + members + b'"x": "', b'"}, "projects": {"12345": {"name": "Shop"}}}}'
    if encoding == "gzip":
        block = deflate(b"a" * (8 * MIB))
        return b"".join(gzip_member([deflate(before), *[block] * (mebibytes // 8), deflate(after)]))
    return before + b"a" * (mebibytes * MIB) + after


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_hundred_megabytes_take_little_memory(con, sim, encoding):
    members = b"".join(b'"%d": {"permissions": ["a", {"b": [1, 2.5, null]}]}, ' % number for number in range(50_000))
    headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if encoding == "gzip" else {})
    body = text(encoding, members, 104)
    sim.add_fault("body", path=ME, body=body, headers=headers)
    outcome = run("SELECT name FROM mixpanel_projects()", 100)
    assert outcome["result"] == [["Shop"]], outcome
    assert outcome["grown"] < 40, outcome


@pytest.mark.parametrize("kind, options", [
    ("cut", {"fraction": 0.5}), ("status", {"status": 503}), ("other_status", {"status": 206}),
    ("body", {"body": '{"results": {"projects": {"1": {"na'}), ("body", {"body": "<html><body>log in</body></html>"}),
    ("body", {"body": b"".join(gzip_member([deflate(b'{"results": {"projects": {}}}')]))[:-8] + b"damaged!", "headers": {"Content-Encoding": "gzip"}}),
], ids=str)  # fmt: skip
def test_a_part_of_an_answer_is_asked_for_again(con, sim, kind, options):
    sim.add_fault(kind, path=ME, **options)
    assert len(rows(con, "FROM mixpanel_projects()")) == 1
    assert len(sim.settled()) == 2


@pytest.mark.parametrize("body, code", [
    ("[]", "UNEXPECTED_RESPONSE"), ("{}", "UNEXPECTED_RESPONSE"), ('{"results": {}}', "UNEXPECTED_RESPONSE"), ('{"results": {"projects": []}}', "UNEXPECTED_RESPONSE"),
    ('{"results": {"projects": {}}} more', "UNEXPECTED_RESPONSE"), ("nonsense", "UNEXPECTED_RESPONSE"), ('{"error": "not today"}', "not today"),
    ("<html>no</html>", "web page"), ("", "TRUNCATED"),
])  # fmt: skip
def test_what_is_no_list_of_projects_is_an_error(con, sim, body, code):
    sim.add_fault("body", path=ME, times=None, body=body)
    assert code in error_of(con, "FROM mixpanel_projects()")
    # And is not kept.
    sim.reset()
    assert len(rows(con, "FROM mixpanel_projects()")) == 1


EXPORT = export(last=FIRST)


def test_an_export_says_once_that_the_zone_is_another(con, sim):
    """Where it is known without a request, and nobody said which it is."""
    rows(con, f"SELECT count(*) FROM {EXPORT}")
    assert warnings(con) == []
    sim.add_fault("body", path=ME, body=zone("US/Pacific"))
    rows(con, "FROM mixpanel_projects()")
    sim.clear()
    rows(con, f"SELECT count(*) FROM {export('max_age := INTERVAL 0 HOURS', last=LAST)}")
    (warning,) = warnings(con)
    assert warning["code"] == "PROJECT_TIME_ZONE" and "time_zone := 'US/Pacific'" in warning["message"]
    assert "since 2023" in warning["message"]
    assert {request.path for request in sim.settled()} == {"/api/2.0/export"}
    rows(con, f"SELECT count(*) FROM {export('time_zone := $$US/Pacific$$', last=FIRST)}")
    assert warnings(con) == []


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "GMT", None])
def test_a_project_of_utc_needs_no_word(con, sim, name):
    sim.add_fault("body", path=ME, body=zone(name))
    rows(con, "FROM mixpanel_projects()")
    rows(con, f"SELECT count(*) FROM {EXPORT}")
    assert warnings(con) == []


def test_the_zone_of_another_project_says_nothing(con, sim):
    with Simulator(Project(days=1, events_per_day=10, other_project_ids=(7,))):
        sim.add_fault("body", path=ME, body=json.dumps(me(p7={"name": "x", "timezone": "US/Pacific"})))
        rows(con, "FROM mixpanel_projects()")
        rows(con, f"SELECT count(*) FROM {EXPORT}")
        assert warnings(con) == []
