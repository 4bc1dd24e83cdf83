"""Tests the events: the same for everyone, clean where they should be, odd where they should be."""

import json
import zlib
from collections import Counter
from datetime import UTC, date, datetime

import pytest

from simulator import Project
from simulator.archive import Archive, Selection
from simulator.blocks import gzip_member, inflate
from simulator.crc32 import combine
from simulator.shop import Recipe, day_text
from simulator.shop.oddities import LACKS, NAMES, SETS

DAY = date(2025, 1, 2)
SMALL = Project(days=3, events_per_day=60)


@pytest.fixture(scope="module")
def big():
    """Enough events for everything rare to occur."""
    return Archive(Project(days=2, events_per_day=20_000, weird_rate=0.03))


def day_of(time_in_ms):
    return datetime.fromtimestamp(time_in_ms / 1000, UTC).date()


def test_a_day_depends_on_seed_and_date_alone():
    selection = Selection(DAY, DAY, time_in_ms=True)
    backwards, other_start = Archive(SMALL), Archive(Project(from_date="2024-12-30", days=9, events_per_day=60))
    for day in (3, 2, 1):
        backwards.select(Selection(date(2025, 1, day), date(2025, 1, day)))
    assert backwards.select(selection) == other_start.select(selection) == Archive(SMALL).select(selection)
    assert Archive(Project(seed=2, events_per_day=60)).select(selection) != backwards.select(selection)


def test_warm_and_cached_days_are_the_same(tmp_path):
    fresh, stored, again = (Archive(SMALL, folder) for folder in (None, tmp_path, tmp_path))
    stored.warm()
    assert len(list(tmp_path.glob("*/*.day"))) == 3
    selection = Selection(date(2025, 1, 1), date(2025, 1, 3), time_in_ms=True)
    assert fresh.select(selection) == stored.select(selection) == again.select(selection)
    assert again.event_counts(DAY, DAY) == fresh.event_counts(DAY, DAY)


@pytest.mark.parametrize("count", [0, 1, 7, 1000])
def test_a_day_has_exactly_its_events(count):
    assert day_text(Recipe(events_per_day=count), DAY).count("\n") == count


def test_clean_rows_are_in_mixpanels_form():
    for line in day_text(Recipe(weird_rate=0, events_per_day=2000), DAY).split("\n")[:-1]:
        event = json.loads(line)
        keys = list(event["properties"])
        assert list(event) == ["event", "properties"] and keys[:2] == ["time", "distinct_id"]
        assert keys[2:] == sorted(keys[2:]) and len(set(keys)) == len(keys)
        assert 25 < len(keys) < 45 and {"$insert_id", "mp_lib", "mp_processing_time_ms"} < set(keys)
        assert day_of(event["properties"]["time"]) == DAY
        assert event["properties"]["mp_processing_time_ms"] > event["properties"]["time"]


def test_size_and_compression_are_those_of_real_exports(big):
    (block,) = big.select(Selection(DAY, DAY, time_in_ms=True))
    assert 850 < block.size / 20_000 < 900
    assert 11 < block.size / len(block.deflated) < 13


def test_people_come_back_and_buy(big):
    rows = list(big.rows(date(2025, 1, 1), DAY))
    counts = Counter(row.event for row in rows)
    assert counts["View Item"] > counts["Add To Cart"] > counts["Checkout Started"] > counts["Purchase"] > 500
    people = [{row.distinct_id for row in rows if row.time_ms < noon} for noon in (1735776000000, 1e15)]
    assert 2000 < len(people[1]) < 2 * len(people[0])


def test_every_oddity_occurs(big):
    text = "".join(inflate(block).decode() for block in big.select(Selection(date(2025, 1, 1), DAY)))
    rows = [json.loads(line)["properties"] for line in text.split("\n")[:-1]]
    for properties in SETS:
        assert all(f'"{key}":{value}' in text for key, value in properties.items())
    for keys in LACKS:
        assert any(not set(keys) & set(row) for row in rows)
    assert all(f'{{"event":"{name}",' in text for name in NAMES)
    assert all(
        found in text for found in ("\u2028", "\u2029", "\u0085", "🦆", r"\u0000", r'\ud83d"', "1e400", "日本語")
    )


