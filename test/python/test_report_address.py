"""Tests a report's URL in `FROM`: the requests that it makes, and the URLs that it leaves alone."""
from __future__ import annotations

import duckdb
import pytest
from conftest import error_of, only_v2, rows
from saved import FLOWS, INSIGHTS, LINK, asked

FORMS = [
    (LINK.format("insights", 8001), [(INSIGHTS, "8001")]),
    ("https://mixpanel.com/report/12345/funnels#view/8101", [(INSIGHTS, "8101")]),
    ("HTTPS://MIXPANEL.COM/project/12345/app/flows?utm=x#report/8301", [(FLOWS, "8301")]),
    ("mixpanel.com/project/12345/app/retention%23report/8201", [(INSIGHTS, "8201")]),
    ('https://mixpanel.com/project/12345/app/boards#id=1&editor-card-id="report-8301"', [(INSIGHTS, "8301"), (FLOWS, "8301")]),
]


@pytest.mark.parametrize(("address", "requests"), FORMS)
def test_an_address_asks_what_the_function_asks(con, sim, address, requests):
    found = rows(con, f"FROM '{address}'")
    assert asked(sim, len(requests)) == requests
    con.execute("CALL mixpanel_clear_cache()").fetchall()
    assert found == rows(con, f"FROM mixpanel_saved_report('{address}')") and len(found) > 2


@pytest.mark.parametrize("region", ["eu", "in"])
def test_every_region_has_its_addresses(con, sim, monkeypatch, region):
    address = f"https://{region}.mixpanel.com/project/12345/app/insights#report/8001"
    error = error_of(con, f"FROM '{address}'")
    assert f"Write mixpanel_saved_report('{address}', region := '{region}')" in error
    assert not sim.settled()
    # What the error says to write works, and so does the address where the account is at home there.
    assert len(rows(con, f"FROM mixpanel_saved_report('{address}', region := '{region}')")) == 14
    monkeypatch.setenv("MP_REGION", region)
    assert len(rows(con, f"FROM '{address}'")) == 14


def test_looking_makes_no_request(con, sim):
    address = LINK.format("insights", 8001)
    for statement in ("DESCRIBE FROM '{}'", "EXPLAIN FROM '{}'", "CREATE VIEW v AS FROM '{}'"):
        rows(con, statement.format(address))
    assert not sim.settled()
    assert rows(con, "SELECT count(*) FROM v") == [(14,)]


@pytest.mark.parametrize("name", [
    "8001", "https://mixpanel.com/s/AbC123", "https://mixpanel.com/project/12345/app/boards",
    "https://mixpanel.com/project/12345/app/insights#EBrV5bW2u9Mw", "https://example.com/project/12345/app/insights#report/8001",
    "https://mixpanel.com.example.com/project/12345/app/insights#report/8001", "mixpanel",
])  # fmt: skip
def test_any_other_text_is_duckdbs(con, sim, name):
    # Else it would look for an extension that can read such an address.
    con.execute("SET autoload_known_extensions = false")
    error = error_of(con, f"FROM '{name}'")
    without_us = error_of(duckdb.connect(config={"autoload_known_extensions": "false"}), f"FROM '{name}'")
    assert error.split("\n")[0] == without_us.split("\n")[0] and "mixpanel_saved_report" not in error
    assert not sim.settled()


def test_files_are_still_read(con, sim, tmp_path):
    (tmp_path / "mixpanel.com.csv").write_text("a\n1\n")
    assert rows(con, f"FROM '{tmp_path}/mixpanel.com.csv'") == [(1,)]
    assert not sim.settled()


def test_a_table_of_that_name_comes_first(con, sim):
    address = LINK.format("insights", 8001)
    con.execute(f"CREATE TABLE \"{address}\" AS SELECT 1 AS mine")
    assert rows(con, f"FROM '{address}'") == [(1,)]
    assert not sim.settled()


@only_v2
def test_whoever_says_where_a_table_is_wants_to_know_that_it_is_not(con, sim):
    """The first C API does not show that somebody says so."""
    assert "does not exist" in error_of(con, f"FROM temp.\"{LINK.format('insights', 8001)}\"")
    assert not sim.settled()


@only_v2
def test_a_database_without_access_to_the_outside_asks_nothing(con, sim):
    con.execute("SET enable_external_access = false")
    assert "[EXTERNAL_ACCESS_DISABLED]" in error_of(con, f"FROM '{LINK.format('insights', 8001)}'")
    assert not sim.settled()
