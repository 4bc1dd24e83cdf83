"""The dashboards, which the application calls boards: rows of cards, most of them saved reports.

Among them what breaks clients: a board of nothing, cards of every kind, a report that stands on two boards, a card whose
content is gone, and content that stands in no row.
"""

from typing import Any, NamedTuple

from .bookmarks import BOOKMARKS, Bookmark
from .workspaces import GLOBAL, MARKETING


class Card(NamedTuple):
    type: str
    content_id: int
    content: dict[str, Any] | None = None
    """What is said of it; of reports, it is the bookmark's. None where it is gone."""


class Dashboard(NamedTuple):
    id: int
    title: str
    description: str | None
    rows: tuple[tuple[Card, ...], ...] = ()
    loose: tuple[Card, ...] = ()
    """What is in no row."""
    workspace_id: int = GLOBAL
    is_private: bool = False
    pinned: str | None = None


def _reports(*ids: int) -> tuple[Card, ...]:
    return tuple(Card("report", id) for id in ids)


DASHBOARDS = (
    Dashboard(501, "KPIs", "What the “weekly” is about", (
        _reports(8001, 8005),
        (Card("text", 77, {"id": 77, "markdown": "# Money\n<b>first</b> 🛒"}), *_reports(8101)),
        _reports(8201, 8301, 8999),
    ), _reports(8003), pinned="2025-01-05T00:00:00"),
    Dashboard(502, "Checkout", "", (
        _reports(8102),
        (Card("report-link", 4409611, {"id": 4409611, "bookmark_id": 8001, "name": "Orders and sign-ups"}),
         Card("media", 31, {"id": 31, "service": "loom", "name": "Tour"})),
    ), workspace_id=MARKETING, is_private=True),
    Dashboard(503, "Nothing \"yet\"", None),
)  # fmt: skip


def find(dashboard_id: str) -> Dashboard | None:
    return next((board for board in DASHBOARDS if str(board.id) == dashboard_id), None)


def bookmark(card: Card) -> Bookmark | None:
    return next((known for known in BOOKMARKS if known.id == card.content_id), None)
