"""Tests discovery with bodies of Mixpanel and of its own client's tests: the bodies' rows, or an error.

They lie outside the project and are read from there; where they are absent these tests are skipped."""
from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import discovered
import pytest
from conftest import PROJECT, SHARED, error_of, rows
from discovered import Unexpected

FOLDER = SHARED / "fixtures"
QUERY, APP = "/api/query", f"/api/app/projects/{PROJECT.project_id}"

# By folder: the call, and what reads the rows out of a body.
FUNCTIONS = {
    "events-names": ("mixpanel_events()", discovered.events),
    "properties-top": ("mixpanel_properties('Purchase')", discovered.properties),
    "properties-values": ("mixpanel_property_values('plan', event := 'Purchase')", discovered.property_values),
    "funnels-list": ("mixpanel_funnels()", discovered.funnels),
    "cohorts": ("mixpanel_cohorts()", discovered.cohorts),
    "bookmarks": ("mixpanel_bookmarks()", discovered.bookmarks),
    "events-top": ("mixpanel_top_events()", discovered.top_events),
    "lexicon-schemas": ("mixpanel_lexicon_schemas()", discovered.lexicon_schemas),
    "annotations": ("mixpanel_annotations()", discovered.annotations),
    # Another route than ours (/projects/metadata/index), whose shape must not pass for an empty list.
    "projects-metadata": ("mixpanel_workspaces()", discovered.workspaces),
}
CODES = {400: "INVALID_REQUEST", 401: "AUTHENTICATION_FAILED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
         409: "INVALID_REQUEST", 429: "RATE_LIMITED", 500: "SERVER_ERROR"}  # fmt: skip


def vectors() -> list[tuple[str, dict, dict]]:
    """Folder, request and response of every pair that a client was tested with."""
    found = []
    for folder in FUNCTIONS:
        path = FOLDER / folder / "headless-unit-vectors.jsonl"
        for line in path.read_text().splitlines() if path.exists() else ():
            pair = json.loads(line)
            found.append((folder, pair["request"], pair["response"]))
    return found


VECTORS = vectors()
BODIES = [(folder, path) for folder in FUNCTIONS for path in sorted((FOLDER / folder).glob("*.json"))]
pytestmark = pytest.mark.skipif(not VECTORS or not BODIES, reason=f"there are no fixtures in {FOLDER}")


def check(con, call: str, read, body) -> bool:
    """Whether the function gave rows; that they, or the error, are right is asserted."""
    try:
        expected = read(body)
    except Unexpected:
        assert "[UNEXPECTED_RESPONSE]" in error_of(con, f"FROM {call}"), body
        return False
    found = rows(con, f"FROM {call}")
    assert discovered.with_json_values(con, call, found) == expected
    return True


@pytest.mark.parametrize("folder, path", BODIES, ids=lambda value: value if isinstance(value, str) else value.stem)
def test_every_body(con, sim, folder, path):
    call, read = FUNCTIONS[folder]
    sim.add_fault("body", path=None, body=path.read_bytes())
    gave_rows = check(con, call, read, json.loads(path.read_text()))
    # Two are no answers of ours: one is of an older API, one was generated from "type: number" and has an id of 1.5.
    assert gave_rows or path.name in ("airbyte-legacy-2.0.json", "openapi-generated.json")


@pytest.mark.parametrize("number", range(len(VECTORS)), ids=lambda number: f"{VECTORS[number][0]}-{number}")
def test_every_response(con, sim, number):
    """Also the answers to requests that write or delete: none of them may pass for a list."""
    folder, _, response = VECTORS[number]
    call, read = FUNCTIONS[folder]
    status = response["status"]
    text = response.get("body_text") or (json.dumps(response["body"]) if "body" in response else "")
    # Project 99: what is said about its plan is not for the other tests.
    call = call.replace("mixpanel_events()", "mixpanel_events(project_id := 99)")
    sim.add_fault("body", path=None, times=None, body=text, status=status, headers=response.get("headers") or {})
    if status == 204:
        assert "[UNEXPECTED_RESPONSE]" in error_of(con, f"FROM {call}")
    elif status != 200:
        error = error_of(con, f"FROM {call}")
        assert f"[{CODES[status]}]" in error and f"HTTP {status}" in error
        assert response.get("body", {}).get("error", "").strip() in error
    else:
        check(con, call, read, response["body"])


def test_one_schema_in_an_envelope(con, sim):
    """They ask with `entity_name` and get `results`; we ask as documented, and take both."""
    seen = 0
    for folder, request, response in VECTORS:
        if folder == "lexicon-schemas" and "entity_name" in (request.get("params") or {}):
            sim.add_fault("body", path=None, body=json.dumps(response["body"]), status=response["status"])
            call = f"mixpanel_lexicon_schema('event', 'name {seen}')"
            if response["status"] == 200:
                found = discovered.with_json_values(con, call, rows(con, f"FROM {call}"))
                assert [row[2:] for row in found] == discovered.lexicon_schema(response["body"])
            else:
                assert "Schema not found" in error_of(con, f"FROM {call}")
            seen += 1
    assert seen == 2


