"""Makes docs/notebooks/explore.png and explore_jupyter.png, screenshots of marimo's app and of JupyterLab over the simulated shop in a real
browser, each as tall as its page.

    build/venv/notebooks/bin/python test/notebooks/screenshot.py --extension build/release/v2.0.1/mixpanel.duckdb_extension

Needs Debian's chromium-headless-shell, or any Chromium. Fails when something on a page scrolls, or a page asks anybody but this machine.
No test runs it."""
import argparse
import asyncio
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shop import NOTEBOOKS, shop, small
from websockets.asyncio.client import connect

WIDTH = 1100
CHARTS = 5
# In the page: counts what is drawn, and how much does not fit into what scrolls.
EVERYWHERE = """
function* everywhere(root) { for (const e of root.querySelectorAll('*')) { yield e; if (e.shadowRoot) yield* everywhere(e.shadowRoot); } }
const all = [...everywhere(document)];
"""
MARIMO_DRAWN = "all.filter(e => e.matches('.vega-embed') && e.querySelector('canvas, svg')).length"
# Pickers come when a cell has run; pictures are there from the start.
JUPYTER_DRAWN = "all.filter(e => e.matches('.widget-hbox')).length >= 5 && all.filter(e => e.matches('.jp-OutputArea-output img') && e.complete).length"
HIDDEN = """
const scrolls = (e, axis) => ['auto', 'scroll'].includes(getComputedStyle(e)['overflow' + axis]) || e === document.scrollingElement;
const seen = all.filter(e => e.clientHeight > 0 && e.clientWidth > 0 && e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}));
const name = e => e.tagName + '.' + String(e.className).slice(0, 80);
({
  below: Math.max(0, ...seen.filter(e => scrolls(e, 'Y')).map(e => e.scrollHeight - e.clientHeight)),
  beside: seen.filter(e => scrolls(e, 'X') && e.scrollWidth > e.clientWidth + 1).map(name),
  who: seen.filter(e => scrolls(e, 'Y') && e.scrollHeight > e.clientHeight + 1).map(name),
})
"""
RUN_ALL = """
document.querySelector('.jp-NotebookPanel .jp-CodeCell') && document.querySelector('#jp-main-statusbar').innerText.includes('| Idle')
&& (window.jupyterapp.commands.execute('notebook:run-all-cells'), true)
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answered(url: str) -> bytes:
    """What a program that is just starting answers once it does."""
    for _ in range(300):
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"nothing answers at {url}")


@contextmanager
def started(command: list, environment: dict) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


QUIET = """new Promise(done => {
    let timer;
    const watch = new MutationObserver(() => wait());
    const end = () => { watch.disconnect(); done(true); };
    const wait = () => { clearTimeout(timer); timer = setTimeout(end, 1000); };
    watch.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
    setTimeout(end, 15000);
    wait();
})"""
"""Comes true when nothing of the page has changed for a second: charts are drawn anew after its size changed."""


class Page:
    """A page of a browser, by the DevTools protocol."""

    def __init__(self, socket):
        self._socket = socket
        self._number = 0

    async def tell(self, method: str, **params) -> dict:
        self._number += 1
        await self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(await self._socket.recv())
            if answer.get("method") == "Network.requestWillBeSent":
                url = answer["params"]["request"]["url"]
                if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
                    raise SystemExit(f"the page asks {url}")
            if answer.get("id") == self._number:
                return answer.get("result", answer)

    async def value(self, expression: str):
        result = await self.tell("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            return None  # not there yet
        return result["result"].get("value")

    async def until(self, expression: str, seconds: int = 90) -> None:
        for _ in range(seconds * 2):
            if await self.value(expression):
                return
            await asyncio.sleep(0.5)
        raise SystemExit(f"never came: {expression}")

    async def size(self, height: int) -> None:
        await self.tell("Emulation.setDeviceMetricsOverride", width=WIDTH, height=height, deviceScaleFactor=1, mobile=False)
        await self.value(QUIET)


async def look(devtools: str, url: str, drawn: str, before: str | None, picture: Path) -> None:
    async with connect(devtools, max_size=None) as socket:
        page = Page(socket)
        for domain in ("Network", "Runtime"):
            await page.tell(f"{domain}.enable")
        height = 1000
        await page.size(height)
        await page.tell("Page.navigate", url=url)
        if before:
            await page.until(before)
        await page.until(f"{{{EVERYWHERE} {drawn} >= {CHARTS}}}")
        await page.value(QUIET)
        # The first cell and not the last is the chosen one; marimo has no such thing.
        await page.value("window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0")
        for _ in range(6):
            hidden = await page.value(f"{{{EVERYWHERE} {HIDDEN}}}")
            if hidden["below"] <= 1:
                break
            height += hidden["below"]
            await page.size(height)
        if hidden["below"] > 1 or hidden["beside"]:
            raise SystemExit(f"{picture.name} would have scrollbars: {hidden}")
        shot = await page.tell("Page.captureScreenshot", format="png")
        picture.write_bytes(small(base64.b64decode(shot["data"])))
        print(picture, f"{WIDTH} x {height}")


def marimo(folder: Path, port: int) -> list:
    return [sys.executable, "-m", "marimo", "run", folder / "explore.py", "--headless", "--port", str(port), "--host", "127.0.0.1", "--no-token"]


def jupyter(folder: Path, port: int) -> list:
    settings = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
    }
    for name, values in settings.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", f"--notebook-dir={folder}", "--expose-app-in-browser"]
    options += ["--IdentityProvider.token=", "--ServerApp.password=", f"--LabApp.user_settings_dir={folder / 'settings'}"]
    return [sys.executable, "-m", "jupyterlab", *options]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extension", type=Path, required=True)
    parser.add_argument("--browser", default="chromium-headless-shell")
    parser.add_argument("--out", type=Path, default=NOTEBOOKS)
    arguments = parser.parse_args()
    if not shutil.which(arguments.browser):
        raise SystemExit(f"{arguments.browser} is not installed: apt-get install chromium-headless-shell, or --browser another Chromium")
    pages = [
        ("explore.png", marimo, "/health", "/", MARIMO_DRAWN, None),
        ("explore_jupyter.png", jupyter, "/api", "/doc/tree/explore.ipynb", JUPYTER_DRAWN, RUN_ALL),
    ]
    for name, serve, health, path, drawn, before in pages:
        with tempfile.TemporaryDirectory() as copy, shop(arguments.extension) as (_, environment):
            folder = Path(shutil.copytree(NOTEBOOKS, Path(copy, "notebooks")))
            port, debugging = free_port(), free_port()
            browse = [arguments.browser, "--no-sandbox", f"--remote-debugging-port={debugging}", f"--user-data-dir={copy}/browser", "about:blank"]
            with started(serve(folder, port), environment), started(browse, environment):
                answered(f"http://127.0.0.1:{port}{health}")
                [tab] = json.loads(answered(f"http://127.0.0.1:{debugging}/json/list"))[:1]
                asyncio.run(look(tab["webSocketDebuggerUrl"], f"http://127.0.0.1:{port}{path}", drawn, before, arguments.out / name))


if __name__ == "__main__":
    main()
