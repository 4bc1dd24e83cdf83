"""Tests files for another DuckDB: each fails with an error that says so, and neither process nor database ends.

Without leave for other footers DuckDB itself compares them; with it (`allow_extensions_metadata_mismatch`) only we can."""
from __future__ import annotations

import json
import pathlib
import shutil
import struct
import subprocess
import sys

import duckdb
import pytest
from conftest import EXTENSION, HOST
from installing import FILE, PLATFORM, SCRIPTS, VERSION, script

sys.path.insert(0, str(SCRIPTS))
import footer  # noqa: E402  the path is set above
from served import LAYOUTS  # noqa: E402

CLIENT = """
import json, sys

import duckdb

config, statement = json.load(sys.stdin)
connection = duckdb.connect(config=config)
try:
    said = connection.execute(statement).fetchall() or "loaded"
except duckdb.Error as error:
    said = str(error)
functions = connection.execute("SELECT count(*) FROM duckdb_functions() WHERE function_name LIKE 'mixpanel%'").fetchone()[0]
print(json.dumps([said, functions]))
"""
MISMATCH = {"allow_extensions_metadata_mismatch": "true"}
only_2 = pytest.mark.skipif(VERSION < "v2", reason="DuckDB 1.x knows the first C API only")
once = pytest.mark.skipif(HOST != "v2", reason="the file is made here; once for each DuckDB is enough")


def load(file: pathlib.Path, config: dict[str, str], *, packages: pathlib.Path | None = None) -> tuple[str, int]:
    """What a process of its own is told, and how many functions of ours it has then. Everything else in it works."""
    given = json.dumps([{"allow_unsigned_extensions": "true", **config}, f"LOAD '{file}'"])
    program = f"import sys; sys.path.insert(0, {str(packages)!r})\n{CLIENT}" if packages else CLIENT
    ended = subprocess.run([sys.executable, "-c", program], input=given, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, (ended.returncode, ended.stderr)
    said, functions = json.loads(ended.stdout)
    # An error that takes the whole database with it would have shown itself in the second statement.
    return said + ended.stderr, functions


def made(folder: pathlib.Path, abi: str, version: str, platform: str = PLATFORM) -> pathlib.Path:
    """Our library with another footer."""
    folder.mkdir(exist_ok=True)
    library = EXTENSION.read_bytes()[: -footer.SIZE]
    (folder / FILE).write_bytes(library + footer.footer(abi, "v0.1.0", version, platform))
    return folder / FILE


@once
@only_2
@pytest.mark.parametrize("version", [*LAYOUTS, "v2.9.0"])
def test_a_file_for_another_2(tmp_path, version):
    said, functions = load(made(tmp_path, "C_STRUCT_UNSTABLE", version), {})
    if version == VERSION:
        assert said == "loaded" and functions > 50
    else:
        assert f"built specifically for DuckDB version '{version}'" in said and functions == 0


@once
@only_2
@pytest.mark.parametrize("version", [*LAYOUTS, "v2.9.0", "v2.0", "nonsense", ""])
def test_a_file_for_another_2_where_mismatches_are_allowed(tmp_path, version):
    said, functions = load(made(tmp_path, "C_STRUCT_UNSTABLE", version), MISMATCH)
    if version == VERSION:
        assert said == "loaded" and functions > 50
        return
    assert "[WRONG_FILE]" in said and "install.md" in said and functions == 0, said
    if version in LAYOUTS:
        assert f"is for DuckDB {version}, and DuckDB {VERSION} has duckdb_v2_" in said
    else:
        assert f"it does not support DuckDB {version}" in said


@once
@only_2
def test_a_stable_second_api_there_is_none_of(tmp_path):
    file = made(tmp_path, "C_STRUCT", "v2.0.0")
    said, functions = load(file, {})
    assert "no stable surface yet" in said and functions == 0
    said, functions = load(file, MISMATCH)
    assert "[WRONG_FILE]" in said and "its footer says C_STRUCT" in said and functions == 0


@once
@only_2
def test_a_footer_that_is_none(tmp_path):
    (tmp_path / FILE).write_bytes(EXTENSION.read_bytes()[: -footer.SIZE])
    # With leave for mismatches DuckDB ends its database itself, before it has called anything.
    said, functions = load(tmp_path / FILE, {})
    assert "The file is not a DuckDB extension" in said and functions == 0


@pytest.mark.skipif(VERSION >= "v2", reason="on 2.x it is a file of its own")
def test_a_file_for_2_in_a_duckdb_1(tmp_path):
    file = made(tmp_path, "C_STRUCT_UNSTABLE", LAYOUTS[-1])
    said, functions = load(file, {})
    assert f"built specifically for DuckDB version '{LAYOUTS[-1]}'" in said and functions == 0
    # 1.x has one entry point and takes it for that one's: the first C API's, in which nothing moves.
    said, functions = load(file, MISMATCH)
    assert said == "loaded" and functions > 30


@pytest.mark.skipif(HOST != "v1", reason="this is the file of the first C API")
def test_the_first_api_fits_everywhere():
    assert load(EXTENSION, {})[0] == load(EXTENSION, MISMATCH)[0] == "loaded"


@once
@only_2
def test_another_platform_is_refused_by_duckdb(tmp_path):
    said, functions = load(made(tmp_path, "C_STRUCT_UNSTABLE", VERSION, platform="linux_s390x"), {})
    assert "built for the platform 'linux_s390x'" in said and functions == 0


def without_names(folder: pathlib.Path) -> pathlib.Path:
    """This DuckDB, but exporting none of its functions by name, as its shell does not: packages to import it from."""
    package = pathlib.Path(duckdb.__file__).parent
    shutil.copytree(package, folder / package.name)
    [library] = package.parent.glob("_duckdb*.so")
    data = bytearray(library.read_bytes())
    for name, value in hidden(data):
        if name.startswith(b"duckdb_"):
            data[value] = 2  # STV_HIDDEN: for the library itself only
    (folder / library.name).write_bytes(data)
    return folder


def hidden(data: bytearray):
    """Each symbol of a 64-bit ELF library's dynamic table: its name, and where its visibility stands."""
    table, entry, count = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + entry * number) for number in range(count)]
    [symbols] = [section for section in sections if section[1] == 11]
    names = sections[symbols[6]]
    for at in range(symbols[4], symbols[4] + symbols[5], symbols[9]):
        start = names[4] + struct.unpack_from("<I", data, at)[0]
        yield bytes(data[start : data.index(0, start)]), at + 5


