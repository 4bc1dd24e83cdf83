"""Runs every `.test` file with the stock module."""
import pathlib
import re
import sys

import pytest
from conftest import EXTENSION, HOST, ROOT, connect

sys.path.insert(0, str(ROOT / "test" / "sql"))
from runner import Runner, Skipped  # noqa: E402  the path is set above

FILES = sorted((ROOT / "test" / "sql").rglob("*.test"))


def parameter(path: pathlib.Path):
    why = re.search(r"^# unspecified: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    marks = [pytest.mark.unspecified(why[1])] if why else []
    return pytest.param(path, id=str(path.relative_to(ROOT / "test" / "sql")), marks=marks)


@pytest.mark.parametrize("path", map(parameter, FILES))
def test_file(path: pathlib.Path, monkeypatch, sim):
    monkeypatch.setenv("MIXPANEL_HOST", HOST)
    connection = connect()
    connection.execute("CALL mixpanel_clear_cache()").fetchall()
    try:
        Runner(connection, str(EXTENSION)).run(path)
    except Skipped as reason:
        pytest.skip(str(reason))
    finally:
        connection.close()


def test_there_are_files():
    assert FILES
