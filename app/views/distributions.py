"""Distributions of the features: one card a feature, the model's exact curve in ink, quantiles in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, Label, Legend, LegendItem

from app import controls, theme
from app.theme import COLORS, Theme
from app.views.axes import Axis
from app.views.base import Context
from app.views.base import View as Base
from synaptogen_core.schema import FEATURE_NAMES

if TYPE_CHECKING:
    from app.results.distributions import Curve, Quantiles, Result

HALF, WHOLE = {"xs": 12, "md": 6}, {"xs": 12}
SMALL, LARGE = 300, 460  # heights in pixels


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.pictures = {name: Picture(self.theme, name) for name in FEATURE_NAMES}
        self.places = {name: pmui.Grid(theme.card(p.figure), size=HALF) for name, p in self.pictures.items()}
        self.table = pn.pane.HTML("", sizing_mode="stretch_width", margin=0)
        self.table_card = theme.card(self.table)
        self.note = theme.note()
        self.layout = pmui.Column(
            self._controls(),
            pmui.Grid(*self.places.values(), container=True, spacing=1.25, sizing_mode="stretch_width"),
            self.table_card, self.note, sizing_mode="stretch_width", margin=0, sx={"gap": "10px"},
        )  # fmt: skip

    def _controls(self) -> Any:
        options = self.context.options
        widgets = {name: controls.widget(options, name, width=170, sizing_mode=None) for name in options.names()}

        def show(*events: Any) -> None:
            for name, control in widgets.items():
                control.visible = name in options.active()

        options.param.watch(show, list(options.names()))
        show()
        return pmui.FlexBox(*widgets.values(), sizing_mode="stretch_width", align_items="center", gap="4px 12px")

    def update(self, result: Result) -> None:
        single = len(result.curves) == 1
        for name, place in self.places.items():
            place.visible = name in result.curves
            if place.visible:
                self.pictures[name].show(result.curves[name], result.kind, result.height)
                place.size = WHOLE if single else HALF
        self.table_card.visible = result.quantiles is not None
        if result.quantiles:
            self.table.object = table(result.quantiles)
        self.note.object = " ".join([result.sample, *remarks(result)])


class Picture:
    """The figure of one feature."""

    def __init__(self, page_theme: Theme, name: str):
        self.name = name
        self.figure = page_theme.figure(f"distributions {name}", x=name, y=" ", height=SMALL)
        self.x, self.y = Axis(self.figure, "x"), Axis(self.figure, "y")
        self.bars = ColumnDataSource({"left": [], "right": [], "top": [], "bottom": []})
        self.band = ColumnDataSource({"x": [], "low": [], "high": []})
        self.data = ColumnDataSource({"x": [], "y": []})
        self.model = ColumnDataSource({"x": [], "y": []})
        color = COLORS[name]
        quads = self.figure.quad(
            "left", "right", "top", "bottom", source=self.bars, fill_color=color, fill_alpha=0.75, line_color=None
        )
        area = self.figure.varea("x", "low", "high", source=self.band, fill_color=color, fill_alpha=0.25)
        self.line = self.figure.line("x", "y", source=self.data, line_color=color, line_width=2)
        self.points = self.figure.scatter("x", "y", source=self.data, size=4, color=color, line_color=None)
        model = self.figure.line("x", "y", source=self.model, line_width=1.5, line_dash=[6, 3])
        page_theme.ink(model.glyph, "line_color")
        self.legend = {
            "histogram": LegendItem(label="These cells", renderers=[quads]),
            "cumulative": LegendItem(label="These cells, 95 % interval", renderers=[self.line, area]),
            "probability": LegendItem(label="These cells", renderers=[self.points]),
            "model": LegendItem(label="Model, exact", renderers=[model]),
        }
        self.figure.add_layout(
            Legend(items=list(self.legend.values()), orientation="horizontal", click_policy="hide", border_line_color=None,
                   background_fill_alpha=0, padding=0, margin=2, label_text_font_size="12px"), "above",
        )  # fmt: skip
        self.sentence = Label(x=16, y=16, x_units="screen", y_units="screen", text="", text_font_size="13px")
        page_theme.ink(self.sentence, "text_color")
        self.figure.add_layout(self.sentence)

    def show(self, curve: Curve, kind: str, height: str) -> None:
        scale, per = theme.factor(self.name), factor_of(curve, kind)
        low, high = sorted(end * scale for end in curve.x_range)
        self.x.show(curve.scale, low, high)
        y_kind = "percent" if kind == "probability" else height if kind == "histogram" else "linear"
        bottom, top = curve.y_range
        self.y.show(y_kind, bottom * per, top * per, y_label(curve, kind))
        edges, y, x = curve.edges * scale, curve.y * per, curve.x * scale
        is_bars = kind == "histogram" and not curve.note
        self.bars.data = (
            {"left": edges[:-1], "right": edges[1:], "top": y, "bottom": [bottom * per] * len(y)}
            if is_bars else {"left": [], "right": [], "top": [], "bottom": []}
        )  # fmt: skip
        self.data.data = {"x": [], "y": []} if is_bars else {"x": x, "y": y}
        has_band = kind == "cumulative" and len(curve.band)
        self.band.data = (
            {"x": x, "low": curve.band[:, 0] * per, "high": curve.band[:, 1] * per}
            if has_band else {"x": [], "low": [], "high": []}
        )  # fmt: skip
        self.line.visible, self.points.visible = kind == "cumulative", kind == "probability"
        self.model.data = {"x": curve.model_x * scale, "y": curve.model_y * per}
        for name, item in self.legend.items():
            item.visible = name == kind or (name == "model" and len(curve.model_x) > 0)
        self.sentence.text = curve.note


def factor_of(curve: Curve, kind: str) -> float:
    """From SI to the y axis: percent, and per handy unit."""
    if kind == "probability":
        return 1.0
    per_unit = kind == "histogram" and curve.scale == "linear"
    return 100.0 / theme.factor(curve.name) if per_unit else 100.0


def y_label(curve: Curve, kind: str) -> str:
    if kind == "histogram":
        return f"Density (% per {'decade' if curve.scale == 'log' else theme.unit(curve.name)})"
    return "Cycles below (%)" if kind == "cumulative" else "Cycles below (normal score)"


def table(quantiles: Quantiles) -> str:
    """Quantiles as a table: these cells, their interval, the model."""
    name, scale = quantiles.name, theme.factor(quantiles.name)
    digits = 4

    def text(value: float) -> str:
        return theme.number(value * scale, digits)

    head = "".join(f"<th>{100 * p:g} %</th>" for p in quantiles.probability)
    rows = {
        "These cells": [text(v) for v in quantiles.value],
        "95 % interval": [f"{text(low)} … {text(high)}" for low, high in quantiles.interval],
        "Model, exact": [text(v) for v in quantiles.model],
    }
    body = "".join(
        f"<tr><th>{title}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for title, cells in rows.items()
    )
    title = f"Quantiles of the {theme.AXES[name][2]} ({theme.unit(name)})"
    return f'<div style="overflow-x:auto"><table class="numbers"><caption>{title}</caption><tr><th></th>{head}</tr>{body}</table></div>'


def remarks(result: Result) -> list[str]:
    """What the pictures leave out."""
    said = []
    for curve in result.curves.values():
        name = theme.AXES[curve.name][2]
        if curve.outside > 0:
            said.append(f"{name}: {100 * curve.outside:.2g} % of the cycles lie beyond the axis.")
        if curve.skipped:
            said.append(f"{name}: {curve.skipped:,} values are not positive and have no place on a logarithmic axis.")
    return said
