"""Tests the scalar functions with all kinds of DuckDB's vectors, and with bytes that are not UTF-8."""
from __future__ import annotations

import duckdb
import pytest
from conftest import connect, rows

EPOCH = "make_timestamp({0} * 1000000)"
SEQUENCES = [
    ("range(5000) r(i)", "i"),
    ("generate_series(1600000000, 1600004999) r(i)", "i"),
    ("range(1600000000, 1600005000) r(i)", "i"),
    ("range(1600005000, 1600000000, -1) r(i)", "i"),
    ("big", "rowid"),
    ("big", "rowid + 1600000000"),
    ("(SELECT unnest(range(5000)) AS i)", "i"),
    ("(SELECT row_number() OVER () AS i FROM big)", "i"),
]


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    """A database in a file, where strings are compressed: alike ones as a dictionary, unlike ones by FSST."""
    path = tmp_path_factory.mktemp("vectors") / "vectors.duckdb"
    with connect() as connection:
        # Later storage has another compression of strings, which is undone as it is read.
        connection.execute(f"ATTACH '{path}' AS file (STORAGE_VERSION 'v1.0.0'); USE file")
        connection.execute("CREATE TABLE big AS SELECT i, 'the same' AS same, 'kind ' || (i % 7) AS kind FROM range(200000) r(i)")
        connection.execute("""CREATE TABLE strings AS SELECT i, 'https://example.com/a/long/path/' || hash(i) AS url,
            '{"plan": "pro", "n": ' || i || ', "url": "https://example.com/' || hash(i) || '"}' AS json,
            (1600000000 + i)::VARCHAR AS epoch, CASE WHEN i % 3 = 0 THEN 'https://example.com/a/long/path/' || hash(i) END AS holes FROM range(200000) r(i)""")
    with connect(str(path)) as connection:
        # Compressed strings stay so until somebody wants them otherwise.
        connection.execute("SET enable_fsst_vectors = true")
        yield connection


def test_the_kinds_are_there(con):
    """Otherwise the tests below would show nothing."""
    kinds = lambda source, column: {kind for (kind,) in rows(con, f"SELECT DISTINCT vector_type({column}) FROM {source}")}  # noqa: E731
    for column in ("url", "json", "epoch"):
        assert "FSST_VECTOR" in kinds("strings", column), column
    assert "SEQUENCE_VECTOR" in kinds("range(5000) r(i)", "i")
    assert kinds("range(5000) r(i)", "'a'") == {"CONSTANT_VECTOR"}
    if not duckdb.__version__.startswith("1."):
        assert "DICTIONARY_VECTOR" in kinds("big", "kind")


@pytest.mark.parametrize("source, number", SEQUENCES, ids=[f"{source} {number}" for source, number in SEQUENCES])
def test_sequences(con, source, number):
    """As a number and, through the other overloads, as DOUBLE and text."""
    expected = f"SELECT count(*), sum({number}) FROM {source}"
    query = f"""SELECT count(*), sum(epoch(mixpanel_timestamp({number}))::BIGINT) FROM {source}
        WHERE mixpanel_timestamp({number}) IS NOT DISTINCT FROM mixpanel_timestamp(({number})::VARCHAR)
          AND mixpanel_timestamp({number}) IS NOT DISTINCT FROM mixpanel_timestamp(({number})::DOUBLE)"""
    assert rows(con, query) == rows(con, expected)
    assert rows(con, f"SELECT count(DISTINCT mixpanel_bookmark_id({number})) FROM {source} WHERE {number} > 0") == \
        rows(con, f"SELECT count(DISTINCT {number}) FROM {source} WHERE {number} > 0")  # fmt: skip


def test_constants(con):
    assert rows(con, "SELECT DISTINCT mixpanel_quote('a'), mixpanel_timestamp(1600000000), mixpanel_property('{\"a\": 1}', 'a') FROM big") == \
        rows(con, "SELECT '\"a\"', make_timestamp(1600000000000000), '1'")  # fmt: skip
    assert rows(con, "SELECT DISTINCT mixpanel_quote(NULL), mixpanel_timestamp(NULL::BIGINT), mixpanel_property(NULL, 'a') FROM big") == [(None,) * 3]
    assert rows(con, "SELECT DISTINCT mixpanel_utc(TIMESTAMP '2025-01-01 12:00', 'Europe/Berlin')::VARCHAR FROM big") == [("2025-01-01 11:00:00",)]
    # One constant, one column.
    query = "SELECT count(*) FROM strings WHERE mixpanel_property(json, 'n') = i::VARCHAR AND mixpanel_property('{\"' || i || '\": 1}', i::VARCHAR) = '1'"
    assert rows(con, query) == [(200_000,)]


