"""Tests the listing functions against Mixpanel's own client, one test for each vector: the same request, and the rows of
its answer. `DIFFERENT` explains each exception. The vectors cover definitions, dashboards, flags, experiments, lookup
tables, projects, tags, cohorts and reports.

Ours has no `query_origin` in the URL: who asks is in the User-Agent header."""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import discovered
import pytest
from client_vectors import arguments, here, only_interaction, serve, vectors
from conftest import error_of, rows

pytestmark = here

FILES = {"definitions": 13, "dashboards": 13, "flags-experiments": 11, "lookup-tables": 4, "projects": 4, "annotations-tags": 5,
         "cohorts-app": 6, "bookmarks-app": 13}  # fmt: skip


class Ours(NamedTuple):
    function: str
    read: Callable[[Any], list[tuple]]
    subject: str | None = None
    """The argument that stands alone."""
    names: dict[str, str] = {}
    """Of other arguments, by theirs."""


CALLS = {
    "list_custom_properties": Ours("mixpanel_custom_properties", discovered.custom_properties),
    "list_event_definitions": Ours("mixpanel_event_definitions", discovered.event_definitions),
    "get_event_definitions": Ours("mixpanel_event_definitions", discovered.event_definitions),
    "list_custom_events": Ours("mixpanel_event_definitions", discovered.event_definitions),
    "list_per_event_properties": Ours("mixpanel_event_properties", discovered.event_properties),
    "list_property_definitions": Ours("mixpanel_property_definitions", discovered.property_definitions, names={"include_density": "density"}),
    "get_property_definitions": Ours("mixpanel_property_definitions", discovered.property_definitions),
    "list_dashboards": Ours("mixpanel_dashboards", discovered.dashboards),
    "get_dashboard": Ours("mixpanel_dashboard", discovered.dashboard, "dashboard_id"),
    "list_experiments": Ours("mixpanel_experiments", discovered.experiments),
    "get_experiment": Ours("mixpanel_experiments", discovered.experiments),
    "list_feature_flags": Ours("mixpanel_feature_flags", discovered.feature_flags),
    "get_feature_flag": Ours("mixpanel_feature_flags", discovered.feature_flags),
    "list_lookup_tables": Ours("mixpanel_lookup_tables", discovered.lookup_tables),
    "projects_metadata_index": Ours("mixpanel_projects", discovered.projects),
    "list_annotation_tags": Ours("mixpanel_annotation_tags", discovered.annotation_tags),
    "list_annotations": Ours("mixpanel_annotations", discovered.annotations),
    "list_cohorts_app": Ours("mixpanel_cohort_definitions", discovered.cohort_definitions, names={"data_group_id": "group_id"}),
    "list_cohorts_full": Ours("mixpanel_cohort_definitions", discovered.cohort_definitions),
    "get_bookmark": Ours("mixpanel_bookmarks", discovered.bookmark),
}
ONE_OF_THEM = "the list has all that is said of each, is kept for 15 minutes, and WHERE finds one in it"
DIFFERENT = {
    # By call and the argument that makes the difference; None for every vector of the call.
    ("list_dashboards", "ids"): "the list is asked for whole and kept; WHERE dashboard_id IN (1, 2) costs nothing more",
    ("list_property_definitions", "include_events"): "it times out on large projects; mixpanel_event_properties has these pairs in one request",
    ("get_feature_flag", None): ONE_OF_THEM,
    ("get_experiment", None): ONE_OF_THEM,
    ("projects_metadata_index", None): "/me has the time zones too; the index has only the data views, which are mixpanel_workspaces()",
}
OWN = {"list_custom_events": {"custom": True}}
CODES = {200: "UNEXPECTED_RESPONSE", 401: "AUTHENTICATION_FAILED", 404: "NOT_FOUND", 500: "SERVER_ERROR"}


def method(vector: dict) -> str:
    return vector["call"]["api"].split(".")[1]


def difference(vector: dict) -> tuple[str, str | None] | None:
    """Its place in DIFFERENT."""
    keys = [(method(vector), name) for name in (None, *vector["call"]["input"])]
    return next((key for key in keys if key in DIFFERENT), None)


