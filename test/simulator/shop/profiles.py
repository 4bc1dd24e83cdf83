"""Makes the profiles of the shop's members, by the same traits as their events in `day.py`.

A profile is kept as JSON, value by value, so that what is written here is what goes over the wire.
"""

import json
from datetime import datetime, timedelta
from typing import NamedTuple

from .people import PLACES, PLANS, member_id, traits
from .profile_oddities import odd_id, odd_properties

FIRST_NAMES = (
    "Ada", "Björk", "Chloé", "Dmitri", "Eszter", "Fatima", "Grace", "Håkon", "Inés", "João", "Łukasz", "محمد", "Nguyễn",
    "Olu", "Priya", "Søren", "さくら", "Tarık", "Ximena", "李",
)  # fmt: skip
LAST_NAMES = ("Achebe", "Brontë", "Curie", "D'Arcy", "Erdős", "García-Márquez", "Hopper", "Øvrebø", "王", "Zhang")
EMPLOYERS = 12
"""So many companies have members among the shop's; more may have profiles."""


class Profile(NamedTuple):
    distinct_id: str
    """As JSON: text, or a number."""
    properties: dict[str, str]
    """Each value as JSON."""
    id_key: str | None = "$distinct_id"
    """The key that the id goes under; None for a profile that is sent without one."""

    @property
    def id_text(self) -> str:
        """The id as text, whichever it is."""
        return str(json.loads(self.distinct_id))


def profile_id(seed: int, joined: int, number: int, odd: int | None) -> str:
    return odd_id(odd) or f'"{member_id(traits(seed, joined, number))}"'


def profile(seed: int, joined: int, number: int, newest: int, odd: int | None) -> Profile:
    """A member's profile. `newest`: the day after which nothing is known yet; `odd`: which oddity it has, by number."""
    draw = traits(seed, joined, number)
    city, region, country, language = PLACES[draw[16] % len(PLACES)]
    name = f"{FIRST_NAMES[draw[25] % len(FIRST_NAMES)]} {LAST_NAMES[draw[26] % len(LAST_NAMES)]}"
    created = datetime.fromordinal(joined) + timedelta(seconds=draw[38] * 256 + draw[39])
    last_seen = created + timedelta(days=min(draw[37] % 40, newest - joined), minutes=10)
    employer = f'"company-{draw[27] % EMPLOYERS:04d}"' if draw[27] % 4 == 0 else "null"
    properties = {
        "$city": f'"{city}"',
        "$country_code": f'"{country}"',
        "$created": f'"{created.isoformat()}"',
        "$email": f'"{member_id(draw)}@customers.example"',
        "$last_seen": f'"{last_seen.isoformat()}"',
        "$name": f'"{name}"',
        "$region": f'"{region}"',
        "company": employer,
        "is_subscribed": "true" if draw[33] & 1 else "false",
        "language": f'"{language}"',
        "loyalty_points": str(draw[34] * 10),
        "orders": str(draw[35] % 9),
        "plan": f'"{PLANS[draw[36] % len(PLANS)]}"',
    }
    if draw[27] % 20 == 1:
        del properties["$last_seen"]
    if odd is not None:
        properties = odd_properties(odd, properties)
    return Profile(profile_id(seed, joined, number, odd), properties)
