"""Runs the steps of `docs/examples/nightly` with the wheel of `make wheel`, and checks that `docs/automation.md` shows its files."""
from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest
from test_wheel import ROOT, WHEEL, run, sim  # noqa: F401  fixtures are known by their names

FOLDER = ROOT / "docs" / "examples" / "nightly"


def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def directive(name: str, word: str) -> str:
    """What follows a word at the beginning of a line: of a unit of systemd, or a container's file."""
    [found] = re.findall(rf"^{word}[ =](.*)$", text(name), re.MULTILINE)
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where the container's file installs: its own step, in other folders."""
    place = tmp_path_factory.mktemp("container")
    sources, *_ = directive("Containerfile", "COPY").split(" /tmp/mixpanel/")
    (place / "tmp").mkdir()
    for name in sources.split():
        shutil.copy(WHEEL if name.endswith(".whl") else FOLDER / name, place / "tmp")
    step = moved(directive("Containerfile", "RUN"), place)
    subprocess.run(["sh", "-euc", step], check=True, timeout=600)
    assert not (place / "tmp").exists()
    return place


def moved(command: str, place: Path) -> str:
    return command.replace("/tmp/mixpanel", str(place / "tmp")).replace("/opt/mixpanel", str(place / "opt")).replace("/data", str(place / "data"))


@pytest.fixture
def clock(tmp_path):
    path = tmp_path / "clock"

    def to(moment: datetime) -> None:
        path.write_text(str(round((moment.replace(tzinfo=timezone.utc) - datetime.now(timezone.utc)).total_seconds())))

    to.environment = {"MP_TEST_CLOCK": str(path)}
    return to


def days(sim) -> list[str]:  # noqa: F811
    found = sorted({request.params["from_date"] for request in sim.settled() if request.path.endswith("/export")})
    sim.clear()
    return found


def test_the_container_syncs_each_night(installed, run, sim, clock):  # noqa: F811
    (installed / "data").mkdir()
    words = [moved(word, installed) for word in json.loads(directive("Containerfile", "ENTRYPOINT")) + json.loads(directive("Containerfile", "CMD"))]
    archive = dict([moved(directive("Containerfile", "ENV"), installed).split("=")])
    clock(datetime(2025, 1, 2, 3, 17))
    assert "events" in run(*words, **archive, **clock.environment)
    assert days(sim)[:2] == ["2025-01-01", "2025-01-02"]
    clock(datetime(2025, 1, 3, 3, 17))
    run(*words, **archive, **clock.environment)
    assert set(days(sim)) <= {"2025-01-01", "2025-01-02", "2025-01-03"}

    # A day that can't be had is said to the scheduler, and asked for again.
    sim.add_fault("truncated_line", times=None, match={"from_date": "2025-01-03"})
    clock(datetime(2025, 1, 4, 3, 17))
    with pytest.raises(AssertionError, match="missing: .*2025-01-03"):
        run(*words, **archive, **clock.environment)
    sim.reset()
    run(*words, **archive, **clock.environment)
    assert "2025-01-03" in days(sim)


def test_the_line_for_cron_runs(installed, run, sim, clock, tmp_path):  # noqa: F811
    [line] = [line for line in text("crontab").splitlines() if not line.startswith("#")]
    (tmp_path / "mixpanel").symlink_to(installed / "opt")
    command = line.split(" ", 5)[5]
    clock(datetime(2025, 1, 3, 3, 17))
    assert "events" in run("sh", "-c", command, **clock.environment)
    assert days(sim)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd")
def test_systemd_takes_its_units(installed, tmp_path):
    for name in ("mixpanel-sync.service", "mixpanel-sync.timer"):
        (tmp_path / name).write_text(moved(text(name), installed))
    verified = subprocess.run(["systemd-analyze", "verify", *tmp_path.glob("mixpanel-sync.*")], capture_output=True, text=True)
    about_ours = [line for line in verified.stderr.splitlines() if "mixpanel" in line]
    assert not about_ours, about_ours


def test_the_page_shows_the_files_of_the_folder():
    page = (ROOT / "docs" / "automation.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^`([\w.-]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert shown == {path.name: text(path.name) for path in FOLDER.iterdir()}
