"""The companies whose people shop here: group profiles, which Mixpanel keeps apart from those of users."""

import json
from datetime import datetime, timedelta

from .catalogue import MAKERS
from .people import PLACES, PLANS, traits
from .profiles import Profile

DATA_GROUP_ID = "-1405123841946871899"
"""Group ids are 64-bit numbers with a sign: a client that takes them for floating point asks for another group."""


def company(seed: int, number: int) -> Profile:
    draw = traits(seed, 0, number)
    city, _, country, _ = PLACES[draw[16] % len(PLACES)]
    created = datetime(2023, 1, 1) + timedelta(hours=draw[37] * 20 + draw[38])
    properties = {
        "$name": json.dumps(f"{MAKERS[number % len(MAKERS)]} {city}", ensure_ascii=False),
        "$group_key": '"company"',
        "$created": f'"{created.isoformat()}"',
        "$last_seen": f'"{(created + timedelta(days=draw[39])).isoformat()}"',
        "country": f'"{country}"',
        "employees": str(1 + draw[34] * draw[35]),
        "plan": f'"{PLANS[draw[36] % len(PLANS)]}"',
    }
    if number % 7 == 3:
        del properties["$last_seen"]
    # One of them was registered by a number.
    return Profile("7" if number == 7 else f'"company-{number:04d}"', properties)
