"""Tests that archived answers serve only those who requested them, and that the extension touches nobody else's folders."""
from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from archived import FIRST, answer, archive, files, open_shop, python, shop  # noqa: F401  fixtures
from conftest import error_of, export, rows
from simulator import Project, Simulator

DAY = f"SELECT count(*) FROM {export(first=FIRST, last=FIRST)}"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
"""root may do everything, so what a user may not is shown by one who may not."""


def asks(con, shop, statement: str = DAY) -> int:  # noqa: F811
    """How many requests a statement made, whether or not it was allowed to."""
    before = len(shop.settled())
    try:
        rows(con, statement)
    except Exception as error:
        assert "[AUTHENTICATION_FAILED]" in str(error), error
    return len(shop.settled()) - before


def test_each_kind_of_credentials_has_answers_of_its_own(con, shop, monkeypatch, tmp_path):
    project = shop.project.project_id
    sections = [
        ("robot", f"username = 'demo.sa.mp-service-account'\nsecret = 'demo-secret'\nproject_id = '{project}'"),
        ("other", f"username = 'other.sa.mp-service-account'\nsecret = 'demo-secret'\nproject_id = '{project}'"),
        ("project", "secret = 'demo-project-secret'"),
        ("rotated", "secret = 'demo-project-secret-2'"),
    ]
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    text = "\n".join(f"[accounts.{name}]\n{lines}\nregion = 'us'\n" for name, lines in sections)
    (tmp_path / "config.toml").write_text(text)
    (tmp_path / "config.toml").chmod(0o600)
    call = lambda name: f"SELECT count(*) FROM {export(f'account := {name!r}', first=FIRST, last=FIRST)}"  # noqa: E731
    assert [asks(con, shop, call(name)) for name, _ in sections] == [1, 1, 1, 1]
    # Those that were refused have nothing, and are not served by what others have.
    assert [asks(con, shop, call(name)) for name, _ in sections] == [0, 1, 0, 1]
    # The robot's secret changes, and the archive is still its; whoever has the project's new secret begins anew.
    (tmp_path / "config.toml").write_text(text.replace("demo-secret", "demo-secret-2"))
    (tmp_path / "config.toml").chmod(0o600)
    assert asks(con, shop, call("robot")) == 0
    monkeypatch.setenv("MP_OAUTH_TOKEN", "demo-token")
    monkeypatch.setenv("MP_PROJECT_ID", str(project))
    assert [asks(con, shop), asks(con, shop)] == [1, 0]


def test_one_project_is_not_another(con, monkeypatch, archive):  # noqa: F811
    shop = open_shop(monkeypatch, project={"other_project_ids": (77,)})
    other = DAY.replace(")", ", project_id := 77)", 2).replace("count(*, project_id := 77)", "count(*)")
    assert [asks(con, shop), asks(con, shop, other), asks(con, shop), asks(con, shop, other)] == [1, 1, 0, 0]
    shop.close()


def test_one_host_is_not_another(con, monkeypatch, archive):  # noqa: F811
    """A region, a test server: the same project there is another one."""
    shop = open_shop(monkeypatch, project={"region": "eu"})
    monkeypatch.setenv("MP_API_BASE_URL", shop.url + "/{region}")
    in_europe = f"SELECT count(*) FROM {export(f'region := {chr(39)}eu{chr(39)}', first=FIRST, last=FIRST)}"
    assert [asks(con, shop, in_europe), asks(con, shop, in_europe)] == [1, 0]
    assert "[INVALID_REQUEST]" in error_of(con, DAY) or "[NOT_FOUND]" in error_of(con, DAY)
    assert {request.region for request in shop.settled()} == {"eu", "us"}
    with Simulator(Project(days=31, events_per_day=7, project_id=shop.project.project_id)) as staging:
        monkeypatch.setenv("MP_API_BASE_URL", staging.url)
        assert rows(con, DAY) == [(7,)] and len(staging.settled()) == 1
    shop.close()


def test_the_filter_and_the_events_are_part_of_the_question(con, shop):
    with_filter = lambda text: f"SELECT count(*) FROM {export(f'filter := {text!r}', first=FIRST, last=FIRST)}"  # noqa: E731
    plain = """properties["plan"] == "pro" """.strip()
    assert [asks(con, shop, with_filter(plain)), asks(con, shop, with_filter(plain)), asks(con, shop)] == [1, 0, 1]
    assert asks(con, shop, with_filter(plain.replace(" ", "  "))) == 1, "only the same text is the same filter"


