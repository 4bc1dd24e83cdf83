"""Everything that is answered as Mixpanel would, one line each. A route is a file of its own beside this one."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..answer import Answer
from . import events_names, export, me
from .question import Question


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    """As sent; a segment `{name}` stands for any value, found in `Question.path_values`."""
    api: str
    """Whose credentials and limits count: "export", "query" or "app"."""
    answer: Callable[[Question], Answer]

    def matches(self, method: str, path: str) -> dict[str, str] | None:
        """The values in the path, or None where it is another route's."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path) if method == self.method else None
        return found and found.groupdict()


ROUTES = (
    Route("GET", "/api/2.0/export", "export", export.answer),
    Route("GET", "/api/query/events/names", "query", events_names.answer),
    Route("GET", "/api/app/me", "app", me.answer),
)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for route in ROUTES:
        values = route.matches(method, path)
        if values is not None:
            return route, values
    return None
