"""`GET /api/query/funnels/list`: the saved funnels. Their ids are those of bookmarks."""

from ..answer import Answer
from ..office.bookmarks import BOOKMARKS
from .question import Question


def answer(question: Question) -> Answer:
    question.query_parameters()
    funnels = [bookmark for bookmark in BOOKMARKS if bookmark.type == "funnels"]
    return Answer.json([{"funnel_id": bookmark.id, "name": bookmark.name} for bookmark in funnels])
