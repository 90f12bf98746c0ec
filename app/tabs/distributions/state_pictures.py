"""HRS against LRS: both distributions with the read window, the bit error rate of a threshold, the numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import BoxAnnotation, ColumnDataSource, Span
from bokeh.plotting import figure as Figure

from app.look import layout, theme
from app.look.axes import Axis
from app.look.legend import legend, swatch
from app.look.tables import small, table
from app.look.theme import COLORS, NEUTRAL
from app.tabs.view import Context
from synaptogen_core.counts import counted

if TYPE_CHECKING:
    from app.tabs.distributions.states import Rate, State, States

NAMES = {"r_hrs": "HRS", "r_lrs": "LRS"}
AXIS = {"resistance": ("r_hrs", "Resistance (kΩ)"), "current": ("current", "Read current (µA)")}
THRESHOLD = {"resistance": "Read threshold (kΩ)", "current": "Read threshold (µA)"}
NO_LINE = {"x": [], "y": []}
EXACT = 1e-5  # numerical error of the model's cumulative curve


class StatePictures:
    """Two figures and a table."""

    def __init__(self, context: Context):
        self.theme = context.theme
        self.remark = ""
        self._densities()
        self._errors()
        self.table = theme.table()
        figures = theme.card(self.densities, self.density_legend), theme.card(self.errors, self.error_legend)
        self.layout = layout.column(
            theme.grid(*figures, sizes=[{"xs": 12, "lg": 7}, {"xs": 12, "lg": 5}]), theme.card(self.table),
            gap=10,
        )  # fmt: skip

    def _densities(self) -> None:
        self.densities = figure = self.theme.figure("distributions states", title="–", x=" ", y=" ", height=400)
        self.density_axes = Axis(figure, "x"), Axis(figure, "y")
        self.window = BoxAnnotation(fill_color=NEUTRAL, fill_alpha=0.15, line_color=None)
        figure.add_layout(self.window)
        self.bars = {name: ColumnDataSource({"left": [], "right": [], "top": []}) for name in NAMES}
        self.models = {name: ColumnDataSource(NO_LINE) for name in NAMES}
        for name in NAMES:
            figure.quad("left", "right", "top", 0, source=self.bars[name], fill_color=COLORS[name], fill_alpha=0.75,
                        line_color=None)  # fmt: skip
            line = figure.line("x", "y", source=self.models[name], line_width=1.5, line_dash=[6, 3])
            self.theme.ink(line.glyph, "line_color")
        self.density_best = self._best(figure)
        self.density_legend = theme.note()

    def _errors(self) -> None:
        self.errors = figure = self.theme.figure(
            "distributions errors", title="Bit error rate of a read with one threshold", x=" ", y=" ", height=400
        )
        self.error_axes = Axis(figure, "x"), Axis(figure, "y")
        self.band = ColumnDataSource({"x": [], "low": [], "high": []})
        self.rate, self.model = ColumnDataSource(NO_LINE), ColumnDataSource(NO_LINE)
        self.wrong = {name: ColumnDataSource(NO_LINE) for name in NAMES}
        figure.varea("x", "low", "high", source=self.band, fill_color=NEUTRAL, fill_alpha=0.3)
        for name, source in self.wrong.items():
            figure.line("x", "y", source=source, line_color=COLORS[name], line_width=1.5)
        self.theme.ink(figure.line("x", "y", source=self.rate, line_width=2.5).glyph, "line_color")
        dashed = figure.line("x", "y", source=self.model, line_width=1.5, line_dash=[6, 3])
        self.theme.ink(dashed.glyph, "line_color")
        figure.add_tools(
            theme.hover([figure.renderers[-2]], ("Threshold", "@x{0.00}"), ("Bit error rate", "@y{0.[0000000]}"))
        )
        self.error_best = self._best(figure)
        self.error_legend = theme.note()

    def _best(self, figure: Figure) -> Span:
        span = Span(dimension="height", line_width=1.5, line_dash="dotted", visible=False)
        self.theme.ink(span, "line_color")
        figure.add_layout(span)
        return span

    def show(self, states: States) -> None:
        quantity, label = AXIS[states.quantity]
        scale, unit = theme.factor(quantity), theme.unit(quantity)
        low, high = (end * scale for end in states.x_range)
        self.density_axes[0].show("log", low, high, label)
        top = max(float(state.density.max()) for state in states.states)
        self.density_axes[1].show("linear", 0, 112 * top, "Density (% per decade)")
        for state in states.states:
            self._show_state(state, scale)
        first, last = (end * scale for end in states.window)
        self.window.update(left=first, right=last, visible=first < last)
        self._show_rate(states.rate, scale, THRESHOLD[states.quantity], states.high)
        for span in (self.density_best, self.error_best):
            span.update(location=states.rate.best * scale, visible=True)
        window = f"Window {theme.number(states.window_ratio[0])} × between the {100 * states.tail:g} % tails"
        self.densities.title.text = window
        self._show_texts(states, scale, unit)

    def _show_state(self, state: State, scale: float) -> None:
        edges = state.edges * scale
        self.bars[state.name].data = {"left": edges[:-1], "right": edges[1:], "top": 100 * state.density}
        self.models[state.name].data = {"x": state.model_x * scale, "y": 100 * state.model_y}

    def _show_rate(self, rate: Rate, scale: float, label: str, high: str) -> None:
        x = rate.threshold * scale
        low = "r_lrs" if high == "r_hrs" else "r_hrs"
        # a logarithmic axis has no place for 0
        self.rate.data = {"x": x, "y": positive(rate.rate)}
        self.wrong[high].data = {"x": x, "y": positive(rate.high_error)}
        self.wrong[low].data = {"x": x, "y": positive(rate.low_error)}
        shown = np.isfinite(rate.interval).all(axis=1)
        ends = np.maximum(rate.interval[shown], 1e-12)
        self.band.data = {"x": x[shown], "low": ends[:, 0], "high": ends[:, 1]}
        model = np.where(rate.model > EXACT, rate.model, np.nan)
        self.model.data = {"x": x, "y": model} if len(rate.model) else NO_LINE
        least = rate.rate[rate.rate > 0]
        self.error_axes[0].show("log", float(x[0]), float(x[-1]), label)
        self.error_axes[1].show("log", float(least.min()) / 3 if least.size else 1e-6, 1.0, "Bit error rate (per read)")

    def _show_texts(self, states: States, scale: float, unit: str) -> None:
        both = [swatch(COLORS[name], f"{text}, all cells and cycles", kind="area") for name, text in NAMES.items()]
        model = [swatch("ink", "model, exact", dash="dashed")] if len(states.rate.model) else []
        best = swatch("ink", "best threshold", dash="dotted")
        tail = f"{100 * states.tail:g} %"
        window = swatch(NEUTRAL, f"window ({tail} tails)", kind="area")
        self.density_legend.object = legend([*both, *model, best, window])
        wrong = [swatch(COLORS[name], f"{text} read as {other}") for (name, text), other in
                 zip(NAMES.items(), ("LRS", "HRS"), strict=True)]  # fmt: skip
        bit = swatch("ink", "bit error rate, shade: 95 % interval")
        self.error_legend.object = legend([bit, *wrong, *model, best])
        rate = states.rate
        rows = {
            "Best threshold": [f"{theme.number(rate.best * scale)} {unit}", ""],
            "Bit error rate there (per read)": [small(rate.best_rate), between(rate.best_interval, small)],
            f"Window between the {tail} tails": [times(states.window_ratio[0]), between(states.window_ratio[1:])],
            "Ratio of the medians": [times(states.median_ratio[0]), between(states.median_ratio[1:])],
        }
        self.table.object = table("One threshold for all cells and cycles", ["Value", "95 % interval"], rows)
        self.remark = describe(states)


def times(ratio: float) -> str:
    return f"{theme.measured(ratio)} ×"


def between(ends: tuple[float, ...], text: Callable[[float], str] = theme.measured) -> str:
    low, high = ends
    return "needs more cells" if low != low else f"{text(low)} … {text(high)}"


def positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)


def describe(states: States) -> str:
    """How the values came about."""
    said = [f"{counted(states.count, 'value')} of each state."]
    if states.quantity == "current":
        noise = "with read noise" if states.noise else "without read noise"
        said.append(f"Read at {theme.quantity(states.u_read, 'voltage')}, {noise}.")
    if states.skipped:
        said.append(f"Left out, as not positive: {counted(states.skipped, 'value')}.")
    return " ".join(said)
