"""A map of all cells: colours with their scale, the followed cells marked, a click chooses a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from bokeh.events import DoubleTap, Tap
from bokeh.models import BasicTicker, ColumnDataSource, CustomJSHover, HoverTool, LinearColorMapper, Range1d

from app.look import theme
from app.look.tags import MAP
from app.look.theme import CELL_STYLES, INK

IMAGE = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
MARKS = {"x": [], "y": [], "color": [], "marker": []}
ROUND = "return String(Math.round(value))"
EDGE = 0.015  # of the map: room for half a mark


@dataclass(frozen=True)
class Scale:
    """Colours of a map, and what the hover says: a name, and the number's format with its unit."""

    palette: str | Sequence[str]
    low: float
    high: float
    title: str  # of the colour scale; empty: there is none, a legend tells the colours
    name: str
    format: str = "0.0"
    unit: str = ""
    words: tuple[str, ...] = ()  # what the values mean, if they are codes


class CellMap:
    """A figure whose image is replaced; `select(row, column, add=)` is told of clicks, `adding()` if all add."""

    def __init__(
        self, look: theme.Theme, name: str, select: Callable[..., None], adding: Callable[[], bool], height: int = 480
    ):
        self.theme, self.select, self.adding, self.shape = look, select, adding, (0, 0)
        self.figure = figure = look.figure(
            name, x="column", y="row", height=height, x_range=Range1d(-0.5, 0.5), y_range=Range1d(0.5, -0.5)
        )
        figure.tags = [MAP, 0.0]
        figure.xaxis.ticker = figure.yaxis.ticker = BasicTicker(min_interval=1)
        figure.grid.visible = False
        self.colors = LinearColorMapper(palette=theme.MAP_PALETTE, low=0, high=1)
        self.bar = look.bar(color_mapper=self.colors, title=" ", height=12)
        figure.add_layout(self.bar, "above")
        self.image = ColumnDataSource(IMAGE)
        image = figure.image("image", "x", "y", "dw", "dh", source=self.image, color_mapper=self.colors)
        self.places = {"$x": CustomJSHover(code=ROUND), "$y": CustomJSHover(code=ROUND)}
        self.hover = HoverTool(renderers=[image], formatters=self.places)
        figure.add_tools(self.hover)
        for event in (Tap, DoubleTap):  # two clicks within .3 s are one of these, on whichever two cells
            figure.on_event(event, self._tapped)

    def add_marks(self) -> None:
        """Marks of the followed cells; above whatever else has been drawn by now."""
        self.marks = ColumnDataSource(MARKS)
        shape = {"marker": "marker", "size": 13, "fill_color": None}
        self.halo = self.figure.scatter("x", "y", source=self.marks, line_width=6, **shape).glyph
        self.figure.scatter("x", "y", source=self.marks, line_color="color", line_width=2.5, **shape)

    def _tapped(self, event: Tap) -> None:
        (rows, columns), row, column = self.shape, round(event.y), round(event.x)
        if 0 <= row < rows and 0 <= column < columns:
            self.select(row, column, add=self.adding() or event.modifiers["shift"] or event.modifiers["ctrl"])

    def show(self, values: np.ndarray, first_row: int, shape: tuple[int, int], scale: Scale) -> None:
        """Draw values of the rows from `first_row` on, in an array of this shape."""
        rows, columns = values.shape
        self.image.data = {"image": [values], "x": [-0.5], "y": [first_row - 0.5], "dw": [columns], "dh": [rows]}
        widen = 0.0 if scale.high > scale.low else 1e-3 * abs(scale.low) or 0.5
        self.colors.update(palette=scale.palette, low=scale.low - widen, high=scale.high + widen)
        self.bar.update(title=scale.title or " ", visible=bool(scale.title))
        self.hover.tooltips = [
            ("Row", "$y{0}"), ("Column", "$x{0}"), (scale.name, f"@image{{{scale.format}}} {scale.unit}".strip())
        ]  # fmt: skip
        words = {"@image": CustomJSHover(code=f"return {list(scale.words)}[value]")} if scale.words else {}
        self.hover.formatters = self.places | words
        self._show_all_of(*shape)

    def mark(self, cells: Sequence[tuple[int, int]]) -> None:
        """Mark the followed cells: each in its colour and shape, on a rim that is seen on every shade."""
        self.halo.line_color = INK[not self.theme.dark]
        self.marks.data = {
            "x": [c for _, c in cells], "y": [r for r, _ in cells], "color": cell_colors(self.theme, len(cells)),
            "marker": list(theme.CELL_MARKERS[: len(cells)]),
        }  # fmt: skip

    def _show_all_of(self, rows: int, columns: int) -> None:
        """Fit the array in, with room for the marks of cells at its edge; a zoom into the same array stays."""
        if self.shape == (rows, columns):
            return
        self.shape = rows, columns
        x, y = columns * EDGE, rows * EDGE
        for range_, start, end in (
            (self.figure.x_range, -0.5 - x, columns - 0.5 + x), (self.figure.y_range, rows - 0.5 + y, -0.5 - y)
        ):  # fmt: skip
            range_.update(start=start, end=end, reset_start=start, reset_end=end)


def cell_colors(look: theme.Theme, count: int) -> list[str]:
    """Colours of the followed cells."""
    return [INK[look.dark] if color == "ink" else color for color, _ in CELL_STYLES][:count]
