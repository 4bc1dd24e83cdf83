"""`GET /api/app/projects/{project_id}/workspaces/public`: the project's data views. Undocumented."""

from ..answer import Answer
from ..office.workspaces import WORKSPACES
from .question import Question


def answer(question: Question) -> Answer:
    question.parameters()
    results = [workspace | {"project_id": question.project_id} for workspace in WORKSPACES]
    return Answer.json({"status": "ok", "results": results})
