"""`GET /api/app/projects/{project_id}/data-definitions/lookup-tables/`, or of a data view: the lookup tables.
`.../download/`: the rows of one as CSV. `limit` is the number of rows at most. Undocumented."""

from ..answer import Answer
from ..api_errors import app_refusal
from ..office.lookup_tables import LOOKUP_TABLES
from .question import Question


def answer(question: Question) -> Answer:
    wanted = question.parameters("data-group-id").text("data-group-id")
    results = [table.described() for table in LOOKUP_TABLES if wanted in (None, str(table.id))]
    return Answer.json({"status": "ok", "results": results})


def answer_download(question: Question) -> Answer:
    parameters = question.parameters("data-group-id", "file-name", "limit")
    found = [table for table in LOOKUP_TABLES if str(table.id) == parameters.text("data-group-id")]
    if not found:
        raise app_refusal(404, "Lookup table not found")
    limit = parameters.integer("limit")
    text = found[0].csv if limit is None else found[0].first(limit)
    return Answer(200, {"Content-Type": "text/csv; charset=utf-8"}, text.encode())
