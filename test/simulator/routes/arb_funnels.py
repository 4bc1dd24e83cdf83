"""`GET /api/query/arb_funnels`: a saved Flows report. What is counted is said in `reports/flow.py`.

All three query types are answered with the same steps, as for a Sankey diagram; the shapes of the other two are not
known. A flow that was saved without a conversion has no `overallConversionRate`.
"""

from datetime import timedelta

from ..answer import Answer
from ..events import reported
from ..office import bookmarks
from ..reports.flow import conversion_rate, flows, steps
from .question import Question

QUERY_TYPES = ("flows_sankey", "flows_top_paths", "flows")


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("bookmark_id", "query_type")
    parameters.required("bookmark_id")
    parameters.one_of("query_type", QUERY_TYPES)
    found = bookmarks.find(parameters.integer("bookmark_id"), "flows")
    if found is None:
        raise parameters.refused("Bookmark not found", status=404)
    saved, to_date = found.definition, question.project.newest_day()
    paths = flows(saved, reported(question.archive, to_date - timedelta(days=saved.days - 1), to_date))
    report = {
        "breakdowns": [],
        "computed_at": question.project.computed_at(),
        "metadata": {"min_sampling_factor": 1},
        "steps": steps(saved, paths),
    }
    if saved.until is not None:
        report["overallConversionRate"] = conversion_rate(saved, paths)
    return Answer.json(report)
