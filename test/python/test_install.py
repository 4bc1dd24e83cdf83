"""How the built files get to where `LOAD` finds them. Each session is a process of its own, in a home of its own."""
from __future__ import annotations

import gzip
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

import duckdb
import pytest
from conftest import EXTENSION, HOST, ROOT
from documented import blocks

SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))
from served import SERVED  # noqa: E402  the path is set above

PLATFORM = duckdb.execute("PRAGMA platform").fetchall()[0][0]
VERSION = f"v{duckdb.__version__}"
SIGNING = ROOT / "build" / "venv" / "signing" / "bin" / "python"
FILE = "mixpanel.duckdb_extension"
PUBLISHED = "mixpanel.duckdb_extension.gz"

SERVES = [host for host in SERVED if VERSION in SERVED[host]]
assert SERVES, f"scripts/served.py does not know DuckDB {VERSION}"

# A repository has both files, and each DuckDB takes its own: once for each DuckDB is enough.
pytestmark = pytest.mark.skipif(HOST not in SERVES, reason="the other file serves this DuckDB")
only_duckdb_2 = pytest.mark.skipif(VERSION < "v2", reason="DuckDB 1.x has no repositories of one's own")
needs_signing = pytest.mark.skipif(not SIGNING.exists(), reason="build/venv/signing is missing: make configure")

CLIENT = """
import json, sys
import duckdb

config, statements = json.load(sys.stdin)
connection = duckdb.connect(config=config)
try:
    for statement in statements:
        rows = connection.execute(statement).fetchall()
    print(json.dumps(rows, default=str))
except duckdb.Error as error:
    sys.exit(str(error))
"""
WHICH = "SELECT mixpanel_version(), any_value(description) IS NOT NULL FROM duckdb_functions() WHERE function_name = 'mixpanel_export'"
"""Only the second C API has descriptions."""
LOADED = [[(ROOT / "Cargo.toml").read_text().split('version = "')[1].split('"')[0], HOST == "v2"]]


