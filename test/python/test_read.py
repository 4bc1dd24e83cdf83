"""Tests `mixpanel_read`: the rows of an export from files, without a request and without credentials."""
from __future__ import annotations

import gzip
import os
import threading
from datetime import date

import pytest
from conftest import FIRST, HOST, LAST, connect, error_of, export, line, only_v2, rows
from expected import export_rows, fetched_rows

@pytest.fixture
def downloads(sim, tmp_path):
    """A file for each day, as curl would have left them: one gzip, one plain, and so on."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    for number in range(1, 6):
        day = date(2025, 1, number)
        texts = (text if isinstance(text, bytes) else text.encode() for text in sim.archive.lines(day, day))
        lines = b"".join(text + b"\n" for text in texts)
        name, content = (f"{day}.jsonl.gz", gzip.compress(lines)) if number % 2 else (f"{day}.jsonl", lines)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """There are no credentials: none are asked for."""
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)


def test_the_rows_are_those_of_the_export(con, sim, downloads, monkeypatch):
    expected = export_rows(sim, FIRST, LAST)
    for files in (f"'{downloads}/*'", f"['{downloads}/*.jsonl', '{downloads}/*.gz']", f"['{downloads}/*', '{downloads}/2025-01-03*']"):
        assert fetched_rows(con, f"mixpanel_read({files})") == expected, files
    assert fetched_rows(con, f"mixpanel_read('{downloads}/2025-01-02.jsonl')") == export_rows(sim, "2025-01-02", "2025-01-02")
    assert rows(con, f"SELECT count(*) FROM mixpanel_read('{downloads}/**/*.gz', raw := true)") == rows(
        con, f"SELECT count(*) FROM mixpanel_read('{downloads}/*.gz')")  # fmt: skip
    assert not sim.requests


def test_seconds_and_milliseconds_are_told_apart_by_size(con, tmp_path):
    (tmp_path / "mixed").write_text("\n".join(line(time=time) for time in (1735689600, 1735689600123, 0)) + "\n")
    times = rows(con, f"SELECT event_time::VARCHAR FROM mixpanel_read('{tmp_path}/mixed')")
    assert times == [("2025-01-01 00:00:00",), ("2025-01-01 00:00:00.123",), ("1970-01-01 00:00:00",)]
    zoned = rows(con, f"SELECT event_time::VARCHAR FROM mixpanel_read('{tmp_path}/mixed', time_zone := 'Europe/Berlin')")
    assert zoned[:2] == [("2024-12-31 23:00:00",), ("2024-12-31 23:00:00.123",)]


def test_typed_columns_and_raw(con, tmp_path):
    (tmp_path / "one").write_text(line("A", time=1735689600, amount=1.5, plan="pro"))
    call = f"mixpanel_read('{tmp_path}/one', columns := {{'amount': 'DOUBLE'}})"
    assert rows(con, f"SELECT event_name, amount, properties FROM {call}") == [("A", 1.5, '{"amount":1.5,"plan":"pro"}')]
    assert rows(con, f"FROM mixpanel_read('{tmp_path}/one', raw := true)") == [(line("A", time=1735689600, amount=1.5, plan="pro"),)]


@pytest.mark.parametrize("bad, said", [
    ('{"event": "Hidden", "properties"', "line 3 is cut off"), ("Hidden", "line 3 is not JSON"), ('{"error": "Hidden"}', "line 3 is not an event"),
    ('{"event": "Hidden"}', "line 3 is not an event"), ("<p>Hidden</p>", "line 3 is not an event but HTML"), ("Hidden terminated early", "line 3 is not an event"),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["plain", "gzip"])
def test_an_error_names_file_and_line_and_quotes_nothing(con, tmp_path, kind, bad, said):
    text = (line(time=1) + "\n\n" + bad + "\n").encode()
    (tmp_path / "bad").write_bytes(gzip.compress(text) if kind == "gzip" else text)
    error = error_of(con, f"CREATE TABLE t AS FROM mixpanel_read('{tmp_path}/bad')")
    assert f"{tmp_path}/bad: {said}" in error and "Hidden" not in error, error
    assert error_of(con, "FROM t").startswith("Catalog Error")


def test_damaged_gzip_is_an_error(con, tmp_path):
    whole = gzip.compress((line(time=1) + "\n").encode() * 1000)
    for content in (whole[:-9], whole[: len(whole) // 2], whole + b"more"):
        (tmp_path / "cut.gz").write_bytes(content)
        assert "its compression is cut off or damaged" in error_of(con, f"SELECT count(*) FROM mixpanel_read('{tmp_path}/cut.gz')")


def test_empty_files_have_no_rows(con, tmp_path):
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").write_bytes(gzip.compress(b""))
    assert rows(con, f"FROM mixpanel_read('{tmp_path}/[ab]')") == []


def test_files_of_an_archive_that_share_days_are_refused(con, sim, tmp_path, monkeypatch):
    monkeypatch.setenv("MP_OAUTH_TOKEN", "demo-token")
    monkeypatch.setenv("MP_PROJECT_ID", "12345")
    monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
    everything = rows(con, f"SELECT count(*) FROM {export('window_days := 1')}")
    asked = len(sim.settled())
    call = f"mixpanel_read('{tmp_path}/archive/**/*.jsonl.gz')"
    assert rows(con, f"SELECT count(*) FROM {call}") == everything
    rows(con, f"SELECT count(*) FROM {export('window_days := 1, max_age := INTERVAL 0 SECONDS')}")
    error = error_of(con, f"SELECT count(*) FROM {call}")
    assert "[INVALID_ARGUMENT] files:" in error and "both have 2025-01-0" in error and "MP_ARCHIVE" in error, error
    assert len(sim.settled()) == 2 * asked


def test_they_are_refused_however_their_folders_are_called_and_whoever_asked(con, sim, tmp_path, monkeypatch):
    monkeypatch.setenv("MP_PROJECT_ID", "12345")
    monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
    day = f"SELECT count(*) FROM {export('max_age := INTERVAL 0 SECONDS', last=FIRST)}"
    monkeypatch.setenv("MP_OAUTH_TOKEN", "demo-token")
    rows(con, day)
    rows(con, day)
    one, two = sorted((tmp_path / "archive").rglob("*.jsonl.gz"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "archive")
    for other in (two.relative_to(tmp_path), f"./{two.relative_to(tmp_path)}", tmp_path / "link" / two.relative_to(tmp_path / "archive")):
        assert f"both have {FIRST}" in error_of(con, f"SELECT count(*) FROM mixpanel_read(['{one}', '{other}'])"), other
    two.unlink()
    monkeypatch.delenv("MP_OAUTH_TOKEN")
    monkeypatch.setenv("MP_USERNAME", "demo.sa.mp-service-account")
    monkeypatch.setenv("MP_SECRET", "demo-secret")
    rows(con, day)
    assert len(list((tmp_path / "archive").rglob("*.jsonl.gz"))) == 2
    assert f"both have {FIRST}" in error_of(con, f"SELECT count(*) FROM mixpanel_read('{tmp_path}/archive/**/*.jsonl.gz')")


def test_a_pipe_is_read(con, tmp_path):
    """By its name, and as what a shell makes of `<(...)`."""
    lines = (line(time=1735689600) + "\n").encode() * 3
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(lines,))
    writer.start()
    assert rows(con, f"SELECT count(*) FROM mixpanel_read('{tmp_path}/pipe')") == [(3,)]
    writer.join()
    reading, writing = os.pipe()
    os.write(writing, lines)
    os.close(writing)
    assert rows(con, f"SELECT count(*) FROM mixpanel_read('/dev/fd/{reading}')") == [(3,)]
    os.close(reading)


@pytest.fixture
def memory(con, downloads):
    """The downloads at addresses, which DuckDB reads through a file system that its client registered."""
    fsspec = pytest.importorskip("fsspec", reason="installed beside DuckDB 2.x")
    system = fsspec.filesystem("memory")
    system.store.clear()
    for file in downloads.iterdir():
        system.pipe(f"/bucket/{file.name}", file.read_bytes())
    con.register_filesystem(system)
    yield system
    system.store.clear()


@only_v2
def test_addresses_are_read_through_duckdb(con, sim, downloads, memory):
    expected = export_rows(sim, FIRST, LAST)
    for files in ("'memory://bucket/*'", f"['memory://bucket/*.gz', '{downloads}/*.jsonl', 'memory://bucket/2025-01-03*']"):
        assert fetched_rows(con, f"mixpanel_read({files})") == expected, files
    assert fetched_rows(con, "mixpanel_read('memory://bucket/2025-01-02.jsonl')") == export_rows(sim, "2025-01-02", "2025-01-02")
    assert "[IO_ERROR] there is no file \"memory://bucket/none*\"" in error_of(con, "FROM mixpanel_read('memory://bucket/none*')")
    assert not sim.requests


@only_v2
def test_a_file_system_that_fails_ends_the_statement_and_nothing_else(con, memory, monkeypatch):
    def fails(*_arguments, **_named):
        raise OSError("the bucket is shut")

    opened = memory.open
    for times in (0, 1, 3):
        calls = iter([opened] * times)
        monkeypatch.setattr(memory, "open", lambda *arguments, **named: next(calls, fails)(*arguments, **named))
        error = error_of(con, "CREATE TABLE t AS FROM mixpanel_read('memory://bucket/*')")
        assert "[IO_ERROR] memory:" in error and "/bucket/2025-01-0" in error and "the bucket is shut" in error, error
        assert rows(con, "SELECT 42") == [(42,)] and error_of(con, "FROM t").startswith("Catalog Error")


@only_v2
def test_an_address_without_a_file_system_is_refused_in_duckdbs_words(con):
    """Its extension can't be installed here."""
    con.execute("SET autoinstall_known_extensions = false")
    assert "httpfs" in error_of(con, "FROM mixpanel_read('s3://bucket/*.jsonl.gz')")


