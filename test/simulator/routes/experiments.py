"""`GET /api/app/projects/{project_id}/experiments/`, or of a data view: experiments. Archived ones come only on request. Undocumented."""

from ..answer import Answer
from ..office.experiments import ARCHIVED, EXPERIMENTS
from .question import Question


def answer(question: Question) -> Answer:
    archived = question.parameters("include_archived").text("include_archived") == "true"
    return Answer.json({"status": "ok", "results": [*EXPERIMENTS, *(ARCHIVED if archived else ())]})
