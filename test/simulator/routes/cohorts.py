"""`GET /api/app/projects/{project_id}/cohorts`, or of a data view: the saved cohorts, each with its definition beside
its other members. Undocumented."""

from ..answer import Answer
from ..office.cohorts import COHORTS, definition, members
from .question import Question


def answer(question: Question) -> Answer:
    parameters = question.parameters("data_group_id", "ids")
    group, ids = parameters.text("data_group_id"), parameters.text("ids")
    results = [
        {
            "id": cohort.id,
            "name": cohort.name,
            "description": cohort.description,
            "count": len(members(cohort, question.project, question.archive, question.directory)) + cohort.stale_by,
            "is_visible": bool(cohort.is_visible),
            "is_locked": None,
            "data_group_id": cohort.data_group_id,
            "created_by": {"id": 42, "name": "Ada Achebe", "email": "ada@shop.example"} if cohort.description else None,
            "last_edited": cohort.created,
            "last_queried": None,
            "verified": cohort.id == 1001,
            "referenced_by": [8001] if cohort.id == 1001 else [],
        }
        | definition(cohort)
        for cohort in COHORTS
        if group in (None, cohort.data_group_id) and (ids is None or str(cohort.id) in ids.split(","))
    ]
    return Answer.json({"status": "ok", "results": results})
