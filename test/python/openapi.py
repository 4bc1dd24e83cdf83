"""Checks requests against Mixpanel's published specifications, which lie outside the project: see `conftest.SHARED`.

The simulator is written by the same people as the client: what both misunderstand, no other test can see.
"""
from __future__ import annotations

import base64
import json
import pathlib
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml
from simulator import RecordedRequest

FORM = "application/x-www-form-urlencoded"

UNSPECIFIED = {
    # What no specification covers, by method and path; the sections are those of `mixpanel-api.md`.
    "GET /api/query/arb_funnels": "saved flows; §1.4, only Mixpanel's own client shows it",
    "POST /api/query/engage/stats": "statistics of profiles; §3, only Mixpanel's own client shows it",
    "POST /api/query/stream/bookmark": "activity feeds; §1.4, what Mixpanel's own client asks in the place of stream/query, which is deprecated",
    "POST /api/query/insights": "a report by its definition; §1.1 of `mixpanel-more.md`",
    "POST /api/query/arb_funnels": "a flow by its definition; §1.1 of `mixpanel-more.md`",
    "GET /api/app/me": "the projects and their time zones; §1.5",
    "GET /api/app/projects/{}/bookmarks": "saved reports; §1.5",
    "GET /api/app/workspaces/{}/bookmarks": "saved reports of a data view; §1.5",
    "GET /api/app/projects/{}/bookmarks/{}": "how a report was made; §1.1 of `mixpanel-more.md`",
    "GET /api/app/workspaces/{}/bookmarks/{}": "the same of a data view",
    "GET /api/app/projects/{}/workspaces/public": "data views; §1.5",
    # The sections of `mixpanel-more.md`, as Mixpanel's own client asks them.
    "GET /api/app/projects/{}/dashboards": "boards; §1.5",
    "GET /api/app/workspaces/{}/dashboards": "those of a data view; §1.5",
    "GET /api/app/projects/{}/dashboards/{}": "one board; §1.5",
    "GET /api/app/workspaces/{}/dashboards/{}": "one board of a data view; §1.5",
    "GET /api/app/projects/{}/workspaces/{}/feature-flags/": "feature flags; §2",
    "GET /api/app/projects/{}/experiments/": "experiments; §2",
    "GET /api/app/workspaces/{}/experiments/": "those of a data view; §2",
    "GET /api/app/projects/{}/data-definitions/events/": "definitions of events; §1.4",
    "GET /api/app/workspaces/{}/data-definitions/events/": "those of a data view; §1.4",
    "GET /api/app/projects/{}/data-definitions/properties/": "definitions of properties; §1.4",
    "GET /api/app/workspaces/{}/data-definitions/properties/": "those of a data view; §1.4",
    "GET /api/app/projects/{}/custom_properties/": "custom properties; §1.4",
    "GET /api/app/workspaces/{}/custom_properties/": "those of a data view; §1.4",
    "GET /api/query/data_definitions/events": "which property is on which event; §1.4",
    "GET /api/app/projects/{}/cohorts": "cohorts with their definitions; §3",
    "GET /api/app/workspaces/{}/cohorts": "those of a data view; §3",
    "GET /api/app/projects/{}/data-definitions/lookup-tables/": "lookup tables; §3",
    "GET /api/app/workspaces/{}/data-definitions/lookup-tables/": "those of a data view; §3",
    "GET /api/app/projects/{}/data-definitions/lookup-tables/download/": "the rows of one; §3",
    "GET /api/app/workspaces/{}/data-definitions/lookup-tables/download/": "those of a data view's; §3",
}

OBJECTS = {"type": "object"}
DATE = {"type": "string", "format": "date"}
CORRECTIONS: dict[tuple[str, str], dict[str, Any]] = {
    # Where a specification is wrong or says less than is known: what is changed of that parameter.
    # §1.4: undocumented, and the only way to names that are older than 31 days.
    ("/events/names", "from_date"): {"schema": DATE},
    ("/events/names", "to_date"): {"schema": DATE},
    # §1.4: in practice optional; without it the whole project's properties.
    ("/events/properties/top", "event"): {"required": False},
    # §3 of `mixpanel_data-behaviour.md`: left out where no event is named.
    ("/events/properties/values", "event"): {"required": False},
    # §1.4: "`week` is also used in practice".
    ("/segmentation", "unit"): {"schema": {"enum": ["minute", "hour", "day", "week", "month"]}},
    # §3: "JSON array string (spec says integer: wrong)".
    ("/engage", "behaviors"): {"schema": {"type": "array", "items": OBJECTS}},
    # §3, "Undocumented": Mixpanel's own client sends them.
    ("/engage", "sort_key"): {"schema": {"type": "string"}},
    ("/engage", "sort_order"): {"schema": {"enum": ["ascending", "descending"]}},
    ("/engage", "search"): {"schema": {"type": "string"}},
    ("/engage", "limit"): {"schema": {"type": "integer"}},
    # §3 of `mixpanel-more.md`: Mixpanel's own client asks with `tags=1,2`.
    ("/projects/{projectId}/annotations", "tags"): {"schema": {"type": "string"}},
    # "A JSON-encoded object", which the specification calls a blob.
    ("/jql", "params"): {"schema": OBJECTS},
}


