#!/usr/bin/env python3
"""Prints DuckDB's name of this platform, the file name of a library on it, or the Rust target of another platform."""
import argparse
import subprocess
import sys

TARGETS = {
    "x86_64-unknown-linux-gnu": "linux_amd64",
    "aarch64-unknown-linux-gnu": "linux_arm64",
    "x86_64-unknown-linux-musl": "linux_amd64_musl",
    "aarch64-unknown-linux-musl": "linux_arm64_musl",
    "x86_64-apple-darwin": "osx_amd64",
    "aarch64-apple-darwin": "osx_arm64",
    "x86_64-pc-windows-msvc": "windows_amd64",
    "aarch64-pc-windows-msvc": "windows_arm64",
    "x86_64-pc-windows-gnu": "windows_amd64_mingw",
}


def target() -> str:
    # Also with Python 3.6, which is what the container of DuckDB's community CI may have.
    version = subprocess.check_output(["rustc", "-vV"]).decode()
    return next(line.split()[1] for line in version.splitlines() if line.startswith("host:"))


def library(name: str, target: str) -> str:
    if "windows" in target:
        return f"{name}.dll"
    return f"lib{name}.dylib" if "apple" in target else f"lib{name}.so"


def other_target(platform: str, host: str) -> str:
    targets = [target for target, name in TARGETS.items() if name == platform]
    # Alpine's own Rust calls its target otherwise; what it builds for is the same.
    return "" if not targets or targets[0] == host or "musl" in host else targets[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", metavar="NAME")
    parser.add_argument("--target", metavar="PLATFORM", help="prints nothing where it is this machine's")
    arguments = parser.parse_args()
    host = target()
    if arguments.library:
        print(library(arguments.library, host))
    elif arguments.target:
        print(other_target(arguments.target, host))
    elif host in TARGETS:
        print(TARGETS[host])
    else:
        sys.exit(f"DuckDB has no name for {host}; set PLATFORM to what PRAGMA platform says")


if __name__ == "__main__":
    main()
