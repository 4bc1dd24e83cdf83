"""`GET /api/query/events/names`: the names of the most common events, of the last 31 days or of a range.

`from_date` and `to_date` are undocumented; a project with `max_data_history_days` refuses to look further back.
"""

from datetime import timedelta

from ..answer import Answer
from ..events import counts
from ..reports.tally import TYPES
from .question import Question
from .recent_events import first_day

MAX_LIMIT = 5000


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("type", "limit", "from_date", "to_date")
    parameters.one_of("type", TYPES)
    # Larger limits are cut down without a word.
    limit = min(parameters.integer("limit") or 255, MAX_LIMIT)
    project = question.project
    to_date = parameters.date("to_date") if parameters.text("to_date") else project.newest_day()
    from_date = parameters.date("from_date") if parameters.text("from_date") else first_day(to_date)
    if from_date.year < 2000:
        raise parameters.refused("Error in from_date: invalid date, bad year")
    if from_date > to_date:
        raise parameters.refused("from_date cannot be later than to_date")
    history = project.max_data_history_days
    if history is not None and from_date < project.current_day() - timedelta(days=history):
        raise parameters.refused(f"Date range exceeds {history} days into the past", status=403)
    found = counts(question.archive, from_date, to_date)
    return Answer.json(sorted(name for name, _ in found.most_common(limit)))
