"""A digit of one's own: eight by eight pixels to draw on, and what both networks take it for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import panel_material_ui as pmui
from bokeh.events import Pan, PanStart, Tap
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.palettes import interp_palette

from app.look import theme
from app.look.axes import Axis
from app.look.tables import table
from app.look.theme import NEUTRAL

SIDE = 8
INK = interp_palette(["#ffffff", "#222222"], 64)
ON_DARK = interp_palette(["#1b1f23", "#e8eaed"], 64)
SEVEN = ((0, 2), (0, 3), (0, 4), (0, 5), (1, 5), (2, 5), (3, 4), (4, 4), (5, 3), (6, 3), (7, 3))
Answer = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class Pad:
    """Draws by click and drag; `answer` gives the outputs of both networks."""

    def __init__(self, look: theme.Theme) -> None:
        self.answer: Answer | None = None
        self.pixels = np.zeros((SIDE, SIDE))
        for place in SEVEN:
            self.pixels[place] = 1.0
        self.source = ColumnDataSource({"image": [self.pixels], "x": [-0.5], "y": [-0.5], "dw": [SIDE], "dh": [SIDE]})
        figure = look.figure(
            "network pad", title="Draw a digit: click or drag", x=" ", y=" ", height=300, match_aspect=True
        )
        figure.image("image", "x", "y", "dw", "dh", source=self.source,
                     color_mapper=look.shade(LinearColorMapper(low=0, high=1), INK, ON_DARK))  # fmt: skip
        figure.axis.visible = False
        figure.quad(left=-0.5, right=SIDE - 0.5, top=-0.5, bottom=SIDE - 0.5, fill_color=None, line_color=NEUTRAL)
        figure.toolbar.active_drag = None
        Axis(figure, "x").show("linear", -0.5, SIDE - 0.5)
        Axis(figure, "y").show("linear", SIDE - 0.5, -0.5)
        for event in (Tap, Pan, PanStart):
            figure.on_event(event, self._draw)
        self.said = theme.table()
        self.clear = pmui.Button(label="Clear", variant="outlined", on_click=self._clear)
        pane = theme.pane(figure)
        pane.param.update(sizing_mode="fixed", width=350)  # square pixels
        self.layout = theme.card(pane, self.said, self.clear)

    def _draw(self, event: Any) -> None:
        x, y = round(event.x), round(event.y)
        if 0 <= x < SIDE and 0 <= y < SIDE:
            pixels = self.pixels.copy()
            pixels[y, x] = 0.0 if isinstance(event, Tap) and pixels[y, x] > 0.5 else 1.0
            self.pixels = pixels
            self.show()

    def _clear(self, event: Any) -> None:
        self.pixels = np.zeros((SIDE, SIDE))
        self.show()

    def show(self) -> None:
        self.source.patch({"image": [(0, self.pixels)]})
        if self.answer is None:
            return
        meant, found = (np.asarray(z) for z in self.answer(self.pixels.ravel()))
        rows = {}
        for name, z in (("Float network", meant), ("Chip", found)):
            p = np.exp(z - z.max())
            order = np.argsort(z)[::-1]
            share = p[order] / p.sum()
            rows[name] = [str(order[0]), f"{100 * share[0]:.0f} %", f"{order[1]} ({100 * share[1]:.0f} %)"]
        self.said.object = table("What it is taken for", ["Digit", "Probability", "Second choice"], rows)
