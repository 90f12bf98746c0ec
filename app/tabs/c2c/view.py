"""Cycle to cycle: series of the followed cells, lag plot, correlation over lags, scatter matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, LogColorMapper, Span

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.axes import Axis, on_axis, standard_label
from app.look.legend import cell_entries, legend, swatch
from app.look.number_box import NumberBox
from app.look.theme import CELL_MARKERS, COLORS, MAP_PALETTE, NEUTRAL
from app.settings.sections import MAX_CELLS
from app.tabs.c2c.matrix_view import ScatterMatrix
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.counts import counted
from synaptogen_core.schema import feature

if TYPE_CHECKING:
    from app.tabs.c2c.compute import Curve, LagPlot, Result, Series

CLEAR = "rgba(0, 0, 0, 0)"
NO_LINE = {"x": [], "y": []}
NO_IMAGE = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
NO_BAND = {"x": [], "low": [], "high": []}
FEW = 80  # cycles up to which each one is marked


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self._series()
        self._lag_plot()
        self._curve()
        self.matrix = ScatterMatrix(context)
        self.trouble = theme.Alert(severity="info", visible=False, sizing_mode="stretch_width", margin=0)
        self.note = theme.note()
        self.pair = theme.grid(
            theme.card(self.lag_plot, self.lag_legend), theme.card(self.curve, self.curve_legend),
            sizes=[{"xs": 12, "md": 5}, {"xs": 12, "md": 7}],
        )  # fmt: skip
        self.layout = layout.column(
            self._controls(), theme.card(self.series, self._follow()), self.trouble, self.pair, self.matrix.layout,
            self.note, gap=10,
        )  # fmt: skip

    def _controls(self) -> Panel:
        options = self.context.options
        names = ("feature", "other", "lag", "lags", "units")
        return Panel((Group(options, names),), layout="bar", boxes=("lag", "lags"))

    def _follow(self) -> pn.Row:
        """Which cells are followed, and boxes that add one."""
        box = {"start": 0, "whole": True, "width": 92, "margin": (2, 4)}
        self.row, self.column = NumberBox(label="Row", value=0, **box), NumberBox(label="Column", value=1, **box)
        follow = pmui.Button(label="Follow", variant="outlined", size="small", margin=(2, 4))
        follow.on_click(lambda event: self.context.select(self.row.value, self.column.value, add=True))
        self.series_legend.styles = theme.QUIET | {"flex": "1 1 200px"}
        boxes = layout.row(self.row, self.column, follow, sizing_mode="fixed", width=290, styles={"align-items": "end"})
        return layout.flow(self.series_legend, boxes)

    def of_one_run(self) -> Sequence[ScatterMatrix]:
        return (self.matrix,)

    def update(self, result: Result) -> None:
        for box, lines in ((self.row, result.rows), (self.column, result.columns)):
            box.param.update(end=lines - 1, value=min(box.value, lines - 1))
        self._show_series(result.series, result.feature)
        theme.say(self.trouble, result.note)
        self.pair.visible = not result.note
        if result.lag_plot and result.curve:
            self._show_lag_plot(result, result.lag_plot)
            self._show_curve(result, result.curve, result.lag_plot.lag)
        self.matrix.layout.visible = result.matrix is not None
        self.matrix.shown = None
        if result.matrix:
            self.matrix.show(result.matrix, result.units)
        self.note.object = " ".join(filter(None, [result.sample, result.clipped]))

    # ------------------------------------------------------------------------------------------------ series
    def _series(self) -> None:
        self.series = self.theme.figure("cycles series", title="–", x="cycle", y="r_lrs", height=240)
        self.series_axes = Axis(self.series, "x"), Axis(self.series, "y")
        self.lines = [ColumnDataSource(NO_LINE) for _ in range(MAX_CELLS)]
        self.dots = []
        for i, source in enumerate(self.lines):
            self.theme.cell_style(self.series.line("x", "y", source=source, line_width=1.5).glyph, i)
            marks = self.series.scatter("x", "y", source=source, size=5, marker=CELL_MARKERS[i], fill_color=None)
            self.theme.cell_style(marks.glyph, i)
            self.dots.append(marks)
        self.series.add_tools(theme.hover(self.dots, ("Cycle", "@x"), ("Value", "@y{0.000}")))
        self.series_legend = theme.note()

    def _show_series(self, series: Series, name: str) -> None:
        values = series.values * theme.factor(name)
        for i, source in enumerate(self.lines):
            source.data = {"x": series.cycle, "y": values[:, i]} if i < values.shape[1] else NO_LINE
            self.dots[i].visible = len(series.cycle) <= FEW
        self.series_axes[0].show("linear", float(series.cycle[0]) - 0.5, float(series.cycle[-1]) + 0.5)
        kind = feature(name).scale
        low, high = float(values.min()), float(values.max())
        if kind == "log":
            ratio = (high / low) ** 0.06 if high > low else 1.1
            ends = low / ratio, high * ratio
        else:
            margin = 0.06 * (high - low) or abs(low) * 0.1
            ends = low - margin, high + margin
        self.series_axes[1].show(kind, *ends, theme.label(name))
        self.series.title.text = f"{theme.AXES[name][2]}, cycle by cycle"
        unusual = [f"({r}, {c})" for (r, c), outlier in zip(series.cells, series.outlier, strict=True) if outlier]
        more = [f"<span>of the outlier population: {', '.join(unusual)}</span>"] if unusual else []
        self.series_legend.object = legend([*cell_entries(series.cells), *more])

    # ------------------------------------------------------------------------------------------------ lag plot
    def _lag_plot(self) -> None:
        self.lag_plot = self.theme.figure("cycles lag plot", title="–", x=" ", y=" ", height=380)
        self.lag_axes = Axis(self.lag_plot, "x"), Axis(self.lag_plot, "y")
        self.lag_plot.grid.visible = False
        self.cloud = ColumnDataSource(NO_IMAGE)
        self.shades = LogColorMapper(palette=MAP_PALETTE, low=1, high=10, low_color=CLEAR)
        self.lag_plot.image("image", "x", "y", "dw", "dh", source=self.cloud, color_mapper=self.shades)
        self.points = [ColumnDataSource(NO_LINE) for _ in range(MAX_CELLS)]
        for i, source in enumerate(self.points):
            marks = self.lag_plot.scatter(
                "x", "y", source=source, size=6, marker=CELL_MARKERS[i], fill_color=None, line_width=1.5
            )
            self.theme.cell_style(marks.glyph, i)
        self.lag_legend = theme.note()

    def _show_lag_plot(self, result: Result, plot: LagPlot) -> None:
        standard = result.units == "standard"
        sides = (result.other, plot.density.x), (result.feature, plot.density.y)
        ends = [on_axis(np.array(span), name, standard) for name, span in sides]
        (left, right), (bottom, top) = ([float(v) for v in pair] for pair in ends)
        self.cloud.data = {
            "image": [plot.density.counts], "x": [left], "y": [bottom], "dw": [right - left], "dh": [top - bottom]
        }  # fmt: skip
        self.shades.update(low=1, high=max(2.0, float(plot.density.counts.max())))
        for i, source in enumerate(self.points):
            if i < len(plot.points):
                x, y = plot.points[i]
                source.data = {
                    "x": on_axis(x, result.other, standard), "y": on_axis(y, result.feature, standard)
                }  # fmt: skip
            else:
                source.data = NO_LINE
        before = f", {counted(plot.lag, 'cycle')} before"
        for axis, name, (low, high), more in zip(
            self.lag_axes, (result.other, result.feature), ((left, right), (bottom, top)), (before, ""), strict=True
        ):
            kind = "linear" if standard else feature(name).scale
            label = standard_label(name, more) if standard else theme.label(name).replace(" (", f"{more} (")
            axis.show(kind, low, high, label)
        self.lag_plot.title.text = f"Correlation at lag {plot.lag}: {plot.measured:.3f} (model {plot.expected:.3f})"
        cells = "all cells and cycles" + ("" if standard else ", their differences included")
        self.lag_legend.object = legend([f"<span>shade: {cells}</span>", *cell_entries(result.series.cells)])

    # ------------------------------------------------------------------------------------------------ correlation
    def _curve(self) -> None:
        self.curve = self.theme.figure("cycles correlation", title="–", x="lag", y="Correlation", height=380)
        self.curve_axes = Axis(self.curve, "x"), Axis(self.curve, "y")
        self.band, self.measured = ColumnDataSource(NO_BAND), ColumnDataSource(NO_LINE)
        self.expected, self.model = ColumnDataSource(NO_LINE), ColumnDataSource(NO_LINE)
        for location, dimension in ((0, "width"), (0, "height")):
            self.curve.add_layout(Span(location=location, dimension=dimension, line_color=NEUTRAL, line_alpha=0.6))
        self.mark = Span(location=1, dimension="height", line_color=NEUTRAL, line_dash="dotted", line_width=1.5)
        self.curve.add_layout(self.mark)
        self.area = self.curve.varea("x", "low", "high", source=self.band, fill_alpha=0.3)
        self.line = self.curve.line("x", "y", source=self.measured, line_width=2.5)
        dots = self.curve.scatter("x", "y", source=self.measured, size=5)
        self.dot = dots
        for source, dash in ((self.expected, [6, 3]), (self.model, "solid")):
            glyph = self.curve.line("x", "y", source=source, line_width=1.5, line_dash=dash).glyph
            self.theme.ink(glyph, "line_color")
        self.curve.add_tools(theme.hover([dots], ("Lag", "@x"), ("Correlation", "@y{0.000}")))
        self.curve_legend = theme.note()

    def _show_curve(self, result: Result, curve: Curve, lag: int) -> None:
        color = COLORS[result.feature]
        self.area.glyph.fill_color = self.line.glyph.line_color = color
        self.dot.glyph.update(fill_color=color, line_color=color)
        shown = np.isfinite(curve.interval).all(axis=1)
        self.measured.data = {"x": curve.lag, "y": curve.measured}
        self.band.data = {
            "x": curve.lag[shown], "low": curve.interval[shown, 0], "high": curve.interval[shown, 1]
        }  # fmt: skip
        self.expected.data = {"x": curve.lag, "y": curve.expected}
        self.model.data = {"x": curve.lag, "y": curve.model}
        self.mark.location = lag
        everything = np.concatenate([curve.measured, curve.expected, curve.model, curve.interval.ravel(), [0.0]])
        low, high = float(np.nanmin(everything)), float(np.nanmax(everything))
        margin = 0.06 * (high - low) or 0.1
        first, last = float(curve.lag[0]), float(curve.lag[-1])
        self.curve_axes[0].show("linear", first - 0.5, last + 0.5, lag_label(result))
        self.curve_axes[1].show("linear", low - margin, high + margin)
        own = result.feature == result.other
        names = theme.AXES[result.feature][2], theme.AXES[result.other][2]
        self.curve.title.text = f"Autocorrelation of the {names[0]}" if own else f"{names[0]} with {names[1]}"
        self.curve_legend.object = legend([
            swatch(color, "these cells, shade: 95 % interval"),
            swatch("ink", f"model, as {result.cycles} cycles show it", dash="dashed"),
            swatch("ink", "model, exact"),
            swatch(NEUTRAL, "lag of the lag plot", dash="dotted"),
        ])  # fmt: skip


def lag_label(result: Result) -> str:
    if result.feature == result.other:
        return theme.label("lag")
    return f"Lag (cycles); above 0 the {theme.AXES[result.other][2]} comes first"
