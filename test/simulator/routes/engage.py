"""`POST /api/query/engage`: profiles, page by page.

The first page opens a session; the others are asked for by `session_id` and `page`, with all that the first one was
asked with, and count for nothing in the hour. They may lack `total` and `page_size` (`Project.terse_pages`), and pages
may be short although more follow (`Project.short_pages`). A page after the last is empty.

`include_all_users`, true unless said otherwise, adds a cohort's users who have no profile. A query with `behaviors` is
remembered for further pages only with `as_of_timestamp`.

`sort_key`, `sort_order`, `search` and `limit` are in no documentation: Mixpanel's own client sends them. As it says,
`total` is the number of all that are found, whatever the limit.
"""

import json
import re
import time

from ..answer import Answer
from ..behaviors import is_wellformed
from ..directory import Profiles
from ..http1 import Request
from ..parameters import Parameters, body_fields
from ..raw_json import object_text
from ..sessions import Session
from .profile_search import asked_cohort, search
from .question import Question

FIELDS = (
    "distinct_id", "distinct_ids", "data_group_id", "where", "output_properties", "session_id", "page", "behaviors",
    "as_of_timestamp", "filter_by_cohort", "include_all_users", "sort_key", "sort_order", "search", "limit",
)  # fmt: skip
MOST_IDS = 2000
GROUP_ID = re.compile(r"-?\d{1,19}", re.ASCII)
UNCACHED = "request for page in uncached query for params"


def is_later_page(request: Request) -> bool:
    return "session_id" in dict(body_fields(request))


def answer(question: Question) -> Answer:
    question.query_parameters()
    form = question.form(*FIELDS)
    _refuse_mistakes(form)
    page = form.integer("page", minimum=0) or 0
    session_id = form.text("session_id")
    if session_id is None:
        if page:
            raise form.refused("session_id is required for pages above 0")
        session = Session(_asked(form), *search(question, form))
        session_id = question.sessions.open(session)
    else:
        session = question.sessions.find(session_id)
        # A query with behaviors is one of its moment, unless it names another: no page of it can be asked for.
        if session is None or (page and "behaviors" in session.asked and "as_of_timestamp" not in session.asked):
            raise form.refused(UNCACHED)
        _refuse_changes(form, session)
    return _page(question, form, session, session_id, page)


def _refuse_mistakes(form: Parameters) -> None:
    form.exclusive("distinct_id", "distinct_ids")
    form.exclusive("behaviors", "filter_by_cohort")
    ids = form.strings("distinct_ids")
    if ids is not None and not 0 < len(ids) <= MOST_IDS:
        raise form.refused(f"distinct_ids must name between 1 and {MOST_IDS} ids")
    group = form.text("data_group_id")
    if group is not None and not (GROUP_ID.fullmatch(group) and -(2**63) <= int(group) < 2**63):
        raise form.refused("data_group_id must be a 64-bit integer")
    if form.text("behaviors") is not None and not is_wellformed(form.json("behaviors")):
        raise form.refused("Invalid parameter: behaviors")
    as_of = form.integer("as_of_timestamp")
    if as_of is not None and as_of > time.time():
        raise form.refused("as_of_timestamp cannot be in the future")
    if form.text("filter_by_cohort") is None and form.text("include_all_users") is not None:
        raise form.refused("include_all_users is only applicable with filter_by_cohort")
    form.boolean("include_all_users")
    form.strings("output_properties")
    form.expression()
    form.segment("sort_key")
    form.one_of("sort_order", ("ascending", "descending"), "descending")
    form.integer("limit")
    asked_cohort(form)


def _refuse_changes(form: Parameters, session: Session) -> None:
    asked = _asked(form)
    changed = sorted(name for name in asked | session.asked if asked.get(name) != session.asked.get(name))
    if changed:
        raise form.refused(f"all pages must be asked for with the same parameters; changed: {', '.join(changed)}")


def _asked(form: Parameters) -> dict[str, str]:
    return {name: form.text(name) for name in form.names() if name not in ("session_id", "page", "project_id")}


def _page(question: Question, form: Parameters, session: Session, session_id: str, page: int) -> Answer:
    project = question.project
    # Short pages hold three quarters of what they might.
    rows = max(1, project.page_size * 3 // 4) if project.short_pages else project.page_size
    wanted = form.strings("output_properties")
    items = session.found[: form.integer("limit")][page * rows : (page + 1) * rows]
    parts = {"page": str(page)}
    if page == 0 or not project.terse_pages:
        parts |= {"page_size": str(project.page_size), "total": str(len(session.found))}
    parts |= {
        "results": "[" + ", ".join(_item(session.profiles, item, wanted) for item in items) + "]",
        "session_id": f'"{session_id}"',
        "status": '"ok"',
    }
    return Answer(
        headers={"Content-Type": "application/json"}, text=object_text(parts).encode("utf-8", "surrogateescape")
    )


def _item(profiles: Profiles, item: int | str, wanted: list[str] | None) -> str:
    if isinstance(item, str):
        return object_text({"$distinct_id": json.dumps(item), "$properties": "{}"})
    profile = profiles[item]
    properties = profile.properties
    if wanted is not None:
        properties = {name: properties[name] for name in wanted if name in properties}
    identity = {profile.id_key: profile.distinct_id} if profile.id_key else {}
    return object_text(identity | {"$properties": object_text(properties)})
