"""Rows that break clients: everything odd that a real export had, or may have. Each stays a valid row.

An oddity edits a row's properties as `{key: JSON text of the value}`; keys and values are never parsed and printed
again, so that what is written here is what goes over the wire.
"""

import json
import random
import re
from collections.abc import Callable

Properties = dict[str, str]

KEY = re.compile(r'"((?:[^"\\]|\\.)*)":')
PROCESSING_TIME = re.compile(r'"mp_processing_time_ms":\d+')
HOUR_MS = 60 * 60 * 1000

SETS: tuple[Properties, ...] = (
    # Text. The line and paragraph separators and U+0085 stand raw in the row: it is one line only to who splits at \n.
    {"Note": '"🦆🛒 naïve café — 日本語 العربية"'},
    {"Note": '"one\u2028two\u2029three\u0085four"'},
    {"Note": r'"nul \u0000 and tab \t and quote \" and slash \/ and back \\"'},
    {"Note": r'"cut in the middle of an emoji \ud83d"'},
    {"Note": r'"\ude00 the other half first"'},
    {"Note": '""', "Coupon": '""'},
    # Numbers.
    {"Big": "9007199254740993", "data_group_id": "-1405123841946871899"},
    {"Big": "18446744073709551616"},
    {"Big": "123456789012345678901234567890"},
    {"Big": "1e400"},
    {"Big": "-0.0", "Small": "5e-324", "Third": "0.1234567890123456789"},
    # Shapes.
    {"Note": "null", "plan": "null", "$city": "null"},
    {"Nested": '{"a":{"b":[1,{"c":null}],"d":{}},"event":"not the event","properties":{"time":1}}'},
    {"List": '[1,"two",3.5,true,null,[],{"four":4}]', "Empty List": "[]", "Empty Object": "{}"},
    # The same property, another type.
    {"Item Price": '"19.99"', "loyalty_points": '"120"', "is_subscribed": '"yes"'},
    {"Item Price": "20", "orders": "2.5", "is_subscribed": "1"},
    # Keys that collide where case or `$` does not count, and keys that need quoting.
    {"Id": "1", "id": '"one"', "ID": "1.0"},
    {"$city": '"Paris"', "city": '"paris"', "City": '"PARIS"'},
    {"utm_Source": '"Google"', "UTM_SOURCE": '"GOOGLE"'},
    {"a.b": "1", "with space": "2", r"with \"quotes\"": "3", "[0]": "4", "$.path": "5", "it's": "6", "": "7"},
    {"ключ": '"key"', "🔑": '"key"', r"esc\u0061ped": '"key"'},
    {"select": "1", "from": '"here"', "event": '"a property"', "properties": "{}", "$distinct_id": '"another"'},
    # Ids. An empty `distinct_id` is one that Mixpanel could not attribute; a numeric one was sent as a number.
    {"distinct_id": '""'},
    {"distinct_id": "4711"},
    {"distinct_id": "-1405123841946871899"},
    {"distinct_id": "null"},
    {"$insert_id": '""'},
    {"$insert_id": "8142"},
)
LACKS = (("$insert_id",), ("distinct_id",), ("$insert_id", "distinct_id"), ("mp_processing_time_ms",))
NAMES = ("$identify", "$merge", "購入 🛒", r"An email 'Welcome' was \"opened\", twice", "View Item ", "view item", "")

KINDS = len(SETS) + len(LACKS) + len(NAMES)


def oddity(row: str, rng: random.Random) -> str:
    """The row with one of the oddities, drawn."""
    name, properties = split(row)
    kind = int(rng.random() * KINDS)
    if kind < len(SETS):
        properties.update(SETS[kind])
    elif kind < len(SETS) + len(LACKS):
        for key in LACKS[kind - len(SETS)]:
            properties.pop(key, None)
    else:
        name = NAMES[kind - len(SETS) - len(LACKS)]
    return join(name, properties)


def late(row: str, processing_ms: int, draw: Callable[[], float]) -> tuple[str, int]:
    """The row as a device that was offline sends it: processed up to five days after it happened."""
    processing_ms += int(draw() * 5 * 24 * HOUR_MS)
    return _processed_at(row, processing_ms), processing_ms


def processed_again(row: str, processing_ms: int, draw: Callable[[], float]) -> tuple[int, str]:
    """A duplicate of the row: the same in all but the time of its processing, as a client's retry leaves it."""
    processing_ms += 1 + int(draw() * HOUR_MS)
    return processing_ms, _processed_at(row, processing_ms)


def split(row: str) -> tuple[str, Properties]:
    """The row's event name and properties, all as they are written."""
    start = row.index('","properties":{')
    name = row[len('{"event":"') : start]
    position = start + len('","properties":{')
    properties = {}
    while key := KEY.match(row, position):
        _, end = json.JSONDecoder().raw_decode(row, key.end())
        properties[key[1]] = row[key.end() : end]
        position = end + len(",")
    return name, properties


def join(name: str, properties: Properties) -> str:
    """The inverse of `split`, with the keys in Mixpanel's order."""
    first = [key for key in ("time", "distinct_id") if key in properties]
    others = sorted(key for key in properties if key not in first)
    text = ",".join(f'"{key}":{properties[key]}' for key in first + others)
    return f'{{"event":"{name}","properties":{{{text}}}}}\n'


def _processed_at(row: str, processing_ms: int) -> str:
    return PROCESSING_TIME.sub(f'"mp_processing_time_ms":{processing_ms}', row, count=1)
