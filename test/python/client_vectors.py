"""Reads the requests and answers of Mixpanel's own client: `shared/fixtures/inline`, one vector a line.

They lie outside the project and are read from there; where they are absent the tests of them are skipped."""
from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import SHARED

FOLDER = SHARED / "fixtures" / "inline"
here = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no vectors of Mixpanel's client in {FOLDER}")


def vectors(name: str) -> list:
    """The vectors of a file, each under the name of the test that it comes from."""
    path = FOLDER / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [json.loads(line) for line in lines]
    return [pytest.param(vector, id=vector["id"].rsplit("-", 1)[-1]) for vector in found]


def only_interaction(vector: dict) -> tuple[dict, dict]:
    """The one request of a vector, and its answer."""
    (interaction,) = vector["expect"]["interactions"]
    return interaction["request"], interaction["response"]


def serve(sim, path: str, response: dict) -> None:
    """Answers every request to a route as the vector's server does."""
    body = json.dumps(response["body"])
    sim.add_fault("body", path=path, times=None, status=response["status"], body=body, headers=response["headers"])


def fields(request) -> dict[str, Any]:
    """The body's fields, whether form or JSON, with texts that are JSON objects or lists read."""
    given = request.form if request.form else json.loads(request.body)
    return {name: read(value) for name, value in given.items()}


def read(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


def sql(value: Any) -> str:
    """A value as SQL has it."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
        case list():
            return "[" + ", ".join(map(sql, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{sql(name)}: {sql(item)}" for name, item in value.items()) + "}"
    raise TypeError(value)


def arguments(given: dict[str, Any]) -> str:
    return ", ".join(f"{name} := {sql(value)}" for name, value in given.items() if value is not None)
