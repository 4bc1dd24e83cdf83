"""Makes one day of the shop as the text of an export: the rows that Mixpanel would stream for it.

A day follows from its recipe and its date alone, whatever was asked before, in whichever process. Rows are rendered
from fragments, never through `json.dumps`: a benchmark needs millions of them.
"""

import math
import random
from datetime import date, datetime, timedelta
from itertools import count
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .oddities import late, oddity, processed_again
from .people import Person
from .visits import visit

DAY_MS = 24 * 60 * 60 * 1000
HALF_HOUR_MS = DAY_MS // 48
EPOCH = datetime(1970, 1, 1)

EVENTS_PER_NEWCOMER = 30
NEWCOMERS_SHARE = 0.4
DAYS_UNTIL_RETURN = 12


class Recipe(NamedTuple):
    """All that a day's text depends on, besides its date."""

    seed: int = 1
    events_per_day: int = 1000
    event_bytes: int = 0
    weird_rate: float = 0.01
    time_zone: str = "UTC"
    equal_rows: bool = False


def day_text(recipe: Recipe, day: date) -> str:
    """The day's rows, times in milliseconds, in the order in which Mixpanel processed them; each ends in `\\n`."""
    rng = random.Random(f"{recipe.seed}:{day}")
    draw = rng.random
    weird_rate = recipe.weird_rate
    utc_offsets = _utc_offsets(day, ZoneInfo(recipe.time_zone))
    midnight = (datetime(day.year, day.month, day.day) - EPOCH) // timedelta(milliseconds=1)

    rows: list[tuple[int, str]] = []
    for person, first in _visitors(recipe, day, draw):
        if len(rows) >= recipe.events_per_day:
            break
        # A sum of two draws: quiet nights, a busy middle of the day.
        wall_ms = int((draw() + draw()) / 2 * DAY_MS)
        identity = "" if first else person.identity
        for name, path, own in visit(person, first, draw):
            if wall_ms >= DAY_MS:
                break
            true_ms = midnight + wall_ms - utc_offsets[wall_ms // HALF_HOUR_MS]
            api_ms = true_ms + 150 + int(draw() * 1500)
            processing_ms = api_ms + 40 + int(draw() * 400)
            url = f'"$current_url":"https://shop.example{path}",' if person.web else ""
            if name == "Sign Up":
                identity = person.identity
            row = (
                f'{{"event":"{name}","properties":{{"time":{midnight + wall_ms},"distinct_id":"{person.distinct_id}",'
                f'{person.before_url}{url}{person.before_insert_id}"$insert_id":"{rng.getrandbits(64):016x}",'
                f'{person.before_api_time}"$mp_api_timestamp_ms":{api_ms},{person.before_identity}{identity}{own}'
                f'{person.before_processing}"mp_processing_time_ms":{processing_ms},{person.after_processing}}}}}\n'
            )
            if weird_rate:
                chance = draw()
                if chance < weird_rate:
                    row = oddity(row, rng)
                elif chance < 2 * weird_rate:
                    row, processing_ms = late(row, processing_ms, draw)
                elif chance < 3 * weird_rate:
                    rows.append(processed_again(row, processing_ms, draw))
                if recipe.equal_rows and '"$insert_id"' not in row:
                    # Two events that are the same in every respect: nothing says that they are one.
                    rows.append((processing_ms, row))
            rows.append((processing_ms, row))
            wall_ms += 800 + int(draw() * 75_000)

    del rows[recipe.events_per_day :]
    rows.sort()
    if recipe.event_bytes:
        return "".join(_padded(row, recipe.event_bytes) for _, row in rows)
    return "".join(row for _, row in rows)


def _visitors(recipe: Recipe, day: date, draw):
    """Who comes by on a day, without end: newcomers in turn, and among them people who joined on earlier days.

    Earlier days are counted back without a beginning, so that a day has the same people wherever a project starts.
    """
    today = day.toordinal()
    joining = 1 + recipe.events_per_day // EVENTS_PER_NEWCOMER
    newcomers = count()
    while True:
        if draw() < NEWCOMERS_SHARE:
            yield Person(recipe.seed, today, next(newcomers)), True
        else:
            age = 1 + int(-math.log(1 - draw()) * DAYS_UNTIL_RETURN)
            # Squared: some people come back much more often than others.
            yield Person(recipe.seed, today - age, int(draw() ** 2 * joining)), False


def _utc_offsets(day: date, zone: ZoneInfo) -> list[int]:
    """What to take from the wall clock to get UTC, in milliseconds, for each half hour of the day."""
    midnight = datetime(day.year, day.month, day.day)
    half_hours = (midnight + timedelta(minutes=30 * number) for number in range(48))
    return [(zone.utcoffset(moment) or timedelta()) // timedelta(milliseconds=1) for moment in half_hours]


def _padded(row: str, size: int) -> str:
    """The row made at least `size` bytes long, by a last property of words."""
    missing = size - len(row.encode()) - len(',"z_padding":""')
    if missing <= 0:
        return row
    words = "the quick brown fox jumps over the lazy dog while the rain falls "
    padding = (words * (missing // len(words) + 1))[:missing]
    return f'{row[:-3]},"z_padding":"{padding}"}}}}\n'
