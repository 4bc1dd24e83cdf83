"""Lists every route that is answered as Mixpanel would, one line each. A route is a file of its own beside this one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from ..answer import Answer
from ..http1 import Request
from . import (
    annotations,
    arb_funnels,
    bookmarks,
    cohorts,
    cohorts_list,
    dashboards,
    definitions,
    engage,
    engage_stats,
    events,
    events_names,
    events_properties,
    events_properties_top,
    events_properties_values,
    events_top,
    experiments,
    export,
    feature_flags,
    funnels,
    funnels_list,
    insights,
    jql,
    lookup_tables,
    me,
    retention,
    retention_addiction,
    schemas,
    segmentation,
    segmentation_average,
    segmentation_numeric,
    segmentation_sum,
    stream_bookmark,
    stream_query,
    workspaces,
)
from .question import Question


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    """As sent; a segment `{name}` stands for any value, found, decoded, in `Question.path_values`."""
    api: str
    """Whose credentials and limits count: "export", "query" or "app"."""
    answer: Callable[[Question], Answer]
    is_free: Callable[[Request], bool] = lambda request: False
    """Whether the request takes no place in the hour's limit."""
    takes_slash: bool = False
    """Whether it may be asked with a slash at the end, as Mixpanel's own client asks some routes of the app API."""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path)))

    def matches(self, method: str, path: str) -> dict[str, str] | None:
        """The values in the path, or None where it is another route's."""
        asked = path.removesuffix("/") if self.takes_slash else path
        found = self._pattern.fullmatch(asked) if method == self.method else None
        return found and {name: unquote(value) for name, value in found.groupdict().items()}


PROJECT = "/api/app/projects/{project_id}"
VIEW = "/api/app/workspaces/{workspace_id}"
ANNOTATIONS = f"{PROJECT}/annotations"
LOOKUP_TABLES = "data-definitions/lookup-tables"


def _of_project_and_view(route: str, answer: Callable[[Question], Answer], **more: bool) -> list[Route]:
    """What the app API answers for a project, and for one of its data views."""
    return [Route("GET", f"{folder}/{route}", "app", answer, **more) for folder in (PROJECT, VIEW)]


ROUTES = (
    Route("GET", "/api/2.0/export", "export", export.answer),
    Route("POST", "/api/query/engage", "query", engage.answer, engage.is_later_page, takes_slash=True),
    Route("POST", "/api/query/engage/stats", "query", engage_stats.answer, takes_slash=True),
    Route("GET", "/api/query/events", "query", events.answer),
    Route("GET", "/api/query/events/names", "query", events_names.answer),
    Route("GET", "/api/query/events/top", "query", events_top.answer),
    Route("GET", "/api/query/events/properties", "query", events_properties.answer),
    Route("GET", "/api/query/events/properties/top", "query", events_properties_top.answer),
    Route("GET", "/api/query/events/properties/values", "query", events_properties_values.answer),
    Route("GET", "/api/query/segmentation", "query", segmentation.answer),
    Route("GET", "/api/query/segmentation/numeric", "query", segmentation_numeric.answer),
    Route("GET", "/api/query/segmentation/sum", "query", segmentation_sum.answer),
    Route("GET", "/api/query/segmentation/average", "query", segmentation_average.answer),
    Route("GET", "/api/query/funnels", "query", funnels.answer),
    Route("GET", "/api/query/funnels/list", "query", funnels_list.answer),
    Route("GET", "/api/query/retention", "query", retention.answer),
    Route("GET", "/api/query/retention/addiction", "query", retention_addiction.answer),
    Route("POST", "/api/query/cohorts/list", "query", cohorts_list.answer),
    Route("GET", "/api/query/cohorts/list", "query", cohorts_list.answer),
    Route("GET", "/api/query/stream/query", "query", stream_query.answer),
    Route("POST", "/api/query/stream/bookmark", "query", stream_bookmark.answer),
    Route("GET", "/api/query/insights", "query", insights.answer),
    Route("POST", "/api/query/insights", "query", insights.answer_posted),
    Route("GET", "/api/query/arb_funnels", "query", arb_funnels.answer),
    Route("POST", "/api/query/arb_funnels", "query", arb_funnels.answer_posted),
    Route("POST", "/api/query/jql", "query", jql.answer),
    Route("GET", "/api/app/me", "app", me.answer),
    Route("GET", "/api/app/projects/{project_id}/bookmarks", "app", bookmarks.answer),
    Route("GET", "/api/app/workspaces/{workspace_id}/bookmarks", "app", bookmarks.answer),
    Route("GET", "/api/app/projects/{project_id}/bookmarks/{bookmark_id}", "app", bookmarks.answer_one),
    Route("GET", "/api/app/workspaces/{workspace_id}/bookmarks/{bookmark_id}", "app", bookmarks.answer_one),
    Route("GET", "/api/app/projects/{project_id}/workspaces/public", "app", workspaces.answer),
    Route("GET", "/api/app/projects/{project_id}/schemas", "app", schemas.answer),
    Route("GET", "/api/app/projects/{project_id}/schemas/{entity_type}", "app", schemas.answer_type),
    Route("GET", "/api/app/projects/{project_id}/schemas/{entity_type}/{name}", "app", schemas.answer_name),
    Route("GET", ANNOTATIONS, "app", annotations.answer, takes_slash=True),
    Route("GET", f"{ANNOTATIONS}/tags", "app", annotations.answer_tags, takes_slash=True),
    Route("GET", f"{ANNOTATIONS}/{{annotation_id}}", "app", annotations.answer_one, takes_slash=True),
    Route("GET", f"{PROJECT}/workspaces/{{workspace_id}}/feature-flags", "app", feature_flags.answer, takes_slash=True),
    *_of_project_and_view("dashboards", dashboards.answer),
    *_of_project_and_view("dashboards/{dashboard_id}", dashboards.answer_one),
    *_of_project_and_view("cohorts", cohorts.answer),
    *_of_project_and_view("experiments", experiments.answer, takes_slash=True),
    *_of_project_and_view("data-definitions/events", definitions.answer_events, takes_slash=True),
    *_of_project_and_view("data-definitions/properties", definitions.answer_properties, takes_slash=True),
    *_of_project_and_view("custom_properties", definitions.answer_custom_properties, takes_slash=True),
    Route("GET", "/api/query/data_definitions/events", "query", definitions.answer_edges),
    *_of_project_and_view(LOOKUP_TABLES, lookup_tables.answer, takes_slash=True),
    *_of_project_and_view(f"{LOOKUP_TABLES}/download", lookup_tables.answer_download, takes_slash=True),
)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for route in ROUTES:
        values = route.matches(method, path)
        if values is not None:
            return route, values
    return None