def test_duplicates_and_late_rows_occur(big):
    rows = [row.properties for row in big.rows(DAY, DAY)]
    ids = Counter(row["$insert_id"] for row in rows if row.get("$insert_id", 8142) not in ("", 8142))
    twice = [[row for row in rows if row.get("$insert_id") == name] for name, count in ids.items() if count == 2]
    assert 300 < len(twice) < 900
    same = [{key: row[key] for key in row if key != "mp_processing_time_ms"} for row in twice[0]]
    assert same[0] == same[1] and twice[0][0] != twice[0][1]
    delays = [row["mp_processing_time_ms"] - row["time"] for row in rows if "mp_processing_time_ms" in row]
    assert sum(delay > 24 * 3600 * 1000 for delay in delays) > 100


def test_padding():
    lines = day_text(Recipe(events_per_day=50, event_bytes=3000, weird_rate=0), DAY).encode().split(b"\n")[:-1]
    assert {len(line) + 1 for line in lines} == {3000}
    assert all(json.loads(line) for line in lines)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (DAY, {8}),
        # The night on which clocks go forward: the offset changes with the wall clock.
        (date(2025, 3, 9), {7, 8}),
    ],
)
def test_local_wall_clock_times(day, hours):
    recipe = Recipe(time_zone="US/Pacific", weird_rate=0)
    rows = [json.loads(line)["properties"] for line in day_text(recipe, day).split("\n")[:-1]]
    assert {day_of(row["time"]) for row in rows} == {day}
    assert {(row["$mp_api_timestamp_ms"] - row["time"]) // 3_600_000 for row in rows} == hours


def test_repeated_blocks_are_one_gzip_member():
    project = Project(days=2, events_per_day=500, repeat_blocks=4)
    archive = Archive(project)
    once = day_text(project.recipe, DAY).encode()
    body = b"".join(gzip_member(archive.select(Selection(DAY, DAY, time_in_ms=True))))
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert inflater.decompress(body) == once * 4
    assert inflater.eof
    assert not inflater.unused_data
    limited = archive.select(Selection(DAY, DAY, limit=1999))
    assert b"".join(map(inflate, limited)).count(b"\n") == 1999
    assert archive.event_counts(DAY, DAY).total() == 2000


def test_crc32_of_joined_texts():
    for first, second in ((b"", b""), (b"a", b""), (b"", b"b"), (b"one" * 999, b"two" * 12345)):
        assert combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


def test_equal_rows_without_an_insert_id():
    """Where a project has them, as many as it has odd rows without one; they are several events."""
    recipe = Recipe(weird_rate=0.3, events_per_day=3000, equal_rows=True)
    lines = [line for line in day_text(recipe, DAY).split("\n")[:-1] if '"$insert_id"' not in line]
    assert len(lines) > 10 and set(Counter(lines).values()) <= {2, 1} and len(lines) - len(set(lines)) >= len(lines) // 2 - 1


def test_users_are_merged_and_events_come_late(empty):
    empty.set_day(DAY, ['{"event":"A","properties":{"time":1735819200000,"distinct_id":"old"}}'])
    empty.merge_users("old", "new")
    late = '{"event":"B","properties":{"time":1735819200000,"distinct_id":"late"}}'
    empty.add_events(DAY, [late])
    merged = '{"event":"A","properties":{"time":1735819200000,"distinct_id":"new","$distinct_id_before_identity":"old"}}'
    assert list(empty.archive.lines(DAY, DAY)) == [merged.encode(), late.encode()]
    empty.reset()
    assert list(empty.archive.lines(DAY, DAY)) == []
