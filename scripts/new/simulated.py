"""Asks the simulator for the answer of a route, and writes the route if the simulator lacks it."""
from __future__ import annotations

import json
import pathlib
import pprint
import re
import sys
from typing import Any
from urllib.request import Request, urlopen

from .specification import Operation


def answer(root: pathlib.Path, operation: Operation) -> Any:
    """What the simulator answers to the plainest request; `None` where it has no such route, or wants to know more."""
    sys.path.insert(0, str(root / "test"))
    import simulator
    from simulator.routes import find

    path = re.sub(r"\{project_?[iI]d\}", str(simulator.Project().project_id), operation.path)
    if "{" in path or find(operation.method, path) is None:
        return None
    with simulator.Simulator() as running:
        query = "" if operation.api == "app" else f"?project_id={running.project.project_id}"
        body = b"" if operation.method == "POST" else None
        asked = Request(f"{running.url}{path}{query}", data=body, method=operation.method, headers={"Authorization": "Bearer demo-token"})
        try:
            with urlopen(asked) as answered:
                return json.load(answered)
        except OSError:
            return None


def is_known(root: pathlib.Path, operation: Operation) -> bool:
    sys.path.insert(0, str(root / "test"))
    from simulator.routes import find

    return find(operation.method, re.sub(r"\{\w+\}", "1", operation.path)) is not None


def route(operation: Operation, example: Any) -> str:
    ask = "question.query_parameters" if operation.api == "query" else "question.parameters"
    taken = ", ".join(f'"{name}"' for name in operation.parameters)
    return f'''"""`{operation.method} {operation.path}`: TODO: what it is. The answer is the example of Mixpanel's specification."""

from ..answer import Answer
from .question import Question

EXAMPLE = {pprint.pformat(example, width=110, sort_dicts=False)}


def answer(question: Question) -> Answer:
    {ask}({taken})
    return Answer.json(EXAMPLE)
'''


def line(operation: Operation, module: str) -> str:
    path = re.sub(r"\{(\w+)\}", lambda found: "{" + re.sub("([A-Z])", lambda upper: "_" + upper[1].lower(), found[1]) + "}", operation.path)
    return f'    Route("{operation.method}", "{path}", "{operation.api}", {module}.answer),\n'
