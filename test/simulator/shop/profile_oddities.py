"""Profiles that break clients, as `oddities.py` has such rows. Their plans and cities stay as they are."""

Properties = dict[str, str]

IDS = (4711, -1405123841946871899)
"""Numbers that were never text; the first profile of each kind has just these, which events have too."""
SETS: tuple[Properties, ...] = (
    {"$name": '"Zoë 🦆 O\'Neil \\"the duck\\""', "Note": '"one\u2028two\u2029three\u0085four"'},
    {"Note": r'"cut in the middle of an emoji \ud83d"', "Empty": '""', "nul": r'"\u0000"'},
    {"Big": "9007199254740993", "Bigger": "123456789012345678901234567890", "Infinite": "1e400", "Small": "5e-324"},
    {"$email": "null", "$name": "null", "company": "null"},
    {"Tags": '["vip",1,null,{"a":[]}]', "Address": '{"zip":"00501","geo":[40.8,-73.0]}', "Empty List": "[]"},
    {"Email": '"UPPER@customers.example"', "email": '"lower@customers.example"', "name": '"no dollar"'},
    {"orders": '"7"', "loyalty_points": "12.5", "is_subscribed": '"yes"'},
    {"$last_seen": '"2025-01-02T03:04:05.678"'},
    {"$last_seen": '"2025-01-02T03:04:05+02:00"'},
    {"$last_seen": '"yesterday"'},
    {"$last_seen": "1735776000"},
    {"$distinct_id": '"another"', "distinct_id": '"a property"', "with space": "1", "it's": "2", "": "3"},
)


def odd_id(odd: int | None) -> str | None:
    """The id of the profile with that oddity, if its id is what is odd."""
    if odd is None or odd % _KINDS >= len(IDS):
        return None
    base, again = IDS[odd % _KINDS], odd // _KINDS
    return str(base + again if base > 0 else base - again)


def odd_properties(odd: int, properties: Properties) -> Properties:
    kind = odd % _KINDS
    return properties if kind < len(IDS) else properties | SETS[kind - len(IDS)]


_KINDS = len(IDS) + len(SETS)