def call(vector: dict, path: str) -> str:
    ours, given = CALLS[method(vector)], dict(vector["call"]["input"])
    subject = given.pop(ours.subject, None)
    # Arguments of theirs that ours does without.
    dropped = {"ids", "include_events", "flag_id", "experiment_id"}
    own = {ours.names.get(name, name): value for name, value in given.items() if name not in dropped}
    if "resource_type" in own:
        own["resource_type"] = own["resource_type"].lower()
    parts = path.split("/")
    if "workspaces" in parts:
        own["workspace_id"] = int(parts[parts.index("workspaces") + 1])
    listed = ", ".join(filter(None, [None if subject is None else str(subject), arguments(own | OWN.get(method(vector), {}))]))
    return f"{ours.function}({listed})"


ALL = [pytest.param(name, *param.values, id=f"{name}-{number}-{param.id}"[:90])
       for name in FILES for number, param in enumerate(vectors(name))]  # fmt: skip


@pytest.mark.parametrize("name, vector", ALL)
def test_the_same_question_and_its_rows(con, sim, name, vector):
    request, response = only_interaction(vector)
    differs = difference(vector)
    statement = call(vector, request["path"])
    body = response["body"]
    if differs and differs[0].startswith("get_"):
        # The one that they get, in the list that we ask for.
        body = body | {"results": [body["results"]]}
    serve(sim, None, {"headers": {}} | response | {"body": body})
    read = CALLS[method(vector)].read
    if "error" in vector["expect"] or method(vector) == "projects_metadata_index":
        assert f"[{CODES[response['status']]}]" in error_of(con, f"FROM {statement}")
    else:
        found = discovered.with_json_values(con, statement, rows(con, f"FROM {statement}"))
        assert found == read(body)
        check_result(con, statement, vector)
    asked = sim.settled()[0]
    ours = parse_qsl(urlsplit(asked.target).query)
    theirs = pairs({key: value for key, value in (request.get("params") or {}).items() if key != "query_origin"})
    if not differs:
        assert asked.method == request["method"] and asked.path.rstrip("/") == request["path"].rstrip("/")
        assert sorted(ours) == sorted(theirs)
    else:
        # It is another request indeed: a reason that is none any more goes.
        assert (asked.path.rstrip("/"), sorted(ours)) != (request["path"].rstrip("/"), sorted(theirs))


def pairs(params: dict) -> list[tuple[str, str]]:
    listed = [(name, value if isinstance(value, list) else [value]) for name, value in params.items()]
    return [(name, value) for name, values in listed for value in values]


def check_result(con, statement: str, vector: dict) -> None:
    """What their client makes of it: as many things, of the same ids and names."""
    result, columns = vector["expect"]["result"], [row[0] for row in rows(con, f"DESCRIBE FROM {statement}")]
    if method(vector) in ("get_dashboard", "list_per_event_properties"):
        # Rows of cards, and of pairs: what the body has is compared above.
        return
    things = result if isinstance(result, list) else [result]
    their_names = sorted(str(thing.get("name", thing.get("title"))) for thing in things if "name" in thing or "title" in thing)
    column = next(column for column in ("event_name", "property_name", "name", "title", "description") if column in columns)
    found = [str(value) for (value,) in rows(con, f'SELECT "{column}" FROM {statement}')]
    assert len(found) == len(things)
    if column != "description":
        assert sorted(found) == their_names


@pytest.mark.parametrize("name, count", FILES.items())
def test_every_vector_is_here(name, count):
    assert len(vectors(name)) == count


def test_every_difference_is_one_of_a_vector():
    found = {difference(param.values[1]) for param in ALL}
    assert found - {None} == DIFFERENT.keys()


def test_how_many_ask_the_same():
    """By file: how many ask the same, and how many another question."""
    told = {name: [0, 0] for name in FILES}
    for param in ALL:
        name, vector = param.values
        told[name][difference(vector) is not None] += 1
    assert told == {"definitions": [12, 1], "dashboards": [11, 2], "flags-experiments": [7, 4], "lookup-tables": [4, 0],
                    "projects": [0, 4], "annotations-tags": [5, 0], "cohorts-app": [6, 0], "bookmarks-app": [13, 0]}  # fmt: skip
