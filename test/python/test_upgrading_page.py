"""Tests `docs/upgrading.md`: it names every place where the extension leaves files, and tables work without the extension."""
from __future__ import annotations

import sys

import duckdb
import pytest
from conftest import FIRST, ROOT, connect, export, only_v2, rows

TEXT = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")


@pytest.fixture
def at_home(monkeypatch, tmp_path):
    """A home of its own, with everything where it is without variables, and requests that are counted."""
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "MP_CONFIG_PATH", "MP_RATE_LIMITS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MP_ARCHIVE", "default")
    return tmp_path / "home"


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are those of Linux")
def test_every_place_is_on_the_page(con, sim, at_home):
    rows(con, f"SELECT count(*) FROM {export(last=FIRST)}")
    rows(con, "CALL mixpanel_account_add('prod', username := 'name.abc123.mp-service-account', secret := '...', project_id := '12345')")
    files = {file.relative_to(at_home) for file in at_home.rglob("*") if file.is_file()}
    assert {file.name for file in files} >= {"config.toml", "CACHEDIR.TAG"} and any("quota" in file.parts for file in files)
    places = {"~/.cache/mixpanel-duckdb": "cache", "~/.local/state/mixpanel-duckdb": "state", "~/.mp/config.toml": "accounts"}
    assert not [file for file in files if not any(f"~/{file}".startswith(place) for place in places)]
    assert all(f"`{place}`" in TEXT for place in places)
    # As the page says how to remove them.
    rows(con, "CALL mixpanel_archive_clear(older_than := INTERVAL 0 DAYS)")
    assert not rows(con, "SELECT path FROM mixpanel_archive() WHERE path IS NOT NULL")
    assert "rm -r ~/.cache/mixpanel-duckdb ~/.local/state/mixpanel-duckdb\nrm ~/.mp/config.toml\n" in TEXT


def test_in_a_named_archive_its_folder_has_the_count(con, sim, at_home, monkeypatch, tmp_path):
    monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
    rows(con, f"SELECT count(*) FROM {export(last=FIRST)}")
    assert list((tmp_path / "archive" / "quota").iterdir()) and not at_home.exists()
    assert "subfolder `quota`" in TEXT


@only_v2
def test_a_managed_table_is_a_table_without_the_extension(sim, tmp_path):
    path = str(tmp_path / "shop.duckdb")
    connection = connect(path)
    rows(connection, f"PRAGMA mixpanel_fetch_events('events', from_date = '{FIRST}', to_date = '{FIRST}')")
    rows(connection, "PRAGMA mixpanel_views(schema = 'mixpanel')")
    connection.close()
    with duckdb.connect(path) as alone:
        assert rows(alone, "SELECT count(*) > 0 FROM events") == [(True,)]
        with pytest.raises(duckdb.CatalogException, match="does not exist"):
            alone.execute("FROM mixpanel.cohorts")
        alone.execute("DROP TABLE events; DELETE FROM _metadata WHERE table_name = 'events'; DROP TABLE _metadata")
        alone.execute("DROP SCHEMA mixpanel CASCADE")
        assert rows(alone, "SHOW ALL TABLES") == []
