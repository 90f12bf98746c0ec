"""Programming: the map of what was reached, target against reached, pulses needed; or a staircase of all cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColumnDataSource, FixedTicker, LinearColorMapper
from param.parameterized import Event

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.axes import Axis
from app.look.cell_map import CellMap, Scale, cell_colors
from app.look.legend import cell_entries, legend, swatch
from app.look.theme import DIVERGING, MAP_PALETTE, NEUTRAL
from app.settings.numbers import minus
from app.settings.sections import MAX_CELLS
from app.tabs.programming.text import (
    OUTCOME_COLORS,
    QUANTITY,
    bounds,
    cells_table,
    color_title,
    levels_table,
    map_title,
    outcome_legend,
    summary,
)
from app.tabs.view import Context
from app.tabs.view import View as Base

if TYPE_CHECKING:
    from app.tabs.programming.compute import Result, Staircase, Targets

NO_IMAGE = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
POINT = {"x": [], "y": [], "color": [], "size": [], "row": [], "column": [], "outcome": []}
BAR = {"left": [], "right": [], "reached": [], "all": [], "says": []}
LINE = {"x": [], "y": []}
REACHED, FAILED = OUTCOME_COLORS["reached"], "#D55E00"
MOST_TICKS = 7


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.adding = theme.switch("Clicks add cells")
        self.map = CellMap(self.theme, "programming map", context.select, lambda: self.adding.value)
        self.failures = ColumnDataSource(POINT)
        self.map.own.append(
            self.map.figure.scatter("x", "y", source=self.failures, marker="square", size=5, color="color")
        )
        self.map.add_marks()
        self._scatter()
        self._bars()
        self._stairs()
        self.title, self.map_legend, self.scatter_legend, self.stairs_legend = (theme.note() for _ in range(4))
        self.bar_legend = theme.note(
            legend([swatch(REACHED, "reached", kind="area"), swatch(FAILED, "failed", kind="area")])
        )
        self.sums, self.cells, self.levels = theme.table(), theme.table(), theme.table()
        self.levels_card = theme.card(self.levels)
        self.bounded = theme.Alert(severity="info", visible=False, sizing_mode="stretch_width", margin=0)
        self.of_targets = column(theme.card(self.scatter, self.scatter_legend), theme.card(self.bars, self.bar_legend))
        self.of_stairs = theme.card(self.stairs, self.stairs_legend)
        self.layout = column(
            self._controls(), self.bounded,
            theme.grid(
                column(theme.card(self.title, theme.pane(self.map.figure), self.map_legend),
                       theme.card(self.cells, self.adding)),
                column(self.of_targets, self.of_stairs, theme.card(self.sums), self.levels_card),
                sizes={"xs": 12, "lg": 6},
            ),
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------ made once
    def _controls(self) -> Panel:
        options, lines = self.context.options, self.context.lines
        resistances = ("word_ohm", "bit_ohm", "source_ohm", "sense_ohm", "ends")  # only a chosen row conducts here
        numbers = {"level_seed", "levels", "max_pulses", "steps", "u_set", "u_start", "u_stop", "u_step"}
        numbers |= {"g_level", "g_low", "g_high", "tolerance", "source_ohm", "sense_ohm"}
        seldom = ("max_pulses", "u_set", "u_start", "u_stop", "u_step", "steps", "at_once")
        usual = tuple(name for name in options.names() if name not in seldom)
        groups = (
            Group(options, usual), Group(lines, resistances[:2]), Group(options, seldom, title="More", open=False),
            Group(lines, resistances[2:], title="More"),
        )  # fmt: skip
        panel = Panel(groups, layout="bar", boxes=tuple(numbers))

        def show(*events: Event) -> None:
            panel.hide(*(() if options.through else resistances))

        options.param.watch(show, ["method", "target", "through"])
        show()
        return panel

    def _scatter(self) -> None:
        self.scatter = figure = self.theme.figure(
            "programming targets", x="Target (µS)", y="Reached (µS)", height=330, title="Target against reached"
        )
        self.scatter_axes = Axis(figure, "x"), Axis(figure, "y")
        self.shades = LinearColorMapper(palette=MAP_PALETTE, low=1e-9, high=1, low_color="rgba(0, 0, 0, 0)")
        self.density, self.band = ColumnDataSource(NO_IMAGE), ColumnDataSource(LINE)
        figure.patch("x", "y", source=self.band, fill_color=NEUTRAL, fill_alpha=0.3, line_color=NEUTRAL)
        figure.image("image", "x", "y", "dw", "dh", source=self.density, color_mapper=self.shades)
        self.points, self.followed = ColumnDataSource(POINT), ColumnDataSource(POINT)
        dots = figure.scatter("x", "y", source=self.points, size="size", color="color", alpha=0.7, line_color=None)
        rings = figure.scatter(
            "x", "y", source=self.followed, size="size", line_color="color", fill_color=None, line_width=3
        )
        rows = ("Cell", "(@row, @column)"), ("Target", "@x{0.0} µS"), ("Reached", "@y{0.0} µS"), ("Outcome", "@outcome")
        figure.add_tools(theme.hover([dots, rings], *rows))

    def _bars(self) -> None:
        self.bars = figure = self.theme.figure(
            "programming pulses", title="Pulses needed", x="Pulses used", y="Cells (%)", height=240
        )
        self.bar_axes = Axis(figure, "x"), Axis(figure, "y")
        figure.xaxis.ticker = BasicTicker(min_interval=1)
        self.counts = ColumnDataSource(BAR)
        quads = [
            figure.quad(left="left", right="right", bottom=0, top="reached", source=self.counts, color=REACHED),
            figure.quad(left="left", right="right", bottom="reached", top="all", source=self.counts, color=FAILED),
        ]
        for quad in quads:
            quad.glyph.update(line_color=None)
        figure.add_tools(theme.hover(quads, ("Pulses", "@says"), ("Cells", "@all{0.[00]} %")))

    def _stairs(self) -> None:
        self.stairs = figure = self.theme.figure(
            "programming staircase", title="Conductance after each pulse", x="RESET pulse (V)", y="conductance",
            height=430,
        )  # fmt: skip
        self.stairs_axes = Axis(figure, "x"), Axis(figure, "y")
        self.stairs_band = ColumnDataSource(LINE)
        self.stairs_mean = ColumnDataSource({**LINE, "low": [], "high": [], "pulse": []})
        figure.patch("x", "y", source=self.stairs_band, fill_color=NEUTRAL, fill_alpha=0.3, line_color=None)
        line = figure.line("x", "y", source=self.stairs_mean, line_color=REACHED, line_width=3)
        figure.scatter("x", "y", source=self.stairs_mean, color=REACHED, size=6)
        self.stairs_cells = [ColumnDataSource(LINE) for _ in range(MAX_CELLS)]
        for i, source in enumerate(self.stairs_cells):
            self.theme.cell_style(figure.line("x", "y", source=source, line_width=2).glyph, i)
        figure.add_tools(
            theme.hover([line], ("Pulse", "@pulse"), ("Mean", "@y{0.0} µS"), ("5–95 %", "@low{0.0} … @high{0.0} µS"))
        )

    # ------------------------------------------------------------------------------------------------ replaced
    def of_one_run(self) -> Sequence[CellMap]:
        return (self.map,)

    def update(self, result: Result) -> None:
        self._show_map(result)
        self.of_targets.visible, self.of_stairs.visible = bool(result.targets), bool(result.stairs)
        if result.targets:
            self._show_targets(result, result.targets)
        levels = result.targets.levels if result.targets else None
        self.levels_card.visible = levels is not None
        self.levels.object = levels_table(levels) if levels else ""
        if result.stairs:
            self._show_stairs(result, result.stairs)
        self.sums.object, self.cells.object, said = summary(result), cells_table(result), bounds(result)
        theme.say(self.bounded, said)

    def _show_map(self, result: Result) -> None:
        factor, unit, name, digits = QUANTITY[result.quantity]
        values = result.values if factor == 1 else result.values * result.values.dtype.type(factor)
        low, high = (end * factor for end in result.span)
        palette: Any = {"error": DIVERGING, "outcome": [OUTCOME_COLORS[name] for name in result.outcomes]}.get(
            result.quantity, MAP_PALETTE
        )
        codes = result.quantity == "outcome"
        scale = Scale(palette, low - 0.5 * codes, high + 0.5 * codes, color_title(result.quantity), name, digits, unit,
                      result.outcomes if codes else ())  # fmt: skip
        self.map.show(values, result.first_row, result.shape, scale)
        self.map.mark([(cell.row, cell.column) for cell in result.cells])
        self.title.object = map_title(result)
        self.failures.data = POINT
        self.map_legend.object = ""
        if codes and result.targets:  # a cell of a large array is smaller than a pixel
            rows = points(result, result.targets)
            self.failures.data = {
                k: v[result.targets.failed_rows] for k, v in (rows | {"x": rows["column"], "y": rows["row"]}).items()
            }
            self.map_legend.object = outcome_legend(result.targets)

    def _show_targets(self, result: Result, targets: Targets) -> None:
        self.points.data = points(result, targets)
        known = [(i, c, c.values) for i, c in enumerate(result.cells) if c.values]
        colors = cell_colors(self.theme, len(result.cells))
        self.followed.data = {
            "x": [1e6 * values["target"] for _, _, values in known],
            "y": [1e6 * values["reached"] for _, _, values in known],
            "color": [colors[i] for i, _, _ in known], "size": [12] * len(known), "row": [c.row for _, c, _ in known],
            "column": [c.column for _, c, _ in known], "outcome": [values["outcome"] for _, _, values in known],
        }  # fmt: skip
        (left, right), (bottom, top) = ([1e6 * end for end in ends] for ends in (targets.x, targets.y))
        self.density.data = NO_IMAGE
        if targets.density is not None:
            first, last = (1e6 * end for end in targets.density_x)
            self.density.data = {
                "image": [targets.density], "x": [first], "y": [bottom], "dw": [last - first], "dh": [top - bottom]
            }  # fmt: skip
        x, off = np.array([left, right]), targets.tolerance
        self.band.data = {"x": np.concatenate([x, x[::-1]]), "y": np.concatenate([x * (1 - off), x[::-1] * (1 + off)])}
        self.scatter_axes[0].show("linear", left, right)
        self.scatter_axes[1].show("linear", bottom, top)
        shade = ["<span>bright: where most cells of a target end</span>"] if targets.density is not None else []
        band = swatch(NEUTRAL, f"within ±{100 * off:g} % of the target", kind="area")
        self.scatter_legend.object = outcome_legend(targets) + legend(
            [band, *shade, *cell_entries([(c.row, c.column) for c in result.cells])]
        )
        self._show_bars(targets)

    def _show_bars(self, targets: Targets) -> None:
        edges, reached, everything = targets.edges, targets.reached_share, targets.reached_share + targets.failed_share
        first, last = np.ceil(edges[:-1]).astype(int), np.floor(edges[1:]).astype(int)
        gap = 0.08 * (edges[1] - edges[0])
        self.counts.data = {
            "left": edges[:-1] + gap, "right": edges[1:] - gap, "reached": 100 * reached, "all": 100 * everything,
            "says": [str(a) if a == b else f"{a} to {b}" for a, b in zip(first, last, strict=True)],
        }  # fmt: skip
        self.bar_axes[0].show("linear", edges[0], edges[-1])
        self.bar_axes[1].show("linear", 0, 105 * float(everything.max()))

    def _show_stairs(self, result: Result, stairs: Staircase) -> None:
        micro, steps = theme.factor("conductance"), stairs.volts[1:]
        apart = max(steps[1] - steps[0], 0.12 * (steps[-1] - steps[0]))  # room for the word SET
        x = np.concatenate([[steps[0] - apart], steps])
        names = ["SET", *(f"{u:.3g}" for u in steps)]
        self.stairs_mean.data = {
            "x": x, "y": stairs.mean * micro, "low": stairs.low * micro, "high": stairs.high * micro,
            "pulse": [minus(f"SET, {stairs.volts[0]:.3g} V"), *(f"{n} V" for n in names[1:])],
        }  # fmt: skip
        both = np.concatenate([stairs.low, stairs.high[::-1]]) * micro
        self.stairs_band.data = {"x": np.concatenate([x, x[::-1]]), "y": both}
        top = float(stairs.high.max())
        for i, source in enumerate(self.stairs_cells):
            followed = stairs.followed[i] if i < len(stairs.followed) else None
            source.data = LINE if followed is None else {"x": x, "y": followed * micro}
            top = top if followed is None else max(top, float(followed.max()))
        margin = 0.03 * (x[-1] - x[0])
        self.stairs_axes[0].show("linear", x[0] - margin, x[-1] + margin)
        self.stairs_axes[1].show("linear", 0, 1.05 * top * micro)
        stride = -(-steps.size // MOST_TICKS)
        shown = [0, *range(1, x.size, stride)]
        self.stairs.xaxis.ticker = self.stairs.xgrid.ticker = FixedTicker(ticks=[float(x[i]) for i in shown])
        self.stairs.xaxis.major_label_overrides = {float(x[i]): names[i] for i in shown}
        self.stairs_legend.object = legend([
            swatch(REACHED, "mean of all programmed cells"), swatch(NEUTRAL, "5–95 % of them", kind="area"),
            *cell_entries([(c.row, c.column) for c in result.cells]),
        ])  # fmt: skip


def column(*parts: object) -> pn.Column:
    return layout.column(*parts, gap=10)


def points(result: Result, targets: Targets) -> dict[str, np.ndarray]:
    """Cells as a source's columns."""
    names, found = np.array(result.outcomes), targets.points
    colors = np.array([OUTCOME_COLORS[name] for name in result.outcomes])
    return {
        "x": found.target * 1e6, "y": found.reached * 1e6, "color": colors[found.outcome],
        "size": np.where(names[found.outcome] == "reached", 4, 7), "row": found.row,
        "column": found.column, "outcome": names[found.outcome],
    }  # fmt: skip
