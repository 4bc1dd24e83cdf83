"""Draws charts again when a picker in Jupyter changes.

The charts are pictures, so Jupyter needs nothing from the internet, and a code host, where nothing runs, shows them too."""
from collections.abc import Callable

import altair as alt
import ipywidgets as widgets
import vl_convert
from IPython.display import Image, display

WIDTH = 900


def row(*pickers: widgets.Widget) -> tuple[widgets.Widget, ...]:
    """Shows pickers side by side, and returns them. Where nothing runs, a line says what was picked."""
    for picker in pickers:
        picker.layout.flex = "0 1 300px"
    box = widgets.HBox(pickers)
    line = "   ".join(f"{getattr(picker, 'description', '')} {_said(picker)}".strip() for picker in pickers)
    display(box._repr_mimebundle_() | {"text/plain": line}, raw=True)
    return pickers


def _said(picker: widgets.Widget) -> str:
    value = getattr(picker, "label", None) or picker.value
    return ", ".join(value) if isinstance(value, list) else str(value)


class Live:
    """Shows the chart that `draw()` returns, and draws it again when one of the pickers changes."""

    def __init__(self, draw: Callable[[], alt.Chart], *pickers: widgets.Widget):
        self._draw = draw
        self._shown = display(self._picture(), display_id=True)
        for picker in pickers:
            picker.observe(lambda _: self._shown.update(self._picture()), "value")

    def _picture(self) -> Image:
        self.chart = self._draw()
        whole = self.chart.properties(width=WIDTH, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
        # Twice as many dots as the page has, for screens that have them.
        return Image(vl_convert.vegalite_to_png(whole.to_json(), scale=2), width=WIDTH)
