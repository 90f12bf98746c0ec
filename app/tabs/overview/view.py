"""The overview: response to the train beside the read map; four histograms; HRS against LRS and loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    GlyphRenderer,
    LinearAxis,
    LinearScale,
    LogColorMapper,
    Range,
    Range1d,
)
from bokeh.plotting import figure as Figure

from app.look import layout, theme
from app.look.axes import set_range, steps
from app.look.cell_map import CellMap, Scale
from app.look.legend import cell_entries, legend, mark_entries
from app.look.tags import BESIDE, SHARES
from app.look.theme import COLORS, MAP_PALETTE, NEUTRAL
from app.settings.sections import MAX_CELLS
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.counts import counted
from synaptogen_core.schema import FEATURES

if TYPE_CHECKING:
    from app.tabs.overview.compute import Result

T = TypeVar("T")
CLEAR = "rgba(0, 0, 0, 0)"
XY: dict[str, list[float]] = {"x": [], "y": []}
ABOVE = 0.32  # height of the voltages, in that of the conductances
DOTS = 120  # pulses up to which each has its mark


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.bars = {f.name: ColumnDataSource({"left": [], "right": [], "top": []}) for f in FEATURES}
        self.ranges: dict[str, Range] = {}
        self.histograms = {f.name: self._histogram(f.name, f.scale) for f in FEATURES}
        self.response = self._response()
        self.map = CellMap(self.theme, "overview map", context.select, lambda: False, height=380)
        self.map.add_marks()
        self.window, self.loops = self._window(), self._loops()
        self.note, self.followed_note, self.map_legend, self.answer_legend = (theme.note() for _ in range(4))
        self.layout = layout.column(
            theme.grid(
                theme.card(self.response, self.answer_legend),
                theme.card(self.map.figure, self.map_legend),
                sizes=[{"xs": 12, "md": 7, "xl": 8}, {"xs": 12, "md": 5, "xl": 4}],
            ),
            theme.grid(
                *(theme.card(figure) for figure in self.histograms.values()),
                sizes={"xs": 12, "sm": 6, "lg": 3},
            ),
            theme.grid(
                theme.card(self.window, theme.note("All cycles of all cells; marked: those followed.")),
                theme.card(self.loops, self.followed_note), sizes={"xs": 12, "md": 6},
            ),
            self.note, gap=10,
        )  # fmt: skip

    def of_one_run(self) -> Sequence[CellMap]:
        return (self.map,)

    def update(self, result: Result) -> None:
        for name, histogram in result.histograms.items():
            self._show_histogram(name, histogram)
        self._show_window(result)
        self._show_loops(result)
        self._show_map(result)
        self._show_response(result)
        self.note.object = result.sample

    # ------------------------------------------------------------------------------------------------ histograms
    def _histogram(self, name: str, scale: str) -> Figure:
        figure = self.theme.figure(
            f"overview {name}", title="–", x=name, y="Share of cycles (%)", height=200, x_axis_type=scale,
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
        low, middle, high = (theme.measured(q * theme.factor(name)) for q in histogram.quantiles)
        self.histograms[name].title.text = f"{theme.AXES[name][2]}  {middle} {theme.unit(name)}"
        self.ranges[name].text = f"90 % in {low} … {high} {theme.unit(name)}"

    # ------------------------------------------------------------------------------------------------ memory window
    def _window(self) -> Figure:
        figure = self.theme.figure(
            "overview window", title="Memory window", x="r_lrs", y="r_hrs", height=350,
            y_axis_type="log", x_range=Range1d(1, 10), y_range=Range1d(1, 10),
        )  # fmt: skip
        self.density = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self.shades = LogColorMapper(palette=MAP_PALETTE, low=1, high=10, low_color=CLEAR)
        figure.image("image", "x", "y", "dw", "dh", source=self.density, color_mapper=self.shades)
        self.dots: list[ColumnDataSource] = []  # of each followed cell, as below; made when there is one
        return figure

    def _dots_of(self, cell: int) -> ColumnDataSource:
        source = ColumnDataSource(XY)
        self.theme.cell_style(self._marks(self.window, source, cell).glyph, cell)
        return source

    @staticmethod
    def _marks(figure: Figure, source: ColumnDataSource, cell: int) -> GlyphRenderer:
        return figure.scatter("x", "y", source=source, size=5, marker=theme.CELL_MARKERS[cell], fill_color=None)

    def _show_window(self, result: Result) -> None:
        kilo, window = theme.factor("r_lrs"), result.window
        x, y = [v * kilo for v in window.x], [10**v * kilo for v in window.y]
        place = {"x": [x[0]], "y": [y[0]], "dw": [x[1] - x[0]], "dh": [y[1] - y[0]]}
        self.density.data = {"image": [window.counts]} | place
        self.shades.update(low=1, high=max(2.0, float(window.counts.max())))
        self.window.x_range.update(start=x[0], end=x[1])
        self.window.y_range.update(start=y[0], end=y[1])
        for source, cell in zip(
            made(self.dots, len(result.chosen), self._dots_of), padded(result.chosen), strict=False
        ):
            source.data = {"x": cell.r_lrs * kilo, "y": cell.r_hrs * kilo} if cell else {"x": [], "y": []}

    # ------------------------------------------------------------------------------------------------ loops
    def _loops(self) -> Figure:
        figure = self.theme.figure("overview loops", title="–", x="voltage", y="current", height=350)
        self.many = ColumnDataSource({"x": [], "y": []})
        figure.line("x", "y", source=self.many, line_color=NEUTRAL, line_alpha=0.35)
        self.followed: list[ColumnDataSource] = []
        return figure

    def _loop_of(self, cell: int) -> ColumnDataSource:
        source = ColumnDataSource(XY)
        self.theme.cell_style(self.loops.line("x", "y", source=source, line_width=2).glyph, cell)
        return source

    def _show_loops(self, result: Result) -> None:
        micro = theme.factor("current")
        self.many.data = {"x": result.loops.voltage, "y": result.loops.current * micro}
        for source, cell in zip(
            made(self.followed, len(result.chosen), self._loop_of), padded(result.chosen), strict=False
        ):
            source.data = {"x": cell.loop.voltage, "y": cell.loop.current * micro} if cell else {"x": [], "y": []}
        names = ", ".join(f"({row}, {column})" for row, column in (c.cell for c in result.chosen))
        self.loops.title.text = f"First I-V loop of {counted(result.loop_count, 'cell')}"
        self.followed_note.object = f"Followed cells (row, column): {names}."

    # ------------------------------------------------------------------------------------------------ read map
    def _show_map(self, result: Result) -> None:
        current = result.read_map * theme.factor("current")
        low, high = (float(v) for v in np.quantile(current, [0.001, 0.999]))
        noise = "with noise" if result.noise else "without noise"
        title = f"Read current at {theme.quantity(result.u_read, 'voltage')}, {noise} (µA)"
        self.map.show(current, 0, current.shape, Scale(MAP_PALETTE, low, high, title, "Read current", "0.00", "µA"))
        cells = [chosen.cell for chosen in result.chosen]
        self.map.mark(cells)
        self.map_legend.object = legend(
            [*mark_entries(cells), "<span>click: follow a cell; with Shift: one more</span>"]
        )

    # ------------------------------------------------------------------------------------------------ response
    def _response(self) -> Figure:
        """Voltage above conductance in one figure, so that a saved one has both: each has a part of the height."""
        figure = self.theme.figure(
            "overview response", title="Response to the train", x="Pulse", y="Conductance (µS)", height=380,
            x_range=Range1d(0, 1), y_range=Range1d(0, 1), extra_y_ranges={"volts": Range1d(0, 1)},
            extra_y_scales={"volts": LinearScale()},
        )  # fmt: skip
        figure.title.text_font_style = "bold"
        figure.tags = [BESIDE]
        figure.xaxis.ticker.min_interval = 1
        self.volt_axis = LinearAxis(y_range_name="volts", axis_label="Voltage (V)", ticker=FixedTicker(ticks=[]))
        figure.add_layout(self.volt_axis, "right")
        self.theme.dress_axis(self.volt_axis)
        self.volts = ColumnDataSource(XY)
        voltage = figure.step("x", "y", source=self.volts, mode="after", line_width=1.5, y_range_name="volts")
        self.theme.ink(voltage.glyph, "line_color")
        self.answers: list[tuple[ColumnDataSource, GlyphRenderer]] = []
        self.answer_hover = theme.hover([], ("Pulse", "@x"), ("Conductance", "@y{0.0} µS"))
        figure.add_tools(self.answer_hover)
        return figure

    def _answer_of(self, cell: int) -> tuple[ColumnDataSource, GlyphRenderer]:
        source = ColumnDataSource(XY)
        self.theme.cell_style(self.response.line("x", "y", source=source, line_width=2).glyph, cell)
        dots = self._marks(self.response, source, cell)
        self.theme.cell_style(dots.glyph, cell)
        self.answer_hover.renderers = [*self.answer_hover.renderers, dots]
        return source, dots

    def _show_response(self, result: Result) -> None:
        response = result.response
        pulse, micro = response.pulse, theme.factor("conductance")
        self.volts.data = steps(pulse, response.voltage)
        for i, (source, dots) in enumerate(made(self.answers, len(response.conductance), self._answer_of)):
            known = i < len(response.conductance)
            source.data = {"x": pulse, "y": response.conductance[i] * micro} if known else XY
            dots.visible = pulse.size <= DOTS
        last = int(pulse[-1]) if pulse.size else 1
        set_range(self.response.x_range, -0.5, last + 0.5)
        top = 1.04 * float(response.conductance.max(initial=0)) * micro or 1.0
        set_range(self.response.y_range, -0.02 * top, top * (1 + ABOVE))
        self.response.yaxis[0].bounds = (0, top)  # no conductances beside the voltages
        low, high = (float(end) for end in (response.voltage.min(initial=0), response.voltage.max(initial=0)))
        wide = (high - low) or 1.0
        # of the height, the upper part holds the voltages
        set_range(
            self.response.extra_y_ranges["volts"],
            high + 0.1 * wide - wide * 1.25 * (1 + ABOVE) / ABOVE,
            high + 0.1 * wide,
        )
        self.volt_axis.ticker.ticks = sorted({low, 0.0, high})
        cells = [chosen.cell for chosen in result.chosen]
        whose = [f"<span>voltage: that of cell {cells[-1]}</span>"] if response.own else []
        shown = f"first {last + 1:,} of {response.of:,} pulses" if last + 1 < response.of else f"{response.of:,} pulses"
        if not pulse.size:
            shown = f"{response.of:,} pulses are too many to be followed one by one"
        self.answer_legend.object = legend([*cell_entries(cells), f"<span>{shown}</span>", *whose])


def made(found: list[T], count: int, make: Callable[[int], T]) -> list[T]:
    """What is drawn of each followed cell, made for the first ones that have none yet: few pages follow four."""
    while len(found) < count:
        found.append(make(len(found)))
    return found


def padded(chosen: tuple[T, ...]) -> list[T | None]:
    """The chosen cells, and None for each place that is free."""
    return [*chosen, *[None] * (MAX_CELLS - len(chosen))]
