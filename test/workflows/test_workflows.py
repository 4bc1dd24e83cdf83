"""Tests the workflows in `.github`, which run on GitHub only: their schema, linters, and each shell step that a Linux machine can run."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "scripts")]

from pairs import NEWEST  # noqa: E402  the path is set above
from platform_name import TARGETS, target  # noqa: E402
from served import FILES  # noqa: E402
from wheel import PLATFORMS, released  # noqa: E402

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))}
STEPS = {
    (name, step["name"]): step
    for name, workflow in WORKFLOWS.items()
    for job in workflow["jobs"].values()
    for step in job.get("steps", [])
    if "run" in step
}
TOOLS = Path(sys.executable).parent
PLATFORM = TARGETS[target()]

# What this machine can't run, and why; and what `.ci/run` runs beside this test.
ELSEWHERE = {
    ("tests.yml", "Rust"): "brings a toolchain from the outside",
    ("wheels.yml", "Rust"): "brings a toolchain from the outside",
}
IN_CI = {("tests.yml", "Lint"), ("tests.yml", "Tests")}


# What docs/automation.md shows, to be copied into other repositories.
EXAMPLE = ROOT / "docs" / "examples" / "nightly" / "github-actions.yml"


def test_each_is_what_github_takes():
    subprocess.run([TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", EXAMPLE, *FOLDER.glob("*.yml")], check=True)


def test_nothing_in_them_is_dangerous():
    """Actions by their commit, no more rights than needed, nothing from outside pasted into a shell."""
    ended = subprocess.run([TOOLS / "zizmor", "--offline", "--min-severity", "medium", FOLDER], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("step", STEPS, ids=": ".join)
def test_each_shell_step_is_good_shell(step):
    ended = subprocess.run([TOOLS / "shellcheck", "--shell", "bash", "-"], input=STEPS[step]["run"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
    assert "${{" not in STEPS[step]["run"], "give it by the environment"


def test_what_runs_in_ci_is_what_ci_runs():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert {STEPS[step]["run"] for step in IN_CI} == {line for line in lines if line.startswith("make ")}


def test_no_step_is_forgotten():
    assert set(STEPS) == set(ELSEWHERE) | IN_CI | set(WHEEL) | set(RELEASE)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A checkout as a job has it, with a Python of its own. What Rust has built here is there already."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("scripts", "src", "sql", "python", "Cargo.toml", "Cargo.lock", "fuzz", ".cargo", "LICENSE", "target"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "test").mkdir()
    for name in ("requirements", "bench"):
        (folder / "test" / name).symlink_to(ROOT / "test" / name)
    (folder / "build").mkdir()
    venv.create(folder / "build" / "python", with_pip=True)
    return folder


def run(place: Path, step: tuple[str, str], first: Path | None = None, **environment: str) -> str:
    """A step, by its own text, as GitHub's bash runs it."""
    variables = STEPS[step].get("env", {})
    assert set(variables) == set(environment), f"{step} takes {set(variables)}"
    path = os.pathsep.join([*([str(first)] if first else []), str(place / "build" / "python" / "bin"), os.environ["PATH"]])
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[step]["run"]], cwd=place, capture_output=True, text=True, timeout=1200,
        env=os.environ | environment | {"PATH": path},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


WHEEL = {("wheels.yml", name): variables for name, variables in {
    "Tools": {}, "Build": {"PLATFORM": PLATFORM}, "Install": {}, "Load": {"PLATFORM": PLATFORM},
}.items()}  # fmt: skip


@pytest.fixture(scope="module")
def wheel(place) -> Path:
    # The tools are those of `make wheel`, so that nothing is compiled anew; what comes after has a Python of its own.
    tools = {name: ROOT / "build" / "venv" / "wheel" / "bin" for name in ("Tools", "Build")}
    for step, variables in WHEEL.items():
        said = run(place, step, first=tools.get(step[1]), **variables)
    assert f"DuckDB v{NEWEST['v2']} on {PLATFORM}, through C API v2" in said
    [built] = (place / "build" / "wheels").glob("*.whl")
    return built


def test_the_steps_that_make_a_wheel(wheel):
    assert wheel.name.startswith("duckdb_mixpanel-") and wheel.name.endswith(f"-{PLATFORMS[PLATFORM][1]}.whl")


