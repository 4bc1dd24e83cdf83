"""Runs docs/notebooks/explore.ipynb as Jupyter would, and prints as JSON its charts' tables, the number of charts, and its text.

    run_jupyter.py '{"days": ["2025-01-02", "2025-01-03"], "events": ["Purchase"]}' 'DATABASE = "x.duckdb"; ...'

The first argument is what a reader picks; `{}` leaves the pickers as they begin. The second follows the cell of parameters, as papermill has it."""
import json
import sys
from pathlib import Path
from queue import Empty
from time import monotonic

import nbformat
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.channels import AsyncZMQSocketChannel
from nbclient import NotebookClient
from traitlets import Type

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "explore.ipynb"
PICK = """
import json
picks = json.loads({picks!r})
if picks:
    first_day.value, last_day.value = map(date.fromisoformat, picks["days"])
    events.value = picks["events"]
    born.value = picks["events"][0]
    for step, name in zip(steps, [*picks["events"], None, None]):
        step.value = name
print(json.dumps({{name: json.loads(table.to_json(orient="records", date_format="iso")) for name, table in shown.items()}}))
"""


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


def main() -> None:
    picks, parameters = sys.argv[1:]
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    [at] = [number for number, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(parameters))
    notebook.cells.append(nbformat.v4.new_code_cell(PICK.format(picks=picks)))
    client = NotebookClient(notebook, timeout=100, kernel_manager_class=Manager, store_widget_state=True)
    client.execute()
    # What `interact` draws goes into widgets.
    drawn = [output for widget in client.widget_state.values() for output in widget.get("outputs", [])]
    charts = [output for output in drawn if "image/png" in output.get("data", {})]
    outputs = [output for cell in notebook.cells[:-1] for output in cell.get("outputs", [])]
    said = "\n".join(output["text"] for output in [*outputs, *drawn] if output["output_type"] == "stream")
    tables = json.loads(notebook.cells[-1].outputs[0]["text"])
    json.dump({**tables, "charts": len(charts), "said": said, "errors": [o for o in drawn if o["output_type"] == "error"]}, sys.stdout)


main()
