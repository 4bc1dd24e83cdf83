"""`POST /api/query/cohorts/list`, and `GET`: the saved cohorts. `count` may be old, and `created` has no time zone."""

from ..answer import Answer
from ..office.cohorts import COHORTS, members
from .question import Question


def answer(question: Question) -> Answer:
    question.query_parameters()
    question.form()
    return Answer.json(
        [
            {
                "count": len(members(cohort, question.project, question.archive, question.directory)) + cohort.stale_by,
                "is_visible": cohort.is_visible,
                "description": cohort.description,
                "created": cohort.created,
                "project_id": question.project_id,
                "id": cohort.id,
                "name": cohort.name,
                "data_group_id": cohort.data_group_id and int(cohort.data_group_id),
            }
            for cohort in COHORTS
        ]
    )
