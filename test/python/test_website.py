"""Tests `make docs`: it builds the documentation as a site only if all links lead somewhere."""
from __future__ import annotations

import pathlib
import subprocess

import duckdb
import pytest
from conftest import HOST, ROOT
from documented import PAGES
from pairs import NEWEST

PYTHON = ROOT / "build" / "venv" / "docs" / "bin" / "python"

# No DuckDB takes part; once will do.
pytestmark = [
    pytest.mark.skipif(duckdb.__version__ != NEWEST["v2"] or HOST != "v2", reason="no DuckDB takes part; once will do"),
    pytest.mark.skipif(not PYTHON.exists(), reason="build/venv/docs is missing: make configure"),
]


def site(source: pathlib.Path, out: pathlib.Path) -> subprocess.CompletedProcess:
    command = [PYTHON, ROOT / "scripts" / "website" / "build.py", "--source", source, "--out", out]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_site_has_every_page(tmp_path):
    out = tmp_path / "site"
    ended = site(ROOT, out)
    assert ended.returncode == 0, ended.stderr
    home = (out / "index.html").read_text(encoding="utf-8")
    others = [page.relative_to(ROOT).with_suffix(".html") for page in PAGES if page.parent != ROOT]
    assert not [page for page in others if f'href="{page}"' not in home]
    assert all((out / page).exists() for page in others)


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("[a page](page.md#a-heading), [another](https://example.com)\n\n## A file: [it](file.py)", []),
        (
            "[a page](pages.md), [a heading](page.md#another-heading), [a heading of this page](#nowhere)",
            ["pages.md", "another-heading", "nowhere"],
        ),
        (
            "![a picture](https://example.com/picture.png)\n\n<script src='//example.com/script.js'></script>",
            ["https://example.com/picture.png", "//example.com/script.js"],
        ),
    ],
    ids=["what can be", "links that lead nowhere", "other hosts"],
)
def test_what_a_page_may_link_to(tmp_path, text, complaints):
    source = tmp_path / "source"
    (source / "docs").mkdir(parents=True)
    (source / "README.md").write_text("# Home\n\n## More\n\n[page](docs/page.md)\n")
    (source / "docs" / "file.py").touch()
    (source / "docs" / "page.md").write_text("# A page\n\n## A heading\n")
    (source / "docs" / "other.md").write_text(f"# Other\n\n{text}\n")
    ended = site(source, tmp_path / "site")
    assert ended.returncode == (1 if complaints else 0), ended.stderr
    assert not [complaint for complaint in complaints if complaint not in ended.stderr], ended.stderr
