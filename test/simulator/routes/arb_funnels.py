"""`GET /api/query/arb_funnels`: a saved Flows report. What is counted is said in `reports/flow.py` and `reports/flow_paths.py`.

Each query type has its own answer. That of top paths is known from a recorded one, that of trees from the official
client's tests. A flow that was saved without a conversion has no `overallConversionRate`.
"""

from datetime import timedelta

from ..answer import Answer
from ..events import reported
from ..office import bookmarks
from ..reports.definitions import SavedFlow
from ..reports.flow import conversion_rate, flows, steps
from ..reports.flow_paths import top_paths, trees
from .question import Question

QUERY_TYPES = ("flows_sankey", "flows_top_paths", "flows")


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("bookmark_id", "query_type")
    parameters.required("bookmark_id")
    query_type = parameters.one_of("query_type", QUERY_TYPES)
    found = bookmarks.find(parameters.integer("bookmark_id"), "flows")
    if found is None:
        raise parameters.refused("Bookmark not found", status=404)
    saved, to_date = found.definition, question.project.newest_day()
    paths = flows(saved, reported(question.archive, to_date - timedelta(days=saved.days - 1), to_date))
    known = {"computed_at": question.project.computed_at(), "metadata": {"min_sampling_factor": 1}}
    return Answer.json(known | FORMS[query_type or QUERY_TYPES[0]](saved, paths))


def _diagram(saved: SavedFlow, paths: list[list[str]]) -> dict:
    diagram = {"breakdowns": [], "steps": steps(saved, paths)}
    return diagram if saved.until is None else diagram | {"overallConversionRate": conversion_rate(saved, paths)}


FORMS = dict(zip(QUERY_TYPES, (_diagram, top_paths, trees), strict=True))
