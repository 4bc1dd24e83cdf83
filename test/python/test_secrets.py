"""Tests that the secret appears nowhere: not in errors, records, settings or plans, and not where a server repeats it."""
from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote
from uuid import uuid4

import duckdb
import pytest
from conftest import FIRST, connect, error_of, export, only_v2, rows
from simulator import Credentials, Project, Simulator


@pytest.fixture
def secret(monkeypatch) -> str:
    """A secret of this test alone: the records of the process must not hold it afterwards either."""
    secret = f"hunter2/+{uuid4().hex}"
    monkeypatch.setenv("MP_USERNAME", "someone")
    monkeypatch.setenv("MP_SECRET", secret)
    return secret


def header(secret: str) -> str:
    """The secret as the header carries it."""
    return b64encode(f"someone:{secret}".encode()).decode()


def forms(secret: str) -> list[str]:
    """The secret as others may write it."""
    alone = b64encode(secret.encode()).decode()
    return [secret, header(secret), header(secret).rstrip("="), alone, alone.rstrip("="), quote(secret, safe="")]


SHOWING = [
    "mixpanel_accounts()", "mixpanel_fetches()", "mixpanel_quota()", "duckdb_settings()", "duckdb_secrets()",
    "duckdb_variables()", "duckdb_functions() WHERE function_name LIKE 'mixpanel%'",
]  # fmt: skip


def assert_nowhere(con, secret: str, *texts: str) -> None:
    """The secret is in none of the texts, and in nothing that SQL can be asked for; neither is a good part of it."""
    for text in (*texts, *(repr(rows(con, f"FROM {source}")) for source in SHOWING)):
        for hidden in (secret, secret[:20], *(form[:30] for form in forms(secret))):
            assert hidden not in text, text


ECHOES = [
    ("status", {"status": 400}), ("status", {"status": 401}), ("status", {"status": 429}), ("status", {"status": 500}),
    ("body", {}), ("body", {"gzip": True}),
]  # fmt: skip


@pytest.mark.parametrize("kind, options", ECHOES, ids=str)
@pytest.mark.parametrize("form", [
    "you sent {}", '{{"error": "bad header {}"}}', "<html><title>Hello {}</title></html>", '{{"event":"A","prop {}',
    '{{"event":"A","properties":{{"x":1}}}}\nterminated {}', "x" * 100 + " {}", "<p>" + "x" * 280 + " {}",
])  # fmt: skip
def test_a_server_that_repeats_the_credentials_does_not_spread_them(con, sim, secret, kind, options, form):
    """A proxy's page or an error that shows what was sent must not carry it into errors and records.

    The last forms have it where excerpts are cut: what is left of it is still too much."""
    for said in forms(secret):
        sim.reset()
        sim.add_fault(kind, times=None, path=None, body=form.format(said), **options)
        error = error_of(con, f"FROM {export(last=FIRST)}")
        assert FIRST in error
        ((tested,),) = rows(con, "SELECT error FROM mixpanel_account_test()")
        assert_nowhere(con, secret, error, tested)


@pytest.mark.parametrize("damage", [
    "region := ''", "region := 'moon'", "project_id := ''", "username := ''", "token := ''", "project_id := 'x'",
    "project_id := {'a': 1}", "project_id := [1]", "region := 7", "project_id := NULL, username := 'u'",
])  # fmt: skip
@pytest.mark.parametrize("name", ["'x'", "NULL", "''", "' '", "7", "chr(10)"])
def test_a_refused_account_does_not_show_its_secret(con, secret, damage, name):
    """DuckDB shows the statement beside an error of binding: the arguments are better looked at when it runs."""
    for before in ("CALL", "FROM", "SELECT account FROM"):
        statement = f"{before} mixpanel_account_add({name}, secret := '{secret}', {damage})"
        error = error_of(con, statement)
        assert_nowhere(con, secret, error)
        assert "LINE 1" not in error, error


@only_v2
def test_nor_where_access_is_forbidden(secret):
    con = connect()
    con.execute("SET enable_external_access = false")
    error = error_of(con, f"FROM mixpanel_account_add('x', secret := '{secret}')")
    assert "[EXTERNAL_ACCESS_DISABLED]" in error and secret not in error and "LINE 1" not in error
    con.close()


def test_a_bound_parameter_keeps_the_secret_out_of_the_statement(con, secret, tmp_path):
    """What the page advises: then not even a misspelt parameter shows it."""
    with pytest.raises(duckdb.Error) as caught:
        con.execute("CALL mixpanel_account_add('x', sekret := ?)", [secret])
    assert secret not in str(caught.value)
    con.execute("CALL mixpanel_account_add(?, username := 'u', secret := ?, project_id := 12345)", ["x", secret]).fetchall()
    assert secret in (tmp_path / "config.toml").read_text()


@pytest.fixture
def knowing(secret, monkeypatch):
    """A simulator for which that secret is the right one."""
    with Simulator(Project(days=2, events_per_day=20), credentials=Credentials("someone", secret)) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield simulator


