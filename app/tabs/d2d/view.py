"""Device to device: devices as points with the mixture's ellipses, correlations, shares of the variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, FactorRange, LinearColorMapper, LogColorMapper, Range1d, Whisker
from bokeh.palettes import diverging_palette, interp_palette
from bokeh.plotting import figure as Figure

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.axes import Axis
from app.look.legend import cell_entries, legend, swatch
from app.look.tables import table
from app.look.theme import CELL_MARKERS, COLORS, MAP_PALETTE, NEUTRAL, OUTLIER
from app.settings.numbers import minus
from app.settings.sections import MAX_CELLS
from app.tabs.view import Context, OneRun
from app.tabs.view import View as Base
from synaptogen_core.schema import FEATURE_NAMES, FEATURES, feature

if TYPE_CHECKING:
    from app.tabs.d2d.compute import Cloud, Result, Share

NO_IMAGE = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
IDENTICAL = "The devices are identical: apparent differences come from the small number of cycles."
POINT = {"x": [], "y": [], "row": [], "column": []}
SHORT = {"r_hrs": "R HRS", "u_set": "U SET", "r_lrs": "R LRS", "u_reset": "U RESET"}
BLUES = ("#08306b", "#2171b5", "#6baed6", "#c6dbef", "#f7f7f7")
ORANGES = ("#7f2704", "#d94801", "#fd8d3c", "#fdd0a2", "#f7f7f7")
DIVERGING = diverging_palette(BLUES, ORANGES, 9)
ON_DARK = interp_palette(["#4292c6", "#1b2126", "#e6550d"], 9)
SPREAD_UNITS = {"r_hrs": (1.0, "decades"), "u_set": (1e3, "mV"), "r_lrs": (1.0, "Ω"), "u_reset": (1e3, "mV")}
KINDS = {
    "device_to_device": ("Correlation between devices", "Of the devices' true means"),
    "cycle_to_cycle": ("Correlation within devices", "Of the cycles of a device"),
    "population": ("Correlation of all values", "Of all cycles of all devices"),
}


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.scatter, self.correlations, self.shares = self._scatter(), Correlations(self.theme), self._shares()
        self.scatter_legend, self.shares_note = theme.note(), theme.note()
        self.table, self.note = theme.table(), theme.note()
        self.result: Result | None = None
        self.trouble = theme.Alert(severity="info", visible=False, sizing_mode="stretch_width", margin=0)
        self.matrix_card = theme.card(self.correlations.figure, self.correlations.note)
        self.variances = theme.grid(
            theme.card(self.shares, self.shares_note), theme.card(self.table), sizes={"xs": 12, "lg": 6}
        )
        self.layout = layout.column(
            Panel((Group(context.options),), layout="bar"),
            self.trouble,
            theme.grid(
                theme.card(self.scatter, self.scatter_legend), self.matrix_card,
                sizes=[{"xs": 12, "lg": 7}, {"xs": 12, "lg": 5}],
            ),
            self.variances, self.note, gap=10,
        )  # fmt: skip

    def of_one_run(self) -> Sequence[OneRun]:
        return (self.correlations,)

    def update(self, result: Result) -> None:
        said = result.trouble or ("" if result.spread_out else IDENTICAL)
        theme.say(self.trouble, said)
        self.matrix_card.visible = self.variances.visible = not result.trouble
        self._show_scatter(result)
        self.correlations.show(result)
        self._show_shares(result)
        self.note.object = result.sample

    # ------------------------------------------------------------------------------------------------ devices
    def _scatter(self) -> Figure:
        figure = self.theme.figure("devices scatter", title="–", x="r_lrs", y="u_reset", height=420)
        self.x, self.y = Axis(figure, "x"), Axis(figure, "y")
        self.main, self.outliers = ColumnDataSource(POINT), ColumnDataSource(POINT)
        self.ellipses, self.outlier_ellipses = (ColumnDataSource({"xs": [], "ys": []}) for _ in range(2))
        self.density = ColumnDataSource(NO_IMAGE)
        self.shades = LogColorMapper(palette=MAP_PALETTE, low=1, high=2, low_color="rgba(0, 0, 0, 0)")
        figure.image("image", "x", "y", "dw", "dh", source=self.density, color_mapper=self.shades)
        points = [
            figure.scatter("x", "y", source=self.main, size=4, color=NEUTRAL, alpha=0.5, line_color=None),
            figure.scatter("x", "y", source=self.outliers, size=6, color=OUTLIER, alpha=0.9, marker="triangle"),
        ]
        figure.multi_line(
            "xs", "ys", source=self.outlier_ellipses, line_color=OUTLIER, line_width=2, line_dash="dashed"
        )
        glyph = figure.multi_line("xs", "ys", source=self.ellipses, line_width=2).glyph
        self.theme.ink(glyph, "line_color")
        self.followed = [ColumnDataSource(POINT) for _ in range(MAX_CELLS)]
        for i, source in enumerate(self.followed):
            mark = figure.scatter(
                "x", "y", source=source, size=13, marker=CELL_MARKERS[i], fill_color=None, line_width=3
            )
            self.theme.cell_style(mark.glyph, i)
            points.append(mark)
        figure.add_tools(theme.hover(points, ("Cell", "(@row, @column)")))
        figure.on_event(Tap, self._tapped)
        return figure

    def _tapped(self, event: Tap) -> None:
        """Follow the device nearest to a click."""
        if self.result is None:
            return
        clouds, sides = (self.result.main, self.result.outliers), (self.result.x, self.result.y)
        distance = np.zeros(sum(cloud.x.size for cloud in clouds))
        for at, side, axis, name in zip((event.x, event.y), sides, (self.x, self.y), "xy", strict=True):
            place = drawn(np.concatenate([getattr(cloud, name) for cloud in clouds]), *side)
            distance += axis.distance(place, at) ** 2
        nearest = int(distance.argmin())
        row, column = (np.concatenate([getattr(cloud, name) for cloud in clouds]) for name in ("row", "column"))
        add = event.modifiers["shift"] or event.modifiers["ctrl"]
        self.context.select(int(row[nearest]), int(column[nearest]), add=add)

    def _show_density(self, result: Result, sides: tuple[tuple[str, str], ...]) -> None:
        if result.density is None:
            self.density.data = NO_IMAGE
            return
        ends = (drawn(np.array(e), *side) for e, side in zip((result.density.x, result.density.y), sides, strict=True))
        (left, right), (bottom, top) = ([float(v) for v in pair] for pair in ends)
        self.shades.high = max(2.0, float(result.density.counts.max()))
        self.density.data = {
            "image": [result.density.counts], "x": [left], "y": [bottom], "dw": [right - left], "dh": [top - bottom]
        }  # fmt: skip

    def _show_scatter(self, result: Result) -> None:
        sides = result.x, result.y
        self.result = result
        self._show_density(result, sides)
        self.main.data = points(result.main, sides) if result.density is None else POINT
        self.outliers.data = points(result.outliers, sides)
        for i, source in enumerate(self.followed):
            chosen = slice(i, i + 1) if i < len(result.followed.x) else slice(0)
            source.data = {name: column[chosen] for name, column in points(result.followed, sides).items()}
        for source, wanted in ((self.ellipses, False), (self.outlier_ellipses, True)):
            lines = [e for e in result.ellipses if e.outlier is wanted]
            source.data = {"xs": [drawn(e.x, *sides[0]) for e in lines], "ys": [drawn(e.y, *sides[1]) for e in lines]}
        for axis, side, name in ((self.x, result.x, "x"), (self.y, result.y, "y")):
            parts = [getattr(c, name) for c in (result.main, result.outliers, result.followed, *result.ellipses)]
            low, high = span(np.concatenate(parts))
            ends = drawn(np.array([low, high]), *side)
            axis.show(kind(*side), float(ends[0]), float(ends[1]), axis_label(*side))
        devices = f"{theme.number(result.devices)} device{'s' if result.devices > 1 else ''}"
        self.scatter.title.text = f"{devices}, {result.cycles} cycle{'s' if result.cycles > 1 else ''} each"
        cells = list(zip(result.followed.row, result.followed.column, strict=True))
        self.scatter_legend.object = legend([
            swatch(NEUTRAL, "device", kind="dot") if result.density is None else "<span>shade: devices</span>",
            swatch(OUTLIER, f"outlier population ({result.outlier_count})", kind="triangle"),
            *([swatch("ink", "component of the mixture, 1 and 2 σ")] if result.ellipses else []),
            *([swatch(OUTLIER, "outlier component", dash="dashed")] if any(e.outlier for e in result.ellipses) else []),
            *cell_entries(cells),
            "<span>click a device to follow it</span>",
        ])  # fmt: skip

    # ------------------------------------------------------------------------------------------------ variances
    def _shares(self) -> Figure:
        names = [SHORT[name] for name in FEATURE_NAMES][::-1]
        figure = self.theme.figure(
            "devices shares", title="Share of variance between devices", x="Share of the variance (%)", y="Feature",
            height=290, x_range=Range1d(0, 100), y_range=FactorRange(*names),
        )  # fmt: skip
        self.bars = ColumnDataSource({"y": [], "share": [], "low": [], "high": [], "model": [], "color": []})
        self.textbook = ColumnDataSource({"y": [], "share": []})
        figure.hbar(y="y", right="share", height=0.55, source=self.bars, color="color")
        whisker = Whisker(base="y", lower="low", upper="high", source=self.bars, dimension="width", line_width=2)
        for part in (whisker, whisker.lower_head, whisker.upper_head):
            self.theme.ink(part, "line_color")
        figure.add_layout(whisker)
        model = figure.scatter("model", "y", source=self.bars, marker="diamond", size=13, line_width=2, fill_color=None)
        self.theme.ink(model.glyph, "line_color")
        anova = figure.scatter("share", "y", source=self.textbook, marker="x", size=13, line_width=3)
        self.theme.ink(anova.glyph, "line_color")
        return figure

    def _show_shares(self, result: Result) -> None:
        shares = result.shares
        names = [SHORT[s.name] for s in shares]
        self.bars.data = {
            "y": names, "share": [100 * s.share for s in shares],
            "low": [100 * s.interval[0] for s in shares], "high": [100 * s.interval[1] for s in shares],
            "model": [100 * s.share_model for s in shares], "color": [COLORS[s.name] for s in shares],
        }  # fmt: skip
        shown = shares if result.anova else ()
        self.textbook.data = {"y": [SHORT[s.name] for s in shown], "share": [100 * s.share_anova for s in shown]}
        textbook = " ✕ what one-way analysis of variance says, as if cycles had no memory." if result.anova else ""
        self.shares_note.object = (
            f"Bar: unbiased estimate, with its 95 % interval over devices. ◇ exact value of the model.{textbook}"
        )
        self.table.object = spreads(shares)


class Correlations:
    """The matrix of one kind: each estimate, and below it the model's, or what run A had."""

    def __init__(self, look: theme.Theme):
        names = [SHORT[name] for name in FEATURE_NAMES]
        self.figure, self.note = look.figure(
            "devices correlations", title="–", x="Feature", y="Feature", height=420,
            x_range=FactorRange(*names), y_range=FactorRange(*names[::-1]),
        ), theme.note()  # fmt: skip
        self.shown: Estimates | None = None
        self.figure.grid.visible = False
        self.cells = ColumnDataSource({"x": [], "y": [], "value": [], "text": [], "below": [], "over": []})
        shades = look.shade(LinearColorMapper(low=-1, high=1, nan_color=NEUTRAL), DIVERGING, ON_DARK)
        words = look.inside("over")
        self.figure.rect("x", "y", 0.98, 0.98, source=self.cells, line_color=None,
                         fill_color={"field": "value", "transform": shades})  # fmt: skip
        for text, offset, size in (("text", -5, "15px"), ("below", 13, "11px")):
            self.figure.text("x", "y", text=text, source=self.cells, text_align="center", text_baseline="middle",
                             y_offset=offset, text_font_size=size, text_color=words)  # fmt: skip

    def show(self, result: Result) -> None:
        """The estimates of the present run."""
        title, of = KINDS[result.kind]
        below = [["" if i == j or np.isnan(v) else f"({signed(v)})" for j, v in enumerate(row)]
                 for i, row in enumerate(result.matrix_model)]  # fmt: skip
        note = f"{of}; log₁₀ R for HRS. Below each estimate: the exact value of the model."
        self.shown = Estimates(title, note, result.matrix, below)
        self.draw(self.shown)

    def draw(self, shown: Estimates) -> None:
        names, value = [SHORT[name] for name in FEATURE_NAMES], shown.values
        places = [(i, j) for i in range(len(names)) for j in range(len(names))]
        self.cells.data = {
            "x": [names[j] for _, j in places],
            "y": [names[i] for i, _ in places],
            "value": [value[p] for p in places],
            "text": [signed(value[p]) for p in places],
            "below": [shown.below[i][j] for i, j in places],
            "over": ["pale" if -0.5 < value[p] < 0.77 else "strong" for p in places],
        }
        self.figure.title.text, self.note.object = shown.title, shown.note

    def of_two(self, a: Estimates, b: Estimates, side: str) -> Estimates:
        """Those of A, those of B, or how much higher B is."""
        if side != "difference":
            return replace(a, title=f"A: {a.title}") if side == "a" else b
        below = [[f"A {signed(v)}" for v in row] for row in a.values]
        more = np.round(b.values - a.values, 9) + 0.0  # no -0
        return Estimates(f"B − A: {b.title}", "Below each difference: the estimate of A.", more, below)


