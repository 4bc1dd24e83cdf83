"""Holds the project's profiles, of users and of companies. Makes them on first request, the same for the same seed.

The users with a profile are members of the shop, the newest first. With more profiles than the project has members,
they joined before the project's first day. Every hundredth profile is odd. Who is no member has no profile, nor have
some who are.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from . import expressions, raw_json
from .project import Project
from .shop.companies import DATA_GROUP_ID, company
from .shop.day import EVENTS_PER_NEWCOMER
from .shop.people import is_member, traits
from .shop.profiles import Profile, profile, profile_id

FIRST_ODD = 3
"""The index of the first odd profile: small projects have one too."""


ID_KEYS = ("$distinct_id", "$group_id", "group_id")
"""What a profile may be known by: of groups not always the first."""


class ProfileRow:
    """A profile as expressions see it."""

    time_ms = None

    def __init__(self, profile: Profile, behaviors: Mapping[str, int] | None = None):
        self.properties = self.user = Values(profile)
        self.behaviors = behaviors


class Values:
    """A profile's values, read when they are asked for: an expression asks for one or two of many."""

    def __init__(self, profile: Profile | None):
        self._texts = {} if profile is None else profile.properties

    def get(self, name: str, default: Any) -> Any:
        return json.loads(self._texts[name]) if name in self._texts else default


class Profiles(Sequence):
    """Profiles by index."""

    def __init__(self) -> None:
        self._matching: dict[str, list[int]] = {}

    def ids(self) -> Iterator[str]:
        """Their ids as text, in the same order."""
        return (profile.id_text for profile in self)

    @cached_property
    def index(self) -> dict[str, int]:
        return {profile_id: number for number, profile_id in enumerate(self.ids())}

    def matching(self, where: str, *others: str) -> list[int]:
        """The profiles of which that is true. What is true of them besides is found out on the same way, for later."""
        if where not in self._matching:
            conditions = {text: expressions.parse(text) for text in (where, *others)}
            found: dict[str, list[int]] = {text: [] for text in conditions}
            for number, profile in enumerate(self):
                row = ProfileRow(profile)
                for text, condition in conditions.items():
                    if condition(row) is True:
                        found[text].append(number)
            self._matching |= found
        return self._matching[where]


class Members(Profiles):
    def __init__(self, project: Project):
        super().__init__()
        self._project = project
        self._newest = project.newest_day().toordinal()

    def __len__(self) -> int:
        return self._project.profiles

    def __getitem__(self, number: int) -> Profile:
        return profile(self._project.seed, *self._members[number], self._newest, self._odd(number))

    def ids(self) -> Iterator[str]:
        for number, (joined, own_number) in enumerate(self._members):
            yield profile_id(self._project.seed, joined, own_number, self._odd(number)).strip('"')

    @cached_property
    def _members(self) -> list[tuple[int, int]]:
        """Who they are: the days on which they joined, and their numbers on these days."""
        joining = 1 + self._project.events_per_day // EVENTS_PER_NEWCOMER
        found: list[tuple[int, int]] = []
        day = self._newest
        while len(found) < len(self):
            everyone = ((day, number) for number in range(joining))
            found += [who for who in everyone if is_member(traits(self._project.seed, *who))]
            day -= 1
        return found[: len(self)]

    def _odd(self, number: int) -> int | None:
        if not self._project.weird_rate:
            return None
        every = max(1, round(1 / self._project.weird_rate))
        return (number - FIRST_ODD) // every if number % every == FIRST_ODD % every else None


class Companies(Profiles):
    def __init__(self, project: Project):
        super().__init__()
        self._project = project

    def __len__(self) -> int:
        return self._project.companies

    def __getitem__(self, number: int) -> Profile:
        if number >= len(self):
            raise IndexError(number)
        return company(self._project.seed, number)


class GivenProfiles(Profiles):
    """Those that a test has set."""

    def __init__(self, lines: Iterable[str | bytes]):
        super().__init__()
        self._profiles = [_read(line) for line in lines]

    def __len__(self) -> int:
        return len(self._profiles)

    def __getitem__(self, number: int) -> Profile:
        return self._profiles[number]


class Directory:
    def __init__(self, project: Project):
        self.members = self._generated = Members(project)
        self._companies: Profiles = Companies(project)
        self._generated_companies = self._companies

    def profiles(self, data_group_id: str | None = None) -> Profiles:
        """Of the users, or of the group's members; a group that is not known has none."""
        if data_group_id is None:
            return self.members
        return self._companies if data_group_id == DATA_GROUP_ID else GivenProfiles([])

    def user(self, distinct_id: Any) -> Values:
        """The properties of the user with that id; none where there is no such profile."""
        number = self.members.index.get(str(distinct_id))
        return Values(None if number is None else self.members[number])

    def set_profiles(self, lines: Iterable[str | bytes], of_companies: bool = False) -> None:
        """Replaces the profiles of the users, or of the companies, by these: each an object with `$properties` and
        `$distinct_id`, or what it is known by instead."""
        if of_companies:
            self._companies = GivenProfiles(lines)
        else:
            self.members = GivenProfiles(lines)

    def forget_set_profiles(self) -> None:
        self.members = self._generated
        self._companies = self._generated_companies


def _read(line: str | bytes) -> Profile:
    parts = raw_json.members(line)
    key = next((key for key in ID_KEYS if key in parts), None)
    # Without any, it is known here by all it has.
    identity = parts[key] if key else json.dumps(line if isinstance(line, str) else line.decode("utf-8", "replace"))
    return Profile(identity, raw_json.members(parts.get("$properties", "{}")), key)
