"""Runs JQL as far as possible without JavaScript: recognises a few scripts by their form, and fails all others as if they had a mistake.

    function main() { return Events(WHEN) STEPS }
    function main() { return params.NAME }                       an array among the parameters, as it is
    function main() { return [...] }                             a JSON array, as it is

WHEN is `params`, or an object whose values are strings or `params.NAME`; it has `from_date` and `to_date`. STEPS are

    .filter(event => event.name == "Purchase")                   or `function(event) { return event.name == "..." }`
    .groupBy(["name", "distinct_id", "properties.plan"], mixpanel.reducer.count())
    .reduce(mixpanel.reducer.count())

A filter may come first; then a grouping, `[{"key": [...], "value": n}, ...]` in the order of the keys, or a count,
`[n]`, or nothing, which leaves the events themselves. Events are counted as in all reports (`events.py`).
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from .archive import Archive
from .events import Event, reported
from .raw_json import members, object_text

SCRIPT = re.compile(r"\s*function\s+main\s*\(\s*\)\s*\{\s*return\s+(?P<value>.*?)\s*;?\s*\}\s*;?\s*", re.DOTALL)
EVENTS = re.compile(r"Events\(\s*(?P<when>params|\{[^{}]*\})\s*\)\s*(?P<steps>.*)", re.DOTALL)
MEMBER = re.compile(r"""["']?(\w+)["']?\s*:\s*(?:["']([^"']*)["']|params\.(\w+))\s*,?\s*""")
NAMED = re.compile(
    r"\.filter\(\s*(?:(?:\(?event\)?\s*=>\s*)|(?:function\s*\(event\)\s*\{\s*return\s+))"
    r"event\.name\s*===?\s*(?P<name>\"[^\"]*\"|'[^']*')\s*;?\s*\}?\s*\)\s*"
)
GROUPED = re.compile(r"\.groupBy\(\s*(?P<keys>\[[^\]]*\])\s*,\s*mixpanel\.reducer\.count\(\)\s*\)\s*")
COUNTED = re.compile(r"\.reduce\(\s*mixpanel\.reducer\.count\(\)\s*\)\s*")


class JqlError(Exception):
    """Says what is wrong, as the service does for JavaScript."""


def run(script: str, params: Any, archive: Archive) -> str:
    """The script's result, as JSON."""
    body = SCRIPT.fullmatch(script)
    if not body:
        raise _mistake("SyntaxError", "Unexpected token", script)
    value = body["value"]
    if found := EVENTS.fullmatch(value):
        return _events(script, found["when"], found["steps"], params, archive)
    result = params.get(value.removeprefix("params.")) if isinstance(params, dict) else None
    if result is None:
        try:
            result = json.loads(value)
        except ValueError:
            raise _mistake("ReferenceError", f"{value.split('(')[0].strip()} is not defined", script) from None
    if not isinstance(result, list):
        raise _mistake("TypeError", "main() must return a collection", script)
    return json.dumps(result)


def _events(script: str, when: str, steps: str, params: Any, archive: Archive) -> str:
    period = params if when == "params" else _object(when, params)
    try:
        from_date, to_date = (date.fromisoformat(period[name][:10]) for name in ("from_date", "to_date"))
    except (KeyError, TypeError, ValueError):
        raise _mistake("Error", "Events() requires from_date and to_date", script) from None
    names = None
    if found := NAMED.match(steps):
        names, steps = [found["name"][1:-1]], steps[found.end() :]
    events = reported(archive, from_date, to_date, names)
    if not steps:
        return "[" + ", ".join(map(_raw, events)) + "]"
    if COUNTED.fullmatch(steps):
        return json.dumps([sum(1 for _ in events)])
    if found := GROUPED.fullmatch(steps):
        return json.dumps(_grouped(events, json.loads(found["keys"].replace("'", '"'))))
    raise _mistake("TypeError", f"Events(...){steps.split('(')[0]} is not a function", script)


def _object(text: str, params: Any) -> dict[str, Any]:
    given = params if isinstance(params, dict) else {}
    return {name: given.get(key) if key else value for name, value, key in MEMBER.findall(text)}


def _grouped(events: Iterable[Event], keys: list[str]) -> list[dict[str, Any]]:
    counts = Counter(json.dumps([_value(event, key) for key in keys]) for event in events)
    return [{"key": json.loads(key), "value": counts[key]} for key in sorted(counts)]


def _value(event: Event, key: str) -> Any:
    if key == "name":
        return event.event
    return event.distinct_id if key == "distinct_id" else event.properties.get(key.removeprefix("properties."))


def _raw(event: Event) -> str:
    item = members(event.line)
    properties = members(item["properties"])
    own = {key: value for key, value in properties.items() if key not in ("time", "distinct_id")}
    parts = {"name": item["event"], "distinct_id": properties.get("distinct_id", "null"), "labels": "[]"}
    parts |= {"time": str(event.time_ms), "sampling_factor": "1", "dataset": '"$mixpanel"'}
    return object_text(parts | {"properties": object_text(own)})


def _mistake(kind: str, message: str, script: str) -> JqlError:
    line = next((line for line in script.splitlines() if "return" in line), script[:80])
    return JqlError(
        f"UserVisiblePreconditionFailedError: Uncaught exception {kind}: {message}\n"
        f"{line}\n{' ' * (len(line) - len(line.lstrip()))}^\n\n"
        f"Stack trace:\n{kind}: {message}\n    at main (<anonymous>:1:1)\n"
    )
