"""`GET /api/app/projects/{project_id}/data-definitions/events/`, `.../properties/` and `.../custom_properties/`, or of a
data view: definitions. `GET /api/query/data_definitions/events`: the properties of each event. Undocumented.

`name[]`, which may come more than once, names those that are wanted. The list of events comes without an envelope, as it was
seen; the others in one.
"""

from typing import Any

from ..answer import Answer
from ..office.definitions import CUSTOM_PROPERTIES, EVENTS, ON_EVENTS, PROPERTIES
from ..parameters import Parameters
from .question import QUERY_ORIGIN, Question

NAMES = "name[]"


def answer_events(question: Question) -> Answer:
    parameters, names = _asked(question, "custom_event")
    only_custom = parameters.text("custom_event") == "true"
    return Answer.json([one for one in _named(EVENTS, names) if not only_custom or one.get("customEventId")])


def answer_properties(question: Question) -> Answer:
    parameters, names = _asked(question, "resourceType", "includeCustom", "includeZeroCounts", "includeDensity")
    resource = parameters.one_of("resourceType", ("Event", "User")) if parameters.text("resourceType") else None
    found = [one for one in _named(PROPERTIES, names) if resource in (None, one["resourceType"])]
    if parameters.text("includeCustom") != "true" and not names:
        found = [one for one in found if "customPropertyId" not in one]
    if parameters.text("includeDensity") == "true":
        found = [one | {"density": 0.5} for one in found]
    return Answer.json({"status": "ok", "results": found})


def answer_custom_properties(question: Question) -> Answer:
    question.parameters()
    return Answer.json({"status": "ok", "results": list(CUSTOM_PROPERTIES)})


def answer_edges(question: Question) -> Answer:
    parameters = question.query_parameters("fetch_per_event_properties")
    with_properties = parameters.text("fetch_per_event_properties") == "true"
    edges = [
        {"name": event} | ({"properties": [{"name": name} for name in names]} if with_properties else {})
        for event, names in ON_EVENTS
    ]
    return Answer.json({"results": edges})


def _asked(question: Question, *known: str) -> tuple[Parameters, list[str]]:
    """The parameters, and the names, of which there may be several."""
    given = question.request.query
    names = [value for name, value in given if name == NAMES]
    others = [(name, value) for name, value in given if name != NAMES]
    return Parameters(question.request, others, (*known, QUERY_ORIGIN)), names


def _named(things: tuple[dict[str, Any], ...], names: list[str]) -> list[dict[str, Any]]:
    return [one for one in things if not names or one["name"] in names]