@once
@only_2
@pytest.mark.skipif(sys.platform != "linux" or sys.maxsize < 2**32, reason="the names are hidden in an ELF library of 64 bits")
def test_where_duckdb_exports_no_names_the_footer_counts(tmp_path):
    packages = without_names(tmp_path)
    said, functions = load(made(tmp_path / "good", "C_STRUCT_UNSTABLE", VERSION), {}, packages=packages)
    assert said == "loaded" and functions > 50
    # Nobody can be told but who sees the process: DuckDB gives no way to an error without its functions.
    file = made(tmp_path / "bad", "C_STRUCT_UNSTABLE", "v2.9.0")
    given = json.dumps([{"allow_unsigned_extensions": "true", **MISMATCH}, f"LOAD '{file}'"])
    program = f"import sys; sys.path.insert(0, {str(packages)!r})\n{CLIENT}"
    ended = subprocess.run([sys.executable, "-c", program], input=given, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1 and "it does not support DuckDB v2.9.0" in ended.stderr


@once
def test_no_footer_is_made_for_a_duckdb_that_is_not_known(tmp_path):
    library = tmp_path / "libmixpanel.so"
    library.write_bytes(b"a library")
    arguments = ["--library", library, "--out", tmp_path, "--extension-version", "v0.1.0", "--platform", PLATFORM]
    ended = script("footer.py", *arguments, "--file", "v2.9.0")
    assert ended.returncode == 1 and "knows no DuckDB v2.9.0" in ended.stderr
    assert not [path for path in tmp_path.rglob(FILE)]
    assert script("footer.py", *arguments).returncode == 0
    assert {path.parent.name for path in tmp_path.rglob(FILE)} == {"v1", *LAYOUTS}


SECOND = """
import ctypes, json, sys

import duckdb

copy, file, other = sys.argv[1:]
first = duckdb.connect(config={"allow_unsigned_extensions": "true"})
first.execute(f"LOAD '{file}'")
library = ctypes.CDLL(copy)
library.duckdb_result_error.restype = ctypes.c_char_p


class Result(ctypes.Structure):
    _fields_ = [("opaque", ctypes.c_uint64 * 16)]


def run(connection, statement):
    result = Result()
    library.duckdb_query(connection, statement.encode(), ctypes.byref(result))
    return (library.duckdb_result_error(ctypes.byref(result)) or b"done").decode()


config, database, connection = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
library.duckdb_create_config(ctypes.byref(config))
library.duckdb_set_config(config, b"allow_unsigned_extensions", b"true")
assert library.duckdb_open_ext(None, ctypes.byref(database), config, None) == 0
assert library.duckdb_connect(database, ctypes.byref(connection)) == 0
said = [run(connection, f"LOAD '{file}'"), run(connection, f"LOAD '{other}'"), run(connection, "SELECT mixpanel_version()")]
# The first one goes on, in a new session too.
again = duckdb.connect(config={"allow_unsigned_extensions": "true"})
again.execute(f"LOAD '{file}'")
said += [each.execute("SELECT mixpanel_version()").fetchone()[0] for each in (first, again)]
print(json.dumps(said))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a second DuckDB is had by loading a copy of Python's")
def test_two_duckdbs_in_one_process_need_two_files(tmp_path):
    package = pathlib.Path(duckdb.__file__).parent
    [library] = [*package.parent.glob("_duckdb*.so"), *package.glob("duckdb*.so")]
    shutil.copy(library, tmp_path / "second.so")
    (tmp_path / "other").mkdir()
    shutil.copy(EXTENSION, tmp_path / "other" / FILE)
    command = [sys.executable, "-c", SECOND, str(tmp_path / "second.so"), str(EXTENSION), str(tmp_path / "other" / FILE)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, (ended.returncode, ended.stderr)
    refused, *others = json.loads(ended.stdout)
    assert "[WRONG_FILE] another DuckDB in this process" in refused
    assert others[:2] == ["done", "done"] and others[2] == others[3]
