"""Time: a fan over log time, the read window, and a map of what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import panel_material_ui as pmui
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, Range1d, Span

from app.controls.panel import Group, Panel
from app.look import theme
from app.look.axes import mark_times
from app.look.cell_map import CellMap, Scale
from app.look.legend import legend, swatch
from app.look.tags import ALONE
from app.look.theme import COLORS, DIVERGING
from app.tabs.time.measured_view import MeasuredView
from app.tabs.time.trace_view import TraceView
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.durations import duration

if TYPE_CHECKING:
    from app.tabs.time.compute import Result

COLOR = (COLORS["r_hrs"], COLORS["r_lrs"])  # of the lower and the upper level
LEAST = 1e-6
MAPS = 4
OUTER = 0.10  # of the widest band, which a pinned run A is drawn by


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self._fan()
        self._window()
        self.maps = [CellMap(self.theme, f"time map {k + 1}", context.select, lambda: False) for k in range(MAPS)]
        for one in self.maps:
            one.add_marks()
            one.figure.height = 330
        self.map_notes = [theme.note() for _ in self.maps]
        self.map_note, self.window_note = theme.note(), theme.note()
        self.measured = MeasuredView(self.theme, self._take, self.fan.x_range)
        mark_times(self.measured.figure.xaxis[0])
        self.label = theme.Alert(severity="info", sizing_mode="stretch_width", margin=0)
        self.outside = theme.Alert(severity="warning", visible=False, sizing_mode="stretch_width", margin=0)
        usual, seldom = ("law", "g_low", "g_high", "g_threshold"), ("path_seed",)
        bar = Panel(
            (Group(context.options, usual), Group(context.options, seldom, title="More", open=False)),
            layout="bar", boxes=seldom,
        )  # fmt: skip
        self.trace = TraceView(self.theme, Panel((Group(context.options, ("rate",)),), layout="bar"))
        self.layout = pmui.Column(
            bar,
            self.label,
            theme.card(self.fan, self.fan_legend),
            theme.grid(
                theme.card(self.window, self.window_legend, self.window_note),
                pmui.Column(
                    self.measured.upload, self.measured.card, sizing_mode="stretch_width", margin=0, sx={"gap": "10px"}
                ),
                sizes=[{"xs": 12, "md": 6}, {"xs": 12, "md": 6}],
            ),
            self.outside,
            theme.grid(
                *(theme.card(one.figure, note) for one, note in zip(self.maps, self.map_notes, strict=True)),
                sizes=[{"xs": 12, "sm": 6, "lg": 3}] * MAPS,
            ),
            self.map_note,
            self.trace.cards[0],
            theme.grid(*self.trace.cards[1:], sizes=[{"xs": 12, "md": 6}] * 2),
            sizing_mode="stretch_width", margin=0, sx={"gap": "10px"},
        )  # fmt: skip

    def of_one_run(self) -> Sequence[CellMap]:
        return self.maps

    def update(self, result: Result) -> None:
        self.label.object = result.label
        theme.say(self.outside, result.outside)
        self._show_fan(result)
        self._show_window(result)
        self._show_maps(result)
        self.trace.update(result.trace)
        self.measured.update(result.measured)
        time, g = (np.concatenate([*part, []]) for part in zip(*result.dots, ((), ()), strict=True))
        self.dots.data = {"x": time, "y": 1e6 * g}

    def _take(self, name: str, data: bytes) -> None:
        """A table has come through the door: the next result reads it."""
        self.context.options.param.update(table=self.context.options.param.table.class_(name, data))

    def _show_maps(self, result: Result) -> None:
        largest = float(np.quantile(np.abs(result.later[-1].change), 0.99)) or 0.01
        for one, note, later in zip(self.maps, self.map_notes, result.later, strict=True):
            title = f"Change after {later.moment} (%)"
            scale = Scale(DIVERGING, -100 * largest, 100 * largest, title, "Change", "0.00", "%")
            one.show(100 * later.change, 0, later.change.shape, scale)
            one.mark(result.cells)
            note.object = f"{100 * later.moved:.0f} % of the cells jumped; RMS {100 * later.rms:.2g} %"
        self.map_note.object = (
            "Read currents compared with those at the end of the train, all four on one scale. "
            f"After the last one, the next jump of any cell comes in {duration(result.next_event)}."
        )

    # ------------------------------------------------------------------------------------------------ fan
    def _fan(self) -> None:
        self.fan = self.theme.figure(
            "time fan", title="Conductance over time", x="Time since programming",
            y="Conductance (µS)", height=380, x_axis_type="log", x_range=Range1d(8e-3, 3.3e8), y_range=Range1d(0, 1),
        )  # fmt: skip
        mark_times(self.fan.xaxis[0])
        self.bands, self.medians, self.paths = [], [], []
        for color in COLOR:
            for alpha in (OUTER, 0.14, 0.2):
                source = ColumnDataSource({"x": [], "low": [], "high": []})
                band = self.fan.varea("x", "low", "high", source=source, color=color, alpha=alpha)
                band.tags = [] if alpha == OUTER else [ALONE]
                self.bands.append(source)
            paths, median = ColumnDataSource({"x": [], "y": []}), ColumnDataSource({"x": [], "y": []})
            steps = self.fan.step("x", "y", source=paths, mode="after", color=color, line_width=0.8, alpha=0.6)
            steps.tags = [ALONE]
            self.fan.line("x", "y", source=median, color=color, line_width=2.5)
            self.paths.append(paths)
            self.medians.append(median)
        self.dots = ColumnDataSource({"x": [], "y": []})
        self.theme.ink(
            self.fan.scatter("x", "y", source=self.dots, size=3, alpha=0.4).glyph, "fill_color", "line_color"
        )
        self.limit = Span(dimension="width", location=0, line_dash="dashed")
        self.theme.ink(self.limit, "line_color")
        self.fan.add_layout(self.limit)
        self.fan.on_event(Tap, self._tapped)
        self.fan_legend = theme.note()

    def _tapped(self, event: Tap) -> None:
        """A click moves the read threshold."""
        low, high = self.context.options.param.g_threshold.bounds
        self.context.apply({"time.g_threshold": round(min(max(event.y, low), high), 1)})

    def _show_fan(self, result: Result) -> None:
        for k, level in enumerate(result.levels):
            bands = 1e6 * level.bands
            for j in range(3):
                self.bands[3 * k + j].data = {"x": result.times, "low": bands[j], "high": bands[-1 - j]}
            self.medians[k].data = {"x": result.times, "y": bands[3]}
            self.paths[k].data = {"x": level.path_time, "y": 1e6 * level.path}
        low, high = (1e6 * np.array([level.bands[[0, -1]] for level in result.levels])[..., -1]).reshape(-1)[[0, -1]]
        top = max(float(high), 1e6 * result.levels[1].g) * 1.1
        self.fan.y_range.update(start=min(0.0, float(low)), end=top)
        self.limit.location = 1e6 * result.threshold
        names = ("lower", "upper")
        table = [swatch("ink", words, kind="dot") for words in [result.beside] if result.dots]
        self.fan_legend.object = legend(
            [swatch(COLOR[k], f"{names[k]} level, {1e6 * level.g:.3g} µS: median, 50, 90, 98 %")
             for k, level in enumerate(result.levels)]
            + [swatch(COLOR[k], f"30 cells, {100 * level.moved:.0f} % jump in 10 years", kind="area")
               for k, level in enumerate(result.levels)]
            + table
            + [swatch("ink", "read threshold: a click moves it", dash="dashed")]
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------ read window
    def _window(self) -> None:
        self.window = self.theme.figure(
            "time errors", title="Read as the wrong level", x="Time since programming", y="Share of the cells (%)",
            height=380, x_axis_type="log", y_axis_type="log", x_range=Range1d(8e-3, 3.3e8), y_range=Range1d(1e-4, 100),
        )  # fmt: skip
        mark_times(self.window.xaxis[0])
        self.rates = []
        for color, dash in ((COLOR[1], "solid"), (COLOR[0], "dashed")):
            source = ColumnDataSource({"x": [], "y": []})
            self.window.line("x", "y", source=source, color=color, line_dash=dash, line_width=2.5)
            self.rates.append(source)
        self.window_legend = theme.note()

    def _show_window(self, result: Result) -> None:
        for source, rate in zip(self.rates, (result.jumping, result.gaussian), strict=True):
            source.data = {"x": result.times, "y": np.where(rate > LEAST, 100 * rate, np.nan)}
        self.window_legend.object = legend(
            [
                swatch(COLOR[1], "jumps, as measured"),
                swatch(COLOR[0], "a Gaussian walk of the same spread", dash="dashed"),
            ]
        )
        jumping, gaussian = result.early
        times = f", {theme.measured(jumping / gaussian)} times" if gaussian > LEAST else ""
        self.window_note.object = (
            f"After 1 s: {100 * jumping:.2g} % with jumps{times} the {100 * gaussian:.2g} % of a Gaussian walk. "
            "Both curves are exact; with the reversible part of a read."
        )
