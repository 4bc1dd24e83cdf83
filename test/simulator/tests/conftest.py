"""Provides a project that is small enough to count by hand in Python, with everything odd in it."""

import pytest

from simulator import Project, Simulator

PROJECT = Project(days=20, events_per_day=300, weird_rate=0.05, today="2025-01-25", profiles=250, page_size=100)
PERIOD = {"from_date": "2025-01-03", "to_date": "2025-01-18"}


@pytest.fixture(scope="session")
def shop():
    """Read only: nobody sets days, profiles or faults here."""
    with Simulator(PROJECT) as sim:
        yield sim


@pytest.fixture
def empty():
    """For events and profiles that a test sets itself."""
    with Simulator(Project(days=31, events_per_day=0, profiles=0)) as sim:
        yield sim
