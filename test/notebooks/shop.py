"""Starts the simulated shop of the notebooks: its last 30 days, with Mixpanel's limits, and a home where LOAD finds the extension."""
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "docs" / "notebooks"
sys.path.insert(0, str(ROOT / "test"))

from simulator import Project, Simulator  # noqa: E402  the path is set above

DAYS = 30
ACCOUNT = {"MP_USERNAME": "demo.sa.mp-service-account", "MP_SECRET": "demo-secret", "MP_PROJECT_ID": "12345"}


@contextmanager
def shop(extension: Path, **project) -> Iterator[tuple[Simulator, dict[str, str]]]:
    """The simulator, and the environment that points to it."""
    platform = duckdb.sql("PRAGMA platform").fetchall()[0][0]
    given = {"from_date": date.today() - timedelta(days=DAYS), "days": DAYS, "events_per_day": 300, "weird_rate": 0}
    with TemporaryDirectory() as home, Simulator(Project(**given | project), limits=True) as simulator:
        place = Path(home, ".duckdb", "extensions", f"v{duckdb.__version__}", platform)
        place.mkdir(parents=True)
        (place / "mixpanel.duckdb_extension").symlink_to(extension.resolve())
        # Neither the machine's settings nor its archive.
        others = {name: value for name, value in os.environ.items() if not name.startswith(("MP_", "XDG_"))}
        yield simulator, others | ACCOUNT | {"HOME": home, "MP_API_BASE_URL": simulator.url, "MP_ARCHIVE": "default"}


CHARTS = ["top_events", "events_a_day", "funnel", "retention", "breakdown"]
"""What both notebooks call their charts."""


def rows(chart) -> list[dict] | str:
    """The rows behind a chart, or the sentence in its place."""
    spec = chart.to_dict()
    if datasets := spec.get("datasets"):
        [data] = datasets.values()
        return data if data != [{}] else spec["encoding"]["text"]["value"]
    return spec["encoding"]["text"]["value"]


def small(png: bytes) -> bytes:
    """The same picture in 256 colours, a fifth of the size: pictures are committed."""
    from PIL import Image

    out = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(out, "PNG", optimize=True)
    return out.getvalue()
