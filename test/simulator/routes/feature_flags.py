"""`GET /api/app/projects/{project_id}/workspaces/{workspace_id}/feature-flags/`: the data view's feature flags. Archived
ones come only on request. Undocumented."""

from ..answer import Answer
from ..api_errors import app_refusal
from ..office.experiments import FLAGS
from ..office.workspaces import GLOBAL, WORKSPACES
from .question import Question


def answer(question: Question) -> Answer:
    archived = question.parameters("include_archived").text("include_archived") == "true"
    workspace = question.path_values["workspace_id"]
    if workspace not in [str(known["id"]) for known in WORKSPACES]:
        raise app_refusal(404, "Workspace not found")
    flags = FLAGS if workspace == str(GLOBAL) else FLAGS[1:2]
    results = [flag | {"project_id": question.project_id} for flag in flags if archived or flag["status"] != "archived"]
    return Answer.json({"status": "ok", "results": results})