@pytest.fixture
def home():
    """A folder that everybody may look into, for a user who is not root."""
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can become another user")
    place = Path(tempfile.mkdtemp(prefix="mixpanel-home-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


def as_nobody(script: str, home: Path, **more) -> str:
    variables = {"HOME": str(home), "TMPDIR": "/tmp", "MP_CONFIG_PATH": str(home / "none.toml")}
    return answer(python(script, *NOBODY, **variables | more))


TWICE = f"""
for _ in range(2): print(con.execute("{DAY}").fetchone()[0])
print(con.execute("SELECT string_agg(problem) FROM mixpanel_archive()").fetchone()[0])
print(con.execute("SELECT bool_and(is_shared) FROM mixpanel_quota()").fetchone()[0])
"""


@pytest.mark.parametrize("kind", ["read-only home", "another's cache", "a file in its place", "a link to another's"])
def test_a_cache_that_can_not_be_used_is_off_and_says_so(shop, home, kind):
    cache = home / "cache"
    if kind == "another's cache":
        (cache / "mixpanel-duckdb").mkdir(parents=True, mode=0o777)
        (cache / "mixpanel-duckdb").chmod(0o777)
    elif kind == "a file in its place":
        cache.mkdir()
        (cache / "mixpanel-duckdb").write_text("mine")
    elif kind == "a link to another's":
        cache.mkdir()
        (home / "theirs").mkdir()
        (home / "theirs").chmod(0o777)
        (cache / "mixpanel-duckdb").symlink_to(home / "theirs")
    before = sorted(home.rglob("*"))
    said = as_nobody(TWICE, home, MP_ARCHIVE="default", XDG_CACHE_HOME=str(cache), XDG_STATE_HOME=str(home / "state")).splitlines()
    assert said[:2] == ["40", "40"] and len(shop.settled()) == 2
    assert said[2].startswith("no answers are archived: the folder ") and said[3] == "False"
    assert sorted(home.rglob("*")) == before, "nothing was left there"


def test_a_named_archive_that_can_only_be_read_serves(con, shop, home, monkeypatch):
    """What is there serves, and what is not is asked for each time."""
    monkeypatch.setenv("MP_ARCHIVE", str(home / "archive"))
    assert rows(con, DAY) == [(40,)]
    for path in [home / "archive", *(home / "archive").rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    other = DAY.replace(FIRST, "2025-01-02")
    script = TWICE + f'for _ in range(2): print(con.execute("{other}").fetchone()[0])'
    said = as_nobody(script, home, MP_ARCHIVE=str(home / "archive")).splitlines()
    assert (said[0], said[1], said[4], said[5]) == ("40", "40", "40", "40")
    assert len(shop.settled()) == 3


def test_a_damaged_copy_that_can_not_be_removed_is_asked_for(con, shop, home, monkeypatch):
    monkeypatch.setenv("MP_ARCHIVE", str(home / "archive"))
    assert rows(con, DAY) == [(40,)]
    [file] = files(home / "archive")
    damaged = bytearray(file.read_bytes())
    damaged[30] ^= 1
    file.write_bytes(damaged)
    for path in [home / "archive", *(home / "archive").rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert as_nobody(f'print(con.execute("{DAY}").fetchone()[0])', home, MP_ARCHIVE=str(home / "archive")) == "40"
    assert len(shop.settled()) == 2 and file.exists()


def test_a_copy_that_can_not_be_opened_stays(shop, home):
    """No permission, no file handle left: what was paid for is not removed for that."""
    (home / "own").mkdir()
    shutil.chown(home / "own", 65534, 65534)
    archive = home / "own" / "archive"  # noqa: F811
    assert as_nobody(f'print(con.execute("{DAY}").fetchone()[0])', home, MP_ARCHIVE=str(archive)) == "40"
    [file] = files(archive)
    file.chmod(0)
    script = f"""
try: con.execute("{DAY}")
except Exception as error: print(error)
"""
    said = as_nobody(script, home, MP_ARCHIVE=str(archive))
    assert "[IO_ERROR]" in said and str(file) in said and len(shop.settled()) == 1
    file.chmod(0o600)
    assert as_nobody(f'print(con.execute("{DAY}").fetchone()[0])', home, MP_ARCHIVE=str(archive)) == "40"
    assert len(shop.settled()) == 1


def test_what_is_not_ours_stays(con, shop, archive, tmp_path):
    """Foreign files and links at every level of an archive, through exports, a sweep and a clearing."""
    rows(con, DAY)
    [file] = files(archive)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(archive, elsewhere)
    strange = []
    for number, folder in enumerate([archive, *list(file.parents)[:3]]):
        for path in (folder / "notes.txt", folder / "x.jsonl.gz", folder / ".hidden.partial.txt"):
            path.write_text("mine")
            strange.append(path)
        link = folder / f"{number:032}"
        link.symlink_to(elsewhere)
        strange.append(link)
    link = file.with_name(file.name.replace(FIRST, "2025-01-02"))
    link.symlink_to(next(iter(files(elsewhere))))
    before = sorted((path, path.read_bytes()) for path in elsewhere.rglob("*") if path.is_file())
    second = DAY.replace(FIRST, "2025-01-02")
    assert asks(con, shop, second) == 1 and asks(con, shop) == 0
    assert len(rows(con, "FROM mixpanel_archive()")) == 2
    assert rows(con, "SELECT files FROM mixpanel_archive_clear(older_than := INTERVAL 0 DAYS)") == [(2,)]
    assert all(path.is_symlink() or path.read_text() == "mine" for path in strange) and link.is_symlink()
    assert sorted((path, path.read_bytes()) for path in elsewhere.rglob("*") if path.is_file()) == before


EVERYTHING = "SELECT files FROM mixpanel_archive_clear(older_than := INTERVAL 0 DAYS)"


@pytest.mark.parametrize("kind", ["ahead", "damaged", "missing"])
def test_clearing_everything_leaves_nothing(con, shop, archive, clock, kind):
    """Also what a clock that was ahead asked for, and what nobody knows the question of any more."""
    clock.move_by(timedelta(minutes=4 if kind == "ahead" else 0))
    rows(con, DAY)
    clock.move_by(timedelta())
    [words] = archive.glob("*/*/*/question.json")
    if kind == "damaged":
        words.write_text("{")
    elif kind == "missing":
        words.unlink()
    assert rows(con, EVERYTHING) == [(1,)] and not files(archive)
    assert asks(con, shop) == 1


def test_clearing_takes_what_a_killed_process_left(con, shop, archive, clock):
    rows(con, DAY)
    for file, seconds in (("a" * 32, 120), ("b" * 32, 0)):
        left = files(archive)[0].with_name(f"{file}.partial")
        left.write_bytes(b"half of it")
        os.utime(left, (time.time() - seconds,) * 2)
    assert rows(con, EVERYTHING.replace("files", "files, bytes > 10")) == [(2, True)]
    assert [path.name[0] for path in archive.rglob("*.partial")] == ["b"], "somebody may be writing to it"


def test_an_archive_that_is_removed_during_an_export_can_be_used_on(con, shop, archive):
    shop.add_fault("latency", seconds=0.3, times=None)
    reading = con.cursor()
    scan = threading.Thread(target=lambda: reading.execute(f"SELECT count(*) FROM {export('max_workers := 1')}").fetchall())
    scan.start()
    while len(shop.requests) < 3:
        time.sleep(0.01)
    shutil.rmtree(archive, ignore_errors=True)
    scan.join()
    shop.reset()
    assert rows(con, DAY) == [(40,)] and asks(con, shop) == 0
    assert answer(python(f'print(con.execute("{DAY}").fetchone()[0])')) == "40"


@pytest.mark.parametrize("off", ["OFF", "Off"])
def test_off_is_a_word_in_any_case(con, shop, monkeypatch, tmp_path, off):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MP_ARCHIVE", off)
    assert asks(con, shop) == asks(con, shop) == 1
    assert not (tmp_path / off).exists()


@pytest.mark.parametrize("change", ["cleared", "expired", "cleared by another"])
def test_copies_that_go_between_two_passes_are_asked_for_again(con, shop, archive, clock, change):
    """One relation is read twice; a POSITIONAL JOIN of what was planned before and after the change."""
    call = export(first=FIRST, last="2025-01-06")
    relation = con.sql(f"SELECT count(*), sum(hash(answer::VARCHAR)::HUGEINT) FROM {call} answer")
    first = relation.fetchall()
    reading = con.cursor().execute(f"SELECT hash(answer::VARCHAR)::HUGEINT FROM {call} answer")
    begun = reading.fetchmany(1)
    if change == "expired":
        clock.move_by(timedelta(days=300))
    elif change == "cleared":
        con.execute("CALL mixpanel_archive_clear(older_than := INTERVAL 0 DAYS)").fetchall()
    else:
        answer(python('con.execute("CALL mixpanel_archive_clear(older_than := INTERVAL 0 DAYS)").fetchall()'))
    rest = reading.fetchall()
    assert [(len(begun + rest), sum(row[0] for row in begun + rest))] == first
    again = con.sql(f"SELECT count(*), sum(hash(answer::VARCHAR)::HUGEINT) FROM {call} answer")
    assert again.fetchall() == first
    assert len(shop.settled()) <= 18
