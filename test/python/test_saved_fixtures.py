"""Tests bodies of Insights and flows that Mixpanel sent to others."""
from __future__ import annotations

import json
import pathlib

import pytest
from conftest import SHARED, error_of, rows
from saved import FLOWS, LINK, in_rows, in_series, leaves, reports, serve, ways

FIXTURES = SHARED / "fixtures"


def fixtures(folder: str) -> list[pathlib.Path]:
    return sorted((FIXTURES / folder).glob("*.json"))


def vectors(folder: str) -> list[dict]:
    path = FIXTURES / folder / "headless-unit-vectors.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


needs_fixtures = pytest.mark.skipif(not fixtures("insights"), reason=f"there are no fixtures in {FIXTURES}")


@needs_fixtures
@pytest.mark.parametrize("path", fixtures("insights"), ids=lambda path: path.stem)
def test_every_fixture_of_insights(con, sim, path):
    body = json.loads(path.read_bytes())
    serve(sim, path.read_bytes(), gzip=True)
    table = reports(con, 1)
    assert in_rows(table) == in_series(body)
    assert {row[0] for row in table} <= {"insights"}
    assert {row[1] for row in table} == set(body["series"])
    assert all(len(row[2]) == len(body["headers"]) - 1 for row in table)
    timeless = any(leaf[-1] == "all" for leaf, _ in leaves(body["series"]))
    assert {row[3] is None for row in table} <= {timeless}
    assert json.loads(reports(con, 1, ", raw := true")[0][0]) == body


@needs_fixtures
@pytest.mark.parametrize("path", fixtures("flows"), ids=lambda path: path.stem)
def test_every_fixture_of_flows(con, sim, path):
    body = json.loads(path.read_bytes())
    serve(sim, path.read_bytes(), FLOWS)
    assert rows(con, "FROM mixpanel_flows(1)") == ways(body)
    assert json.loads(rows(con, "FROM mixpanel_flows(1, raw := true)")[0][0]) == body
    counts = [row[4] for row in reports(con, LINK.format("flows", 1)) if row[1] in ("count", "next_count")]
    if "flows" in body:
        assert counts == [float(step["totalCount"]) for flow in body["flows"] for step in flow["flowSteps"]]
        return
    nodes = [node for step in body["steps"] for node in step["nodes"]]
    assert counts == [float(node["totalCount"]) for node in nodes] + [float(edge["totalCount"]) for node in nodes for edge in node["edges"]]


CODES = {400: "INVALID_REQUEST", 401: "AUTHENTICATION_FAILED", 404: "NOT_FOUND", 429: "RATE_LIMITED"}
SAVED_VECTORS = [vector for folder in ("insights", "flows") for vector in vectors(folder) if vector["request"]["method"] == "GET"]


@needs_fixtures
@pytest.mark.parametrize("vector", SAVED_VECTORS, ids=lambda vector: vector["vector"].rsplit("/")[-1][-40:])
def test_every_vector_of_a_client(con, sim, vector):
    """The same request, but for the client's own name in it, and every number of the answer."""
    wanted, response = vector["request"], vector["response"]
    body = json.dumps(response["body"]) if "body" in response else response.get("body_text", "")
    serve(sim, body, None, status=response["status"], headers=response["headers"])
    function = "mixpanel_flows" if wanted["path"] == FLOWS else "mixpanel_saved_report"
    workspace = wanted["params"].get("workspace_id")
    more = f", workspace_id := {workspace}" if workspace else ""
    call = f"FROM {function}({wanted['params']['bookmark_id']}{more})"
    if response["status"] == 200:
        table = rows(con, call)
        assert table == ways(response["body"]) if function == "mixpanel_flows" else in_rows(table) == in_series(response["body"])
    else:
        error = error_of(con, call)
        assert f"[{CODES[response['status']]}]" in error and response.get("body", {}).get("error", "") in error
    request = sim.settled(1)[0]
    params = {name: value for name, value in wanted["params"].items() if name != "query_origin"}
    assert (request.method, request.path, request.params) == (wanted["method"], wanted["path"], params)


@needs_fixtures
def test_the_vectors_cover_every_outcome():
    assert {vector["response"]["status"] for vector in SAVED_VECTORS} == {200, 400, 401, 404, 429}
    # Those that post a report of their own instead of naming a saved one are for mixpanel_api: test_api.py.
    assert len(SAVED_VECTORS) == len(vectors("insights")) + len(vectors("flows")) - 2
