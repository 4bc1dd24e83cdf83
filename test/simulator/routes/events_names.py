"""`GET /api/query/events/names`: the names of the most common events, of the last 31 days or of a range."""

from datetime import timedelta

from ..answer import Answer
from .question import Question

DAYS = 31
MAX_LIMIT = 5000


def answer(question: Question) -> Answer:
    parameters = question.parameters("project_id", "workspace_id", "type", "limit", "from_date", "to_date")
    parameters.one_of("type", ("general", "unique", "average"))
    parameters.integer("workspace_id")
    # Larger limits are cut down without a word.
    limit = min(parameters.integer("limit") or 255, MAX_LIMIT)
    to_date = parameters.date("to_date") if parameters.text("to_date") else question.project.newest_day()
    from_date = parameters.date("from_date") if parameters.text("from_date") else to_date - timedelta(days=DAYS - 1)
    if from_date.year < 2000:
        raise parameters.refused("Error in from_date: invalid date, bad year")
    if from_date > to_date:
        raise parameters.refused("from_date cannot be later than to_date")
    counts = question.archive.event_counts(from_date, to_date)
    return Answer.json(sorted(name for name, _ in counts.most_common(limit)))
