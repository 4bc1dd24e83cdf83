"""`GET /api/2.0/export`: the raw events of some days, one JSON object a line."""

from ..answer import Answer
from ..api_errors import plain_refusal
from ..archive import Selection
from .question import Question

MAX_LIMIT = 100_000


def answer(question: Question) -> Answer:
    # No `workspace_id`: data views don't apply to raw exports.
    parameters = question.parameters("project_id", "from_date", "to_date", "event", "where", "limit", "time_in_ms")
    from_date, to_date = parameters.dates()
    if to_date > question.project.current_day():
        raise plain_refusal(400, "to_date cannot be later than today")
    events = parameters.strings("event")
    if events == []:
        raise parameters.refused("event must name at least one event")
    selection = Selection(
        from_date,
        to_date,
        events=None if events is None else frozenset(events),
        where=parameters.text("where"),
        limit=parameters.integer("limit", maximum=MAX_LIMIT),
        time_in_ms=parameters.boolean("time_in_ms"),
    )
    blocks = question.archive.select(selection)
    return Answer(headers={"Content-Type": "text/plain; charset=utf-8"}, text=blocks, chunked=True)
