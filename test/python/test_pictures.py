"""Do pictures of numbers show what the statement on their page returns? `SHOW_RESULTS=1` draws them anew."""
from __future__ import annotations

import os

from conftest import ROOT
from documented import as_documented, blocks, january  # noqa: F401  fixtures

PICTURE = ROOT / "docs" / "pictures" / "retention.svg"
LIGHT, DARK = (0xE0, 0xE7, 0xFF), (0x37, 0x30, 0xA3)
"""Nobody came back, and everybody did: the colours of the other pictures."""
LEFT, TOP, WIDTH, HEIGHT, STEP = 190, 60, 130, 46, 6


def test_retention_is_drawn_from_its_statement(con, as_documented):  # noqa: F811
    [statement] = [block.text for block in blocks(ROOT / "docs" / "reports.md") if "FROM mixpanel_retention" in block.text]
    drawn = heat_map(con.execute(statement).fetchall())
    if os.environ.get("SHOW_RESULTS"):
        PICTURE.write_text(drawn, encoding="utf-8")
    assert PICTURE.read_text(encoding="utf-8") == drawn


def heat_map(rows: list[tuple]) -> str:
    """A row a cohort, a column a period, darker where more came back."""
    cohorts = list(dict.fromkeys((date, size) for date, size, *_ in rows))
    periods = sorted({period for _, _, period, *_ in rows if period is not None})
    width, height = LEFT + len(periods) * (WIDTH + STEP) + 24, TOP + len(cohorts) * (HEIGHT + STEP) + 18
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="Retention by week: the share of each cohort that came back, one row for each cohort">',
        "<style>text{font:14px system-ui,sans-serif;text-anchor:middle}.s{font-size:12px}</style>",
        f'<rect width="{width}" height="{height}" rx="10" fill="#ffffff"/>',
        *(text(left(period) + WIDTH / 2, 42, f"week {period}", "#4b5563", ' class="s"') for period in periods),
    ]
    for index, (date, size) in enumerate(cohorts):
        middle = top(index) + HEIGHT / 2
        parts += [
            text(LEFT / 2, middle - 3, f"week of {date:%b} {date.day}", "#111827", ' font-weight="600"'),
            text(LEFT / 2, middle + 15, f"{size} users", "#4b5563", ' class="s"'),
        ]
    for date, size, period, _, rate in rows:
        if period is not None:
            index = cohorts.index((date, size))
            parts += [
                f'<rect x="{left(period)}" y="{top(index)}" width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{shade(rate)}"/>',
                text(left(period) + WIDTH / 2, top(index) + HEIGHT / 2 + 5, f"{rate:.0%}", "#ffffff" if rate > 0.5 else "#111827", ' font-weight="600"'),
            ]
    return "\n".join([*parts, "</svg>", ""])


def left(period: int) -> int:
    return LEFT + period * (WIDTH + STEP)


def top(index: int) -> int:
    return TOP + index * (HEIGHT + STEP)


def text(x: float, y: float, words: str, fill: str, more: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="{fill}"{more}>{words}</text>'


def shade(rate: float) -> str:
    return "#" + "".join(f"{round(light + (dark - light) * rate):02x}" for light, dark in zip(LIGHT, DARK, strict=True))
