"""An image of one's own: pixels to draw on, and what both networks take it for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import panel_material_ui as pmui
from bokeh.events import Pan, PanStart, Tap
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.palettes import interp_palette
from param.parameterized import Event

from app.look import theme
from app.look.axes import Axis
from app.look.tables import table
from app.look.tags import ALONE
from app.look.theme import NEUTRAL

SIDE = 8
BRUSH = 20  # its radius in parts of an image: one pixel of eight by eight
INK = interp_palette(["#ffffff", "#222222"], 64)
ON_DARK = interp_palette(["#1b1f23", "#e8eaed"], 64)
SEVEN = ((0, 2), (0, 3), (0, 4), (0, 5), (1, 5), (2, 5), (3, 4), (4, 4), (5, 3), (6, 3), (7, 3))
Answer = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class Pad:
    """Draws by click and drag; `answer` gives the outputs of both networks."""

    def __init__(self, look: theme.Theme) -> None:
        self.answer: Answer | None = None
        self.classes: tuple[str, ...] = tuple(map(str, range(10)))
        self.colours = 1
        self.pixels = np.zeros((SIDE, SIDE))
        for place in SEVEN:
            self.pixels[place] = 1.0
        self.source = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        figure = look.figure("network pad", title="Draw one: click or drag", x=" ", y=" ", height=300)
        shades = look.shade(LinearColorMapper(low=0, high=1), INK, ON_DARK)
        figure.image("image", "x", "y", "dw", "dh", source=self.source, color_mapper=shades).tags = [ALONE]
        self.edge = ColumnDataSource({"right": [], "bottom": []})
        figure.quad(left=-0.5, right="right", top=-0.5, bottom="bottom", source=self.edge, fill_color=None,
                    line_color=NEUTRAL)  # fmt: skip
        figure.axis.visible = False
        figure.toolbar.active_drag = None
        self.axes = Axis(figure, "x"), Axis(figure, "y")
        for event in (Tap, Pan, PanStart):
            figure.on_event(event, self._draw)
        self.said = theme.table()
        self.clear = pmui.Button(label="Clear", variant="outlined", on_click=self._clear)
        pane = theme.pane(figure)
        pane.param.update(sizing_mode="fixed", width=350)  # square pixels
        self.layout = theme.card(pane, self.said, self.clear)

    def _draw(self, event: Event) -> None:
        (rows, columns), x, y = self.pixels.shape, round(event.x), round(event.y)
        if 0 <= x < columns and 0 <= y < rows:
            off = isinstance(event, Tap) and self.pixels[y, x] > 0.5
            down, across = np.indices(self.pixels.shape)
            brush = np.hypot(down - y, across - x) <= max(rows, columns) / BRUSH
            self.pixels = np.where(brush, 0.0 if off else 1.0, self.pixels)
            self._draw_and_ask()

    def _clear(self, event: Event) -> None:
        self.pixels = np.zeros_like(self.pixels)
        self._draw_and_ask()

    def show(self, shape: tuple[int, int], colours: int, classes: tuple[str, ...]) -> None:
        """For images of this shape; what is drawn stays as long as that does."""
        self.colours, self.classes = colours, classes
        if self.pixels.shape != shape:
            self.pixels = np.zeros(shape)
        self._draw_and_ask()

    def _draw_and_ask(self) -> None:
        rows, columns = self.pixels.shape
        if not self.source.data["image"] or self.source.data["dw"] != [columns] or self.source.data["dh"] != [rows]:
            self.axes[0].show("linear", -0.5, columns - 0.5)
            self.axes[1].show("linear", rows - 0.5, -0.5)
            self.edge.data = {"right": [columns - 0.5], "bottom": [rows - 0.5]}
            self.source.data = {"image": [self.pixels], "x": [-0.5], "y": [-0.5], "dw": [columns], "dh": [rows]}
        else:
            self.source.patch({"image": [(0, self.pixels)]})
        if self.answer is None:
            return
        given = np.tile(self.pixels.ravel(), self.colours)
        meant, found = (np.asarray(z) for z in self.answer(given))
        rows_ = {}
        for name, z in (("Float network", meant), ("Chip", found)):
            p = np.exp(z - z.max())
            order, share = np.argsort(z)[::-1], np.sort(p)[::-1] / p.sum()
            first, second = (self.classes[k] for k in order[:2])
            rows_[name] = [first, f"{100 * share[0]:.0f} %", f"{second} ({100 * share[1]:.0f} %)"]
        self.said.object = table("What it is taken for", ["Class", "Probability", "Second choice"], rows_)
