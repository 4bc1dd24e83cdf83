"""`GET /api/query/stream/query`: what some users did, event by event.

Every event of theirs in the days, by time, in seconds, as it was sent. Half of them call their user `distinct_id`, half
`$distinct_id`: the service has been seen to do either.
"""

from ..answer import Answer
from ..events import Event, reported
from ..raw_json import members, object_text
from .question import Question


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("distinct_ids", "from_date", "to_date")
    parameters.required("distinct_ids")
    users = parameters.strings("distinct_ids")
    if not users:
        raise parameters.refused("distinct_ids must name at least one user")
    events = [event for event in reported(question.archive, *parameters.dates()) if event.distinct_id in users]
    events.sort(key=lambda event: event.time_ms)
    text = ", ".join(feed_item(event, number) for number, event in enumerate(events))
    # The service says that this route is to go.
    headers = {"Content-Type": "application/json", "Deprecation": "true"}
    body = f'{{"status": "ok", "results": {{"events": [{text}]}}}}'
    return Answer(200, headers, body.encode("utf-8", "surrogateescape"))


def feed_item(event: Event, number: int) -> str:
    item = members(event.line)
    properties = members(item["properties"])
    properties["time"] = str(event.sent_ms // 1000)
    if number % 2 == 0 and "$distinct_id" not in properties:
        properties = {("$distinct_id" if key == "distinct_id" else key): value for key, value in properties.items()}
    return object_text(item | {"properties": object_text(properties)})
