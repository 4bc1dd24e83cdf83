"""Shared by tests of pushdown: runs one query on the function, whose requests it may narrow, and on a table with all rows."""
from __future__ import annotations

import pytest
from conftest import export, rows
from simulator import Project, Simulator

NAMES = ["Purchase", "Search", "View Item", "view item", "View Item ", "Sign Up", "No such event", "", "it's", "購入 🛒"]
DAYS = [f"2025-01-0{day}" for day in range(1, 6)]
CALL = export()


@pytest.fixture(scope="module")
def odd_simulator():
    """Odd rows in plenty: names that differ by case or a space, empty ids, missing ones."""
    with Simulator(Project(days=5, events_per_day=150, weird_rate=0.2)) as simulator:
        yield simulator


@pytest.fixture
def sim(odd_simulator, monkeypatch):
    odd_simulator.reset()
    monkeypatch.setenv("MP_API_BASE_URL", odd_simulator.url)
    return odd_simulator


@pytest.fixture
def both(con, sim):
    """Runs a query on the function and on the table, and holds their rows against each other."""
    con.execute(f"CREATE TABLE everything AS FROM {CALL}")
    con.execute(f"CREATE VIEW viewed AS FROM {CALL}")
    sim.clear()

    def run(query: str, source: str = CALL) -> list[str]:
        expected = sorted(map(repr, rows(con, query.replace("SRC", "everything"))))
        assert sorted(map(repr, rows(con, query.replace("SRC", source)))) == expected, query
        return expected

    return run
