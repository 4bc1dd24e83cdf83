"""Notes that people have pinned to dates. The dates are the project's, so that they stand beside its events.

Dates are written in either of the two ways that the service has been seen to write them.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..project import Project
from ..reports.time_buckets import midnight

TAGS = ({"id": 1, "name": "releases"}, {"id": 2, "name": "campaigns, “paid”"}, {"id": 3, "name": "unused"})
ADA = {"id": 42, "first_name": "Ada", "last_name": "Achebe"}
BJÖRK = {"id": 43, "first_name": "Björk", "last_name": ""}


def annotations(project: Project, project_id: int) -> list[dict[str, Any]]:
    """All of them, oldest first."""
    first, last = midnight(project.from_date), midnight(project.newest_day())
    half_way = first + (last - first) / 2
    noon = timedelta(hours=12)

    def note(number: int, date: str, description: str, user: dict | None, *tags: dict) -> dict[str, Any]:
        about = {"id": number, "project_id": project_id, "date": date, "description": description, "tags": list(tags)}
        return about | ({"user": user} if user else {})

    return [
        note(901, _plain(first - timedelta(days=400)), "Founded", None),
        note(902, _plain(first + noon), "Version 5.1 🚀", ADA, TAGS[0]),
        note(903, _zoned(half_way, project), 'The "big" sale\nbegins', BJÖRK, TAGS[0], TAGS[1]),
        note(904, _zoned(last + noon, project), "", ADA),
    ]


def day_of(annotation: dict[str, Any]) -> str:
    return annotation["date"][:10]


def _plain(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _zoned(moment: datetime, project: Project) -> str:
    return moment.replace(microsecond=0, tzinfo=ZoneInfo(project.time_zone)).isoformat()