@dataclass
class Operation:
    """A method of a path."""

    method: str
    prefix: str
    """The path of the server's address."""
    path: str
    parameters: dict[tuple[str, str], dict]
    """By where they are (query, path, header, form) and by name."""
    forms: bool
    """Whether there is a body, which is always a form."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.prefix}{self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.prefix + self.path)))


class Specifications:
    def __init__(self, folder: pathlib.Path):
        files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
        # A path of plain words goes before one with a name in it: `annotations/tags`, `annotations/{annotationId}`.
        self.operations = sorted((found for file in files for found in _operations(file)), key=lambda found: found.path.count("{"))

    def find(self, method: str, path: str) -> Operation | None:
        return next((found for found in self._at(path) if found.method == method), None)

    def violations(self, request: RecordedRequest) -> list[str]:
        """What is wrong with the request; nothing for one that follows the specifications or is known to be in none."""
        if is_unspecified(request):
            return []
        operation = self.find(request.method, request.path)
        if operation is None:
            methods = [found.method for found in self._at(request.path)]
            return [f"the path takes {' or '.join(methods)}" if methods else "the path is in no specification"]
        return list(_violations(operation, request))

    def _at(self, path: str) -> list[Operation]:
        found = [operation for operation in self.operations if operation.pattern.fullmatch(path)]
        return [operation for operation in found if operation.path == found[0].path]


def is_unspecified(request: RecordedRequest) -> bool:
    route = f"{request.method} {request.path}"
    return any(re.fullmatch(re.escape(known).replace(r"\{\}", "[^/]+"), route) for known in UNSPECIFIED)


def _operations(file: dict) -> list[Operation]:
    def resolved(item: dict) -> dict:
        if "$ref" not in item:
            return item
        found: Any = file
        for part in item["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return resolved(found)

    def operation(path: str, common: list[dict], method: str, about: dict) -> Operation:
        listed = map(resolved, common + about.get("parameters", []))
        parameters = {(item["in"], item["name"]): item | {"schema": resolved(item["schema"])} for item in listed}
        bodies = about.get("requestBody", {}).get("content", {})
        schema = bodies.get(FORM, {}).get("schema", {})
        for name, item in schema.get("properties", {}).items():
            required = name in schema.get("required", [])
            parameters["form", name] = {"schema": item, "description": item.get("description", ""), "required": required}
        for (at, name), changes in CORRECTIONS.items():
            if at == path:
                place = "query" if ("query", name) in parameters or FORM not in bodies else "form"
                parameters[place, name] = parameters.get((place, name), {}) | changes
        return Operation(method.upper(), prefix, path, parameters, FORM in bodies)

    prefix = urlsplit(re.sub(r"\{\w+\}", "x", file["servers"][0]["url"])).path
    return [
        operation(path, item.get("parameters", []), method, about)
        for path, item in file["paths"].items()
        for method, about in item.items()
        if method != "parameters"
    ]


def _violations(operation: Operation, request: RecordedRequest):
    parts = urlsplit(request.target)
    given = [("query", *pair) for pair in parse_qsl(parts.query, keep_blank_values=True)]
    if request.body:
        if not operation.forms:
            yield "there is a body, and the operation takes none"
        elif request.headers.get("content-type", "").split(";")[0] != FORM:
            yield f"the body is no form but {request.headers.get('content-type')}"
        else:
            given += [("form", *pair) for pair in parse_qsl(request.body.decode(), keep_blank_values=True)]
    placed = operation.pattern.fullmatch(request.path)
    given += [("path", name, unquote(value)) for name, value in (placed.groupdict() if placed else {}).items()]

    headers = [name for place, name in operation.parameters if place == "header" and name.lower() in request.headers]
    given += [("header", name, request.headers[name.lower()]) for name in headers]

    names = [(place, name) for place, name, _ in given]
    for place, name in sorted({key for key in names if names.count(key) > 1}):
        yield f"{name} is in the {place} twice"
    for place, name, value in given:
        known = operation.parameters.get((place, name))
        if known is None:
            yield f"{name} is no parameter of the {place}"
        elif wrong := _wrong(value, known):
            yield f"{name} = {value!r} is {wrong}"
    for (place, name), item in operation.parameters.items():
        if (place, name) not in names and _is_required(item, request):
            yield f"{name} is missing from the {place}"


def _is_required(parameter: dict, request: RecordedRequest) -> bool:
    if parameter.get("description", "").startswith("Required if using service account"):
        # Said of `project_id`, whether marked as required or not: a project's secret stands for its project.
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        return not (scheme == "Basic" and base64.b64decode(value).endswith(b":"))
    return parameter.get("required", False)


def _wrong(value: str, parameter: dict) -> str | None:
    """What keeps the value from being one of the parameter's: its type is in the schema, or only in the description."""
    schema, description = parameter.get("schema", {}), parameter.get("description", "")
    kind = schema.get("type")
    if "enum" in schema and value not in schema["enum"]:
        return f"none of {', '.join(schema['enum'])}"
    if kind == "integer" and not re.fullmatch(r"-?\d+", value, re.ASCII):
        return "no integer"
    if kind == "boolean" and value not in ("true", "false"):
        return "neither true nor false"
    if (schema == DATE or "yyyy-mm-dd" in description.lower()) and not _is_date(value):
        return "no date of the form yyyy-mm-dd"
    content = _json(value)
    if (kind == "array" or "JSON array" in description) and not isinstance(content, list):
        return "no JSON array"
    if isinstance(content, list) and schema.get("items") != OBJECTS and not all(isinstance(item, str) for item in content):
        return "no JSON array of strings"
    if (kind == "object" or "JSON object" in description) and not isinstance(content, dict):
        return "no JSON object"
    if "not an array" in description and isinstance(content, list):
        return "a JSON array, where one name belongs"
    return None


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) and date.fromisoformat(text))
    except ValueError:
        return False


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
