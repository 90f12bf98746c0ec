"""The crossbar: a map of all cells with the line currents at its sides, and what they mean in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    FixedTicker,
    LinearColorMapper,
    Range1d,
    Span,
)
from param.parameterized import Event

from app.controls.panel import Group, Panel
from app.controls.upload import door
from app.look import layout, theme
from app.look.cell_map import CellMap, Scale
from app.look.theme import MAP_PALETTE, NEUTRAL, STATE_COLORS
from app.tabs.crossbar.budget_view import Budget
from app.tabs.crossbar.size_view import SizeCard
from app.tabs.crossbar.text import (
    QUANTITY,
    cells_table,
    color_title,
    groups_table,
    held_at,
    line_unit,
    map_title,
    pixel,
    sums_table,
)
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.schema import STATE_NAMES

if TYPE_CHECKING:
    from app.tabs.crossbar.compute import Result

OUTPUT, DRIVER, IDEAL = "#56B4E9", NEUTRAL, "#9a9a9a"
HEIGHT, SIDE = 470, 130  # pixels: of the map, and of the bars beside it, before its cells are made square
LEAST = 90  # width of these bars, at least: figure_tools.js
TOP, BOTTOM = 62, 8  # borders of both: the colour scale stands above the map, an axis above the bars
BOXES = ("line", "bits_seed", "ones", "amplitude", "write", "source_ohm", "sense_ohm")  # without a slider
MAX_FILE = 20_001  # characters: one more than the page takes, so that it says so
LEFT = 74  # of the map and the bars below it: room for four digits
BAR, SEPARATE = 0.86, 128  # thickness of a bar, as long as there are so few that gaps between them can be seen
BARS = {"line": [], "current": [], "ideal": [], "says": []}
DIGITS = {"line": [], "current": []}


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.adding = theme.switch("Clicks add cells")
        self.map = self._map()
        self.bars = {"rows": self._bars("rows"), "columns": self._bars("columns")}
        self.sums, self.cells, self.title = theme.table(), theme.table(), theme.note()
        self.groups, self.budget = theme.table(), Budget(self.theme)
        self.write = theme.card(self.groups)
        self.sizes = SizeCard(self.theme, self._follow, self._harder)
        self.result: Result | None = None
        fit = pmui.Button(label="Fit the ADC to these currents", variant="outlined", size="small", margin=(4, 6))
        fit.on_click(lambda event: self._fit())
        legend = theme.note("Bars of the outputs: blue with the lines, grey behind them without line resistance.")
        card = theme.card(self.title, *self._side_by_side(), legend)
        beside = layout.column(
            theme.card(self.sums, fit), self.write, self.sizes.layout, self.budget.layout,
            theme.card(self.cells, self.adding),
            theme.card(theme.heading("For circuit simulators"), context.downloads(("cir", "va.zip")).layout),
            gap=10,
        )  # fmt: skip
        self.layout = layout.column(
            self._controls(), theme.grid(layout.column(card), beside, sizes=[{"xs": 12, "lg": 8}, {"xs": 12, "lg": 4}]),
            gap=10,
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------ made once
    def _controls(self) -> pn.Column:
        options, lines = self.context.options, self.context.lines
        panel = Panel(
            (
                Group(options, tuple(name for name in options.names() if name != "along")),
                Group(lines, ("word_ohm", "bit_ohm", "selector")),
                Group(lines, ("source_ohm", "sense_ohm", "ends"), title="More", open=False),
                Group(options, ("along",), title="More"),
            ),
            layout="bar", boxes=BOXES, words={"own": "words"},
        )  # fmt: skip
        self.file = door(
            "From file", self.context.tell, 1, self._taken, remedy="give fewer voltages", accept=".txt,.csv",
            size="small", margin=(3, 12),
        )  # fmt: skip

        def show(*events: Event) -> None:
            panel.hide(*(["selector"] if options.scheme == "all" else []))
            self.file.visible = "own" in options.active()

        options.param.watch(show, ["pattern", "scheme"])
        show()
        return layout.column(panel, self.file)

    def _taken(self, event: Event) -> None:
        """A file with voltages goes into the box beside it."""
        if event.new:
            self.context.apply({"crossbar.own": event.new[:MAX_FILE].decode("utf-8", "replace").strip()})

    def _map(self) -> CellMap:
        made = CellMap(self.theme, "crossbar map", self.context.select, lambda: self.adding.value)
        made.figure.xaxis.visible = False  # the bars below carry the numbers of the columns
        made.figure.update(height=HEIGHT, min_border_top=TOP, min_border_bottom=BOTTOM, min_border_left=LEFT)
        states = LinearColorMapper(palette=STATE_COLORS, low=-0.5, high=2.5)
        made.code_bar = self.theme.bar(
            color_mapper=states, title="State", height=12, ticker=FixedTicker(ticks=[0, 1, 2]),
            major_label_overrides=dict(enumerate(STATE_NAMES)), visible=False,
        )  # fmt: skip
        made.figure.add_layout(made.code_bar, "above")
        made.add_marks()
        return made

    def _bars(self, side: str) -> dict[str, Any]:
        """Currents of the rows, to the right of the map, or of the columns, below it."""
        rows = side == "rows"
        of_map = self.map.figure
        if rows:
            figure = self.theme.figure("crossbar rows", x="current", y="row", height=HEIGHT, y_range=of_map.y_range,
                                       x_range=Range1d(0, 1), x_axis_location="above")  # fmt: skip
            figure.update(min_border_top=TOP, min_border_bottom=BOTTOM, width=SIDE, min_width=SIDE, sizing_mode="fixed")
        else:
            figure = self.theme.figure("crossbar columns", x="column", y="current", height=150, x_range=of_map.x_range,
                                       y_range=Range1d(0, 1))  # fmt: skip
            figure.min_border_left = LEFT
        for axis, grid in ((figure.xaxis, figure.xgrid), (figure.yaxis, figure.ygrid)):
            if axis.axis_label in (theme.label("row"), theme.label("column")):
                axis.ticker = grid.ticker = BasicTicker(min_interval=1)  # there is no half a line
        source, digits = ColumnDataSource(BARS), ColumnDataSource(DIGITS)
        if rows:
            whole = figure.hbar("line", right="ideal", height=BAR, source=source, line_color=None)
            bars = figure.hbar("line", right="current", height=BAR, source=source, line_color=None)
            dots = figure.scatter("current", "line", source=digits, marker="dash", angle=1.5708, size=7)
            figure.xaxis.ticker = BasicTicker(desired_num_ticks=2)
            figure.yaxis.visible, figure.min_border_left = False, 4  # the map beside it carries the numbers of the rows
        else:
            whole = figure.vbar("line", top="ideal", width=BAR, source=source, line_color=None)
            bars = figure.vbar("line", top="current", width=BAR, source=source, line_color=None)
            dots = figure.scatter("line", "current", source=digits, marker="dash", size=7)
            figure.yaxis.ticker = BasicTicker(desired_num_ticks=3)
        whole.glyph.update(fill_color=IDEAL, fill_alpha=0.35)  # without line resistance; what is lost stands out
        self.theme.ink(dots.glyph, "line_color")
        ends = [Span(dimension="height" if rows else "width", location=0, line_dash="dashed", line_color=NEUTRAL)
                for _ in "lh"]  # fmt: skip
        for end in ends:
            figure.add_layout(end)
        figure.add_tools(theme.hover([bars], ("Row" if rows else "Column", "@line"), ("Current", "@says")))
        return {"figure": figure, "source": source, "digits": digits, "bars": bars, "whole": whole,
                "ends": ends}  # fmt: skip

    def _side_by_side(self) -> tuple[pn.Column, pn.Column]:
        """Map and rows, and columns below; equal borders keep the frames in line."""
        right = pn.pane.Bokeh(self.bars["rows"]["figure"], width=SIDE, height=HEIGHT, sizing_mode="fixed", margin=0)
        below = theme.pane(self.bars["columns"]["figure"])
        above, under = (
            layout.row(wide, narrow)
            for wide, narrow in ((theme.pane(self.map.figure), right), (below, pn.Spacer(width=LEAST, margin=0)))
        )
        return above, under

    # ------------------------------------------------------------------------------------------------ replaced
    def of_one_run(self) -> Sequence[CellMap]:
        return (self.map,)

    def update(self, result: Result) -> None:
        self._show_map(result)
        self._show_bars(result)
        self.sums.object, self.cells.object = sums_table(result), cells_table(result)
        self.groups.object, self.write.visible = groups_table(result), bool(result.groups)
        self.budget.update(result.budget)
        self.sizes.update(result.sizes)
        self.result = result

    def _fit(self) -> None:
        """The ADC, with the range that the shown currents need."""
        if self.result is not None:
            low, high = self.result.fitted
            self.context.apply({"adc": True, "adc_low": low, "adc_high": high})

    def _follow(self) -> None:
        if self.result is not None:
            self.context.select(*self.result.worst, add=False)

    def _harder(self) -> None:
        """What a designer is afraid of: half-selected cells that nothing switches off."""
        if self.result is not None:
            negative = -abs(self.context.options.write)
            self.context.apply({"cells": [self.result.worst], "selector": "none", "crossbar.write": negative})

    def _show_map(self, result: Result) -> None:
        factor, unit, name, digits = QUANTITY[result.quantity]
        values = result.values if factor == 1 else result.values * result.values.dtype.type(factor)
        low, high = (end * factor for end in result.span)
        if result.quantity == "state":
            scale = Scale(STATE_COLORS, -0.5, 2.5, "", name, digits, unit, STATE_NAMES)
        else:
            scale = Scale(MAP_PALETTE, low, high, color_title(result), name, digits, unit)
        each = pixel(values.shape)
        self.map.show(values, 0, values.shape, scale, each)
        self.map.mark([(cell.row, cell.column) for cell in result.cells])
        self.title.object = map_title(result)

    def _show_bars(self, result: Result) -> None:
        factor, unit = line_unit(result)
        for side, parts in self.bars.items():
            driven = side == result.along
            current = (result.driver if driven else result.output) * factor
            ideal = current if driven else result.ideal * factor
            says = [f"{theme.number(i, 4)} {unit}" for i in current]
            digits = None if driven else result.digits
            if driven:
                says = [f"{text}, {held_at(volts)}" for text, volts in zip(says, result.input, strict=True)]
            elif not result.ideal_lines:
                says = [f"{text} of {theme.number(i, 4)} {unit}" for text, i in zip(says, ideal, strict=True)]
            if digits:
                says = [f"{text}, code {code} of {digits.top}" for text, code in zip(says, digits.code, strict=True)]
            parts["source"].data = {
                "line": list(range(len(current))), "current": current, "ideal": ideal, "says": says
            }  # fmt: skip
            show_all(parts["figure"].x_range if side == "rows" else parts["figure"].y_range, current, ideal)
            parts["bars"].glyph.fill_color = DRIVER if driven else OUTPUT
            parts["digits"].data = (
                {"line": list(range(len(current))), "current": digits.current * factor} if digits else DIGITS
            )
            for end, at in zip(parts["ends"], (digits.low, digits.high) if digits else (0, 0), strict=True):
                end.update(location=at * factor, visible=bool(digits))
            axis = parts["figure"].xaxis if side == "rows" else parts["figure"].yaxis
            axis.axis_label = f"{'Driver' if driven else 'Output'} ({unit})"
            thickness = BAR if len(current) <= SEPARATE else 1.0
            few = len(current) <= SEPARATE
            for bars in (parts["bars"], parts["whole"]):  # each at least a pixel wide
                bars.glyph.line_color = None if few else bars.glyph.fill_color
                bars.glyph.line_alpha = bars.glyph.fill_alpha
                setattr(bars.glyph, "height" if side == "rows" else "width", thickness)


def show_all(axis: Range1d, *values: np.ndarray) -> None:
    """Let an axis hold these values and zero."""
    low, high = min(0.0, *(float(v.min()) for v in values)), max(0.0, *(float(v.max()) for v in values))
    room = 0.05 * (high - low) or 1e-9
    start, end = low - room * (low < 0), high + room * (high > 0 or low == 0)
    axis.update(start=start, end=end, reset_start=start, reset_end=end)
