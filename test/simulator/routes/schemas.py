"""`GET /api/app/projects/{project_id}/schemas`, `.../{entity_type}` and `.../{entity_type}/{name}`: the data
dictionary.

The whole of it has entities of a type that the documentation does not know. A single schema stands alone when its name
is in the path, as documented; asked for with `entity_name`, as some clients do, it is in `results`.
"""

from ..answer import Answer
from ..api_errors import app_refusal
from ..office.lexicon import SCHEMAS, find
from .question import Question

TYPES = ("event", "profile")


def answer(question: Question) -> Answer:
    question.parameters()
    return Answer.json({"results": list(SCHEMAS), "status": "ok"})


def answer_type(question: Question) -> Answer:
    name = question.parameters("entity_name").text("entity_name")
    results = find(_type(question)) if name is None else _single(question, name)
    return Answer.json({"results": results, "status": "ok"})


def answer_name(question: Question) -> Answer:
    question.parameters()
    return Answer.json(_single(question, question.path_values["name"]))


def _type(question: Question) -> str:
    entity_type = question.path_values["entity_type"]
    if entity_type not in TYPES:
        raise app_refusal(400, f"Invalid entity type: {entity_type}")
    return entity_type


def _single(question: Question, name: str) -> dict:
    found = find(_type(question), name)
    if not found:
        raise app_refusal(404, "Schema not found")
    return found[0]["schemaJson"]
