"""Tests many processes on one month, some killed or forked: each survivor has the right rows, and nothing is requested twice.

The clock is moved in steps, as fast as processes say that they live, so that the minute after which the dead hold nothing is seconds."""
from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from archived import answer, archive, files, month, open_shop, python  # noqa: F401  fixtures
from conftest import days_asked, rows

COUNT = f"SELECT count(*), sum(hash(answer::VARCHAR)::HUGEINT) FROM {month()} answer"
PRINT = f'print(*con.execute("""{COUNT}""").fetchone())'
FORKS = f"""
import os, time
def fork(seconds):
    time.sleep(seconds)
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
import threading
threads = [threading.Thread(target=fork, args=(seconds / 10,)) for seconds in range(1, 8)]
for thread in threads: thread.start()
{PRINT}
for thread in threads: thread.join()
"""


@pytest.fixture
def shop(monkeypatch, archive):  # noqa: F811
    """Each day takes a moment, so that who dies dies in the middle."""
    slow = open_shop(monkeypatch, latency=0.2)
    yield slow
    slow.close()


@pytest.fixture
def hurried(clock):
    """Every second on the machine is another ten on the extension's clock, well below what a claim lives without a word."""
    stopped = threading.Event()

    def hurry():
        moved = 0
        while not stopped.wait(1):
            moved += 10
            clock.move_by(timedelta(seconds=moved))

    thread = threading.Thread(target=hurry)
    thread.start()
    yield lambda: None
    stopped.set()
    thread.join()


def fresh(con, monkeypatch, shop) -> str:  # noqa: F811
    monkeypatch.setenv("MP_ARCHIVE", "off")
    monkeypatch.setenv("MP_RATE_LIMITS", "off")
    [found] = rows(con, COUNT)
    return " ".join(map(str, found))


def test_some_are_killed_and_some_fork(con, shop, monkeypatch, hurried):
    draw = random.Random(15)
    processes = [python(FORKS if number % 5 == 0 else PRINT) for number in range(20)]
    doomed = draw.sample(range(20), 4)
    ends = threading.Event()
    while len(shop.requests) < 4:
        ends.wait(0.01)
    for number in doomed:
        ends.wait(draw.random())
        processes[number].send_signal(signal.SIGKILL)
    answers = [process.communicate(timeout=200) for process in processes]
    living = [number for number in range(20) if number not in doomed]
    assert {processes[number].returncode for number in living} == {0}, [answers[number][1] for number in living]
    windows = days_asked(shop)
    # What was under way when its process died is asked for again, once for each that died, and maybe in other windows.
    asked = Counter(day for first, last in windows for day in range(int(first[-2:]), int(last[-2:]) + 1))
    assert len(windows) <= 60 and set(asked) == set(range(1, 32)) and max(asked.values()) <= 1 + len(doomed), asked
    shop.reset()
    assert {answers[number][0].strip() for number in living} == {fresh(con, monkeypatch, shop)}


@pytest.mark.parametrize("ends", ["os._exit(0)", "sys.exit()"])
def test_a_forks_child_ends_nothing_of_its_parents(shop, archive, ends):
    """In the middle of an answer that is read row by row: the child has the parent's scan in its memory, and drops it."""
    script = f"""
con.execute("SET threads = 1")
reading = con.execute("SELECT * FROM {month('max_workers := 1')}")
reading.fetchone()
child = os.fork()
if child == 0:
    {ends}
os.waitpid(child, 0)
print(1 + len(reading.fetchall()))
"""
    first, second = python(script), None
    while not shop.requests:
        pass
    second = python(f'print(con.execute("SELECT count(*) FROM {month()}").fetchone()[0])')
    assert answer(first) == answer(second)
    windows = days_asked(shop)
    assert len(windows) == len(set(windows)) == 20


def test_who_waits_for_a_dead_one_waits_a_minute(shop, archive, hurried):
    """By the clock that claims end by, which makes ten seconds of each."""
    shop.add_fault("latency", seconds=60, times=1)
    dead = python(PRINT)
    while not shop.requests:
        pass
    waiting = python(PRINT)
    dead.send_signal(signal.SIGKILL)
    dead.communicate()
    found = answer(waiting)
    shop.reset()
    assert found == answer(python(PRINT)) and not shop.settled()


def test_a_clock_that_is_set_back_after_a_kill_holds_nobody_up(shop, archive, clock):
    shop.add_fault("hang", times=1)
    dead = python(PRINT)
    while not shop.requests:
        pass
    dead.send_signal(signal.SIGKILL)
    dead.communicate()
    clock.move_by(timedelta(minutes=-10))
    begun = time.monotonic()
    assert answer(python(PRINT))
    assert time.monotonic() - begun < 40
