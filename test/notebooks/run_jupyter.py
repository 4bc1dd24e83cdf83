"""Runs docs/notebooks/explore.ipynb as Jupyter would, and prints the rows behind its charts as JSON.

    run_jupyter.py '{"days": ["2025-01-02", "2025-01-03"], "events": ["Purchase"]}' 'DAYS = 30'
    run_jupyter.py --store build/release/v2.0.1/mixpanel.duckdb_extension [out.ipynb]

The first argument is what a reader picks; `{}` leaves the pickers as they begin. The second follows the cell of parameters, as papermill has it.
`--store` writes the notebook with what it shows of the simulated shop, for readers on a code host."""
import copy
import hashlib
import json
import os
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from queue import Empty
from time import monotonic

import nbformat
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.channels import AsyncZMQSocketChannel
from nbclient import NotebookClient
from shop import CHARTS, NOTEBOOKS, ROOT, shop, small
from traitlets import Type

NOTEBOOK = NOTEBOOKS / "explore.ipynb"
PICK = f"""
import json, sys
from datetime import date
sys.path.insert(0, {str(ROOT / "test" / "notebooks")!r})
from shop import rows
picks = json.loads({{picks!r}})
if picks:
    first_day.value, last_day.value = map(date.fromisoformat, picks["days"])
    events.value = picks["events"]
    measure.value = "users"
    born.value = event.value = picks["events"][0]
    prop.value = "plan"
    for step, name in zip(steps, [*picks["events"], None, None]):
        step.value = name
print(json.dumps(dict(zip({CHARTS}, [rows(live.chart) for live in [{", ".join(CHARTS)}]]))))
"""
WIDGET = "application/vnd.jupyter.widget-view+json"


class Channel(AsyncZMQSocketChannel):
    """Looks for a reply again and again, and does not only wait to be woken: nbclient says what widgets say over the very socket that it waits
    on, and sending takes the wake-up of what arrives at that moment. (Seen with nbclient 0.11 and jupyter_client 8 on a busy machine: a cell
    that was done in 0.2 s ended when its time did.)"""

    async def get_msg(self, timeout=None):
        deadline = monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            try:
                return await super().get_msg(max(0, min(0.2, deadline - monotonic())))
            except Empty:
                if monotonic() >= deadline:
                    raise


class Kernel(AsyncKernelClient):
    shell_channel_class = Type(Channel)


class Manager(AsyncKernelManager):
    client_factory = Type(Kernel, klass=AsyncKernelClient)


def execute(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    NotebookClient(notebook, timeout=100, kernel_manager_class=Manager, record_timing=False, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    return notebook


def show(picks: str, parameters: str) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    [at] = [number for number, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(parameters))
    notebook.cells.append(nbformat.v4.new_code_cell(PICK.format(picks=picks)))
    print(execute(notebook).cells[-1].outputs[0]["text"])


def code() -> str:
    """A hash of all that decides what the stored notebook shows."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    texts = [cell.source for cell in notebook.cells] + [path.read_text(encoding="utf-8") for path in sorted(NOTEBOOKS.glob("*_*.py"))]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def store(extension: Path, out: Path = NOTEBOOK) -> None:
    given = nbformat.read(NOTEBOOK, as_version=4)
    with shop(extension) as (_, environment):
        os.environ.clear()
        os.environ.update(environment)
        shown = execute(copy.deepcopy(given))
    for cell in shown.cells:
        for data in [output.data for output in cell.get("outputs", []) if "data" in output]:
            # Pickers lived in a kernel that is gone; the line that says what was picked stays.
            data.pop(WIDGET, None)
            if "image/png" in data:
                data["image/png"] = b64encode(small(b64decode(data["image/png"]))).decode()
    shown.metadata = given.metadata | {"stored": {"code": code()}}
    nbformat.write(shown, out)


if __name__ == "__main__":
    store(*map(Path, sys.argv[2:])) if sys.argv[1] == "--store" else show(*sys.argv[1:])
