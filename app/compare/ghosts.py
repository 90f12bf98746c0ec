"""Draws what is beside a tab's pictures into them: outlines of run A, outlines and marks of the selected cells.

A view draws the other result itself, what it has drawn is copied, and it draws its own again, all within one hold: so
each picture of each tab has its outline without a line of its own. Bars become a line around them, densities their
contours, lines and points a quieter twin. Maps and matrices have room for one run: they show A, B or their difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from bokeh.models import ColumnDataSource, FactorRange, GlyphRenderer, LogScale, Plot, Range1d
from bokeh.models.glyphs import HBar, Image, Line, MultiLine, MultiPolygons, Quad, Scatter, Step, VArea, VBar
from bokeh.plotting import figure as Figure
from contourpy import contour_generator

from app.compare.beside import Extra
from app.look.tags import ALONE, MAP, PLACES, SHARES
from app.look.theme import Theme
from app.tabs.view import OneRun

T = TypeVar("T")
SELECTED = "#E69F00"
MOST_POINTS = 3000
LEVELS = (0.1, 0.4, 0.7)  # of a density's largest value
Columns = dict[str, Any]


@dataclass
class Shapes:
    """What is drawn of one figure: a line with gaps, and points."""

    line: tuple[list[np.ndarray], list[np.ndarray]] = field(default_factory=lambda: ([], []))
    points: tuple[list[np.ndarray], list[np.ndarray]] = field(default_factory=lambda: ([], []))
    ends: tuple[float, float, float, float] | None = None

    def add_line(self, x: Any, y: Any) -> None:
        for part, values in zip(self.line, (x, y), strict=True):
            part.append(np.append(np.asarray(values, np.float64), np.nan))

    def add_points(self, x: Any, y: Any) -> None:
        some = slice(None, None, max(1, len(x) // MOST_POINTS))
        for part, values in zip(self.points, (x, y), strict=True):
            part.append(np.asarray(values, np.float64)[some])


class Ghosts:
    """Of one view."""

    def __init__(self, look: Theme, layout: Any, of_one_run: Callable[[], Sequence[OneRun]] = tuple):
        self.theme, self._layout, self._of_one_run = look, layout, of_one_run
        self.alone = 0  # pictures that have shown one run of two
        self.unlike = False  # whether one of them has no difference to show
        # by the figure's id: one that is made anew has the name of the one before
        self._layers: dict[tuple[str, str], tuple[ColumnDataSource, ColumnDataSource]] = {}
        self._rings: dict[tuple[str, int], ColumnDataSource] = {}
        self._lines: dict[tuple[str, str], Line] = {}
        self._drawn = False

    def show(self, update: Callable[[T], None], result: T, extra: Extra) -> None:
        """Draw what is beside `result`, which the view shows already, with its own `update`."""
        if extra.nothing and not self._drawn:
            return
        self._drawn = not extra.nothing
        found, shown_a = {}, {}
        for key, other in (("A", extra.pinned), ("selected", extra.selected)):
            if other is not None:
                update(other)
                found[key] = {figure.name: drawn_in(figure) for figure in self._figures()}
                if key == "A":
                    shown_a = {part: part.shown for part in self._of_one_run()}
        if found:
            update(result)
        self._choose(shown_a, extra.side)
        for figure in self._figures():
            own = drawn_in(figure)
            for key in ("A", "selected"):
                other_drawn = found.get(key, {}).get(figure.name)
                self._draw(figure, key, shapes_of(figure, own, other_drawn) if other_drawn else Shapes())
            self._mark(figure, extra)

    def _choose(self, shown_a: dict[OneRun, Any], side: str) -> None:
        """Of run A and B one, or their difference, where there is room for one."""
        parts = list(self._of_one_run())
        both = [(part, shown_a[part]) for part in parts if shown_a.get(part) is not None and part.shown is not None]
        wanted = [(part, part.of_two(a, part.shown, side)) for part, a in both]
        for part, shown in wanted:
            part.draw(part.shown if shown is None else shown)
        for part in parts if self.alone and not both else ():
            if part.shown is not None:
                part.draw(part.shown)
        self.alone, self.unlike = len(both), any(shown is None for _, shown in wanted)

    def _figures(self) -> Iterator[Plot]:
        for pane in self._layout.select(lambda part: isinstance(getattr(part, "object", None), Plot)):
            yield pane.object

    def _draw(self, figure: Figure, key: str, shapes: Shapes) -> None:
        if (figure.id, key) not in self._layers:
            if not (shapes.line[0] or shapes.points[0]):
                return
            self._layers[figure.id, key] = self._make(figure, key)
        for source, parts in zip(self._layers[figure.id, key], (shapes.line, shapes.points), strict=True):
            x, y = (np.concatenate(part) if part else np.empty(0) for part in parts)
            source.data = {"x": x, "y": y}
        many = sum(part.size for part in shapes.line[0]) > MOST_POINTS
        self._lines[figure.id, key].update(line_width=1 if many else 2, line_alpha=0.3 if many else 0.9)
        if shapes.ends is not None:
            widen(figure, shapes.ends, across=key == "A")

    def _make(self, figure: Figure, key: str) -> tuple[ColumnDataSource, ColumnDataSource]:
        sources = ColumnDataSource({"x": [], "y": []}), ColumnDataSource({"x": [], "y": []})
        dash: list[int] | str = [5, 3] if key == "A" else "solid"
        line = figure.add_glyph(sources[0], Line(x="x", y="y", line_width=2, line_dash=dash))
        points = figure.add_glyph(
            sources[1],
            Scatter(x="x", y="y", size=5, marker="x" if key == "A" else "circle", fill_color=None, line_alpha=0.6),
        )
        self._lines[figure.id, key] = line.glyph
        for renderer in (line, points):
            renderer.name = f"ghost {key}"
            if key == "A":
                self.theme.ink(renderer.glyph, "line_color")
            else:
                renderer.glyph.line_color = SELECTED
        return sources

    def _mark(self, figure: Figure, extra: Extra) -> None:
        """Rings around the selected cells on maps, and around their points."""
        if MAP in figure.tags:
            self._ring(figure, 0, *places_on(figure, extra), "square")
            return
        for k, renderer in enumerate(own_renderers(figure)):
            data = renderer.data_source.data
            if {"row", "column", "x", "y"} <= set(data) and isinstance(renderer.glyph, Scatter) and len(data["x"]) > 4:
                wide = 1 << 20
                inside = np.isin(
                    np.asarray(data["row"], np.int64) * wide + np.asarray(data["column"], np.int64),
                    extra.rows.astype(np.int64) * wide + extra.columns,
                )
                self._ring(figure, k, np.asarray(data["x"])[inside], np.asarray(data["y"])[inside], "circle")

    def _ring(self, figure: Figure, k: int, x: np.ndarray, y: np.ndarray, marker: str) -> None:
        source = self._rings.get((figure.id, k))
        if source is None:
            if not x.size:
                return
            source = self._rings[figure.id, k] = ColumnDataSource({"x": [], "y": []})
            shown: dict[str, Any] = {"fill_color": None, "line_color": SELECTED, "line_width": 1.5}
            ring = figure.add_glyph(source, Scatter(x="x", y="y", size=8, marker=marker, **shown))
            ring.name = "ghost selected"
        source.data = {"x": x, "y": y}


def own_renderers(figure: Figure) -> list[GlyphRenderer]:
    """What the view itself draws, on the axes that outlines are drawn on."""
    drawn = [r for r in figure.renderers if isinstance(r, GlyphRenderer) and r.y_range_name == "default"]
    drawn = [r for r in drawn if ALONE not in r.tags]
    return [r for r in drawn if not (r.name or "").startswith("ghost")]


def places_on(figure: Figure, extra: Extra) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of the selected cells on a map."""
    if PLACES not in figure.tags:
        return extra.columns, extra.rows
    first, rows, columns = figure.tags[figure.tags.index(PLACES) + 1 :]
    number = extra.rows * extra.of + extra.columns - first
    row, column = np.divmod(number[(number >= 0) & (number < rows * columns) & (first >= 0)], columns)
    return column, row


