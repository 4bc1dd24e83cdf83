"""Makes docs/notebooks/explore.png, a screenshot of marimo's app over the simulated shop in a real browser.

    build/venv/notebooks/bin/python test/notebooks/screenshot.py --build build/release --browser chromium-headless-shell

Needs Debian's chromium-headless-shell (or any Chromium); says so when the page asks anybody but this machine. No test runs it."""
import argparse
import asyncio
import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import duckdb
from websockets.asyncio.client import connect

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))

from simulator import Project, Simulator  # noqa: E402  the path is set above

MARIMO_PORT, BROWSER_PORT, WIDTH = 28718, 28719, 1000
CHARTS = "[...document.querySelectorAll('marimo-vega, [data-testid=vega], .vega-embed')].map(e => e.shadowRoot || e).filter(e => e.querySelector('canvas, svg')).length"


def answered(url: str) -> bytes:
    """What a program that is just starting answers once it does."""
    for _ in range(150):
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"nothing answers at {url}")


async def look(picture: pathlib.Path) -> None:
    answered(f"http://127.0.0.1:{MARIMO_PORT}/health")
    pages = json.loads(answered(f"http://127.0.0.1:{BROWSER_PORT}/json/list"))
    async with connect(pages[0]["webSocketDebuggerUrl"], max_size=None) as socket:
        number = 0

        async def tell(method: str, **params) -> dict:
            nonlocal number
            number += 1
            await socket.send(json.dumps({"id": number, "method": method, "params": params}))
            while True:
                answer = json.loads(await socket.recv())
                if answer.get("method") == "Network.requestWillBeSent":
                    url = answer["params"]["request"]["url"]
                    if not url.startswith((f"http://127.0.0.1:{MARIMO_PORT}", "data:", "blob:")):
                        print("asked elsewhere:", url)
                if answer.get("method") in ("Runtime.exceptionThrown", "Network.loadingFailed", "Log.entryAdded"):
                    print(json.dumps(answer)[:600], flush=True)
                if answer.get("id") == number:
                    return answer.get("result", answer)

        for domain in ("Network", "Runtime", "Log"):
            await tell(f"{domain}.enable")
        await tell("Emulation.setDeviceMetricsOverride", width=WIDTH, height=1080, deviceScaleFactor=1, mobile=False)
        await tell("Page.navigate", url=f"http://127.0.0.1:{MARIMO_PORT}")
        for _ in range(90):
            await asyncio.sleep(1)
            found = (await tell("Runtime.evaluate", expression=CHARTS))["result"].get("value")
            if found and found >= 3:
                break
        print("charts:", found)
        await asyncio.sleep(3)
        shot = await tell("Page.captureScreenshot", format="png")
        picture.write_bytes(base64.b64decode(shot["data"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--browser", default="chromium-headless-shell")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs" / "notebooks" / "explore.png")
    arguments = parser.parse_args()
    project = Project(from_date="2025-01-01", days=31, events_per_day=300)
    with tempfile.TemporaryDirectory() as home, Simulator(project) as simulator:
        platform = duckdb.sql("PRAGMA platform").fetchall()[0][0]
        place = pathlib.Path(home, ".duckdb", "extensions", f"v{duckdb.__version__}", platform)
        place.mkdir(parents=True)
        (place / "mixpanel.duckdb_extension").symlink_to((arguments.build / f"v{duckdb.__version__}" / "mixpanel.duckdb_extension").resolve())
        account = {"MP_USERNAME": "demo.sa.mp-service-account", "MP_SECRET": "demo-secret", "MP_PROJECT_ID": "12345"}
        environment = os.environ | account | {"HOME": home, "MP_API_BASE_URL": simulator.url, "MP_RATE_LIMITS": "off"}
        options = ["--from-date", "2025-01-01", "--to-date", "2025-01-31", "--database", f"{home}/shop.duckdb"]
        options += ["--events", "Sign Up", "--events", "View Item", "--events", "Purchase"]
        notebook = str(ROOT / "docs" / "notebooks" / "explore.py")
        serve = [sys.executable, "-m", "marimo", "run", notebook, "--headless", "--port", str(MARIMO_PORT), "--host", "127.0.0.1", "--no-token", "--"]
        browse = [arguments.browser, "--no-sandbox", f"--remote-debugging-port={BROWSER_PORT}", f"--user-data-dir={home}/browser", "about:blank"]
        started = []
        try:
            started.append(subprocess.Popen([*serve, *options], env=environment, start_new_session=True))
            started.append(subprocess.Popen(browse, env=environment, stderr=subprocess.DEVNULL, start_new_session=True))
            asyncio.run(look(arguments.out))
        finally:
            for process in reversed(started):
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()


if __name__ == "__main__":
    main()
