"""The overview: four histograms, HRS against LRS, loops, read map. One glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, LogColorMapper, Range1d

from app.look import layout, theme
from app.look.theme import COLORS, MAP, MAP_PALETTE, NEUTRAL, SHARES
from app.settings.sections import MAX_CELLS
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.schema import FEATURES

if TYPE_CHECKING:
    from app.tabs.overview.compute import Result

CLEAR = "rgba(0, 0, 0, 0)"


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.bars = {f.name: ColumnDataSource({"left": [], "right": [], "top": []}) for f in FEATURES}
        self.ranges: dict[str, Any] = {}
        self.histograms = {f.name: self._histogram(f.name, f.scale) for f in FEATURES}
        self.window, self.loops, self.map = self._window(), self._loops(), self._map()
        self.note, self.followed_note = theme.note(), theme.note()
        self.layout = layout.column(
            theme.grid(
                *(theme.card(figure) for figure in self.histograms.values()),
                sizes={"xs": 12, "sm": 6, "lg": 3},
            ),
            theme.grid(
                theme.card(self.window, theme.note("All cycles of all cells; circled: those followed.")),
                theme.card(self.loops, self.followed_note),
                theme.card(self.map, theme.note("Click a cell to follow it on every tab, with Shift one more.")),
                sizes={"xs": 12, "md": 6, "lg": 4},
            ),
            self.note, gap=10,
        )  # fmt: skip

    def update(self, result: Result) -> None:
        for name, histogram in result.histograms.items():
            self._show_histogram(name, histogram)
        self._show_window(result)
        self._show_loops(result)
        self._show_map(result)
        self.note.object = result.sample

    # ------------------------------------------------------------------------------------------------ histograms
    def _histogram(self, name: str, scale: str) -> Any:
        figure = self.theme.figure(
            f"overview {name}", title="–", x=name, y="Share of cycles (%)", height=225, x_axis_type=scale,
            x_range=Range1d(1, 10),
        )  # fmt: skip
        figure.y_range.start = 0
        figure.yaxis.axis_label_text_font_size = "0.9em"
        figure.title.text_font_style = "bold"
        self.ranges[name] = self.theme.second_title(figure)
        figure.tags = [SHARES]
        if scale == "linear":
            figure.xaxis.ticker.desired_num_ticks = 4  # narrow
        figure.quad("left", "right", 0, "top", source=self.bars[name], color=COLORS[name])
        return figure

    def _show_histogram(self, name: str, histogram: Any) -> None:
        edges = histogram.edges * theme.factor(name)
        self.bars[name].data = {"left": edges[:-1], "right": edges[1:], "top": 100 * histogram.share}
        self.histograms[name].x_range.update(start=edges[0], end=edges[-1])
        low, middle, high = (theme.number(q * theme.factor(name)) for q in histogram.quantiles)
        self.histograms[name].title.text = f"{theme.AXES[name][2]}  {middle} {theme.unit(name)}"
        self.ranges[name].text = f"90 % in {low} … {high} {theme.unit(name)}"

    # ------------------------------------------------------------------------------------------------ memory window
    def _window(self) -> Any:
        figure = self.theme.figure(
            "overview window", title="Memory window", x="r_lrs", y="r_hrs", height=350,
            y_axis_type="log", x_range=Range1d(1, 10), y_range=Range1d(1, 10),
        )  # fmt: skip
        self.density = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self.shades = LogColorMapper(palette=MAP_PALETTE, low=1, high=10, low_color=CLEAR)
        figure.image("image", "x", "y", "dw", "dh", source=self.density, color_mapper=self.shades)
        self.dots = [ColumnDataSource({"x": [], "y": []}) for _ in range(MAX_CELLS)]
        for i, source in enumerate(self.dots):
            points = figure.scatter("x", "y", source=source, size=5, marker=theme.CELL_MARKERS[i], fill_color=None)
            self.theme.cell_style(points.glyph, i)
        return figure

    def _show_window(self, result: Result) -> None:
        kilo, window = theme.factor("r_lrs"), result.window
        x, y = [v * kilo for v in window.x], [10**v * kilo for v in window.y]
        place = {"x": [x[0]], "y": [y[0]], "dw": [x[1] - x[0]], "dh": [y[1] - y[0]]}
        self.density.data = {"image": [window.counts]} | place
        self.shades.update(low=1, high=max(2.0, float(window.counts.max())))
        self.window.x_range.update(start=x[0], end=x[1])
        self.window.y_range.update(start=y[0], end=y[1])
        for source, cell in zip(self.dots, padded(result.chosen), strict=True):
            source.data = {"x": cell.r_lrs * kilo, "y": cell.r_hrs * kilo} if cell else {"x": [], "y": []}

    # ------------------------------------------------------------------------------------------------ loops
    def _loops(self) -> Any:
        figure = self.theme.figure("overview loops", title="–", x="voltage", y="current", height=350)
        self.many = ColumnDataSource({"x": [], "y": []})
        figure.line("x", "y", source=self.many, line_color=NEUTRAL, line_alpha=0.35)
        self.followed = [ColumnDataSource({"x": [], "y": []}) for _ in range(MAX_CELLS)]
        for i, source in enumerate(self.followed):
            self.theme.cell_style(figure.line("x", "y", source=source, line_width=2).glyph, i)
        return figure

    def _show_loops(self, result: Result) -> None:
        micro = theme.factor("current")
        self.many.data = {"x": result.loops.voltage, "y": result.loops.current * micro}
        for source, cell in zip(self.followed, padded(result.chosen), strict=True):
            source.data = {"x": cell.loop.voltage, "y": cell.loop.current * micro} if cell else {"x": [], "y": []}
        names = ", ".join(f"({row}, {column})" for row, column in (c.cell for c in result.chosen))
        self.loops.title.text = f"First I-V loop of {result.loop_count} cells"
        self.followed_note.object = f"Followed cells (row, column): {names}."

    # ------------------------------------------------------------------------------------------------ read map
    def _map(self) -> Any:
        figure = self.theme.figure(
            "overview map", title="–", x="column", y="row", height=350, x_range=Range1d(0, 1), y_range=Range1d(1, 0)
        )
        figure.grid.visible = False
        figure.tags = [MAP, 0.5]
        self.shade = self.theme.color_bar(figure, "Current (µA)")
        self.image = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        figure.image("image", "x", "y", "dw", "dh", source=self.image, color_mapper=self.shade)
        self.marks = ColumnDataSource({"x": [], "y": []})
        theme.cell_marks(figure, self.marks)
        figure.on_event(Tap, self._tapped)
        return figure

    def _tapped(self, event: Tap) -> None:
        rows, columns = self.map.y_range.start, self.map.x_range.end
        if 0 <= event.x < columns and 0 <= event.y < rows:
            self.context.select(int(event.y), int(event.x), add=event.modifiers["shift"] or event.modifiers["ctrl"])

    def _show_map(self, result: Result) -> None:
        current = result.read_map * theme.factor("current")
        rows, columns = current.shape
        self.image.data = {"image": [current], "x": [0], "y": [0], "dw": [columns], "dh": [rows]}
        low, high = (float(v) for v in np.quantile(current, [0.001, 0.999]))
        self.shade.update(low=low, high=high if high > low else low + 1e-9)
        self.map.x_range.update(start=0, end=columns)
        self.map.y_range.update(start=rows, end=0)
        self.marks.data = {"x": [c.cell[1] + 0.5 for c in result.chosen], "y": [c.cell[0] + 0.5 for c in result.chosen]}
        noise = "with noise" if result.noise else "without noise"
        self.map.title.text = f"Read at {theme.quantity(result.u_read, 'voltage')}, {noise}"


def padded(chosen: tuple[Any, ...]) -> list[Any]:
    """The chosen cells, and None for each place that is free."""
    return [*chosen, *[None] * (MAX_CELLS - len(chosen))]
