"""`GET /api/app/projects/{project_id}/annotations`, `.../tags` and `.../{annotation_id}`: notes on dates.

`fromDate` and `toDate`, both inclusive, may each be left out. `tags=1,2`: notes with one of these, as Mixpanel's own client
asks; no specification has it.
"""

from ..answer import Answer
from ..api_errors import app_refusal
from ..office.annotations import TAGS, annotations, day_of
from .question import Question


def answer(question: Question) -> Answer:
    parameters = question.parameters("fromDate", "toDate", "tags")
    first, last = (
        str(parameters.date(name)) if parameters.text(name) is not None else default
        for name, default in (("fromDate", "0000"), ("toDate", "9999"))
    )
    tags = parameters.text("tags")
    wanted = None if tags is None else tags.split(",")
    found = [annotation for annotation in _all(question) if first <= day_of(annotation) <= last]
    return _ok([one for one in found if wanted is None or any(str(tag["id"]) in wanted for tag in one["tags"])])


def answer_tags(question: Question) -> Answer:
    question.parameters()
    used = [tag["id"] for annotation in _all(question) for tag in annotation["tags"]]
    return _ok([tag | {"project_id": question.project_id, "has_annotations": tag["id"] in used} for tag in TAGS])


def answer_one(question: Question) -> Answer:
    question.parameters()
    wanted = question.path_values["annotation_id"]
    found = [annotation for annotation in _all(question) if str(annotation["id"]) == wanted]
    if not found:
        raise app_refusal(404, "Annotation not found")
    return _ok(found[0])


def _all(question: Question) -> list[dict]:
    return annotations(question.project, question.project_id)


def _ok(results: list | dict) -> Answer:
    return Answer.json({"status": "ok", "results": results})