@dataclass(frozen=True)
class Drawn:
    """What a figure shows now: the columns of each of its own renderers, and the ends of its axes."""

    columns: list[Columns]
    ends: tuple[float, float, float, float] | None


def drawn_in(figure: Figure) -> Drawn:
    """What a figure shows now. Columns are replaced at the next update, never changed."""
    ranges = figure.x_range, figure.y_range
    known = all(isinstance(range_, Range1d) and isinstance(range_.start, int | float) for range_ in ranges)
    x, y = ranges
    ends = (float(x.start), float(x.end), float(y.start), float(y.end)) if known else None
    return Drawn([dict(r.data_source.data) if r.visible else {} for r in own_renderers(figure)], ends)


def shapes_of(figure: Figure, own: Drawn, other: Drawn) -> Shapes:
    """What another result has drawn in a figure, where it differs from what stands there, as a line and points."""
    shapes = Shapes(ends=other.ends)
    if MAP in figure.tags:
        return Shapes()
    logs = isinstance(figure.x_scale, LogScale), isinstance(figure.y_scale, LogScale)
    for renderer, ours, theirs in zip(own_renderers(figure), own.columns, other.columns, strict=False):
        if theirs and len(next(iter(theirs.values()))) and not alike(ours, theirs):
            if SHARES in figure.tags and isinstance(renderer.glyph, Quad):
                theirs = in_bins_of(ours, theirs, log=logs[0])
            _add(shapes, renderer.glyph, theirs, logs, (figure.x_range, figure.y_range))
    return shapes


def in_bins_of(ours: Columns, theirs: Columns, *, log: bool) -> Columns:
    """Shares in bins of another width, as they would be in bins of ours."""
    scale = np.log if log else np.asarray
    mine, other = (
        float(scale(np.asarray(columns["right"])[-1]) - scale(np.asarray(columns["left"])[0])) / len(columns["left"])
        for columns in (ours, theirs)
    )
    return {**theirs, "top": np.asarray(theirs["top"]) * (mine / other)}