@pytest.mark.skipif(HOST != "v1", reason="DuckDB 2.x reads addresses")
def test_an_address_is_refused_where_duckdb_lends_no_file_systems(con):
    error = error_of(con, "FROM mixpanel_read(['s3://bucket/*.jsonl.gz'])")
    assert "[IO_ERROR]" in error and "is an address" in error and "DuckDB 2.x" in error, error


@only_v2
def test_a_database_reads_where_it_may(downloads):
    connection = connect()
    connection.execute(f"SET allowed_directories = ['{downloads}/']")
    connection.execute("SET enable_external_access = false")
    assert rows(connection, f"SELECT count(*) > 0 FROM mixpanel_read('{downloads}/*')") == [(True,)]
    for forbidden in (f"{downloads.parent}/*", f"{downloads}/../other", "/etc/hostname"):
        assert "Permission Error" in error_of(connection, f"FROM mixpanel_read('{forbidden}')")
    connection.close()


@only_v2
def test_a_file_system_that_is_forbidden_is_not_used(downloads):
    connection = connect()
    connection.execute("SET disabled_filesystems = 'LocalFileSystem'")
    assert "Permission Error" in error_of(connection, f"FROM mixpanel_read('{downloads}/2025-01-02.jsonl')")
    connection.close()


def test_halves_of_surrogate_pairs_reach_no_column(con, tmp_path):
    """One of them in a COPY as JSON invalidates the database, whatever it came from."""
    (tmp_path / "odd.jsonl").write_text('{"event":"a\\ud83d","properties":{"time":1735732800,"distinct_id":"b\\udc00","k\\ud83d":"v\\udc00"}}\n')
    for arguments in ("", ", raw := true", ", columns := {'k': 'JSON'}"):
        target = tmp_path / "out.json"
        con.execute(f"COPY (FROM mixpanel_read('{tmp_path}/odd.jsonl'{arguments})) TO '{target}' (FORMAT json)")
        assert "\\ud83d" not in target.read_text() and rows(con, "SELECT 42") == [(42,)]
