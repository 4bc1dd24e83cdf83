"""`POST /api/query/engage/stats`: counts and statistics of profiles, as Mixpanel's own client requests them.

`selector` is what `where` is elsewhere. Which members the objects have no documentation says: these are made up.
"""

import json
import re
from datetime import UTC, datetime

from ..answer import Answer
from ..expressions import parse
from ..directory import ProfileRow
from ..parameters import Parameters
from .profile_search import Found, search
from .question import Question

FIELDS = (
    "action", "selector", "filter_by_cohort", "include_all_users", "data_group_id", "as_of_timestamp", "segment_by_cohorts",
)  # fmt: skip
ACTION = re.compile(r"(count|extremes|percentile|numeric_summary)\((.*?)(?:,\s*(\d+(?:\.\d+)?))?\)", re.DOTALL)


def answer(question: Question) -> Answer:
    question.query_parameters()
    form = question.form(*FIELDS)
    action = ACTION.fullmatch(form.required("action"))
    if action is None or (action[1] == "count") == bool(action[2]) or (action[1] == "percentile") != bool(action[3]):
        raise form.refused("Invalid parameter: action")
    if form.text("filter_by_cohort") is None and form.text("include_all_users") is not None:
        raise form.refused("include_all_users is only applicable with filter_by_cohort")
    form.boolean("include_all_users")
    form.integer("as_of_timestamp")
    form.expression("selector")
    segments = form.json("segment_by_cohorts")
    if segments is None:
        results = _measured(question, form, action, {})
    elif isinstance(segments, dict) and segments:
        results = {name: _measured(question, form, action, _cohort(name)) for name in segments}
    else:
        raise form.refused("Invalid parameter: segment_by_cohorts")
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None).isoformat()
    return Answer.json({"status": "ok", "results": results, "computed_at": now})


def _cohort(name: str) -> dict[str, str]:
    return {"filter_by_cohort": json.dumps({"id": int(name)}), "include_all_users": "false"}


def _measured(question: Question, form: Parameters, action: re.Match[str], more: dict[str, str]):
    fields = {name: form.required(name) for name in form.names() if name in FIELDS} | more
    if selector := fields.pop("selector", None):
        fields["where"] = selector
    asked = Parameters(question.request, list(fields.items()), (*FIELDS, "where"))
    profiles, found = search(question, asked)
    if action[1] == "count":
        return len(found)
    values = sorted(_numbers(profiles, found, action[2]))
    if not values:
        return {}
    match action[1]:
        case "extremes":
            return {"min": values[0], "max": values[-1]}
        case "percentile":
            share = float(action[3])
            return {"percentile": share, "result": values[min(len(values) - 1, int(len(values) * share / 100))]}
        case _:
            mean = sum(values) / len(values)
            squares = sum((value - mean) ** 2 for value in values)
            return {"count": len(values), "sum": sum(values), "mean": mean, "variance": squares / len(values)}


def _numbers(profiles, found: Found, text: str):
    property_of = parse(text.strip())
    for item in found:
        value = property_of(ProfileRow(profiles[item])) if isinstance(item, int) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield value