def test_the_plans_answer_is_followed(con, sim):
    """The two requests of their test, with the dates of today."""
    pairs = [(request["params"], response) for _, request, response in VECTORS if "90 days" in json.dumps(response)]
    refusal = next(response for _, response in pairs if response["status"] == 403)
    sim.add_fault("body", path=None, body=json.dumps(refusal["body"]), status=403)
    sim.add_fault("body", path=None, body='["e1"]')
    assert rows(con, "FROM mixpanel_events(project_id := 98)") == [("e1",)]
    first, second = [request.params for request in sim.settled()]
    days = [datetime.fromisoformat(asked["to_date"]) - datetime.fromisoformat(asked["from_date"]) for asked in (first, second)]
    assert first["from_date"] == "2000-01-01" and days[1].days == 90


def test_suggestions_for_their_unknown_event(con, sim):
    names = next(response["body"] for folder, _, response in VECTORS if "sign_up_complete" in json.dumps(response))
    refusal = next(response for folder, request, response in VECTORS
                   if folder == "properties-top" and response["status"] == 400)  # fmt: skip
    sim.add_fault("body", path=None, body=json.dumps(refusal["body"]), status=400)
    sim.add_fault("body", path=None, body=json.dumps(names))
    error = error_of(con, "FROM mixpanel_properties('sign up')")
    assert "[NOT_FOUND]" in error and "Did you mean 'Sign Up' or 'sign_up_complete'?" in error


# Their questions that are ours, as calls.
SAME = {
    f"GET {QUERY}/events/names": "mixpanel_events",
    f"GET {QUERY}/events/properties/top": "mixpanel_properties",
    f"GET {QUERY}/events/properties/values": "mixpanel_property_values",
    f"GET {QUERY}/funnels/list": "mixpanel_funnels",
    f"POST {QUERY}/cohorts/list": "mixpanel_cohorts",
    f"GET {QUERY}/events/top": "mixpanel_top_events",
    f"GET {APP}/bookmarks": "mixpanel_bookmarks",
    f"GET {APP}/schemas": "mixpanel_lexicon_schemas",
    f"GET {APP}/schemas/event": "mixpanel_lexicon_schemas",
    f"GET {APP}/annotations": "mixpanel_annotations",
}
# Questions that no function of ours puts: single annotations, tags, reports by id, the index of all projects. We have the
# data views from /workspaces/public.
NOT_OURS = re.compile(r"annotations/(\d+|tags)|metadata/index")


def our_call(function: str, path: str, params: dict) -> str:
    """The call that puts the same question."""
    arguments = []
    if function == "mixpanel_properties":
        arguments.append(f"'{params['event']}'")
    if function == "mixpanel_property_values":
        arguments.append(f"'{params['name']}'")
        arguments += [f"event := '{params['event']}'"] if "event" in params else []
    # A limit of their own choice is our max_rows; 5000 is ours too.
    if "limit" in params and params["limit"] != "5000":
        arguments.append(f"max_rows := {params['limit']}")
    if function == "mixpanel_events" and params["from_date"] not in ("2000-01-01", ""):
        arguments.append(f"from_date := '{params['from_date']}'")
    if function == "mixpanel_events" and params["to_date"] not in ("2026-01-15", ""):
        arguments.append(f"to_date := '{params['to_date']}'")
    if function in ("mixpanel_top_events", "mixpanel_bookmarks") and "type" in params:
        arguments.append(f"type := '{params['type']}'")
    if path.endswith("/schemas/event"):
        arguments.append("entity_type := 'event'")
    if function == "mixpanel_annotations":
        arguments += [f"{ours} := '{params[theirs]}'" for ours, theirs in
                      (("from_date", "fromDate"), ("to_date", "toDate")) if theirs in params]  # fmt: skip
    return f"{function}({', '.join(arguments)})"


def test_the_same_questions_are_the_same_requests(con, sim):
    today, compared = str(datetime.now(UTC).date()), set()
    for _, request, _ in VECTORS:
        method, path = request["method"], request["path"].rstrip("/")
        params = dict(request.get("params") or {})
        function = SAME.get(f"{method} {path}")
        if function is None:
            assert method in ("POST", "DELETE", "PATCH") or NOT_OURS.search(path), (method, path)
            continue
        if params.get("type") == "invalid":
            # Refused before a request is made.
            assert "must be 'insights'" in error_of(con, f"FROM {our_call(function, path, params)}")
            continue
        if "entity_name" in params or "ids" in params:
            # One schema by its documented path, see above; reports by id are a WHERE over the list.
            continue
        sim.reset()
        rows(con, "CALL mixpanel_clear_cache()")
        sim.add_fault("body", path=None, body="{}" if function in ("mixpanel_properties", "mixpanel_top_events") else "[]")
        try:
            con.execute(f"FROM {our_call(function, path, params)}").fetchall()
        except Exception:  # noqa: BLE001  only the request matters here
            pass
        ours = sim.settled()[0]
        # Who asks is in the User-Agent header, not in every URL; the app API has the project in the path.
        params.pop("query_origin", None)
        if path.startswith(APP):
            params.pop("project_id", None)
        # Today, as they froze it; empty dates are no dates.
        if function == "mixpanel_events":
            params |= {"to_date": today} if params["to_date"] in ("2026-01-15", "") else {}
            params |= {"from_date": "2000-01-01"} if params["from_date"] == "" else {}
        # Without a limit Mixpanel gives ten properties, and 100 events.
        if function in ("mixpanel_properties", "mixpanel_top_events"):
            params.setdefault("limit", "5000")
        assert (ours.method, ours.path, ours.params) == (method, path, params)
        compared.add(function)
    assert compared == set(SAME.values())
