"""Tests an archive that fills up in the middle of a statement whose two sides wait for each other: no hang, and the right rows."""
from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager

import pytest
from archived import FIRST, LAST, answer, archive, files, month, open_shop, python  # noqa: F401  fixtures
from conftest import days_asked, export, rows

SIDES = "{0} a POSITIONAL JOIN {0} b"
BOTH = "SELECT count(*), sum(hash(a::VARCHAR)::HUGEINT), sum(hash(b::VARCHAR)::HUGEINT) FROM "
ONE = f"SELECT count(*), sum(hash(a::VARCHAR)::HUGEINT) FROM {month()} a"


@contextmanager
def small_disk(place, kibibytes: int):
    """A file system of its own, which only root can mount."""
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def shop(monkeypatch, archive):  # noqa: F811
    """Days that are a few tens of kilobytes each, compressed; no pace of three a second."""
    large = open_shop(monkeypatch, project={"events_per_day": 300})
    monkeypatch.setenv("MP_RATE_LIMITS", "off")
    yield large
    large.close()


@pytest.fixture
def fresh(con, shop, monkeypatch):
    with pytest.MonkeyPatch.context() as here:
        here.setenv("MP_ARCHIVE", "off")
        [found] = rows(con, ONE)
    shop.clear()
    return found


def is_right(found: tuple, fresh: tuple) -> bool:
    count, one, other = found
    return (count, one) == (count, other) == fresh


def test_the_disk_is_full(con, shop, fresh, monkeypatch, tmp_path):
    with small_disk(tmp_path / "disk", 200) as place:
        monkeypatch.setenv("MP_ARCHIVE", str(place / "archive"))
        [found] = rows(con, BOTH + SIDES.format(month()))
        kept = files(place / "archive")
        assert is_right(found, fresh) and 0 < len(kept) < 20
        assert len(shop.settled()) <= 40
        # Nothing that is there is asked for again, and what there is no room for serves nobody.
        shop.clear()
        assert rows(con, ONE) == [fresh]
        assert {str(file.name)[:21] for file in kept}.isdisjoint("_".join(days) for days in days_asked(shop))


def test_the_tenth_of_the_free_disk_is_used(con, shop, fresh, monkeypatch, tmp_path):
    with small_disk(tmp_path / "disk", 4000) as place:
        monkeypatch.setenv("MP_ARCHIVE", "default")
        monkeypatch.setenv("XDG_CACHE_HOME", str(place))
        [found] = rows(con, BOTH + SIDES.format(month()))
        kept = files(place / "mixpanel-duckdb")
        assert is_right(found, fresh) and 0 < len(kept)
        assert sum(file.stat().st_size for file in kept) <= 410_000
        for _ in range(2):
            assert rows(con, ONE) == [fresh]
            assert sum(file.stat().st_size for file in files(place / "mixpanel-duckdb")) <= 410_000


def test_a_file_may_not_be_that_large(shop, fresh):
    """RLIMIT_FSIZE, which Python turns into an error: two days together are larger than any file may be, one is not."""
    head = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))"
    process = python(f'print(con.execute("""{BOTH + SIDES.format(month())}""").fetchone())', head=head)
    assert is_right(eval(answer(process)), fresh)
    assert len(shop.settled()) <= 40


def test_the_limit_of_a_file_ends_no_process(shop, fresh):
    """Who does not ignore the signal, as the shell of DuckDB doesn't, is not ended by it."""
    head = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"
    script = f'print(con.execute("""{BOTH + SIDES.format(month())}""").fetchone())'
    for size in (40_000, 100):
        assert is_right(eval(answer(python(script, head=head.format(size)))), fresh)
        shop.clear()


@pytest.mark.skipif(os.name != "posix", reason="modes are Unix's")
def test_memory_keeps_what_no_disk_takes(con, shop, fresh):
    rows(con, f"SELECT count(*) FROM {export(first=FIRST, last=FIRST)}")
    head = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    process = python(f'print(con.execute("""{BOTH + SIDES.format(month())}""").fetchone())', head=head)
    assert is_right(eval(answer(process)), fresh)
