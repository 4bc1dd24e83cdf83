#!/usr/bin/env python3
"""Builds `duckdb_mixpanel`: a wheel for one platform, with a file for each DuckDB. Runs in build/venv/wheel.

For Linux the library is built against glibc 2.17, whatever this machine has (cargo-zigbuild): what is built on Debian 12 as it
is needs 2.34, and DuckDB's own wheels run on much older systems. A platform that is not this machine's needs its Rust target.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

from footer import write
from platform_name import library
from served import FILES

ROOT = pathlib.Path(__file__).resolve().parent.parent
# DuckDB's name, Rust's target, the wheel's platform.
PLATFORMS = {
    "linux_amd64": ("x86_64-unknown-linux-gnu", "manylinux_2_17_x86_64"),
    "linux_arm64": ("aarch64-unknown-linux-gnu", "manylinux_2_17_aarch64"),
    "osx_amd64": ("x86_64-apple-darwin", "macosx_10_12_x86_64"),
    "osx_arm64": ("aarch64-apple-darwin", "macosx_11_0_arm64"),
    "windows_amd64": ("x86_64-pc-windows-msvc", "win_amd64"),
}
GLIBC = "2.17"


def released() -> str:
    """The version of Cargo.toml, as a footer has it."""
    cargo = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    return "v" + re.search('^version = "(.*)"', cargo, re.MULTILINE)[1]


def build(target: str, cargo: list[str]) -> pathlib.Path:
    """The library for a target."""
    if "linux" in target:
        # cargo-zigbuild and zig are packages of this environment.
        environment = os.environ | {"PATH": os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])}
        command = [*cargo, "zigbuild", "--release", "--lib", "--target", f"{target}.{GLIBC}"]
    else:
        command, environment = [*cargo, "build", "--release", "--lib", "--target", target], os.environ
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / target / "release" / library("mixpanel", target)


def wheel(built: pathlib.Path, platform: str, version: str, files: pathlib.Path, out: pathlib.Path) -> None:
    for file in FILES:
        write(built, files, file, version, platform)
    environment = os.environ | {"MIXPANEL_FILES": str(files.resolve()), "MIXPANEL_WHEEL_PLATFORM": PLATFORMS[platform][1]}
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out.resolve())]
    subprocess.run(command, cwd=ROOT / "python", env=environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--platform", choices=PLATFORMS, required=True, help="as DuckDB calls it")
    parser.add_argument("--extension-version", default=released())
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--library", type=pathlib.Path, help="one that is built already")
    parser.add_argument("--cargo", default="cargo", help="the command, with options of its own")
    arguments = parser.parse_args()
    built = arguments.library or build(PLATFORMS[arguments.platform][0], arguments.cargo.split())
    files = arguments.out / "files" / arguments.platform
    wheel(built, arguments.platform, arguments.extension_version, files, arguments.out)


if __name__ == "__main__":
    main()
