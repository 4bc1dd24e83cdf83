"""Tests how `LOAD` finds the built files: as files, in repositories, and signed for DuckDB 2.0's own repositories."""
from __future__ import annotations

import gzip
import http.server
import pathlib
import threading

import pytest
from conftest import EXTENSION, HOST, ROOT
from installing import (
    AHEAD, ALLOWED, FILE, FILES, FOLDER, LOADED, PLATFORM, PUBLISHED, RELEASED, SIGNING, VERSION, WHICH,
    create, file_for, make_key, make_repository, needs_signing, once, only_duckdb_2, platform_in, script, stand_in_file,
)  # fmt: skip
from installing import build, home, key, repository, signed, stand_in  # noqa: F401  fixtures

pytestmark = once

GCC4 = f"{PLATFORM}_gcc4"
only_linux = pytest.mark.skipif(PLATFORM not in ("linux_amd64", "linux_arm64"), reason="it is about platforms of Linux")


def test_a_file_is_loaded(home):
    assert home.rows(f"LOAD '{EXTENSION}'", WHICH) == LOADED


def test_a_file_needs_leave(home):
    assert "signature" in home.error(f"LOAD '{EXTENSION}'", unsigned=False)
    assert "while database is running" in home.error("SET allow_unsigned_extensions = true", unsigned=False)


@only_linux
def test_a_repository_serves_every_version_with_its_file(stand_in, tmp_path):
    out = tmp_path / "out"
    assert make_repository(stand_in, out).returncode == 0
    found = {path.relative_to(out): gzip.decompress(path.read_bytes()) for path in out.rglob("*") if path.is_file()}
    built = {file: (stand_in / file / FILE).read_bytes() for file in FILES}
    gcc4 = {pathlib.Path(f"v1.2.{patch}", GCC4, PUBLISHED) for patch in range(3)}
    assert {path: data for path, data in found.items() if path not in gcc4} == {
        pathlib.Path(version, PLATFORM, PUBLISHED): built[file_for(version)] for version in [*RELEASED, *AHEAD]
    }
    # PyPI's first ones call the same platform otherwise.
    assert {platform_in(found[path]) for path in gcc4} == {GCC4}
    assert {"v1.2.0", VERSION} <= {path.parts[0] for path in found}


def test_a_repository_has_the_next_versions_ahead_of_time(stand_in, tmp_path):
    """Each that is not known yet, with the file that every version loads: whoever upgrades first finds one."""
    out = tmp_path / "out"
    assert make_repository(stand_in, out).returncode == 0
    for version in ["v1.5.7", "v1.5.9", "v2.0.2", "v2.0.9", "v2.1.0"]:
        assert gzip.decompress((out / version / PLATFORM / PUBLISHED).read_bytes()).startswith(b"v1"), version
    assert not set(RELEASED) & set(AHEAD) and all(file_for(version) == "v1" for version in AHEAD)


@only_linux
def test_versions_with_the_same_file_share_it(stand_in, tmp_path):
    out = tmp_path / "out"
    for _ in range(2):
        # The second time, as for a newer build, into what is there.
        assert make_repository(stand_in, out).returncode == 0
        assert len({path.stat().st_ino for path in out.rglob(PUBLISHED)}) == len(FILES) + 1
    (stand_in / "v1" / FILE).write_bytes(stand_in_file("v1", b"newer"))
    assert make_repository(stand_in, out).returncode == 0
    first, last = (gzip.decompress((out / version / PLATFORM / PUBLISHED).read_bytes()) for version in (RELEASED[0], AHEAD[-1]))
    assert first == last and first.startswith(b"newer")


def test_from_a_folder(home, repository):
    home.rows(f"INSTALL mixpanel FROM '{repository}'")
    # Another process, which knows nothing of the folder.
    assert home.rows("LOAD mixpanel", WHICH) == LOADED


def test_from_a_web_server(home, repository):
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=repository)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            home.rows(f"INSTALL mixpanel FROM 'http://127.0.0.1:{server.server_port}'")
        finally:
            server.shutdown()
    assert home.rows("LOAD mixpanel", WHICH) == LOADED


def test_another_origin_needs_force(home, repository, tmp_path):
    other = tmp_path / "other"
    other.symlink_to(repository)
    home.rows(f"INSTALL mixpanel FROM '{repository}'")
    origin = "SELECT installed_from FROM duckdb_extensions() WHERE extension_name = 'mixpanel'"
    assert "the origin is different" in home.error(f"INSTALL mixpanel FROM '{other}'")
    assert home.rows(origin) == [[str(repository)]]
    home.rows(f"FORCE INSTALL mixpanel FROM '{other}'")
    assert home.rows(origin) == [[str(other)]]
    assert home.rows("LOAD mixpanel", WHICH) == LOADED


@needs_signing
def test_what_is_signed_is_what_was_built(signed):
    """Nothing but the signature differs, so that 1.x takes these files too."""
    found = gzip.decompress((signed / VERSION / PLATFORM / PUBLISHED).read_bytes())
    built = EXTENSION.read_bytes()
    assert found[:-256] == built[:-256] and len(found) == len(built)
    assert built[-256:] == bytes(256) != found[-256:]


@needs_signing
def test_a_signed_repository_is_a_repository_for_all(home, signed):
    home.rows(f"INSTALL mixpanel FROM '{signed}'")
    assert home.rows("LOAD mixpanel", WHICH) == LOADED


