#!/usr/bin/env python3
"""Builds the wheel for Linux on ARM64 and runs the `.test` files there, emulated on another machine: `make test-arm64`.

For Debian on x86-64. Everything comes from package registries and stays in `build/arm64`: Debian has a Rust with a standard library
for ARM64, a Python for it, and QEMU; PyPI has DuckDB for it. Takes ten minutes, and is no part of CI.
"""
from __future__ import annotations

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))

from pairs import NEWEST, PAIRS  # noqa: E402  the path is set above

PLACE = ROOT / "build" / "arm64"
TOOLS, SYSTEM, PACKAGES = PLACE / "tools", PLACE / "system", PLACE / "packages"
# Of this machine's processor: Debian's newest Rust, and what translates.
OURS = ["rustc-web", "libstd-rust-web-dev", "qemu-user-static"]
# Of the other one's.
THEIRS = ["python3.11", "libstdc++6"]
WHEELS = [option for tag in ("2_28", "2_17") for option in ("--platform", f"manylinux_{tag}_aarch64")] + ["--platform", "manylinux2014_aarch64"]


def apt(architecture: str, *arguments: str, cwd: pathlib.Path | None = None) -> str:
    """With lists of its own: this machine's installation neither counts nor changes."""
    state = PLACE / "apt" / architecture
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    options = {
        "APT::Architecture": architecture, "APT::Architectures": architecture, "APT::Sandbox::User": "root", "APT::Install-Recommends": "false",
        "Dir::State::status": "/dev/null", "Dir::State::lists": state / "lists", "Dir::Cache": state / "cache",
    }  # fmt: skip
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return subprocess.run(["apt-get", "-qq", *words, *arguments], check=True, cwd=cwd, stdout=subprocess.PIPE, text=True).stdout


def unpack(architecture: str, names: list[str], folder: pathlib.Path) -> None:
    """The packages and all that they need, beneath a folder."""
    apt(architecture, "update")
    apt(architecture, "--yes", "--download-only", "install", *names)
    folder.mkdir(parents=True, exist_ok=True)
    for package in sorted((PLACE / "apt" / architecture / "cache" / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)


def prepare() -> None:
    if not (TOOLS / ".ready").exists():
        unpack("amd64", OURS, TOOLS)
        # Rust's standard library for the other processor goes beside that for this one.
        apt("arm64", "update")
        apt("arm64", "download", "libstd-rust-web-dev", cwd=PLACE)
        [package] = PLACE.glob("libstd-rust-web-dev_*_arm64.deb")
        subprocess.run(["dpkg-deb", "--extract", package, TOOLS], check=True)
        (TOOLS / ".ready").touch()
    if not (SYSTEM / ".ready").exists():
        unpack("arm64", THEIRS, SYSTEM)
        (SYSTEM / ".ready").touch()
    if not (PACKAGES / ".ready").exists():
        needed = [f"duckdb=={NEWEST['v2']}", "pytest==9.0.2", "pyyaml==6.0.3"]
        options = ["--target", str(PACKAGES), *WHEELS, "--implementation", "cp", "--python-version", "3.11", "--only-binary=:all:"]
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options, *needed], check=True)
        (PACKAGES / ".ready").touch()


def build() -> None:
    """Into `build/wheels`, by the same script as for every platform, with that Rust."""
    libraries = TOOLS / "usr" / "lib" / "x86_64-linux-gnu"
    rustc = PLACE / "rustc"
    rustc.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{TOOLS}/usr/bin/rustc" "$@"\n')
    rustc.chmod(0o755)
    environment = os.environ | {"RUSTC": str(rustc), "CARGO_TARGET_DIR": str(ROOT / "target" / "arm64")}
    python = ROOT / "build" / "venv" / "wheel" / "bin" / "python"
    subprocess.run([python, ROOT / "scripts" / "wheel.py", "--platform", "linux_arm64", "--out", ROOT / "build" / "wheels"], env=environment, check=True)


def test(pair: str) -> int:
    version, host = pair.split("/")
    file = ROOT / "build" / "wheels" / "files" / "linux_arm64" / ("v1" if host == "v1" else f"v{version}") / "mixpanel.duckdb_extension"
    print(f"== DuckDB {version} on linux_arm64, file for C API {host}", flush=True)
    environment = os.environ | {"PYTHONPATH": str(PACKAGES), "MIXPANEL_EXTENSION": str(file), "MIXPANEL_HOST": host}
    python = [TOOLS / "usr" / "bin" / "qemu-aarch64-static", "-L", SYSTEM, SYSTEM / "usr" / "bin" / "python3.11"]
    return subprocess.run([*python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "test/python/test_sql.py"], env=environment, cwd=ROOT).returncode


def main() -> int:
    prepare()
    build()
    return max(test(pair) for pair in PAIRS if pair.startswith(NEWEST["v2"]))


if __name__ == "__main__":
    sys.exit(main())
