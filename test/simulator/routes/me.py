"""`GET /api/app/me`: who the credentials belong to, and their projects with their time zones."""

from ..answer import Answer
from .question import Question

ORGANIZATION_ID = 77
TOKEN = "4ce0f1b2a3d4e5f60718293a4b5c6d7e"
"""Of the project: whoever has it can write to it."""


def answer(question: Question) -> Answer:
    question.parameters()
    project = question.project
    projects = {
        str(project_id): {
            "name": project.name,
            "organization_id": ORGANIZATION_ID,
            "timezone": project.time_zone,
            "domain": "mixpanel.com",
            "has_workspaces": True,
            "token": TOKEN,
        }
        for project_id in project.project_ids
    }
    organizations = {str(ORGANIZATION_ID): {"id": ORGANIZATION_ID, "name": f"{project.name} Inc."}}
    results = {"user_id": 1, "user_name": "demo", "organizations": organizations, "projects": projects}
    return Answer.json({"status": "ok", "results": results})
