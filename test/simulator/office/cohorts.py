"""The saved cohorts: users, or companies, that have something in common.

What is said of a cohort's size may be old: `stale_by` is how much too large the count in the list is.
"""

from datetime import timedelta
from typing import Any, NamedTuple

from ..archive import Archive
from ..directory import Directory
from ..events import reported
from ..project import Project
from ..shop.companies import DATA_GROUP_ID

DAYS = 30


class Cohort(NamedTuple):
    id: int
    name: str
    description: str
    created: str
    is_visible: int = 1
    where: str | None = None
    """Those with a profile of which this is true."""
    event: str | None = None
    """Or those who did this in the project's last 30 days, with or without a profile."""
    data_group_id: str | None = None
    stale_by: int = 0


COHORTS = (
    Cohort(1001, "Pro customers", "On the pro plan.", "2024-03-19 23:49:51",
           where='properties["plan"] == "pro"'),
    Cohort(1002, "Buyers", "Bought something in 30 days.", "2024-04-02 08:00:01", event="Purchase", stale_by=25),
    Cohort(1003, "Nobody yet", "", "2024-12-31 23:59:59", where="false"),
    Cohort(1004, "Used to be many", "Empty now, though the list still counts.", "2023-01-11 00:00:00", where="false",
           stale_by=17),
    Cohort(1005, "Parisians", "Hidden.", "2024-05-05 05:05:05", 0, 'properties["$city"] == "Paris"'),
    Cohort(1006, 'VIP "gold" 🥇 & friends', "Zwölf Bestellungen\noder mehr", "2024-06-06 06:06:06",
           where='properties["loyalty_points"] >= 2400'),
    Cohort(1007, "Large companies", "A cohort of groups.", "2024-07-07 07:07:07",
           where='properties["employees"] > 10000', data_group_id=DATA_GROUP_ID),
)  # fmt: skip


def find(cohort_id: int) -> Cohort | None:
    return next((cohort for cohort in COHORTS if cohort.id == cohort_id), None)


def definition(cohort: Cohort) -> dict[str, Any]:
    """As the application keeps it: who is in it, and what they must have done."""
    if cohort.event is None:
        return {"selector": {"operator": "raw", "value": cohort.where}}
    condition = {"property": "behaviors", "value": "bhvr_0", "operator": ">=", "operand": 1}
    did = {"event_selector": {"event": cohort.event, "selector": None}, "type": "absolute"}
    behavior = {"count": did, "window": {"unit": "day", "value": DAYS}}
    return {"selector": {"operator": "and", "children": [condition]}, "behaviors": {"bhvr_0": behavior}}


def members(cohort: Cohort, project: Project, archive: Archive, directory: Directory) -> list[int | str]:
    """Profiles by their index, and ids that have no profile."""
    profiles = directory.profiles(cohort.data_group_id)
    if cohort.where is not None:
        siblings = [other.where for other in COHORTS if other.where and other.data_group_id == cohort.data_group_id]
        return profiles.matching(cohort.where, *siblings)
    to_date = project.newest_day()
    events = reported(archive, to_date - timedelta(days=DAYS - 1), to_date, [cohort.event])
    users = sorted({event.distinct_id for event in events} - {None})
    return [profiles.index.get(user, user) for user in users]
