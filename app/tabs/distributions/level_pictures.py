"""Levels after each pulse: how their conductances overlap, what each pulse gives, thresholds between neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import panel_material_ui as pmui
from bokeh.models import BasicTicker, ColumnDataSource, FixedTicker
from bokeh.palettes import Viridis256

from app.look import layout, theme
from app.look.axes import Axis
from app.look.legend import legend, swatch
from app.tabs.view import Context
from synaptogen_core.counts import counted

if TYPE_CHECKING:
    from app.tabs.distributions.levels import Levels

PALETTE = Viridis256[70:235]  # its ends are lost on black or on white
MOST_SWATCHES, MOST_TICKS = 12, 24


class LevelPictures:
    """Three figures; a sentence where the train makes no levels."""

    def __init__(self, context: Context):
        self.theme, self.remark = context.theme, ""
        self.sentence = theme.Alert(severity="info", visible=False, sizing_mode="stretch_width", margin=0)
        self.button = pmui.Button(label="Use the staircase", variant="outlined", size="small", visible=False)
        self.button.on_click(lambda event: context.apply({"kind": "staircase"}))
        self._densities()
        self._steps()
        self._errors()
        pair = theme.card(self.steps, self.step_legend), theme.card(self.errors, self.error_legend)
        self.cards = layout.column(
            theme.card(self.densities, self.legend), theme.grid(*pair, sizes={"xs": 12, "md": 6}),
            gap=10,
        )  # fmt: skip
        self.layout = layout.column(self.sentence, self.button, self.cards, sizing_mode="stretch_width", margin=0)

    def _densities(self) -> None:
        self.densities = figure = self.theme.figure(
            "distributions levels", title="–", x="conductance", y="Density (% per µS)", height=330
        )
        self.density_axes = Axis(figure, "x"), Axis(figure, "y")
        self.areas = ColumnDataSource({"xs": [], "ys": [], "color": [], "fill": [], "width": []})
        figure.patches("xs", "ys", source=self.areas, fill_color="color", fill_alpha="fill", line_color="color",
                       line_width="width")  # fmt: skip
        self.legend = theme.note()

    def _steps(self) -> None:
        self.steps = figure = self.theme.figure(
            "distributions steps", title="Conductance after each pulse", x="Pulse", y="conductance", height=320
        )
        self.step_axes = Axis(figure, "x"), Axis(figure, "y")
        columns = ("x", "median", "lower", "upper", "color", "size", "name")
        self.points = ColumnDataSource({name: [] for name in columns})
        figure.segment("x", "lower", "x", "upper", source=self.points, line_color="color", line_width=3)
        dots = figure.scatter("x", "median", source=self.points, size="size", color="color")
        tip = [("Level", "@name"), ("Median", "@median{0.0} µS"), ("Tails", "@lower{0.0} … @upper{0.0} µS")]
        figure.add_tools(theme.hover([dots], *tip))
        self.step_legend = theme.note()

    def _errors(self) -> None:
        self.errors = figure = self.theme.figure(
            "distributions boundaries", title="Bit error rate between neighbouring levels", x="Read threshold (µS)",
            y="Bit error rate (per read)", height=320,
        )  # fmt: skip
        self.error_axes = Axis(figure, "x"), Axis(figure, "y")
        self.curves = ColumnDataSource({"xs": [], "ys": [], "color": []})
        self.best = ColumnDataSource({"x": [], "y": [], "color": [], "name": []})
        figure.multi_line("xs", "ys", source=self.curves, line_color="color", line_width=1.5)
        dots = figure.scatter("x", "y", source=self.best, size=8, color="color")
        tip = (("Between", "@name"), ("Best threshold", "@x{0.0} µS"), ("Bit error rate", "@y{0.[0000000]}"))
        figure.add_tools(theme.hover([dots], *tip))
        self.error_legend = theme.note(legend([swatch("ink", "best threshold of each pair", kind="dot")]))

    def show(self, levels: Levels) -> None:
        self.sentence.visible = self.button.visible = bool(levels.note)
        self.cards.visible = not levels.note
        self.sentence.object = levels.note
        self.remark = ""
        if levels.note:
            return
        colors, names = colors_of(len(levels.step)), names_of(levels)
        self._show_densities(levels, colors, names)
        self._show_steps(levels, colors, names)
        self._show_errors(levels, colors, names)
        self.remark = (
            f"{counted(levels.cells, 'cell')}, {counted(levels.cycles, 'cycle')}, read at 0.2 V without noise."
        )

    def _show_densities(self, levels: Levels, colors: list[str], names: list[str]) -> None:
        edges = levels.edges * theme.factor("conductance")
        x = np.concatenate([edges[:1], np.repeat(edges[1:-1], 2), edges[-1:]])
        heights = 100 * levels.density / theme.factor("conductance")
        outlines = [np.concatenate([[0.0], np.repeat(row, 2), [0.0]]) for row in heights]
        self.areas.data = {
            "xs": [np.concatenate([x[:1], x, x[-1:]])] * len(colors), "ys": outlines, "color": colors,
            "fill": np.where(levels.distinguishable, 0.55, 0.06), "width": np.where(levels.distinguishable, 2.0, 1.0),
        }  # fmt: skip
        self.density_axes[0].show("linear", edges[0], edges[-1])
        peaks = heights.max(axis=1)  # the narrowest level must not hide the others
        self.density_axes[1].show("linear", 0, 1.1 * min(float(peaks.max()), 4 * float(np.median(peaks))))
        self.densities.title.text = f"{int(levels.distinguishable.sum())} of {len(colors)} levels are distinguishable"
        stride = -(-len(names) // MOST_SWATCHES)
        some = [swatch(c, n, kind="area") for c, n in list(zip(colors, names, strict=True))[::stride]]
        tail = f"{100 * levels.tail:g}–{100 - 100 * levels.tail:g} %"
        apart = f"<span>filled: distinguishable ({tail} of their values do not overlap)</span>"
        self.legend.object = legend([*some, apart, f"<span>window: {theme.number(levels.window_ratio)} ×</span>"])

    def _show_steps(self, levels: Levels, colors: list[str], names: list[str]) -> None:
        micro, count = theme.factor("conductance"), len(names)
        self.points.data = {
            "x": np.arange(count), "median": levels.median * micro, "lower": levels.lower * micro,
            "upper": levels.upper * micro, "color": colors, "size": np.where(levels.distinguishable, 12, 6),
            "name": names,
        }  # fmt: skip
        labels = short_names(levels)
        self.step_axes[0].show("linear", -0.6, count - 0.4, "Pulse of the cycle" + (" (V)" if labels else ""))
        axis: Any = self.steps.xaxis[0]
        shown = range(0, count, -(-count // MOST_TICKS))
        axis.ticker = FixedTicker(ticks=list(shown)) if labels else BasicTicker(min_interval=1)
        axis.major_label_overrides = {i: labels[i] for i in shown} if labels else {}
        top = float(levels.upper.max()) * micro
        self.step_axes[1].show("linear", min(0.0, float(levels.lower.min()) * micro), 1.06 * top)
        tail = 100 * levels.tail
        line = f"<span>line: {tail:g}–{100 - tail:g} % of cells and cycles</span>"
        self.step_legend.object = legend([swatch("ink", "median; large: distinguishable", kind="dot"), line])

    def _show_errors(self, levels: Levels, colors: list[str], names: list[str]) -> None:
        x = levels.edges * theme.factor("conductance")
        lower, upper = levels.pair.T if len(levels.pair) else (np.empty(0, int), np.empty(0, int))
        shades = [colors[i] for i in lower]
        self.curves.data = {
            "xs": [x] * len(levels.pair), "ys": [np.where(row > 0, row, np.nan) for row in levels.curves],
            "color": shades,
        }  # fmt: skip
        pairs = [f"{names[a]} and {names[b]}" for a, b in zip(lower, upper, strict=True)]
        rates = np.where(levels.bit_error_rate > 0, levels.bit_error_rate, np.nan)
        best = levels.threshold * theme.factor("conductance")
        self.best.data = {"x": best, "y": rates, "color": shades, "name": pairs}
        self.error_axes[0].show("linear", x[0], x[-1])
        least = rates[np.isfinite(rates)]
        self.error_axes[1].show("log", min(0.01, float(least.min()) / 2) if least.size else 1e-5, 0.7)


def colors_of(count: int) -> list[str]:
    return [PALETTE[round(i * (len(PALETTE) - 1) / max(count - 1, 1))] for i in range(count)]


def names_of(levels: Levels) -> list[str]:
    """What each level is called: by its voltage if that is different for each, else by its number."""
    known = short_names(levels)
    if known:
        return [f"{text} V" for text in known]
    return [f"pulse {step}" for step in levels.step]


def short_names(levels: Levels) -> list[str]:
    """The voltages as text; empty if they do not tell the levels apart."""
    texts = [f"{volts:.3g}".replace("-", "\u2212") for volts in levels.voltage]
    return texts if np.isfinite(levels.voltage).all() and len(set(texts)) == len(texts) else []
