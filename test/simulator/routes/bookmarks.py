"""`GET /api/app/projects/{project_id}/bookmarks` and `GET /api/app/workspaces/{workspace_id}/bookmarks`: saved reports.

Undocumented. Version 2 wraps the list twice. The global data view has all reports, another one its own. With an id after
it, one report.
"""

from ..answer import Answer
from ..api_errors import app_refusal
from ..office.bookmarks import BOOKMARKS, TYPES, Bookmark
from ..office.params import params
from ..office.workspaces import GLOBAL, WORKSPACES
from .question import Question

CREATOR = {"creator_id": 42, "creator_name": "Ada Achebe", "creator_email": "ada@shop.example"}
NO_CREATOR = {"creator_id": None, "creator_name": None, "creator_email": None}


def answer(question: Question) -> Answer:
    # Mixpanel's own client repeats the project's id.
    parameters = question.parameters("v", "type", "project_id")
    if parameters.text("v") != "2":
        raise app_refusal(400, "v must be 2")
    wanted = parameters.text("type")
    if wanted is not None and wanted not in TYPES:
        raise app_refusal(400, "Invalid type parameter")
    found = [bookmark for bookmark in _visible(question) if wanted in (None, bookmark.type)]
    results = {"results": [described(bookmark, question.project_id) for bookmark in found]}
    return Answer.json({"status": "ok", "results": results})


def answer_one(question: Question) -> Answer:
    if question.parameters("v").text("v") != "2":
        raise app_refusal(400, "v must be 2")
    wanted = question.path_values["bookmark_id"]
    found = [bookmark for bookmark in _visible(question) if str(bookmark.id) == wanted]
    if not found:
        raise app_refusal(404, f"Bookmark {wanted} not found")
    return Answer.json({"status": "ok", "results": described(found[0], question.project_id)})


def _visible(question: Question) -> list[Bookmark]:
    workspace = question.path_values.get("workspace_id", str(GLOBAL))
    if workspace not in [str(known["id"]) for known in WORKSPACES]:
        raise app_refusal(404, "Workspace not found")
    return [bookmark for bookmark in BOOKMARKS if workspace in (str(GLOBAL), str(bookmark.workspace_id))]


def described(bookmark: Bookmark, project_id: int) -> dict:
    number = bookmark.id % 28
    creator = CREATOR if bookmark.description is not None else NO_CREATOR
    return {
        "id": bookmark.id,
        "name": bookmark.name,
        "type": bookmark.type,
        "project_id": project_id,
        "workspace_id": bookmark.workspace_id,
        "dashboard_id": bookmark.dashboard_id,
        "created": f"2024-09-{number + 1:02d}T16:39:49",
        "modified": f"2025-01-{number + 1:02d}T05:16:50",
        "description": bookmark.description,
        "params": params(bookmark),
        "is_visibility_restricted": False,
    } | creator
