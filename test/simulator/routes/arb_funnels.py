"""`/api/query/arb_funnels`: a saved Flows report, by its id or by its definition. `reports/flow.py` and
`reports/flow_paths.py` say what counts.

Each query type has its own answer. That of top paths is known from a recorded one, that of trees from the official
client's tests. A flow that was saved without a conversion has no `overallConversionRate`.
"""

from datetime import date, timedelta

from ..answer import Answer
from ..events import reported
from ..office import bookmarks
from ..office.params import same_report
from ..reports.asked import Unknown
from ..reports.asked_ways import flow
from ..reports.definitions import SavedFlow
from ..reports.flow import conversion_rate, flows, steps
from ..reports.flow_paths import top_paths, trees
from .posted import Posted
from .question import Question

QUERY_TYPES = ("flows_sankey", "flows_top_paths", "flows")


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("bookmark_id", "query_type")
    parameters.required("bookmark_id")
    query_type = parameters.one_of("query_type", QUERY_TYPES)
    found = bookmarks.find(parameters.integer("bookmark_id"), "flows")
    if found is None:
        raise parameters.refused("Bookmark not found", status=404)
    to_date = question.project.newest_day()
    days = to_date - timedelta(days=found.definition.days - 1), to_date
    return _answered(question, found.definition, days, query_type)


def answer_posted(question: Question) -> Answer:
    """A definition in place of an id: that of a saved flow, about days of its own."""
    posted = Posted(question, "query_type")
    query_type = posted.one_of("query_type", QUERY_TYPES)
    found = same_report(posted.bookmark, "flows")
    if found is not None and posted.days is not None:
        return _answered(question, found.definition, posted.days, query_type)
    try:
        saved, days = flow(posted.bookmark, question.project.newest_day())
    except (Unknown, KeyError) as unknown:
        raise posted.refused(f"the simulator can't answer this ({unknown}): give it a body to answer with") from None
    return _answered(question, saved, days, query_type)


def _answered(question: Question, saved: SavedFlow, days: tuple[date, date], query_type: str) -> Answer:
    paths = flows(saved, reported(question.archive, *days))
    known = {"computed_at": question.project.computed_at(), "metadata": {"min_sampling_factor": 1}}
    return Answer.json(known | FORMS[query_type](saved, paths))


def _diagram(saved: SavedFlow, paths: list[list[str]]) -> dict:
    diagram = {"breakdowns": [], "steps": steps(saved, paths)}
    return diagram if saved.until is None else diagram | {"overallConversionRate": conversion_rate(saved, paths)}


FORMS = dict(zip(QUERY_TYPES, (_diagram, top_paths, trees), strict=True))
