"""Shared by tests of saved reports: requests, answers, and an independent reader of an answer's numbers."""
from __future__ import annotations

import json
import urllib.request
from base64 import b64encode
from collections import Counter
from datetime import datetime
from urllib.parse import urlencode

from conftest import PROJECT, SECRET, USERNAME, rows

INSIGHTS, FLOWS = "/api/query/insights", "/api/query/arb_funnels"
LINK = "https://mixpanel.com/project/12345/view/3001/app/{}#report/{}/a-title"


def served(sim, path: str, **params) -> dict:
    """What the simulator answers, asked without the extension."""
    url = f"{sim.url}{path}?{urlencode({'project_id': PROJECT.project_id, **params})}"
    token = b64encode(f"{USERNAME}:{SECRET}".encode()).decode()
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Basic {token}"})) as answer:
        body = json.loads(answer.read())
    sim.clear()
    return body


def reports(con, bookmark, more: str = "") -> list[tuple]:
    return rows(con, f"FROM mixpanel_saved_report({bookmark!r}{more})")


def asked(sim, count: int = 1) -> list[tuple[str, str | None]]:
    return [(request.path, request.params.get("bookmark_id")) for request in sim.settled(count)]


def serve(sim, body, path: str | None = INSIGHTS, **options) -> None:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    sim.add_fault("body", path=path, times=None, body=text, **options)


def leaves(value, path=()):
    """Each number and null, with the names on the way to it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, str(index)))
    elif value is None or isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, None if value is None else float(value)


def clock(name: str) -> str:
    """A date without its offset, anything else as it is."""
    try:
        return datetime.fromisoformat(name).replace(tzinfo=None).isoformat()
    except ValueError:
        return name


def in_series(body: dict) -> Counter:
    """The leaves of a series: sorted names, value."""
    found = Counter()
    for path, value in leaves(body["series"]):
        names = path[:-1] if path[-1] == "all" and len(path) > 1 else path
        found[tuple(sorted(map(clock, names))), value] += 1
    return found


def in_rows(table: list[tuple]) -> Counter:
    found = Counter()
    for _, metric, segments, date, value in table:
        names = [metric, *segments] + ([date.isoformat()] if date else [])
        found[tuple(sorted(name for name in names if name is not None)), value] += 1
    return found


def ways(body: dict) -> list[tuple]:
    """The rows of mixpanel_flows, read off the body by other means."""
    if "flows" in body and not body.get("steps"):
        return ways_of_paths(body)
    overall = body.get("overallConversionRate")
    overall = None if overall in (None, "NaN") else float(overall)
    found = []
    for index, step in enumerate(body["steps"]):
        for node in step.get("nodes", [step]):
            change = node.get("conversionRateChange")
            here = (int(step.get("step", index)), node["event"] or None, node.get("type"), [], int(node.get("totalCount", node.get("count"))))
            edges = node.get("edges") or [None]
            for edge in edges:
                there = (int(edge["step"]), edge["event"] or None, edge["type"], [], int(edge["totalCount"])) if edge else (None,) * 5
                found.append((*here, *there, None if change is None else float(change), overall, None))
    return found


def ways_of_paths(body: dict) -> list[tuple]:
    """The same for top paths: each step leads to the next, and the last nowhere."""
    found = []
    for path, flow in enumerate(body["flows"]):
        segments = [value for segment in flow["segments"] for value in segment["values"]]
        steps = [(number, step["event"] or None, step["type"], segments, int(step["totalCount"])) for number, step in enumerate(flow["flowSteps"])]
        for here, there in zip(steps, [*steps[1:], (None,) * 5]):
            found.append((*here, *there, None, None, path))
    return found