GH = """#!/usr/bin/env python3
import json, os, sys
json.dump(sys.argv[1:], open(os.environ["GH_TOKEN"], "w"))
"""
RELEASE = [("release.yml", name) for name in ("Tools", "Key", "Put together", "Checksums", "Draft")]


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_the_steps_that_make_a_release(place, wheel, tmp_path, signed):
    build = place / "build"
    shutil.rmtree(build / "release-files", ignore_errors=True)
    shutil.rmtree(build / "downloaded", ignore_errors=True)
    # As actions/download-artifact leaves it: a folder for each artifact, named after it.
    for duckdb_version, file in {f"v{NEWEST['v1']}": "v1", f"v{NEWEST['v2']}": f"v{NEWEST['v2']}"}.items():
        folder = build / "downloaded" / f"mixpanel-{duckdb_version}-extension-{PLATFORM}"
        folder.mkdir(parents=True)
        shutil.copy(ROOT / "build" / "release" / file / "mixpanel.duckdb_extension", folder)
    (build / "downloaded" / f"wheel-{PLATFORM}").mkdir()
    shutil.copy(wheel, build / "downloaded" / f"wheel-{PLATFORM}")
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    run(place, ("release.yml", "Tools"))
    key = tmp_path / "private.pem"
    subprocess.run([sys.executable, ROOT / "scripts" / "signature.py", key], check=True)

    run(place, ("release.yml", "Key"), REPOSITORY_KEY=key.read_text() if signed else "")
    assert not signed or (build / "private.pem").stat().st_mode & 0o777 == 0o600
    run(place, ("release.yml", "Put together"), TAG=released())
    assert not (build / "private.pem").exists()
    assert f"mixpanel-{released()}-{PLATFORM}.zip: OK" in run(place, ("release.yml", "Checksums"))
    run(place, ("release.yml", "Draft"), first=tmp_path, GH_TOKEN=str(tmp_path / "said"), TAG=released())

    said = json.loads((tmp_path / "said").read_text())
    published = {Path(word).name for word in said if word.startswith("build/")}
    more = {"public.pem"} if signed else set()
    assert published == {wheel.name, f"mixpanel-{released()}-{PLATFORM}.zip", "repository.tar.gz", "SHA256SUMS"} | more
    assert said[:3] == ["release", "create", released()] and "--draft" in said
    try_release(build / "release-files", tmp_path, signed)


def try_release(files: Path, folder: Path, signed: bool) -> None:
    """What a user does with it."""
    with zipfile.ZipFile(files / f"mixpanel-{released()}-{PLATFORM}.zip") as zipped:
        assert sorted(zipped.namelist()) == sorted(f"{file}/mixpanel.duckdb_extension" for file in FILES)
        zipped.extractall(folder)
    with tarfile.open(files / "repository.tar.gz") as tree:
        tree.extractall(folder, filter="data")
    for file in ("v1", f"v{duckdb.__version__}"):
        statements = [f"LOAD '{folder}/{file}/mixpanel.duckdb_extension'", "SELECT host_api FROM mixpanel_build()"]
        assert duckdb_says(folder, statements, unsigned=True) == [["v1" if file == "v1" else "v2"]]
    if signed:
        public = (files / "public.pem").read_text()
        made = f"CREATE EXTENSION REPOSITORY mp WITH PREFIX '{folder}/repository' USING PUBLIC KEY '{public}'"
        statements = ["SET allow_extension_repositories = 'allowed'", made, "INSTALL mixpanel FROM mp", "LOAD mixpanel FROM mp"]
    else:
        statements = [f"INSTALL mixpanel FROM '{folder}/repository'", "LOAD mixpanel"]
    assert duckdb_says(folder, [*statements, "SELECT host_api FROM mixpanel_build()"], unsigned=not signed) == [["v2"]]


def duckdb_says(home: Path, statements: list[str], unsigned: bool) -> list:
    program = f"""
import duckdb, json
con = duckdb.connect(config={{"allow_unsigned_extensions": "true"}} if {unsigned} else {{}})
for statement in {statements!r}:
    rows = con.execute(statement).fetchall()
print(json.dumps(rows))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, env=os.environ | {"HOME": str(home)})
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_another_tag_than_the_version_is_no_release(place, wheel):
    command = [sys.executable, "scripts/release.py", "--files", "build", "--wheels", "build/wheels", "--out", "build/none", "--tag", "v99.0.0"]
    ended = subprocess.run(command, cwd=place, capture_output=True, text=True)
    assert ended.returncode == 1 and "the tag is v99.0.0, and Cargo.toml has v" in ended.stderr
    assert not (place / "build" / "none").exists()


def test_what_is_built_is_what_the_community_is_told():
    given = WORKFLOWS["distribution.yml"]["jobs"]["build"]
    extension = yaml.safe_load((ROOT / "description.yml").read_text(encoding="utf-8"))["extension"]
    options = given["with"]
    assert given["strategy"]["matrix"]["duckdb"] == [f"v{version}" for version in NEWEST.values()]
    assert options["exclude_archs"] == extension["excluded_platforms"] and options["opt_in_archs"] == extension["opt_in_platforms"]
    assert options["extra_toolchains"] == extension["requires_toolchains"] and options["extension_name"] == extension["name"]
    assert options["ci_tools_version"] in given["uses"]


def test_wheels_are_for_platforms_that_wheels_are_made_for():
    matrix = WORKFLOWS["wheels.yml"]["jobs"]["wheel"]["strategy"]["matrix"]["include"]
    assert {each["platform"] for each in matrix} == set(PLATFORMS)


def test_rust_builds_shared_libraries_for_musl():
    assert re.search(r"target_env = \"musl\".*\n.*target-feature=-crt-static", (ROOT / ".cargo" / "config.toml").read_text(encoding="utf-8"))
