"""`GET /api/app/projects/{project_id}/dashboards` and `.../{dashboard_id}`, or of a data view: boards and their cards.

Undocumented. The global data view has all boards, another one its own. One board also says how its cards are laid out, and
what they show: of a report, all that its bookmark says.
"""

from ..answer import Answer
from ..api_errors import app_refusal
from ..office.dashboards import DASHBOARDS, Card, Dashboard, bookmark, find
from ..office.workspaces import GLOBAL, WORKSPACES
from . import bookmarks
from .question import Question

KINDS = ("report", "text", "report-link", "media")


def answer(question: Question) -> Answer:
    wanted = question.parameters("ids").text("ids")
    found = [board for board in _visible(question) if wanted is None or str(board.id) in wanted.split(",")]
    return Answer.json({"status": "ok", "results": [_described(board) for board in found]})


def answer_one(question: Question) -> Answer:
    question.parameters()
    board = find(question.path_values["dashboard_id"])
    if board is None or board not in _visible(question):
        raise app_refusal(404, "Dashboard not found")
    return Answer.json({"status": "ok", "results": _described(board) | _laid_out(board, question.project_id)})


def _visible(question: Question) -> list[Dashboard]:
    workspace = question.path_values.get("workspace_id", str(GLOBAL))
    if workspace not in [str(known["id"]) for known in WORKSPACES]:
        raise app_refusal(404, "Workspace not found")
    return [board for board in DASHBOARDS if workspace in (str(GLOBAL), str(board.workspace_id))]


def _described(board: Dashboard) -> dict:
    day = board.id % 28 + 1
    return {
        "id": board.id,
        "title": board.title,
        "description": board.description,
        "is_private": board.is_private,
        "is_restricted": False,
        "created": f"2024-09-{day:02d}T16:39:49",
        "modified": f"2025-01-{day:02d}T05:16:50",
        "is_favorited": board.pinned is not None,
        "pinned_date": board.pinned,
        "time_filter": {},
        "filters": [],
    } | (bookmarks.CREATOR if board.description is not None else bookmarks.NO_CREATOR)


def _laid_out(board: Dashboard, project_id: int) -> dict:
    contents: dict[str, dict] = {kind: {} for kind in KINDS}
    for card in [card for row in board.rows for card in row] + list(board.loose):
        known = bookmark(card) if card.type == "report" else None
        content = bookmarks.described(known, project_id) if known else card.content
        if content is not None:
            contents[card.type][str(card.content_id)] = content
    names = [f"row{number}" for number in range(len(board.rows))]
    rows = {name: {"cells": [_cell(card) for card in row], "height": 0} for name, row in zip(names, board.rows)}
    # The object has the rows in any order; `order` has theirs.
    rows = dict(reversed(rows.items()))
    return {"layout": {"order": names, "rows": rows, "version": "2.0.0"}, "contents": contents}


def _cell(card: Card) -> dict:
    return {"id": f"cell{card.content_id}", "content_id": card.content_id, "content_type": card.type, "width": 6}
