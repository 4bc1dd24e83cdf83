"""Finds the profiles that a request to `/engage` wants."""

from typing import Any

from ..behaviors import counts
from ..directory import ProfileRow, Profiles
from ..expressions import Expression, parse
from ..office import cohorts
from ..parameters import Parameters
from ..shop.profiles import Profile
from .question import Question

Found = list[int | str]
"""Profiles by index, and ids that have no profile."""


def search(question: Question, form: Parameters) -> tuple[Profiles, Found]:
    cohort = asked_cohort(form)
    profiles = question.directory.profiles(form.text("data_group_id") or (cohort and cohort.data_group_id))
    found: Found = list(range(len(profiles)))
    if cohort is not None:
        found = cohorts.members(cohort, question.project, question.archive, question.directory)
        if not form.boolean("include_all_users", default=True):
            found = [item for item in found if isinstance(item, int)]
    ids = [form.text("distinct_id")] if form.text("distinct_id") is not None else form.strings("distinct_ids")
    if ids is not None:
        named = {profiles.index.get(name, name) for name in ids}
        found = [item for item in found if item in named]
    if form.text("where") is not None:
        found = _filtered(question, form, profiles, found)
    if (text := form.text("search")) is not None:
        found = [item for item in found if isinstance(item, int) and _holds(profiles[item], text.lower())]
    if (key := form.text("sort_key")) is not None:
        found = _sorted(profiles, found, parse(key), form.text("sort_order") != "ascending")
    return profiles, found


def _holds(profile: Profile, text: str) -> bool:
    return any(text in value.lower() for value in profile.properties.values())


def _sorted(profiles: Profiles, found: Found, key: Expression, is_descending: bool) -> Found:
    """Numbers before texts; who has neither comes last in either order."""
    values = {item: key(ProfileRow(profiles[item])) if isinstance(item, int) else None for item in found}
    kinds = ([item for item in found if _kind(values[item]) == kind] for kind in (0, 1))
    ordered = [item for kind in kinds for item in sorted(kind, key=values.__getitem__, reverse=is_descending)]
    return ordered + [item for item in found if _kind(values[item]) == 2]


def _kind(value: Any) -> int:
    return 0 if isinstance(value, int | float) and not isinstance(value, bool) else 1 if isinstance(value, str) else 2


def asked_cohort(form: Parameters) -> cohorts.Cohort | None:
    """`filter_by_cohort` is an object with one member: a bare id is the mistake that clients make. Mixpanel's own client
    has the id there as text."""
    if form.text("filter_by_cohort") is None:
        return None
    asked = form.json("filter_by_cohort")
    number = asked["id"] if isinstance(asked, dict) and set(asked) == {"id"} else None
    if type(number) is str and number.isdecimal():
        number = int(number)
    if type(number) is not int:
        raise form.refused("Invalid parameter: filter_by_cohort")
    cohort = cohorts.find(number)
    if cohort is None:
        raise form.refused(f"Cohort {asked['id']} not found")
    return cohort


def _filtered(question: Question, form: Parameters, profiles: Profiles, found: Found) -> Found:
    """Those of which `where` is true. Of an id without a profile nothing is known."""
    where = form.required("where")
    if form.text("behaviors") is None:
        matching = set(profiles.matching(where))
        return [item for item in found if item in matching]
    as_of = form.integer("as_of_timestamp")
    by_name = counts(form.json("behaviors"), as_of, question.project, question.archive)
    condition = parse(where)
    kept: Found = []
    for item in found:
        profile = profiles[item]
        behaviors = {name: by_user[profile.id_text] for name, by_user in by_name.items()}
        if condition(ProfileRow(profile, behaviors)) is True:
            kept.append(item)
    return kept
