"""Tests random days at random moments, with late events: each day's rows are those that Mixpanel had when it was asked.

With fixed seeds; `RANDOM_ARCHIVE=2000 python3 test/run.py --build build/release --pair 2.0.1/v2 -k archive_random` searches longer. In Rust,
`src/fetching/events/keeper_tests.rs` searches without sockets and DuckDB."""
from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime, timedelta

import pytest
from archived import archive, files, open_shop  # noqa: F401  fixtures
from conftest import connect, export, line

ROUNDS = int(os.environ.get("RANDOM_ARCHIVE", 100))
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = [str((FIRST_DAY + timedelta(days=number)).date()) for number in range(14)]
NAMES = ["A", "B", "C"]


class Model:
    """What Mixpanel has, day by day, and what it had whenever it was asked."""

    def __init__(self, shop, shift: int, timeless: bool, draw: random.Random):  # noqa: F811
        self.shop, self.shift, self.timeless, self.draw = shop, timedelta(hours=shift), timeless, draw
        self.lines = {day: [] for day in DAYS}
        self.names: dict[int, str] = {}
        self.had: dict[str, list[tuple[datetime, frozenset[int]]]] = {day: [] for day in DAYS}
        for day in DAYS:
            # The ends of a day show in which zone it is.
            self.add(day, timedelta(0), timedelta(hours=24) - timedelta(milliseconds=1))

    def add(self, day: str, *moments: timedelta) -> None:
        for moment in moments:
            number = len(self.names)
            self.names[number] = self.draw.choice(NAMES)
            time = datetime.fromisoformat(day).replace(tzinfo=UTC) + moment - self.shift
            is_timeless = self.timeless and self.draw.random() < 0.1
            milliseconds = None if is_timeless else round(time.timestamp() * 1000)
            self.lines[day].append(line(self.names[number], time=milliseconds, n=number))
        self.shop.set_day(day, self.lines[day])

    def now(self, day: str) -> frozenset[int]:
        return frozenset(json.loads(text)["properties"]["n"] for text in self.lines[day])

    def asked(self, now: datetime) -> None:
        for request in self.shop.settled():
            for day in DAYS:
                if request.params["from_date"] <= day <= request.params["to_date"]:
                    self.had[day].append((now, self.now(day)))
        self.shop.clear()


def may_serve(day: str, asked: datetime, now: datetime, max_age: timedelta | None) -> bool:
    """As `docs/archive.md` has it, for a folder that was named."""
    age, after = now - asked, asked - (datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1))
    if age == timedelta(0):
        return True
    if max_age is not None:
        return timedelta(0) < age <= max_age
    return age <= (timedelta.max if after >= timedelta(days=5) else timedelta(hours=20) if after >= timedelta(hours=13) else timedelta(minutes=1))


@pytest.mark.parametrize("shift, timeless", [(0, False), (0, True), (9, False), (-5, False)])
def test_each_days_rows_are_those_of_one_asking(monkeypatch, archive, clock, shift, timeless):  # noqa: F811
    shop = open_shop(monkeypatch, project={"from_date": DAYS[0], "days": len(DAYS), "events_per_day": 1})  # noqa: F811
    monkeypatch.setenv("MP_RATE_LIMITS", "off")
    draw = random.Random(f"{shift} {timeless}")
    model, con, now = Model(shop, shift, timeless, draw), connect(), FIRST_DAY + timedelta(days=9, hours=5)
    served = 0
    for number in range(ROUNDS):
        now += draw.choice([timedelta(0), timedelta(minutes=2), timedelta(hours=3), timedelta(hours=11), timedelta(days=1)])
        clock.move_to(now.replace(tzinfo=None))
        for _ in range(draw.randint(0, 3)):
            model.add(draw.choice(DAYS), timedelta(seconds=draw.randrange(86_400)))
        today = min((now - FIRST_DAY).days, len(DAYS) - 1)
        first = draw.randint(0, today) if number else 0
        last = min(first + draw.randrange(6), today)
        max_age = draw.choice([None] * 5 + [timedelta(hours=2), timedelta(days=3)])
        events = draw.choice([None, None, ["A"], ["A", "B"]]) if number else None
        arguments = [f"max_workers := {draw.randint(1, 4)}"]
        arguments += [f"max_age := INTERVAL {round(max_age.total_seconds())} SECONDS"] if max_age else []
        arguments += [f"events := {events}"] if events else []
        arguments += [f"window_days := {draw.randint(1, 4)}"] if draw.random() < 0.3 else []
        call = export(", ".join(arguments), first=DAYS[first], last=DAYS[last])
        found = [row for (row,) in con.execute(f"SELECT (properties->>'n')::INTEGER FROM {call}").fetchall()]
        served += not shop.settled()
        model.asked(now)
        assert len(found) == len(set(found)), "a row came twice"
        for day in DAYS[first : last + 1]:
            of_day = model.now(day)
            here = frozenset(found) & of_day
            wanted = lambda rows: frozenset(n for n in rows if not events or model.names[n] in events)  # noqa: E731
            possible = [had for asked, had in model.had[day] if may_serve(day, asked, now, max_age)]
            assert here in map(wanted, possible), (number, call, day, sorted(here), [sorted(wanted(had)) for had in possible])
        assert set(found) <= {n for day in DAYS[first : last + 1] for n in model.now(day)}
    assert served > ROUNDS / 20
    shop.close()