@dataclass(frozen=True, eq=False)
class Estimates:
    """Numbers of a matrix with a smaller text below each."""

    title: str
    note: str
    values: np.ndarray
    below: list[list[str]]


def kind(name: str, of: str) -> str:
    """Axis of a device's number: a median stands on its feature's own axis, a spread on a linear one."""
    return feature(name).scale if of == "median" else "linear"


def drawn(values: np.ndarray, name: str, of: str) -> np.ndarray:
    """Numbers on the feature's own scale -> numbers on the axis."""
    if of == "spread":
        return values * SPREAD_UNITS[name][0]
    return (10**values if feature(name).scale == "log" else values) * theme.factor(name)


def axis_label(name: str, of: str) -> str:
    if of == "median":
        return f"Median {theme.label(name)}"
    return f"C2C spread of {theme.AXES[name][2]} ({SPREAD_UNITS[name][1]})"


def points(cloud: Cloud, sides: tuple[tuple[str, str], ...]) -> dict[str, np.ndarray]:
    return {"x": drawn(cloud.x, *sides[0]), "y": drawn(cloud.y, *sides[1]), "row": cloud.row, "column": cloud.column}


def span(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.05 * (high - low) or abs(low) * 0.05 or 1e-3
    return low - margin, high + margin


def signed(value: float) -> str:
    return "–" if np.isnan(value) else minus(f"{value:+.2f}")


def spreads(shares: tuple[Share, ...]) -> str:
    """Standard deviations of the four features in their units, estimated and exact."""
    rows = {}
    for share in shares:
        scale, unit = SPREAD_UNITS[share.name]
        values = (share.c2c, share.c2c_model, share.d2d, share.d2d_model)
        name = next(f.long_name for f in FEATURES if f.name == share.name)
        rows[name[0].upper() + name[1:]] = [f"{theme.measured(scale * v)} {unit}" for v in values]
    caption = "Cycle to cycle (C2C): root mean square over the devices. Device to device (D2D): of their true means."
    heads = ("C2C", "model", "D2D", "model")
    return table(caption, heads, rows, of="Standard deviation", wraps=True) if rows else ""