@only_duckdb_2
@needs_signing
def test_a_signed_repository_needs_no_leave_for_unsigned_files(home, signed):
    statements = [ALLOWED, create(signed), "INSTALL mixpanel FROM mp", "LOAD mixpanel FROM mp", WHICH]
    assert home.rows(*statements, unsigned=False) == LOADED
    # The next session knows the repository, and the file is there; no other is.
    assert home.rows("LOAD mixpanel FROM mp", WHICH, unsigned=False) == LOADED
    assert "not found" in home.error("LOAD mixpanel")


def changed(signed: pathlib.Path, out: pathlib.Path, change) -> pathlib.Path:
    """A copy of this DuckDB's part of a repository, with another file in it."""
    part = pathlib.Path(VERSION, PLATFORM, PUBLISHED)
    (out / part).parent.mkdir(parents=True)
    (out / part).write_bytes(gzip.compress(change(gzip.decompress((signed / part).read_bytes())), compresslevel=1))
    (out / "public.pem").write_bytes((signed / "public.pem").read_bytes())
    return out


def flipped(at: int):
    def change(extension: bytes) -> bytes:
        content = bytearray(extension)
        content[at] ^= 1
        return bytes(content)

    return change


CHANGES = {
    "a byte of the first MiB": flipped(4096),
    "a byte of the last MiB": flipped(-5000),
    "a byte of the footer": flipped(-534 + 22 + 4 * 32),
    "a byte of the signature": flipped(-1),
    "no signature": lambda extension: extension[:-256] + bytes(256),
}


@only_duckdb_2
@needs_signing
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_refused(home, signed, tmp_path, change):
    other = changed(signed, tmp_path / "changed", CHANGES[change])
    error = home.error(ALLOWED, create(other), "INSTALL mixpanel FROM mp", unsigned=False)
    assert "doesn't have a valid signature" in error, error
    assert not [path for path in home.folder.rglob(FILE)]


@only_duckdb_2
@needs_signing
def test_an_installed_file_that_is_changed_later_is_refused(home, signed):
    home.rows(ALLOWED, create(signed), "INSTALL mixpanel FROM mp", unsigned=False)
    [installed] = home.folder.rglob(FILE)
    installed.write_bytes(flipped(4096)(installed.read_bytes()))
    assert "signature" in home.error("LOAD mixpanel FROM mp", unsigned=False)


@only_duckdb_2
@needs_signing
def test_a_session_that_allows_unsigned_files_checks_no_signature(home, signed, tmp_path):
    other = changed(signed, tmp_path / "changed", CHANGES["no signature"])
    assert home.rows(ALLOWED, create(other), "INSTALL mixpanel FROM mp", "LOAD mixpanel FROM mp", WHICH) == LOADED
    assert "signature" in home.error("LOAD mixpanel FROM mp", unsigned=False)


@only_duckdb_2
@needs_signing
def test_a_key_is_good_for_its_own_files_only(home, signed, stand_in, tmp_path):
    other = tmp_path / "other"
    assert make_repository(stand_in, other, make_key(tmp_path / "other.pem")).returncode == 0
    error = home.error(ALLOWED, create(signed, trusted=other), "INSTALL mixpanel FROM mp", unsigned=False)
    assert "signature" in error


@needs_signing
def test_one_repository_has_one_key(stand_in, key, tmp_path):
    """Files of two keys, or signed and unsigned ones, in one folder: half of them would be refused later."""
    signed, unsigned = tmp_path / "signed", tmp_path / "unsigned"
    for out, known, others in [(signed, key, [make_key(tmp_path / "other.pem"), None]), (unsigned, None, [key])]:
        assert make_repository(stand_in, out, known, platform="one").returncode == 0
        for other in others:
            ended = make_repository(stand_in, out, other, platform="another")
            assert ended.returncode == 1 and "remove it first" in ended.stderr
        assert make_repository(stand_in, out, known, platform="another").returncode == 0


@needs_signing
def test_what_is_not_signed_yet_can_be(stand_in, key, tmp_path):
    """As the page has it: first a repository, then a signed one, in the same place. Nobody trusts a key of the first."""
    out = tmp_path / "out"
    assert make_repository(stand_in, out).returncode == 0
    assert make_repository(stand_in, out, key).returncode == 0
    assert (out / "public.pem").exists()
    assert not [path for path in out.rglob("*.gz") if gzip.decompress(path.read_bytes()).endswith(bytes(256))]
    assert make_repository(stand_in, out, make_key(tmp_path / "other.pem")).returncode == 1


def test_what_fails_leaves_what_was_there(stand_in, tmp_path):
    """Somebody may be installing from there."""
    out = tmp_path / "out"
    assert make_repository(stand_in, out).returncode == 0
    paths = [path for path in out.rglob("*") if path.is_file()]
    (stand_in / "v1" / FILE).write_bytes(stand_in_file("v1", b"newer"))
    [in_the_way] = [path for path in paths if VERSION in path.parts]
    in_the_way.unlink()
    in_the_way.mkdir()
    assert make_repository(stand_in, out).returncode == 1
    left = [path for path in out.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(set(paths) - {in_the_way})
    assert {gzip.decompress(path.read_bytes())[:2] for path in left} <= {b"v1", b"v2", b"ne"}


@needs_signing
def test_a_key_stays_private(key):
    assert key.stat().st_mode & 0o777 == 0o600
    again = script("signature.py", key, python=SIGNING)
    assert again.returncode == 1 and "exists" in again.stderr
    assert "*.pem" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@needs_signing
def test_what_is_no_key_is_refused(stand_in, tmp_path):
    for content in ("", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        path = tmp_path / "no.pem"
        path.write_text(content)
        ended = make_repository(stand_in, tmp_path / "out", path)
        assert ended.returncode == 1 and "no private key that can be used" in ended.stderr
    assert not (tmp_path / "out").exists()