class Home:
    """A home directory that no DuckDB has seen before, and sessions in it."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def run(self, *statements: str, unsigned: bool = True, cwd: pathlib.Path | None = None) -> subprocess.CompletedProcess:
        config = {"allow_unsigned_extensions": "true"} if unsigned else {}
        return subprocess.run(
            [sys.executable, "-c", CLIENT], input=json.dumps([config, statements]), capture_output=True, text=True,
            timeout=50, cwd=cwd or self.folder, env=os.environ | {"HOME": str(self.folder)},
        )  # fmt: skip

    def rows(self, *statements: str, **options) -> list:
        ended = self.run(*statements, **options)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def error(self, *statements: str, **options) -> str:
        ended = self.run(*statements, **options)
        assert ended.returncode == 1, ended.stdout
        return ended.stderr


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def script(name: str, *arguments, python=sys.executable) -> subprocess.CompletedProcess:
    return subprocess.run([python, SCRIPTS / name, *map(str, arguments)], capture_output=True, text=True, timeout=50)


def make_repository(build: pathlib.Path, out: pathlib.Path, key: pathlib.Path | None = None) -> subprocess.CompletedProcess:
    arguments, python = (["--key", key], SIGNING) if key else ([], sys.executable)
    return script("repository.py", "--build", build, "--platform", PLATFORM, "--out", out, *arguments, python=python)


def make_key(path: pathlib.Path) -> pathlib.Path:
    assert script("signature.py", path, python=SIGNING).returncode == 0
    return path


def stand_ins(folder: pathlib.Path) -> pathlib.Path:
    """A build whose files no DuckDB would load, for what is not about loading."""
    for host in SERVED:
        (folder / host).mkdir(parents=True)
        (folder / host / FILE).write_bytes(host.encode() * 1000 + bytes(256))
    return folder


@pytest.fixture
def stand_in(tmp_path):
    return stand_ins(tmp_path / "build")


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """The file that this DuckDB loads is the real one."""
    folder = stand_ins(tmp_path_factory.mktemp("build"))
    (folder / HOST / FILE).unlink()
    (folder / HOST / FILE).symlink_to(EXTENSION)
    return folder


@pytest.fixture(scope="module")
def repository(tmp_path_factory, build):
    out = tmp_path_factory.mktemp("repository")
    assert make_repository(build, out).returncode == 0
    return out


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("key") / "private.pem")


@pytest.fixture(scope="module")
def signed(tmp_path_factory, build, key):
    out = tmp_path_factory.mktemp("signed")
    assert make_repository(build, out, key).returncode == 0
    return out


def create(repository: pathlib.Path, trusted: pathlib.Path | None = None) -> str:
    public = ((trusted or repository) / "public.pem").read_text()
    return f"CREATE EXTENSION REPOSITORY mp WITH PREFIX '{repository}' USING PUBLIC KEY '{public}'"


ALLOWED = "SET allow_extension_repositories = 'allowed'"


def test_a_file_is_loaded(home):
    assert home.rows(f"LOAD '{EXTENSION}'", WHICH) == LOADED


def test_a_file_needs_leave(home):
    assert "signature" in home.error(f"LOAD '{EXTENSION}'", unsigned=False)
    assert "while database is running" in home.error("SET allow_unsigned_extensions = true", unsigned=False)


def test_make_install_puts_files_where_load_looks(home, build):
    ended = script("install.py", "--build", build, "--platform", PLATFORM, "--home", home.folder / ".duckdb")
    assert ended.returncode == 0 and "v1.2.0" in ended.stdout, ended.stderr
    assert home.rows("LOAD mixpanel", WHICH) == LOADED


def test_a_repository_serves_every_version_with_its_file(stand_in, tmp_path):
    out = tmp_path / "out"
    assert make_repository(stand_in, out).returncode == 0
    found = {path.relative_to(out): gzip.decompress(path.read_bytes()) for path in out.rglob("*") if path.is_file()}
    built = {host: (stand_in / host / FILE).read_bytes() for host in SERVED}
    assert found == {
        pathlib.Path(version, PLATFORM, PUBLISHED): built[host] for host, versions in SERVED.items() for version in versions
    }
    assert {"v1.2.0", VERSION} <= {path.parts[0] for path in found}


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
    assert "FORCE INSTALL" in home.error(f"INSTALL mixpanel FROM '{other}'")
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
    # The next session knows the repository, and the file is there.
    assert home.rows("LOAD mixpanel FROM mp", WHICH, unsigned=False) == LOADED


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
    assert "signature" in error, error
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
        assert make_repository(stand_in, out, known).returncode == 0
        for other in others:
            ended = make_repository(stand_in, out, other)
            assert ended.returncode == 1 and "remove it first" in ended.stderr
        assert make_repository(stand_in, out, known).returncode == 0


@needs_signing
def test_a_key_stays_private(key):
    assert key.stat().st_mode & 0o777 == 0o600
    again = script("signature.py", key, python=SIGNING)
    assert again.returncode == 1 and "exists" in again.stderr
    ignored = subprocess.run(["git", "check-ignore", "--quiet", "private.pem"], cwd=ROOT)
    assert ignored.returncode in (0, 128)  # 128: not a checkout


@needs_signing
def test_what_is_no_key_is_refused(stand_in, tmp_path):
    for content in ("", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        path = tmp_path / "no.pem"
        path.write_text(content)
        ended = make_repository(stand_in, tmp_path / "out", path)
        assert ended.returncode == 1 and "no private key that can be used" in ended.stderr
    assert not (tmp_path / "out").exists()


PAGE = ROOT / "docs" / "install.md"
TEXT = PAGE.read_text(encoding="utf-8")
KEY = "-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----"
ONLY_2 = "unsigned, DuckDB 2.0"
PREPARED = "unsigned, after make install"
PUBLISHED_HERE = "unsigned, after make repository"
SIGNED_HERE, AFTERWARDS, LATER = "after make repository KEY", "the next session", "a later session"


@pytest.fixture
def place(tmp_path):
    """A folder where `build` is as the page says: the built files, and the repository that a test puts there."""
    (tmp_path / "place" / "build").mkdir(parents=True)
    (tmp_path / "place" / "build" / "release").symlink_to(EXTENSION.parents[1])
    return tmp_path / "place"


def on_the_page(*notes: str) -> list[str]:
    """The blocks of `docs/install.md` that stand under one of these comments."""
    return [block.text for block in blocks(PAGE) if block.note in notes]


def installed(home, build) -> None:
    script("install.py", "--build", build, "--platform", PLATFORM, "--home", home.folder / ".duckdb")


def test_the_page_has_no_other_statements():
    notes = {block.note for block in blocks(PAGE)}
    assert notes == {"unsigned", ONLY_2, PREPARED, PUBLISHED_HERE, SIGNED_HERE, AFTERWARDS, LATER}


def test_the_page_a_file(home, place):
    for text in on_the_page("unsigned", *([ONLY_2] if VERSION >= "v2" else [])):
        assert home.rows(text, "SELECT mixpanel_version()", cwd=place) == [LOADED[0][:1]]


def test_the_page_make_install(home, build):
    installed(home, build)
    [text] = on_the_page(PREPARED)
    assert home.rows(text, WHICH) == LOADED


def test_the_page_a_repository(home, place, repository):
    (place / "build" / "repository").symlink_to(repository)
    install, again = on_the_page(PUBLISHED_HERE)
    assert home.rows(install, WHICH, cwd=place) == LOADED
    home.rows(again, cwd=place)
    assert home.rows("LOAD mixpanel", WHICH) == LOADED


@only_duckdb_2
@needs_signing
def test_the_page_a_signed_repository(home, place, signed):
    (place / "build" / "repository").symlink_to(signed)
    [install, afterwards, later] = on_the_page(SIGNED_HERE, AFTERWARDS, LATER)
    assert KEY in install
    install = install.replace(KEY, (signed / "public.pem").read_text().strip())
    assert home.rows(install, WHICH, cwd=place, unsigned=False) == LOADED
    assert home.rows(afterwards, WHICH, unsigned=False) == LOADED
    # The folder is where it was: the page has a path that is relative to it.
    assert home.rows(later, WHICH, cwd=place, unsigned=False) == LOADED


def test_the_page_python(home, build):
    installed(home, build)
    [example] = blocks(PAGE, "python")
    ended = subprocess.run(
        [sys.executable, "-c", example.text], capture_output=True, text=True, env=os.environ | {"HOME": str(home.folder)}
    )
    assert (ended.returncode, ended.stdout) == (0, f"('{LOADED[0][0]}',)\n"), ended.stderr


# The shell and the Node client bring their own DuckDB.
only_duckdb_1_5 = pytest.mark.skipif(VERSION != "v1.5.6", reason="runs with DuckDB 1.5.6")
SHELL = ROOT / "build" / "venv" / "duckdb-1.5.6" / "bin" / "duckdb"
NODE = ROOT / "test" / "node"


@only_duckdb_1_5
@pytest.mark.skipif(not (shutil.which("node") and (NODE / "node_modules").exists()), reason="Node or its packages are missing")
def test_the_page_node(home, build):
    installed(home, build)
    [example] = blocks(PAGE, "js")
    ended = subprocess.run(
        ["node", "--input-type=module", "-e", example.text], capture_output=True, text=True, timeout=50, cwd=NODE,
        env=os.environ | {"HOME": str(home.folder)},
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, f"[ [ '{LOADED[0][0]}' ] ]\n"), ended.stderr


@only_duckdb_1_5
def test_the_page_shell(home, build):
    installed(home, build)
    assert "```sh\nduckdb -unsigned\n```" in TEXT
    ended = subprocess.run(
        [SHELL, "-unsigned", "-csv", "-noheader", "-c", "LOAD mixpanel", "-c", "SELECT mixpanel_version()"],
        capture_output=True, text=True, timeout=50, env=os.environ | {"HOME": str(home.folder)},
    )  # fmt: skip
    assert (ended.returncode, ended.stdout.strip()) == (0, LOADED[0][0]), ended.stderr


def test_the_page_names_targets_that_there_are():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {line.split()[1] for block in blocks(PAGE, "sh") for line in block.text.splitlines() if line.startswith("make ")}
    assert {"release", "install", "repository", "key"} == targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_the_page_quotes_messages_that_there_are(home, tmp_path):
    v1, v2 = (EXTENSION.parents[1] / host / FILE for host in ("v1", "v2"))
    elsewhere = tmp_path / "elsewhere" / FILE
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(v1.read_bytes()[:-534] + v1.read_bytes()[-534:].replace(PLATFORM.encode(), PLATFORM[::-1].encode()))
    messages = {
        "signature is either missing or invalid": home.error(f"LOAD '{v1}'", unsigned=False),
        "built for the platform": home.error(f"LOAD '{elsewhere}'"),
        "not found": home.error("LOAD mixpanel"),
    }
    if VERSION < "v2":
        messages["built specifically for DuckDB version 'v2.0.0'"] = home.error(f"LOAD '{v2}'")
    assert all(message in error and f"`{message}`" in TEXT for message, error in messages.items()), messages
