"""Tests random faults, several in one call: all of them pass, so the rows are those of a call without.

What tests of one fault at a time don't meet is how two of them meet: a page that is cut while its session is forgotten. For a longer search:
RANDOM_FAULTS=1000 python3 test/run.py --build build/release --pair 2.0.0/v2 -k random_faults"""
from __future__ import annotations

import os
import random

import pytest
from conftest import rows
from expected_profiles import ENGAGE
from simulator import Project, Simulator

ROUNDS = int(os.environ.get("RANDOM_FAULTS", 30))
DAYS = [f"2025-01-{day:02}" for day in range(1, 8)]
PAGES = 30
RANGE = f"from_date := '{DAYS[0]}', to_date := '{DAYS[-1]}'"

# Each with what a request for a part of it is known by.
CALLS = {
    f"mixpanel_export({RANGE}, max_workers := {{workers}})": ("/api/2.0/export", [{"from_date": day} for day in DAYS]),
    "mixpanel_profiles(max_workers := {workers})": (ENGAGE, [{"page": page} for page in range(PAGES)]),
    "mixpanel_events()": ("/api/query/events/names", [{}]),
    "mixpanel_cohorts()": ("/api/query/cohorts/list", [{}]),
    f"mixpanel_segmentation('Purchase', {RANGE})": ("/api/query/segmentation", [{}]),
    f"mixpanel_retention(born_event := 'Sign Up', {RANGE})": ("/api/query/retention", [{}]),
}
ANSWERS = ["status", "cut", "cut_clean_gzip", "corrupt_gzip", "wrong_content_length", "latency", "slow", "html_200", "error_in_200", "no_gzip", "multi_member"]
EXPORTS = [*ANSWERS, "terminated_early", "damaged_line", "truncated_line", "bom", "crlf", "blank_lines", "no_final_newline"]


@pytest.fixture(scope="module")
def shop():
    with Simulator(Project(from_date=DAYS[0], days=len(DAYS), events_per_day=200, profiles=PAGES * 10, page_size=10)) as simulator:
        yield simulator


def options(draw: random.Random, kind: str) -> dict:
    """Of a fault that a client can know for one: words that are gone without a trace can't be missed."""
    return {
        "status": {"status": draw.choice([408, 429, 500, 502, 503, 504])},
        "cut": {"fraction": draw.random(), "reset": draw.random() < 0.3},
        "cut_clean_gzip": {"fraction": draw.choice([None, draw.uniform(0.1, 1)])},
        "corrupt_gzip": {"fraction": draw.random(), "count": draw.choice([1, 2, 16, 64])},
        "wrong_content_length": {"difference": draw.choice([-100, -1, 1, 100])},
        "latency": {"seconds": draw.uniform(0, 0.05)},
        "slow": {"bytes_per_second": draw.choice([300_000, 1_000_000])},
        "terminated_early": {"fraction": draw.random()},
        "damaged_line": {"fraction": draw.random()},
    }.get(kind, {})


def some_faults(draw: random.Random, path: str, parts: list[dict]) -> list[tuple[str, dict, dict]]:
    """Kinds, what they match, and options: at most two of a part, fewer than it is tried."""
    kinds = EXPORTS if path.endswith("/export") else ANSWERS
    matches = [draw.choice(parts) for _ in range(draw.choice([1, 2, 4, 8]))]
    matches = [match for number, match in enumerate(matches) if matches[:number].count(match) < 2]
    faults = [(kind := draw.choice(kinds), match, options(draw, kind)) for match in matches]
    if path == ENGAGE and draw.random() < 0.6:
        for page in draw.sample(range(1, PAGES), draw.randint(1, 3)):
            faults.append(("expired_session", {"page": page}, {"fraction": draw.choice([None, draw.random()])}))
    return faults


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.split("(")[0])
def test_rows_are_those_without_faults(con, shop, monkeypatch, call):
    monkeypatch.setenv("MP_API_BASE_URL", shop.url)
    path, parts = CALLS[call]
    query = f"SELECT count(*), sum(hash(answer::VARCHAR)::HUGEINT) FROM {call} answer"
    shop.reset()
    [whole] = rows(con, query.format(workers=4))
    assert whole[0] > 0
    for seed in range(ROUNDS):
        draw = random.Random(seed)
        shop.reset()
        faults = some_faults(draw, path, parts)
        for kind, match, more in faults:
            shop.add_fault(kind, path=path, match=match, **more)
        con.execute("CALL mixpanel_clear_cache()").fetchall()
        try:
            found = rows(con, query.format(workers=draw.randint(1, 5)))
        except Exception as error:
            found = error
        assert found == [whole], (seed, faults)
        assert any(request.fault for request in shop.settled()), faults
