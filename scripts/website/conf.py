"""Configures Sphinx to make a site of the README and `docs/`: `make docs`.

The pages are what they are on a code host, links included; nothing in them is there for this site.
"""
import re
import shutil
from pathlib import Path

from docutils.nodes import emphasis as emphasis_node
from docutils.nodes import entry as entry_node
from docutils.nodes import literal as literal_node
from sphinx.addnodes import download_reference

project = "mixpanel for DuckDB"
root_doc = "README"
include_patterns = ["README.md", "docs/**.md", "CHANGELOG.md", "CONTRIBUTING.md", "test/README.md", "test/simulator/README.md"]
# Nothing is looked for where builds are.
exclude_patterns = ["target", "build", ".*", "**/node_modules"]

extensions = ["myst_parser", "sphinx_copybutton"]
myst_heading_anchors = 6
# The lexer for SQL knows no struct literals.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = project
html_show_copyright = html_show_sphinx = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/favicon.svg"
# Prompts are not copied.
copybutton_exclude = ".linenos, .gp"

LONG = 45
LINK = re.compile(r"\]\(([^)#:]+)\.md(?:#[^)]*)?\)")


def navigation(app, page, source):
    """The pages in the groups and the order in which the README names them under "More", then those that it doesn't name."""
    if page != root_doc:
        return
    rest = app.env.found_docs - {root_doc}
    groups = {}
    caption = "More"
    for line in source[0].partition("\n## More\n")[2].splitlines():
        if re.fullmatch(r"[\w ]+", line):
            caption = line
        for name in LINK.findall(line):
            if name in rest:
                rest.remove(name)
                groups.setdefault(caption, []).append(name)
    groups.setdefault("More", []).extend(sorted(rest))
    for caption, names in groups.items():
        pages = "\n".join(f"/{name}" for name in names)
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n" if names else ""


def without_downloads(app, env):
    """Sphinx fails at a heading that links to a file, when it makes a table of contents of it."""
    for contents in env.tocs.values():
        for link in list(contents.findall(download_reference)):
            link.parent.replace(link, link.children)


def badges(app, tree, page):
    """A line that says nothing but which DuckDB a block needs is a badge."""
    for emphasis in list(tree.findall(emphasis_node)):
        if emphasis.astext() == "DuckDB 2.x" and len(emphasis.parent.children) == 1:
            emphasis["classes"].append("badge")


def breakable(app, tree, page):
    """A long word of code in a table breaks where it must, and the table fits onto the page."""
    for entry in tree.findall(entry_node):
        for code in entry.findall(literal_node):
            if max(map(len, code.astext().split()), default=0) > LONG:
                code["classes"].append("breakable")


def home(app, failure):
    """What a web server shows for the folder."""
    if failure is None and app.builder.name == "html":
        shutil.copyfile(Path(app.outdir, f"{root_doc}.html"), Path(app.outdir, "index.html"))


def setup(app):
    app.connect("source-read", navigation)
    app.connect("env-updated", without_downloads)
    app.connect("doctree-resolved", badges)
    app.connect("doctree-resolved", breakable)
    app.connect("build-finished", home)