def test_dictionaries(con):
    query = "SELECT count(*), count(DISTINCT mixpanel_quote({0})) FROM big WHERE mixpanel_quote({0}) = '\"' || {0} || '\"'"
    assert rows(con, query.format("same")) == [(200_000, 1)]
    assert rows(con, query.format("kind")) == [(200_000, 7)]
    # A selection of rows, and the rows that a join finds.
    assert rows(con, query.format("kind") + " AND i % 5 = 0") == [(40_000, 7)]
    join = "SELECT count(*) FROM big JOIN strings USING (i) WHERE i % 11 = 3 AND mixpanel_quote(kind) = '\"' || kind || '\"' AND mixpanel_quote(url) = '\"' || url || '\"'"
    assert rows(con, join) == [(18_182,)]


@pytest.mark.parametrize("column", ["url", "json", "epoch", "holes"])
def test_compressed_strings(con, column):
    quoted = f"""'"' || replace({column}, '"', chr(92) || '"') || '"'"""
    query = f"SELECT count(*) FROM strings WHERE mixpanel_quote({column}) IS NOT DISTINCT FROM {quoted}"
    assert rows(con, query) == [(200_000,)]
    assert rows(con, f"{query} AND i % 1000 = 17") == [(200,)]
    assert len(rows(con, f"SELECT mixpanel_quote({column}) FROM strings LIMIT 5")) == 5


def test_compressed_strings_as_json_and_times(con):
    assert rows(con, "SELECT count(*) FROM strings WHERE mixpanel_property(json, 'n') = i::VARCHAR") == [(200_000,)]
    assert rows(con, "SELECT count(*) FROM strings WHERE epoch(mixpanel_timestamp(epoch)) = epoch::DOUBLE") == [(200_000,)]


NO_TEXT = [b"\xff", b"plain", b"a long text that stands elsewhere \xf0\x9f", b"\xed\xa0\xbd", "größer".encode(), b"", b"\xc3\x28 in the middle of a text", None]


@pytest.fixture
def bytes_as_text(con):
    """A VARCHAR column of a registered Arrow table, whose bytes nobody checks."""
    pa = pytest.importorskip("pyarrow")
    column = pa.array(NO_TEXT, pa.binary())
    texts = pa.Array.from_buffers(pa.string(), len(column), column.buffers())
    objects = pa.array([None if text is None else b'{"a": "' + text + b'"}' for text in NO_TEXT], pa.binary())
    objects = pa.Array.from_buffers(pa.string(), len(objects), objects.buffers())
    # As Arrow marks what is JSON: DuckDB casts nothing then, and so looks at nothing.
    json = {"ARROW:extension:name": "arrow.json", "ARROW:extension:metadata": ""}
    schema = pa.schema([pa.field("text", pa.string()), pa.field("object", pa.string(), metadata=json)])
    con.register("arrow", pa.table([texts, objects], schema=schema))
    assert rows(con, "SELECT typeof(object) FROM arrow LIMIT 1") == [("JSON",)]
    yield "arrow"
    con.unregister("arrow")


def test_bytes_that_are_no_text_give_null(con, bytes_as_text):
    good = [text if text is None or text in (b"plain", "größer".encode(), b"") else None for text in NO_TEXT]
    good = [text and text.decode() if text else ("" if text == b"" else None) for text in good]
    assert rows(con, "SELECT mixpanel_quote(text) FROM arrow") == [(None if text is None else f'"{text}"',) for text in good]
    assert rows(con, "SELECT mixpanel_property(object, 'a') FROM arrow") == [(text,) for text in good]
    assert rows(con, "SELECT mixpanel_property('{\"plain\": 1}', text) FROM arrow") == [("1" if text == "plain" else None,) for text in good]
    nothing = [(None,)] * len(NO_TEXT)
    assert rows(con, "SELECT mixpanel_timestamp(text) FROM arrow") == nothing
    assert rows(con, "SELECT mixpanel_bookmark_id(text) FROM arrow") == nothing
    bad = "text NOT IN ('plain', 'größer', '')"
    assert rows(con, f"SELECT mixpanel_utc(TIMESTAMP '2025-01-01', text) FROM arrow WHERE {bad}") == [(None,)] * 4
    assert rows(con, "SELECT 42") == rows(con.cursor(), "SELECT 42") == [(42,)]
