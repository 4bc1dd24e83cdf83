"""`POST /api/query/jql`: a script's result. `jql.py` says which scripts it understands. All others get 412."""

from ..answer import Answer
from ..jql import JqlError, run
from .question import Question


def answer(question: Question) -> Answer:
    query = question.query_parameters()
    form = question.form("script", "params")
    script, params = form.required("script"), form.json("params")
    if form.text("params") is not None and params is None:
        raise form.refused("params must be JSON")
    try:
        text = run(script, params, question.archive)
    except JqlError as error:
        raise query.refused(str(error), status=412) from None
    return Answer(headers={"Content-Type": "application/json"}, text=text.encode("utf-8", "surrogateescape"))
