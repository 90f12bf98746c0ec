"""The third part of the Fit tab: the fit beside the measurement, for each picture of the other tabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import panel_material_ui as pmui
from bokeh.models import BasicTicker, ColumnDataSource, Span, Whisker

from app.look import layout, theme
from app.look.axes import Axis
from app.look.legend import legend, swatch
from app.look.plain import plain
from app.look.scales import on_axis
from app.look.tables import table
from app.look.theme import COLORS, NEUTRAL, OUTLIER
from synaptogen_core.schema import FEATURES, feature

if TYPE_CHECKING:
    from app.tabs.fit.compare import Criteria, Fitted, Judged, Marginal, Matrix, Memory
    from app.tabs.fit.pictures import Scatter

LINE = {"x": [], "y": []}
BAND = {"x": [], "y": []}
DOTS = {"x": [], "y": [], "low": [], "high": []}
LOW, SMALL, LARGE = 240, 270, 330
LONGEST_NAME = 60  # letters of a device's name in a tip
NUMBERS = {
    f"{theme.AXES[f.name][2]}, {word}": (f.name, of)
    for f in FEATURES
    for word, of in (("median", "median"), ("C2C spread", "spread"))
}
CRITERION_STYLES = (("ink", "solid"), ("#E69F00", "dashed"), ("#56B4E9", "dotted"))


class Plot:
    """A figure whose axes hold what they are given, in a card that shows itself when there is something in it."""

    def __init__(self, look: theme.Theme, name: str, *above: Any, **options: Any):
        self.figure = look.figure(f"fit {name}", **options)
        self.x, self.y = Axis(self.figure, "x"), Axis(self.figure, "y")
        self.note = theme.note()
        self.card = theme.card(*above, theme.pane(self.figure), self.note)


def hold(axis: Axis, *values: np.ndarray, log: bool = False, label: str | None = None) -> None:
    """Let an axis hold all values that are numbers, with a margin; without one it stays."""
    known = np.concatenate([np.ravel(part) for part in values]) if values else np.zeros(0)
    known = known[np.isfinite(known)]
    if known.size:
        axis.show("log" if log else "linear", *spread_out(float(known.min()), float(known.max()), log), label)


def whole_numbers(plot: Plot, numbers: np.ndarray) -> None:
    """An axis from half a number before the first to half a number after the last."""
    plot.x.show("linear", float(numbers.min()) - 0.5, float(numbers.max()) + 0.5)


class Quantiles(Plot):
    """Measured quantiles with the band of what sampling gives, and the fitted ones; percents upwards."""

    def __init__(self, look: theme.Theme, name: str):
        self.name = name
        super().__init__(
            look, name, title=theme.AXES[name][2], x=theme.label(name), y="Share of the values below", height=SMALL
        )
        self.band, self.measured, self.fitted = (ColumnDataSource(d) for d in (BAND, LINE, LINE))
        color = COLORS[name]
        self.figure.patch("x", "y", source=self.band, fill_color=color, fill_alpha=0.3, line_color=None)
        self.figure.scatter("x", "y", source=self.measured, color=color, size=4)
        look.ink(self.figure.line("x", "y", source=self.fitted, line_width=2).glyph, "line_color")

    def show(self, marginal: Marginal | None) -> None:
        self.card.visible = marginal is not None
        if marginal is None:
            return
        scale, score = theme.factor(self.name), marginal.score
        low, high = marginal.lower * scale, marginal.upper * scale
        drawn = np.isfinite(low) & np.isfinite(high)
        self.band.data = {
            "x": np.concatenate([low[drawn], high[drawn][::-1]]),
            "y": np.concatenate([score[drawn], score[drawn][::-1]]),
        }  # fmt: skip
        self.measured.data = {"x": marginal.measured * scale, "y": score}
        self.fitted.data = {"x": marginal.fitted * scale, "y": score}
        hold(self.x, marginal.measured * scale, marginal.fitted * scale, log=feature(self.name).scale == "log")
        self.y.show("percent", float(score.min()) - 0.15, float(score.max()) + 0.15)
        said = [
            f"{kind}: distance {distance:.3f}, {verdict(distance, expected)}"
            for kind, distance, expected in marginal.distances
            if np.isfinite(distance)
        ]
        self.note.object = "; ".join(said)


def verdict(distance: float, expected: float) -> str:
    """A distance beside what sampling alone gives."""
    if not np.isfinite(expected):
        return "with too few devices to compare"
    return f"{'within' if distance <= expected else 'more than'} the {expected:.3f} of sampling alone"


def spread_out(low: float, high: float, log: bool) -> tuple[float, float]:
    """Ends of an axis with a margin."""
    if log and low > 0:
        ratio = (high / low) ** 0.05 if high > low else 1.1
        return low / ratio, high * ratio
    margin = 0.05 * (high - low) or abs(low) * 0.1 or 1.0
    return low - margin, high + margin


class Correlogram(Plot):
    """Autocorrelation of one feature: measured with its band, and fitted."""

    def __init__(self, look: theme.Theme, name: str):
        super().__init__(
            look, f"memory {name}", title=f"Memory of the {theme.AXES[name][2]}", x="lag", y="Correlation", height=LOW
        )
        self.note.visible = False  # its figure says all
        self.figure.xaxis.ticker = BasicTicker(min_interval=1)
        self.figure.add_layout(Span(location=0, dimension="width", line_color=NEUTRAL, line_alpha=0.6))
        self.dots, self.fitted = ColumnDataSource(DOTS), ColumnDataSource(LINE)
        color = COLORS[name]
        whisker = Whisker(base="x", lower="low", upper="high", source=self.dots, line_color=color, line_width=2)
        whisker.upper_head.update(line_color=color, size=6)
        whisker.lower_head.update(line_color=color, size=6)
        self.figure.add_layout(whisker)
        dots = self.figure.scatter("x", "y", source=self.dots, color=color, size=6)
        look.ink(self.figure.line("x", "y", source=self.fitted, line_width=2).glyph, "line_color")
        self.figure.add_tools(
            theme.hover([dots], ("Lag", "@x"), ("Measured", "@y{0.000}"), ("95 %", "@low{0.000} … @high{0.000}"))
        )

    def show(self, memory: Memory | None) -> None:
        self.card.visible = memory is not None
        if memory is None:
            return
        self.dots.data = {"x": memory.lag, "y": memory.measured, "low": memory.lower, "high": memory.upper}
        self.fitted.data = {"x": memory.lag, "y": memory.fitted}
        whole_numbers(self, memory.lag)
        hold(self.y, memory.measured, memory.lower, memory.upper, memory.fitted, np.zeros(1))


class Devices(Plot):
    """Devices by two of their numbers, with the fitted ellipses."""

    def __init__(self, look: theme.Theme, scatter: Callable[..., Scatter | None]):
        self._scatter = scatter
        names = list(NUMBERS)
        self.across, self.up = (
            pmui.Select(label=label, options=names, value=value, size="small", width=240, margin=(8, 6))
            for label, value in (("Across", names[4]), ("Up", names[6]))
        )
        for control in (self.across, self.up):
            control.param.watch(lambda event: self.show(), "value")
        title = "Devices, and what the fit expects of them"
        choice = layout.flow(self.across, self.up, sizing_mode="stretch_width")
        super().__init__(look, "devices", choice, title=title, x=" ", y=" ", height=LARGE)
        self.points = ColumnDataSource({"x": [], "y": [], "device": []})
        self.main, self.others = (ColumnDataSource({"xs": [], "ys": []}) for _ in range(2))
        dots = self.figure.scatter("x", "y", source=self.points, size=6, color=NEUTRAL, alpha=0.8)
        look.ink(self.figure.multi_line("xs", "ys", source=self.main, line_width=2).glyph, "line_color")
        self.figure.multi_line("xs", "ys", source=self.others, line_color=OUTLIER, line_width=2, line_dash="dashed")
        self.figure.add_tools(theme.hover([dots], ("Device", "@device")))

    def offer(self, features: Sequence[str]) -> None:
        """Numbers of the features that were measured."""
        names = [title for title, (name, _) in NUMBERS.items() if name in features]
        places = [min(4, len(names) - 2), min(6, len(names) - 1)] if len(names) > 2 else [0, 1]
        for control, place in zip((self.across, self.up), places, strict=True):
            kept = control.value if control.value in names else names[place]
            if control.options != names:
                control.param.update(options=names, value=kept)
        self.show()

    def show(self) -> None:
        sides = NUMBERS[self.across.value], NUMBERS[self.up.value]
        found = self._scatter(*sides)
        self.card.visible = found is not None
        if found is None:
            return
        ellipses = {wanted: [e for e in found.ellipses if e.outlier is wanted] for wanted in (False, True)}
        entries = [swatch(NEUTRAL, "measured devices", kind="dot"), swatch("ink", "fitted, one and two σ")]
        if ellipses[True]:
            entries.append(swatch(OUTLIER, "of the outlier population", dash="dashed"))
        self.note.object = legend(entries)
        places = [placed(found.x, sides[0]), placed(found.y, sides[1])]
        self.points.data = {
            "x": places[0],
            "y": places[1],
            "device": [plain(name, LONGEST_NAME) for name in found.devices],
        }
        lines = [[placed(getattr(e, side), of) for e in found.ellipses] for side, of in zip("xy", sides, strict=True)]
        for source, wanted in ((self.main, False), (self.others, True)):
            source.data = {
                "xs": [placed(e.x, sides[0]) for e in ellipses[wanted]],
                "ys": [placed(e.y, sides[1]) for e in ellipses[wanted]],
            }
        for axis, side, points, outlines in zip((self.x, self.y), sides, places, lines, strict=True):
            log = side[1] == "median" and feature(side[0]).scale == "log"
            hold(axis, points, *outlines, log=log, label=label_of(*side))


def placed(values: np.ndarray, side: tuple[str, str]) -> np.ndarray:
    """Medians in the unit of their axis; a spread of r_hrs stays in decades."""
    name, of = side
    if of == "spread" and feature(name).scale == "log":
        return values
    return on_axis(values, name, False)


def label_of(name: str, of: str) -> str:
    if of == "median":
        return theme.label(name).replace(" (", ", median (")
    unit = "decades" if feature(name).scale == "log" else theme.unit(name)
    return f"{theme.AXES[name][2]}, C2C spread ({unit})"


class Choice(Plot):
    """Information criteria over what could have been chosen."""

    def __init__(self, look: theme.Theme, name: str, title: str, x: str):
        super().__init__(look, name, title=title, x=x, y="Criterion above its best", height=LOW)
        self.figure.xaxis.ticker = BasicTicker(min_interval=1)
        self.lines = [ColumnDataSource(LINE) for _ in CRITERION_STYLES]
        for source, (color, dash) in zip(self.lines, CRITERION_STYLES, strict=True):
            glyphs = [self.figure.line("x", "y", source=source, line_width=2, line_dash=dash).glyph,
                      self.figure.scatter("x", "y", source=source, size=6).glyph]  # fmt: skip
            for glyph in glyphs:
                if color == "ink":
                    look.ink(glyph, "line_color", *(["fill_color"] if hasattr(glyph, "fill_color") else []))
                else:
                    glyph.update(line_color=color, **({"fill_color": color} if hasattr(glyph, "fill_color") else {}))
        self.mark = Span(location=1, dimension="height", line_color=NEUTRAL, line_dash="dotted", line_width=2)
        self.figure.add_layout(self.mark)

    def show(self, criteria: Criteria | None) -> None:
        self.card.visible = criteria is not None and bool(criteria.lines)
        if criteria is None or not criteria.lines:
            return
        for i, source in enumerate(self.lines):
            source.data = {"x": criteria.x, "y": criteria.lines[i][1]} if i < len(criteria.lines) else LINE
        whole_numbers(self, criteria.x)
        top = max(float(np.nanmax(line)) for _, line in criteria.lines) or 1.0
        self.y.show("linear", -0.05 * top, 1.05 * top)
        self.mark.location = criteria.chosen
        entries = [
            swatch(color, name, dash=dash)
            for (name, _), (color, dash) in zip(criteria.lines, CRITERION_STYLES, strict=False)
        ]
        told = "as suggested" if criteria.chosen == criteria.suggested else f"suggested was {criteria.suggested}"
        self.note.object = legend([*entries, f"<span>chosen: {criteria.chosen}, {told}</span>"])


class Curves(Plot):
    """The I-V family: measured branches as points, the fitted ones as lines."""

    def __init__(self, look: theme.Theme):
        super().__init__(look, "curves", title="I-V family", x="voltage", y="current", height=LARGE + 56)
        self.lines = ColumnDataSource({"xs": [], "ys": [], "color": []})
        self.points = ColumnDataSource({"x": [], "y": [], "color": []})
        self.figure.scatter("x", "y", source=self.points, size=4, color="color", alpha=0.7)
        self.figure.multi_line("xs", "ys", source=self.lines, line_color="color", line_width=2)

    def show(self, fitted: Fitted) -> None:
        family, micro = fitted.family, theme.factor("current")
        colors = [COLORS["r_lrs" if low else "r_hrs"] for low in family.low_state]
        volts = family.voltage
        self.lines.data = {"xs": [volts] * len(colors), "ys": list(family.fitted * micro), "color": colors}
        seen = np.isfinite(family.measured)
        each = np.repeat(np.array(colors[: len(seen)]), seen.sum(axis=1)) if seen.size else []
        self.points.data = {
            "x": np.broadcast_to(volts, seen.shape)[seen], "y": family.measured[seen] * micro, "color": each
        }  # fmt: skip
        hold(self.x, volts)
        hold(self.y, family.fitted * micro, family.measured * micro)
        entries = [swatch(COLORS["r_hrs"], "high resistance"), swatch(COLORS["r_lrs"], "low resistance")]
        if family.borrowed:
            entries.append("<span>no loops were given: the published curves, scaled</span>")
        else:
            entries += [swatch(NEUTRAL, "measured", kind="dot"), "<span>lines: fitted</span>"]
        self.note.object = legend(entries)


def matrix_table(matrix: Matrix) -> str:
    """Correlations of one kind: measured, its interval, fitted."""
    later = "later" in matrix.kind  # then neither the order nor the diagonal is idle
    rows: dict[str, list[str]] = {}
    for i, row in enumerate(matrix.symbols):
        for j, column in enumerate(matrix.symbols):
            parts = [m[i, j] for m in (matrix.measured, matrix.lower, matrix.upper, matrix.fitted)]
            if np.isfinite(parts[0]) and (later or j < i):
                measured, low, high, fitted = (
                    f"{round(float(v), 2) + 0.0:.2f}".replace("-", "−") if v == v else "–" for v in parts
                )
                rows[f"{row} with {column}"] = [measured, f"{low} … {high}", fitted]
    return table(f"Correlation {matrix.kind}", ["measured", "95 %", "fitted"], rows) if rows else ""


class ComparePart:
    """All the pictures; each card shows itself when there is something in it."""

    def __init__(self, look: theme.Theme, scatter: Callable[..., Any]):
        self.quantiles = {f.name: Quantiles(look, f.name) for f in FEATURES}
        self.memory = {f.name: Correlogram(look, f.name) for f in FEATURES}
        self.devices, self.curves = Devices(look, scatter), Curves(look)
        self.orders = Choice(look, "order", "Which order of the memory", "VAR order (cycles)")
        self.components = Choice(look, "components", "How many kinds of device", "Components of the mixture")
        self.matrices = [theme.table() for _ in range(3)]
        self.matrix_cards = [theme.card(place) for place in self.matrices]
        self.explained = theme.note(legend([
            swatch(NEUTRAL, "measured", kind="dot"), swatch(NEUTRAL, "what sampling alone gives, 95 %", kind="area"),
            swatch("ink", "fitted"),
        ]))  # fmt: skip
        half, quarter = {"xs": 12, "md": 6}, {"xs": 12, "sm": 6, "xl": 3}
        self.of_fit = layout.column(
            theme.grid(self.devices.card, self.curves.card, sizes=half),
            theme.grid(self.orders.card, self.components.card, sizes=half),
            gap=10,
        )  # fmt: skip
        self.of_validation = layout.column(
            self.explained,
            theme.grid(*(q.card for q in self.quantiles.values()), sizes=quarter),
            theme.grid(*(m.card for m in self.memory.values()), sizes=quarter),
            theme.grid(
                layout.column(*self.matrix_cards[::2], gap=10),
                self.matrix_cards[1], sizes=half,
            ),
            gap=10, visible=False,
        )  # fmt: skip

    def show_fit(self, fitted: Fitted) -> None:
        self.devices.offer(fitted.features)
        self.curves.show(fitted)
        self.orders.show(fitted.orders)
        self.components.show(fitted.components)

    def show_validation(self, judged: Judged | None) -> None:
        self.of_validation.visible = judged is not None
        if judged is None:
            return
        marginals = {part.name: part for part in judged.marginals}
        memory = {part.name: part for part in judged.memory}
        for name in self.quantiles:
            self.quantiles[name].show(marginals.get(name))
            self.memory[name].show(memory.get(name))
        for place, card, matrix in zip(self.matrices, self.matrix_cards, judged.matrices, strict=True):
            place.object = matrix_table(matrix)
            card.visible = bool(place.object)
