"""Finds a function's route, and an example of its answer, in Mixpanel's OpenAPI files if they are here."""
from __future__ import annotations

import pathlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

PROJECT = re.compile(r"^/api/app/projects/\{project_?[iI]d\}")


@dataclass
class Operation:
    method: str
    path: str
    """Whole, as sent; `{name}` stands for a value."""
    example: Any = None
    """An answer; `None` where none is known."""
    parameters: list[str] = field(default_factory=list)

    @property
    def api(self) -> str:
        return "app" if self.path.startswith("/api/app/") else "query"

    @property
    def is_of_a_project(self) -> bool:
        return bool(PROJECT.match(self.path))

    @property
    def route(self) -> str:
        """Below the API, or below the project in the app API."""
        return PROJECT.sub("", self.path).removeprefix(f"/api/{self.api}").strip("/")

    @property
    def subjects(self) -> list[str]:
        """What the path has names for, but the project."""
        return re.findall(r"\{(\w+)\}", self.route)

    @property
    def words(self) -> list[str]:
        return words(re.sub(r"\{\w+\}", "", self.route))


def words(name: str) -> list[str]:
    """In the singular, so that `annotation_tags` is `annotations/tags`."""
    return sorted(word.removesuffix("s") for word in re.split(r"[^a-z]+", name.lower()) if word)


def operations(folder: pathlib.Path) -> list[Operation]:
    """Those that read; none where the files are not here."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        return []
    import yaml

    found = [operation for path in paths for operation in _of(yaml.safe_load(path.read_text(encoding="utf-8")))]
    return [operation for operation in found if operation.method == "GET" or operation.api == "query"]


def _of(file: dict):
    prefix = urlsplit(re.sub(r"\{\w+\}", "x", file["servers"][0]["url"])).path
    for path, item in file["paths"].items():
        for method, about in item.items():
            if method in ("get", "post"):
                content = about.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
                listed = [_resolved(file, one) for one in about.get("parameters", [])]
                names = [one["name"] for one in listed if one["in"] == "query" and one["name"] not in ("project_id", "workspace_id")]
                yield Operation(method.upper(), prefix + path, _answer(file, content), names)


def _answer(file: dict, content: dict) -> Any:
    for example in content.get("examples", {}).values():
        value = _resolved(file, example).get("value")
        if isinstance(value, (dict, list)):
            return value
    return _made_of(file, content.get("schema", {}))


def _made_of(file: dict, schema: dict) -> Any:
    """What a schema describes: its own example, or a value of each type."""
    schema = _resolved(file, schema)
    if "example" in schema:
        return schema["example"]
    if parts := schema.get("allOf"):
        made = [_made_of(file, part) for part in parts]
        return {key: value for part in made if isinstance(part, dict) for key, value in part.items()}
    if choices := schema.get("enum") or schema.get("oneOf") or schema.get("anyOf"):
        return _made_of(file, choices[0]) if isinstance(choices[0], dict) else choices[0]
    if "properties" in schema:
        return {name: _made_of(file, part) for name, part in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_made_of(file, schema.get("items", {}))]
    return {"integer": 1, "number": 1.5, "boolean": True, "string": "a text"}.get(schema.get("type"))


def _resolved(file: dict, item: dict) -> dict:
    while "$ref" in item:
        found: Any = file
        for part in item["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        item = found
    return item
