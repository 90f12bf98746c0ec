"""The scatter matrix: clouds below, histograms on the diagonal, correlations above; a box chooses cycles in all.

Linked selection by HoloViews took seconds for a redraw of 400,000 cycles where these sources take tenths of one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.events import SelectionGeometry
from bokeh.models import BoxAnnotation, BoxSelectTool, ColumnDataSource, LogColorMapper
from bokeh.plotting import figure as Figure

from app.look import layout, theme
from app.look.axes import Axis, off_axis, on_axis
from app.look.theme import COLORS, MAP_PALETTE
from app.settings.numbers import minus
from app.tabs.view import Context
from synaptogen_core.counts import counted
from synaptogen_core.schema import FEATURE_NAMES, feature

if TYPE_CHECKING:
    from app.tabs.c2c.matrix import Matrix

CLEAR = "rgba(0, 0, 0, 0)"
NO_IMAGE = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
NO_BARS = {"left": [], "right": [], "top": []}
CHOSEN = "#E69F00"
GREYS = tuple(f"#{v:02x}{v:02x}{v:02x}" for v in range(150, 90, -4))  # seen on black and on white
ORANGES = tuple(f"#{r:02x}{g:02x}00" for r, g in zip(range(170, 255, 6), range(105, 195, 6), strict=False))
WIDTH, HEIGHT = 140, 168
LEFT, BOTTOM = 62, 50
BLUE, ORANGE = "33, 113, 181", "217, 72, 1"


class ScatterMatrix:
    """Ten figures and six numbers."""

    def __init__(self, context: Context):
        self.context, self.theme = context, context.theme
        self.standard = True
        self.shown: Tiles | None = None
        self.axes: dict[tuple[str, str], tuple[Axis, Axis]] = {}
        self.figures: dict[tuple[str, str], Figure] = {}
        self.clouds, self.chosen, self.boxes, self.shades = {}, {}, {}, {}
        self.bars, self.chosen_bars, self.numbers = {}, {}, {}
        tiles = [self._tile(row, column) for row in range(4) for column in range(4)]
        self.title, self.caption = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 8)), theme.note()
        self.clear = pmui.Button(label="Clear the box", variant="outlined", size="small", visible=False, margin=(0, 8))
        self.clear.on_click(lambda event: setattr(context.options, "brush", ""))
        # the first column is wider by its axis; on a phone the matrix scrolls sideways
        columns = f"minmax({WIDTH + LEFT}px, 1.3fr) repeat(3, minmax({WIDTH}px, 1fr))"
        grid = layout.row(
            *tiles, sizing_mode="stretch_width", margin=0,
            styles={"display": "grid", "grid-template-columns": columns, "gap": "2px", "min-width": "fit-content"},
        )  # fmt: skip
        scroll = layout.column(grid, sizing_mode="stretch_width", margin=0, styles={"overflow-x": "auto"})
        head = layout.row(self.title, self.clear, sizing_mode="stretch_width", margin=0)
        self.layout = theme.card(head, scroll, self.caption)

    def _tile(self, row: int, column: int) -> pn.pane.Bokeh | pn.pane.HTML:
        down, across = FEATURE_NAMES[row], FEATURE_NAMES[column]
        if column > row:
            self.numbers[across, down] = pn.pane.HTML("", sizing_mode="stretch_width", margin=2)
            return self.numbers[across, down]
        figure = self.theme.figure(f"cycles {across} {down}", x=" ", y=" ", height=HEIGHT)
        figure.update(min_width=120, min_border_left=8, min_border_right=4, min_border_top=4, min_border_bottom=8)
        figure.frame_align = False  # the tiles are one row for Bokeh: all would get the borders of the widest
        figure.css_classes = ["tooled-small"]
        figure.grid.visible = False
        self.figures[across, down] = figure
        self.axes[across, down] = Axis(figure, "x"), Axis(figure, "y")
        figure.xaxis.visible = row == 3
        figure.yaxis.visible = column == 0 and row > 0
        if column == 0:
            figure.min_border_left = LEFT
        if row == 3:
            figure.min_border_bottom = BOTTOM
            figure.height = HEIGHT + BOTTOM - 8
        (self._histogram if row == column else self._cloud)(figure, across, down)
        return theme.pane(figure)

    def _histogram(self, figure: Figure, name: str, _: str) -> None:
        self.bars[name], self.chosen_bars[name] = ColumnDataSource(NO_BARS), ColumnDataSource(NO_BARS)
        for source, color in ((self.bars[name], COLORS[name]), (self.chosen_bars[name], CHOSEN)):
            figure.quad("left", "right", "top", 0, source=source, fill_color=color, line_color=None)

    def _cloud(self, figure: Figure, across: str, down: str) -> None:
        key = across, down
        self.clouds[key], self.chosen[key] = ColumnDataSource(NO_IMAGE), ColumnDataSource(NO_IMAGE)
        self.shades[key] = [LogColorMapper(palette=p, low=1, high=2, low_color=CLEAR) for p in (MAP_PALETTE, ORANGES)]
        for source, mapper in zip((self.clouds[key], self.chosen[key]), self.shades[key], strict=True):
            figure.image("image", "x", "y", "dw", "dh", source=source, color_mapper=mapper)
        self.boxes[key] = BoxAnnotation(fill_color=None, line_width=2, visible=False)
        self.theme.ink(self.boxes[key], "line_color")
        figure.add_layout(self.boxes[key])
        tool = BoxSelectTool(description="Draw a box: its cycles are highlighted in all panels")
        figure.add_tools(tool)
        figure.toolbar.active_drag = tool
        figure.on_event(SelectionGeometry, lambda event: self._brushed(event, across, down))

    def _brushed(self, event: SelectionGeometry, across: str, down: str) -> None:
        box = event.geometry
        if not event.final or box.get("type") != "rect":
            return
        ends = [off_axis(box[side], name, self.standard) for side, name in
                (("x0", across), ("x1", across), ("y0", down), ("y1", down))]  # fmt: skip
        left, right, bottom, top = *sorted(ends[:2]), *sorted(ends[2:])
        self.context.options.brush = ",".join([across, down, *(f"{v:.4g}" for v in (left, right, bottom, top))])

    def show(self, matrix: Matrix, units: str) -> None:
        self.standard = units == "standard"
        for key in self.clouds:
            self._show_cloud(matrix, key)
        for name in FEATURE_NAMES:
            self._show_histogram(matrix, name)
        self.clear.visible = matrix.brush is not None
        kind = "within cells: each about its own mean" if self.standard else "of all cells and cycles"
        title = f"Four features of {counted(matrix.count, 'cycle')}; correlations {kind}"
        self.shown = Tiles(title, matrix.correlation, {
            (i, j): lines(matrix.interval[i, j], matrix.model[i, j], matrix.chosen_correlation[i, j])
            for i, j in self._places()
        })  # fmt: skip
        self.draw(self.shown)
        self.caption.object = caption(matrix)

    def _places(self) -> list[tuple[int, int]]:
        """Row and column of each number in the matrix of correlations."""
        return [(FEATURE_NAMES.index(down), FEATURE_NAMES.index(across)) for across, down in self.numbers]

    def draw(self, shown: Tiles) -> None:
        """The numbers above the diagonal."""
        for (i, j), pane in zip(self._places(), self.numbers.values(), strict=True):
            pane.object = tile(shown.values[i, j], shown.lines[i, j])
        self.title.object = f'<b style="font-size:13px">{shown.title}</b>'

    def of_two(self, a: Tiles, b: Tiles, side: str) -> Tiles:
        """The numbers of run A, those of B, or how much higher B's are."""
        if side != "difference":
            return replace(a, title=f"{a.title}; numbers of A") if side == "a" else b
        below = {(i, j): [f"A {signed(a.values[i, j])}", f"B {signed(b.values[i, j])}"] for i, j in self._places()}
        return Tiles(f"{b.title}; numbers: B − A", b.values - a.values, below)

    def _place(self, matrix: Matrix, name: str) -> tuple[str, float, float, str]:
        low, high = (float(v) for v in on_axis(np.array(matrix.ranges[name]), name, self.standard))
        kind = "linear" if self.standard else feature(name).scale
        label = f"{theme.AXES[name][2]} (σ)" if self.standard else theme.label(name)
        return kind, low, high, label

    def _show_cloud(self, matrix: Matrix, key: tuple[str, str]) -> None:
        (x_kind, left, right, x_label), (y_kind, bottom, top, y_label) = (self._place(matrix, n) for n in key)
        self.axes[key][0].show(x_kind, left, right, x_label)
        self.axes[key][1].show(y_kind, bottom, top, y_label)
        place = {"x": [left], "y": [bottom], "dw": [right - left], "dh": [top - bottom]}
        self.clouds[key].data = {"image": [matrix.clouds[key].counts], **place}
        self.chosen[key].data = {"image": [matrix.chosen[key].counts], **place} if matrix.chosen else NO_IMAGE
        below, above = self.shades[key]
        below.update(
            high=max(2.0, float(matrix.clouds[key].counts.max())), palette=GREYS if matrix.brush else MAP_PALETTE
        )
        if matrix.chosen:
            above.high = max(2.0, float(matrix.chosen[key].counts.max()))
        box = self.boxes[key]
        box.visible = matrix.brush is not None and (matrix.brush.x, matrix.brush.y) == key
        if matrix.brush and box.visible:
            (left, right), (bottom, top) = (
                on_axis(np.array(ends), name, self.standard)
                for ends, name in ((matrix.brush.x_range, key[0]), (matrix.brush.y_range, key[1]))
            )
            box.update(left=float(left), right=float(right), bottom=float(bottom), top=float(top))

    def _show_histogram(self, matrix: Matrix, name: str) -> None:
        kind, low, high, label = self._place(matrix, name)
        edges = on_axis(matrix.edges[name], name, self.standard)
        density = matrix.density[name]
        self.axes[name, name][0].show(kind, low, high, label)
        self.axes[name, name][1].show("linear", 0, 1.08 * float(density.max()), "Density")
        self.bars[name].data = {"left": edges[:-1], "right": edges[1:], "top": density}
        chosen = matrix.chosen_density
        self.chosen_bars[name].data = (
            {"left": edges[:-1], "right": edges[1:], "top": chosen[name]} if chosen else NO_BARS
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tiles:
    """The numbers above the diagonal, and small lines below each."""

    title: str
    values: np.ndarray  # (4, 4)
    lines: dict[tuple[int, int], list[str]]


def caption(matrix: Matrix) -> str:
    few = np.isnan(matrix.correlation[0, 1])
    said = ["Separating correlations within cells from those between them takes at least 3 cells."] if few else []
    if matrix.brush:
        said.append(f"{100 * matrix.share:.2g} % of the cycles lie in the box (orange).")
    else:
        said.append("Draw a box in a scatter plot: the cycles in it are highlighted in all panels of this matrix.")
    return " ".join(said)


def lines(interval: np.ndarray, model: float, chosen: float) -> list[str]:
    """What stands below a correlation: its interval, the model's, that of the cycles in the box."""
    found = [f"95 %: {signed(interval[0])} … {signed(interval[1])}"] if np.isfinite(interval).all() else []
    found.append(f"model {signed(model)}")
    if chosen == chosen:
        square = f'<span style="display:inline-block;width:9px;height:9px;background:{CHOSEN}"></span>'
        found.append(f"<b>{square} in the box {signed(chosen)}</b>")
    return found


def tile(value: float, below: list[str]) -> str:
    """A correlation with smaller lines below it, on a shade of its own."""
    strength = 0.0 if value != value else min(1.0, abs(value))
    shade = f"rgba({BLUE if value < 0 else ORANGE}, {0.75 * strength:.2f})"
    small = "".join(f'<div style="font-size:11px;opacity:.85">{line}</div>' for line in below)
    return (
        f'<div style="height:{HEIGHT - 12}px;display:flex;flex-direction:column;align-items:center;'
        f'justify-content:center;border-radius:4px;background:{shade}">'
        f'<div style="font-size:19px;font-weight:600">{signed(value)}</div>{small}</div>'
    )


def signed(value: float) -> str:
    return "–" if value != value else minus(f"{value:+.3f}")