@pytest.mark.parametrize("kind, options", [("damaged_line", {}), ("body", {}), ("status", {"status": 400})], ids=["line", "body", "400"])
@pytest.mark.parametrize("length", [60, *range(85, 125, 3), 270, 290])
def test_an_excerpt_is_cut_after_the_secret_is_out_of_it(con, knowing, secret, kind, options, length):
    """Cut first, 31 characters of 32 would come through: in the error, and in mixpanel_fetches()."""
    text = "x" * length + secret + "y" * 300
    knowing.add_fault(kind, match={"from_date": FIRST}, times=None, **options, **{"text" if kind == "damaged_line" else "body": text})
    error = error_of(con, f"FROM {export(last=FIRST)}")
    call = export("on_failure := 'skip'", last="2025-01-02")
    assert rows(con, f"SELECT count(*) FROM {call}") == [(20,)]
    assert_nowhere(con, secret, error)
    assert f"{'x' * 60}" in error and "hunter" not in error, error


@only_v2
def test_nor_does_a_tables_history_have_it(con, knowing, secret):
    knowing.add_fault("body", match={"from_date": FIRST}, times=None, body="x" * 100 + secret + "y" * 300)
    con.execute(f"PRAGMA mixpanel_fetch_events('e', from_date = '{FIRST}', to_date = '2025-01-02', on_failure = 'skip')")
    ((failed,),) = rows(con, "SELECT failed_ranges::VARCHAR FROM _metadata")
    assert FIRST in failed and "xxx***" in failed
    assert_nowhere(con, secret, failed)


def test_secrets_stay_secret_all_the_way(con, sim, secret):
    con.execute(f"CALL mixpanel_account_add('x', username := 'someone', secret := '{secret}', project_id := 12345)")
    account = "account := 'x'"
    texts = [
        error_of(con, f"FROM {export()}"),
        error_of(con, f"FROM {export(account)}"),
        error_of(con, f"FROM {export(account.replace('x', 'y'))}"),
        error_of(con, f"CALL mixpanel_account_add('x', secret := '{secret}')"),
        repr(rows(con, "FROM mixpanel_account_test()")),
        repr(rows(con, f"EXPLAIN FROM {export()}")),
        repr(rows(con, "FROM mixpanel_export_plan(from_date := '2025-01-01', to_date := '2025-01-02')")),
    ]
    assert_nowhere(con, secret, *texts)
    assert all(secret not in repr(request.params) for request in sim.settled())


@only_v2
def test_a_database_without_access_to_the_outside(sim):
    con = connect()
    con.execute("SET enable_external_access = false")
    for statement in (f"FROM {export()}", "FROM mixpanel_account_test()"):
        assert "[EXTERNAL_ACCESS_DISABLED]" in error_of(con, statement)
    assert not sim.settled()
    con.close()


ASKING = [
    "mixpanel_segmentation('A', from_date := '2025-01-01', to_date := '2025-01-02', raw := true)",
    "mixpanel_segmentation('A', from_date := '2025-01-01', to_date := '2025-01-02')",
    "mixpanel_retention(born_event := 'A', from_date := '2025-01-01', to_date := '2025-01-02')",
    "mixpanel_funnel(1, from_date := '2025-01-01', to_date := '2025-01-02')",
    "mixpanel_jql('function main() { return 1 }')", "mixpanel_saved_report(1)", "mixpanel_saved_report(1, raw := true)",
    "mixpanel_query_funnel(['A', 'B'])", "mixpanel_query_retention('A', 'B')", "mixpanel_query_flows('A')",
    "mixpanel_saved_report(1, from_date := '2025-01-01', to_date := '2025-01-02')",
    "mixpanel_flows(1)", "mixpanel_events()", "mixpanel_cohorts()", "mixpanel_bookmarks()", "mixpanel_lexicon_schemas()",
    "mixpanel_dashboards()", "mixpanel_dashboard(1)", "mixpanel_feature_flags()", "mixpanel_experiments(raw := true)",
    "mixpanel_lookup_tables(raw := true)", "mixpanel_lookup_table(1)", "mixpanel_cohort_definitions()",
    "mixpanel_annotations()", "mixpanel_profiles()", "mixpanel_profiles(raw := true)", "mixpanel_api('/api/query/events/names')",
    "mixpanel_profile_stats('count')", "mixpanel_cohort_members(cohort_ids := [1])", "mixpanel_activity_feed(['a'], workspace_id := 1, from_date := '2025-01-01', to_date := '2025-01-02')",
]  # fmt: skip


@pytest.mark.unspecified("mixpanel_api asks without the parameters of its route")
@pytest.mark.parametrize("call", ASKING)
def test_no_function_spreads_what_an_answer_repeats(con, sim, secret, call):
    """Also where the answer has status 200 and the function shows it, or a part of it, as it came."""
    for body in ('{{"you sent": "{}"}}', '["{}"]', '{{"results": [{{"$distinct_id": "{}"}}], "session_id": "{}"}}', "plain {}"):
        for said in forms(secret):
            sim.reset()
            con.execute("CALL mixpanel_clear_cache()").fetchall()
            sim.add_fault("body", times=None, path=None, body=body.replace("{}", said).replace("{{", "{").replace("}}", "}"))
            try:
                shown = repr(rows(con, f"FROM {call}"))
            except Exception as error:  # noqa: BLE001  every outcome may be shown
                shown = str(error)
            assert_nowhere(con, secret, shown)