def alike(one: Columns, other: Columns) -> bool:
    """Whether two renderers show the same: the model's curve is the same for all cells."""
    return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)


def same(one: Any, other: Any) -> bool:
    """Whether two columns are equal, gaps included; columns of lines of their own are compared line by line."""
    if len(one) != len(other):
        return False
    if len(one) and not isinstance(one[0], str) and np.ndim(one[0]):
        return all(same(a, b) for a, b in zip(one, other, strict=True))
    a, b = np.asarray(one), np.asarray(other)
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f"))


def _add(shapes: Shapes, glyph: Any, data: Columns, logs: tuple[bool, bool], ranges: tuple[Any, Any]) -> None:
    def column(name: str) -> Any:
        field_ = getattr(glyph, name, None)
        return data.get(field_) if isinstance(field_, str) else None

    x, y = column("x"), column("y")
    if isinstance(glyph, Quad):
        left, right, top = column("left"), column("right"), column("top")
        top = column("bottom") if top is None else top
        if left is not None and right is not None and top is not None:
            shapes.add_line(np.column_stack([left, right]).ravel(), np.repeat(np.asarray(top), 2))
    elif isinstance(glyph, HBar | VBar):
        _bars(shapes, glyph, column, ranges[0 if isinstance(glyph, VBar) else 1])
    elif isinstance(glyph, MultiPolygons):
        for polygons in zip(column("xs"), column("ys"), strict=True):
            for rings in zip(*polygons, strict=True):
                shapes.add_line(rings[0][0], rings[1][0])
    elif isinstance(glyph, Line | Step) and numbers(x, y):
        shapes.add_line(x, y)
    elif isinstance(glyph, VArea):
        for name in ("y1", "y2"):
            shapes.add_line(x, column(name))
    elif isinstance(glyph, MultiLine):
        rows = column("xs"), column("ys")
        for across, up in () if rows[0] is None or rows[1] is None else zip(*rows, strict=True):
            if numbers(across, up):
                shapes.add_line(across, up)
    elif isinstance(glyph, Image):
        _contours(shapes, data, logs)
    elif isinstance(glyph, Scatter) and numbers(x, y):
        shapes.add_points(x, y)


def _bars(shapes: Shapes, glyph: Any, column: Callable[[str], Any], range_: Any) -> None:
    """The end of each bar, as a line across it."""
    upright = isinstance(glyph, VBar)
    at, ends = (column(name) for name in (("x", "top") if upright else ("y", "right")))
    wide = glyph.width if upright else glyph.height
    if at is None or ends is None or not isinstance(wide, int | float):
        return
    if isinstance(range_, FactorRange):  # Bokeh puts the middle of the first category at one half
        at = [range_.factors.index(name) + 0.5 for name in at]
    for middle, end in zip(at, ends, strict=True):
        across, along = [middle - wide / 2, middle + wide / 2], [end, end]
        shapes.add_line(*((across, along) if upright else (along, across)))


def numbers(x: Any, y: Any) -> bool:
    """Whether both are columns of numbers: names of categories are none."""
    return x is not None and y is not None and all(np.asarray(v).dtype.kind in "fiu" for v in (x, y))


def _contours(shapes: Shapes, data: Columns, logs: tuple[bool, bool]) -> None:
    for image, left, bottom, wide, high in zip(*(data[key] for key in ("image", "x", "y", "dw", "dh")), strict=True):
        values = np.nan_to_num(np.asarray(image, np.float64))
        if min(values.shape) < 2 or values.max() <= 0:
            continue
        x = middles(left, left + wide, values.shape[1], logs[0])
        y = middles(bottom, bottom + high, values.shape[0], logs[1])
        lines = contour_generator(x, y, smooth(values))
        for level in LEVELS:
            for line in lines.lines(level * smooth(values).max()):
                shapes.add_line(*np.asarray(line).T)


def middles(low: float, high: float, count: int, log: bool) -> np.ndarray:
    """Middles of pixels: an image lies evenly on the screen, also where an axis is logarithmic."""
    share = (np.arange(count) + 0.5) / count
    return low * (high / low) ** share if log else low + (high - low) * share


def smooth(values: np.ndarray) -> np.ndarray:
    """Means over squares of five pixels: contours of single points say nothing."""
    padded = np.pad(values, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    return np.asarray(windows.mean(axis=(2, 3)))


def widen(figure: Figure, ends: tuple[float, float, float, float], *, across: bool) -> None:
    """Axes that hold the other result as well; `across`: also the horizontal one."""
    for range_, (start, end) in ((figure.x_range, ends[:2]), (figure.y_range, ends[2:]))[0 if across else 1 :]:
        if isinstance(range_, Range1d) and (range_.start < range_.end) == (start < end):
            pick = (min, max) if start < end else (max, min)
            range_.update(start=pick[0](range_.start, start), end=pick[1](range_.end, end))
