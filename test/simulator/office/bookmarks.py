"""The saved reports, which Mixpanel calls bookmarks.

Among them what breaks clients: hostile names, equal names, missing descriptions, reports of nothing, launch analyses,
which no route can show.
"""

from typing import NamedTuple

from ..reports.definitions import Definition, Metric, SavedFlow, SavedFunnel, SavedInsights, SavedRetention
from .workspaces import GLOBAL, MARKETING

TYPES = ("insights", "funnels", "retention", "flows", "launch-analysis")
ORDERS = Metric("Purchase [Total Events]", "Purchase")
REVENUE = Metric("Purchase [Sum of Amount]", "Purchase", "sum", "Amount")
NEVER = "Time Travel"
"""An event that does not happen."""


class Bookmark(NamedTuple):
    id: int
    type: str
    name: str
    definition: Definition | None
    description: str | None = ""
    dashboard_id: int | None = 501
    workspace_id: int | None = GLOBAL


def _insights(id: int, name: str, *metrics: Metric, description: str | None = "", **definition) -> Bookmark:
    return Bookmark(id, "insights", name, SavedInsights(metrics, **definition), description)


BOOKMARKS = (
    _insights(8001, "Orders and sign-ups", ORDERS, Metric("Sign Up [Unique Users]", "Sign Up", "unique"), days=7),
    _insights(8002, "Visitors by country",
              Metric("$mp_web_page_view [Unique Users]", "$mp_web_page_view", "unique"),
              breakdowns=("mp_country_code",), days=3, description="People, not visits"),
    _insights(8003, "Revenue by plan and payment", REVENUE, breakdowns=("plan", "Payment Method"), unit=None),
    _insights(8004, "Visits by week", Metric("$session_start [Total Events]", "$session_start"), unit="week", days=90),
    _insights(8005, "Revenue", REVENUE, unit=None, bare=True, description=None),
    _insights(8006, "Launch times",
              Metric("A. App Open [Average of Launch Seconds]", "App Open", "average", "Launch Seconds"),
              Metric("B. Time Travel [Average of Years]", NEVER, "average", "Years"), days=3),
    _insights(8007, "Nothing yet", Metric(None, NEVER), header="$metric"),
    _insights(8008, "Orders by hour", ORDERS, unit="hour", days=1, header="$metric"),
    _insights(8009, "Revenue", REVENUE, Metric("Formula", "Purchase", "average", "Amount"), breakdowns=("Coupon",),
              unit=None),
    Bookmark(8101, "funnels", "Sign Up to Purchase", SavedFunnel(("Sign Up", "View Item", "Purchase"))),
    Bookmark(8102, "funnels", "Checkout", SavedFunnel(("Add To Cart", "Checkout Started", "Purchase"), 1, "hour"),
             "From cart to order", 502, MARKETING),
    Bookmark(8103, "funnels", "Wants it, \"gets\" it? 100% & <b>more</b> 🛒",
             SavedFunnel(("View Item", 20001, "Purchase"))),
    Bookmark(8104, "funnels", "Back to the future", SavedFunnel(("Purchase", NEVER), 30, "day"), None, None, None),
    Bookmark(8201, "retention", "Back after signing up", SavedRetention("Sign Up", None)),
    Bookmark(8202, "retention", "Buyers by plan", SavedRetention("Purchase", "Purchase", "week", 3, "plan", 30)),
    Bookmark(8301, "flows", "After signing up", SavedFlow("Sign Up")),
    Bookmark(8302, "flows", "From cart to order", SavedFlow("Add To Cart", 4, 2, "Purchase"), None, 502, MARKETING),
    Bookmark(8303, "flows", "Through time", SavedFlow(NEVER, until="Purchase"), None, None, None),
    Bookmark(8401, "launch-analysis", "The new checkout", None, "Did it help?", 502),
)  # fmt: skip


def find(bookmark_id: int | None, *types: str) -> Bookmark | None:
    """The report of that id, if it is of one of the types."""
    return next((bookmark for bookmark in BOOKMARKS if bookmark.id == bookmark_id and bookmark.type in types), None)
