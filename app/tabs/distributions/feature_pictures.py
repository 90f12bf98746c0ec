"""Distributions of the features: one card a feature, the model's exact curve in ink, quantiles in a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bokeh.models import ColumnDataSource, Label

from app.look import layout, theme
from app.look.axes import Axis
from app.look.legend import legend, swatch
from app.look.tables import table
from app.look.theme import COLORS, Theme
from app.tabs.view import Context
from synaptogen_core.schema import FEATURE_NAMES

if TYPE_CHECKING:
    from app.tabs.distributions.compute import Curve, Features, Quantiles

SMALL, LARGE = 290, 460  # heights in pixels
NO_BARS = {"left": [], "right": [], "top": [], "bottom": []}
NO_BAND = {"x": [], "low": [], "high": []}
NO_LINE = {"x": [], "y": []}
DATA = {
    "histogram": ("these cells", "area"),
    "cumulative": ("these cells, shade: 95 % interval", "line"),
    "probability": ("these cells", "dot"),
}


class FeaturePictures:
    """Four small cards, or a large one with its quantiles."""

    def __init__(self, context: Context):
        self.pictures = {name: Picture(context.theme, name) for name in FEATURE_NAMES}
        self.four = theme.grid(*(p.card for p in self.pictures.values()), sizes={"xs": 12, "md": 6})
        self.table = theme.table()
        self.layout = layout.column(gap=10)
        self.remark = ""
        self._shown = ""

    def show(self, features: Features) -> None:
        for name, curve in features.curves.items():
            self.pictures[name].show(curve, features.kind, features.height)
        single = next(iter(features.curves)) if len(features.curves) == 1 else ""
        if features.quantiles:
            self.table.object = quantile_table(features.quantiles)
        if single != self._shown or not self.layout.objects:
            self._place(single)
        self.table.visible = features.quantiles is not None
        self.remark = remarks(features.curves.values())

    def _place(self, single: str) -> None:
        self._shown = single
        for picture in self.pictures.values():
            picture.pane.height = picture.figure.height = LARGE if picture.name == single else SMALL
        self.layout.objects = [self.pictures[single].card, theme.card(self.table)] if single else [self.four]


class Picture:
    """The figure of one feature."""

    def __init__(self, look: Theme, name: str):
        self.name = name
        self.figure = look.figure(f"distributions {name}", title="–", x=name, y=" ", height=SMALL)
        self.x, self.y = Axis(self.figure, "x"), Axis(self.figure, "y")
        self.bars, self.band = ColumnDataSource(NO_BARS), ColumnDataSource(NO_BAND)
        self.data, self.model = ColumnDataSource(NO_LINE), ColumnDataSource(NO_LINE)
        color = COLORS[name]
        self.figure.quad(
            "left", "right", "top", "bottom", source=self.bars, fill_color=color, fill_alpha=0.75, line_color=None
        )
        self.figure.varea("x", "low", "high", source=self.band, fill_color=color, fill_alpha=0.25)
        self.line = self.figure.line("x", "y", source=self.data, line_color=color, line_width=2)
        self.points = self.figure.scatter("x", "y", source=self.data, size=4, color=color, line_color=None)
        model = self.figure.line("x", "y", source=self.model, line_width=1.5, line_dash=[6, 3])
        look.ink(model.glyph, "line_color")
        self.sentence = Label(x=16, y=16, x_units="screen", y_units="screen", text="", text_font_size="13px")
        look.ink(self.sentence, "text_color")
        self.figure.add_layout(self.sentence)
        self.pane, self.legend = theme.pane(self.figure), theme.note()
        self.card = theme.card(self.pane, self.legend)

    def show(self, curve: Curve, kind: str, height: str) -> None:
        scale, per = theme.factor(self.name), 1.0 if curve.note else factor_of(curve, kind)
        low, high = sorted(end * scale for end in curve.x_range)
        self.x.show(curve.scale, low, high)
        y_kind = "percent" if kind == "probability" else height if kind == "histogram" else "linear"
        y_kind = "linear" if curve.note else y_kind
        bottom, top = (end * per for end in curve.y_range)
        self.y.show(y_kind, bottom, top, y_label(curve, kind))
        self.figure.yaxis.visible = not curve.note
        edges, x, y = curve.edges * scale, curve.x * scale, curve.y * per
        bars = {"left": edges[:-1], "right": edges[1:], "top": y, "bottom": [bottom] * len(y)}
        has_bars, has_band = kind == "histogram" and not curve.note, kind == "cumulative" and len(curve.band) > 0
        self.bars.data = bars if has_bars else NO_BARS
        self.data.data = NO_LINE if has_bars else {"x": x, "y": y}
        band = curve.band * per
        self.band.data = {"x": x, "low": band[:, 0], "high": band[:, 1]} if has_band else NO_BAND
        self.line.visible, self.points.visible = kind == "cumulative", kind == "probability"
        self.model.data = {"x": curve.model_x * scale, "y": curve.model_y * per}
        text, shape = DATA[kind]
        entries = [swatch(COLORS[self.name], text, kind=shape)]
        if len(curve.model_x):
            entries.append(swatch("ink", "model, exact", dash="dashed"))
        self.legend.object = legend(entries) if not curve.note else ""
        self.sentence.text = curve.note
        self.figure.title.text = title(curve)


def title(curve: Curve) -> str:
    low, middle, high = (theme.measured(q * theme.factor(curve.name)) for q in curve.quantiles)
    unit = theme.unit(curve.name)
    return f"All cycles: {middle} {unit}" if curve.note else f"Median {middle} {unit}, 90 % in {low} … {high} {unit}"


def factor_of(curve: Curve, kind: str) -> float:
    """From SI to the y axis: percent, and per handy unit."""
    if kind == "probability":
        return 1.0
    per_unit = kind == "histogram" and curve.scale == "linear"
    return 100.0 / theme.factor(curve.name) if per_unit else 100.0


def y_label(curve: Curve, kind: str) -> str:
    if kind == "histogram":
        return f"Density (% per {'decade' if curve.scale == 'log' else theme.unit(curve.name)})"
    return "Cycles below (%)" if kind == "cumulative" else "Cycles below, normal scores (%)"


def quantile_table(quantiles: Quantiles) -> str:
    """Quantiles: these cells, their interval, the model."""
    scale = theme.factor(quantiles.name)

    def texts(values: Iterable[float]) -> list[str]:
        return [theme.measured(value * scale, 4) for value in values]

    low, high = quantiles.interval.T
    rows = {
        "These cells": texts(quantiles.value),
        "95 % interval": [f"{a} … {b}" for a, b in zip(texts(low), texts(high), strict=True)],
        "Model, exact": texts(quantiles.model),
    }
    name = theme.AXES[quantiles.name][2]
    head = [f"{100 * p:g} %" for p in quantiles.probability]
    return table(f"Quantiles of the {name} ({theme.unit(quantiles.name)})", head, rows)


def remarks(curves: Iterable[Curve]) -> str:
    """What the pictures leave out."""
    curves = list(curves)
    beyond = [f"{100 * c.outside:.2g} % of the {theme.AXES[c.name][2]}s" for c in curves if c.outside > 0]
    said = [f"Beyond the axes lie {', '.join(beyond)}."] if beyond else []
    skipped = [f"{c.skipped:,} of the {theme.AXES[c.name][2]}s" for c in curves if c.skipped]
    if skipped:
        said.append(f"Not positive, so without a place on a logarithmic axis: {', '.join(skipped)}.")
    return " ".join(said)
