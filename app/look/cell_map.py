"""A map of all cells: colours with their scale, the followed cells marked, a click chooses a cell; or two such maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

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


@dataclass(frozen=True, eq=False)
class Shown:
    """Values of the rows from `first_row` on, in an array of this shape."""

    values: np.ndarray
    first_row: int
    shape: tuple[int, int]
    scale: Scale
    each: int = 1  # so many rows and columns are drawn as one pixel


class CellMap:
    """A figure whose image is replaced; `select(row, column, add=)` is told of clicks, `adding()` if all add."""

    def __init__(
        self, look: theme.Theme, name: str, select: Callable[..., None], adding: Callable[[], bool], height: int = 480
    ):
        self.theme, self.select, self.adding, self.shape = look, select, adding, (0, 0)
        self.shown: Shown | None = None
        self.own: list[Any] = []  # what is drawn over the map of the view's own run only
        self.code_bar: Any = None  # a colour scale of its own for values that are codes
        self.figure = figure = look.figure(
            name, x="column", y="row", height=height, x_range=Range1d(-0.5, 0.5), y_range=Range1d(0.5, -0.5)
        )
        figure.tags = [MAP]
        figure.xaxis.ticker = figure.yaxis.ticker = BasicTicker(min_interval=1)
        figure.grid.visible = False
        self.colors = LinearColorMapper(palette=theme.MAP_PALETTE, low=0, high=1)
        self.bar = look.bar(color_mapper=self.colors, title=" ", height=12, ticker=BasicTicker(desired_num_ticks=4))
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

    def show(self, values: np.ndarray, first_row: int, shape: tuple[int, int], scale: Scale, each: int = 1) -> None:
        """Draw values of the rows from `first_row` on, each of `each` x `each` cells, in an array of this shape."""
        self.shown = Shown(values, first_row, shape, scale, each)
        self.draw(self.shown)

    def draw(self, shown: Shown) -> None:
        """Draw these values in the place of what is shown."""
        values, first_row, scale = extremes(shown.values, shown.each), shown.first_row, shown.scale
        rows, columns = values.shape
        self.image.data = {"image": [values], "x": [-0.5], "y": [first_row - 0.5], "dw": [columns * shown.each],
                           "dh": [rows * shown.each]}  # fmt: skip
        widen = 0.0 if scale.high > scale.low else 1e-3 * abs(scale.low) or 0.5
        self.theme.color(self.colors, scale.palette)
        self.colors.update(low=scale.low - widen, high=scale.high + widen)
        self.bar.update(title=scale.title or " ", visible=bool(scale.title))
        if self.code_bar is not None:
            self.code_bar.visible = not scale.title
        self.hover.tooltips = [
            ("Row", "$y{0}"), ("Column", "$x{0}"), (scale.name, f"@image{{{scale.format}}} {scale.unit}".strip())
        ]  # fmt: skip
        words = {"@image": CustomJSHover(code=f"return {list(scale.words)}[value]")} if scale.words else {}
        self.hover.formatters = self.places | words
        self._show_all_of(*shown.shape)
        for part in self.own:
            part.visible = shown is self.shown

    def of_two(self, a: Shown, b: Shown, side: str) -> Shown | None:
        """Of maps A and B one, on a scale that both share, or B - A."""
        if side == "difference":
            return difference(a, b)
        one = a if side == "a" else b
        scale = one.scale
        if not scale.words and a.scale.title == b.scale.title:
            scale = replace(scale, low=min(a.scale.low, b.scale.low), high=max(a.scale.high, b.scale.high))
        if side == "a":
            scale = replace(scale, title=scale.title and f"A: {scale.title}", name=f"A: {scale.name}")
        return replace(one, scale=scale)

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


def difference(a: Shown, b: Shown) -> Shown | None:
    """B - A in the unit of both, zero in the middle of the colours; of codes, where they differ. None for two maps of
    other things or places.
    """
    scale = b.scale
    if (a.shape, a.first_row, a.values.shape, a.scale.name) != (b.shape, b.first_row, b.values.shape, scale.name):
        return None
    if scale.words:
        codes = [np.asarray(each.scale.words)[each.values.astype(int)] for each in (a, b)]
        title = f"{scale.name}: dark where B is not A"
        return replace(b, values=(codes[0] != codes[1]).astype(np.float32), scale=replace(
            scale, palette=theme.SAME_OR_NOT, low=-0.5, high=1.5, title=title, words=("as in A", "not as in A")
        ))  # fmt: skip
    values, low, high = apart(a.values, b.values)
    return replace(b, values=values, scale=replace(
        scale, palette=theme.DIVERGING, low=low, high=high, title=f"B − A: {scale.title}",
        name=f"B − A: {scale.name}", format=f"+{scale.format}",
    ))  # fmt: skip


def apart(a: np.ndarray, b: np.ndarray, *, log: bool = False) -> tuple[np.ndarray, float, float]:
    """b - a, or b / a, and the ends of its colours: as far on both sides, beyond them one value of a thousand."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(np.asarray(b, np.float64) / a) if log else np.asarray(b, np.float64) - a
    known = np.abs(values[np.isfinite(values)])
    most = float(np.quantile(known, 0.999)) if known.size else 0.0
    if not log:
        return values.astype(np.float32), -most, most
    most = most or 0.01
    return np.exp(values).astype(np.float32), float(np.exp(-most)), float(np.exp(most))


def extremes(values: np.ndarray, each: int) -> np.ndarray:
    """A map in which `each` x `each` cells are one: the one that lies farthest from the middle of all."""
    if each == 1:
        return values
    rows, columns = (-(-length // each) for length in values.shape)
    room = [(0, many * each - length) for many, length in zip((rows, columns), values.shape, strict=True)]
    blocks = np.pad(values, room, mode="edge").reshape(rows, each, columns, each).swapaxes(1, 2)
    flat = blocks.reshape(rows, columns, each * each)
    off = np.abs(flat - np.float64(np.nanmedian(values)))
    place = np.argmax(np.where(np.isnan(off), -1.0, off), axis=2)
    return np.ascontiguousarray(np.take_along_axis(flat, place[..., None], axis=2)[..., 0])


def cell_colors(look: theme.Theme, count: int) -> list[str]:
    """Colours of the followed cells."""
    return [INK[look.dark] if color == "ink" else color for color, _ in CELL_STYLES][:count]
