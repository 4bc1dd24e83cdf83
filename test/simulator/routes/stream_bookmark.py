"""`POST /api/query/stream/bookmark`: what some users did, event by event, as Mixpanel's own client requests it.

No documentation knows it. The body is JSON; `entries`, the report that it could be about, are empty. `limit` events come,
and where there are more, `sentinel_event` is what the next page is asked for with: here it is opaque, but for the event
that it names. Events are those of `stream/query`.
"""

import json
from datetime import date, timedelta

from ..answer import Answer
from ..api_errors import ApiError, refusal
from ..events import Event, reported
from ..parameters import DATE
from ..raw_json import members
from .question import Question
from .stream_query import feed_item

FIELDS = {
    "project_id", "workspace_id", "bookmark", "distinct_ids", "mode", "limit", "include_events", "exclude_events",
    "sentinel_event", "paging_window", "search", "search_properties", "use_custom_events",
}  # fmt: skip
MOST_EVENTS = 15_000
USUAL_EVENTS = 100
"""Where the body has no `limit`. What it is in truth nobody says."""


def answer(question: Question) -> Answer:
    question.query_parameters()
    body = _body(question)
    from_date, to_date = _days(question, body["bookmark"]["dateRange"])
    events = [event for event in reported(question.archive, from_date, to_date) if event.distinct_id in body["distinct_ids"]]
    events = [event for event in events if _is_wanted(event, body)]
    events.sort(key=lambda event: event.time_ms)
    sentinel = body.get("sentinel_event")
    start = sentinel["position"] if isinstance(sentinel, dict) and "position" in sentinel else 0
    end = start + body.get("limit", USUAL_EVENTS)
    items = [feed_item(event, number) for number, event in enumerate(events)][start:end]
    sentinel = json.dumps({"event": events[end - 1].event, "position": end}) if end < len(events) else "null"
    text = f'{{"status": "ok", "results": {{"events": [{", ".join(items)}], "sentinel_event": {sentinel}}}}}'
    return Answer(200, {"Content-Type": "application/json"}, text.encode("utf-8", "surrogateescape"))


def _body(question: Question) -> dict:
    def refused(error: str) -> ApiError:
        return refusal(400, error, question.request)

    try:
        body = json.loads(question.request.body)
    except ValueError:
        raise refused("the body must be JSON") from None
    if not isinstance(body, dict) or (unknown := body.keys() - FIELDS):
        raise refused(f"unknown fields: {', '.join(sorted(unknown))}" if isinstance(body, dict) else "the body must be an object")
    if type(body.get("workspace_id")) is not int or body.get("mode") != "raw":
        raise refused("workspace_id and mode are required")
    if not body.get("distinct_ids") or not all(isinstance(user, str) for user in body["distinct_ids"]):
        raise refused("distinct_ids must name at least one user")
    if body.get("bookmark", {}).get("entries") != []:
        raise refused("bookmark.entries must be empty")
    if not 1 <= body.get("limit", 1) <= MOST_EVENTS:
        raise refused(f"limit must be between 1 and {MOST_EVENTS}")
    if "include_events" in body and "exclude_events" in body:
        raise refused("include_events and exclude_events are mutually exclusive")
    if "search_properties" in body and "search" not in body:
        raise refused("search_properties requires search")
    return body


def _days(question: Question, days: dict) -> tuple[date, date]:
    newest = question.project.newest_day()

    def day(name: str) -> date:
        if not DATE.fullmatch(str(days.get(name))):
            raise refusal(400, f"Invalid parameter: dateRange.{name}", question.request)
        return date.fromisoformat(days[name])

    match days.get("type"):
        case "between":
            return day("from"), day("to")
        case "since":
            return day("from"), newest
        case "relative_after" if days.get("window", {}).get("unit") == "day":
            return newest - timedelta(days=days["window"]["value"] - 1), newest
    raise refusal(400, "Invalid parameter: dateRange", question.request)


def _is_wanted(event: Event, body: dict) -> bool:
    if event.event in body.get("exclude_events", ()) or event.event not in body.get("include_events", (event.event,)):
        return False
    if "search" not in body:
        return True
    properties = members(members(event.line)["properties"])
    names = {place["value"] for place in body.get("search_properties", ()) if place["resourceType"] == "event"} or properties.keys()
    return any(body["search"].lower() in properties.get(name, "").lower() for name in names)
