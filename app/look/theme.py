"""How pictures look: one colour a feature, units on every axis, figures that save as PNG and SVG, light and dark."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.models import (
    Axis,
    CategoricalColorMapper,
    ColorBar,
    ColorMapper,
    CustomJSTicker,
    CustomJSTickFormatter,
    Glyph,
    GlyphRenderer,
    HoverTool,
    LogAxis,
    Model,
    Title,
    Tool,
)
from bokeh.palettes import interp_palette
from bokeh.plotting import figure as Figure

from app.look import layout
from app.look.plain import escape
from app.settings.numbers import minus
from synaptogen_core.palette import AXES, COLORS
from synaptogen_core.schema import Feature

STATE_COLORS = ("#0072B2", "#E69F00", "#D55E00")  # HRS, IRS, LRS
OUTLIER = "#D55E00"
NEUTRAL = "#7f7f7f"  # grid-like things, quiet on both backgrounds
CELL_STYLES = (("ink", "solid"), ("#E69F00", "dashed"), ("#56B4E9", "dotted"), ("#9467BD", "dotdash"))
CELL_MARKERS = ("circle", "square", "triangle", "diamond")
MAP_PALETTE = "Cividis256"  # perceptually even, the same for colour-blind eyes
DIVERGING = interp_palette(["#08306b", "#2171b5", "#6baed6", "#f7f7f7", "#fdae6b", "#d94801", "#7f2704"], 101)
DIVERGING_ON_DARK = interp_palette(["#4292c6", "#1b2126", "#e6550d"], 101)
SAME_OR_NOT = ("#dfe3e8", "#882255")
INK = {False: "#1f2933", True: "#e8eaed"}  # text-like lines on light and on dark

# What the component set would give to each axis, grid and title in the browser, where every change costs a layout of
# the figure: said here already, it finds nothing to change (a new page then sends 99 changes back, not 390).
FONT = '"Roboto", "Helvetica", "Arial", sans-serif'
MUTED = {False: "rgba(0, 0, 0, 0.6)", True: "rgba(255, 255, 255, 0.7)"}
TEXT = {False: "rgba(0, 0, 0, 0.87)", True: "#fff"}
LINE = {False: "rgba(0, 0, 0, 0.22)", True: "rgba(255, 255, 255, 0.28)"}
GRID = {False: "rgba(0, 0, 0, 0.1)", True: "rgba(255, 255, 255, 0.12)"}
SURFACE = {False: "#ffffff", True: "#1b1f23"}
GROUND = {False: "#f7f8fa", True: "#14171a"}  # what the sheets lie on
ON_PAPER = {each[True]: each[False] for each in (INK, MUTED, TEXT, LINE, GRID, SURFACE)}

BARE = "--bare"  # a style of the place that a figure is in: 1 until there are data
# Until then a figure is an empty sheet of its size: axes without data could be taken for data.
SHEET = f"""
:host {{ background: color-mix(in srgb, currentColor calc(var({BARE}, 0) * 7%), transparent); border-radius: 4px; }}
:host > * {{ opacity: calc(1 - var({BARE}, 0)); }}
:host > .figure-tools {{ opacity: 1; }}
:host(.tooled) {{ margin-top: 26px; }}
@media (pointer: coarse) {{ :host(.tooled) {{ margin-top: 30px; }} }}
:host(:fullscreen) {{ background: var(--panel-surface-color, #fff); padding: 16px; box-sizing: border-box; }}
"""
QUIET = {"opacity": "0.75", "font-size": "0.82rem", "min-height": "1.2rem"}
HEADER = "#16324f"
HEIGHT = "32px"  # of buttons and boxes; lines of the sidebar have 28
_NONE = {"paddingTop": 0, "paddingBottom": 0}
_NONE_AT_ALL = {"paddingTop": "0 !important", "paddingBottom": "0 !important"}  # small ones have their own
_HEIGHTS = {"styleOverrides": {"root": {"minHeight": HEIGHT, **_NONE, "&.MuiButton-sizeSmall": _NONE_AT_ALL}}}
_FOCUS = {"outline": "2px solid", "outlineOffset": "1px"}  # of the keyboard; a ripple alone is hard to see
# On a phone the sidebar is a sheet at the bottom: the picture above it is seen while its controls are moved.
_SHEET = {
    "position": "fixed !important", "top": "auto !important", "bottom": "0 !important", "height": "62vh !important",
    "minHeight": "0 !important", "maxHeight": "62vh !important", "width": "100vw !important",
    "maxWidth": "100vw !important", "borderRadius": "14px 14px 0 0", "borderTop": "1px solid rgba(127, 127, 127, 0.5)",
    "boxShadow": "0 -4px 20px rgba(0, 0, 0, 0.3)", "& > .MuiToolbar-root": {"display": "none"},
}  # fmt: skip
COMPONENTS = {
    "MuiButtonBase": {"styleOverrides": {"root": {"&.Mui-focusVisible": _FOCUS}}},
    "MuiButton": _HEIGHTS,
    "MuiAlertTitle": {"styleOverrides": {"root": {"&:empty": {"display": "none"}}}},  # or the text is below its icon
    "MuiFormControlLabel": {"styleOverrides": {"label": {"fontSize": QUIET["font-size"]}}},
    "MuiOutlinedInput": {"styleOverrides": {"root": {"minHeight": HEIGHT}}},
    "MuiDrawer": {"styleOverrides": {"paper": {"@media (max-width: 599px)": _SHEET}}},
}
SCHEMES = [
    {"ground": GROUND[dark], "surface": SURFACE[dark], "words": TEXT[dark], "primary": ("#1f4e79", "#8ab4e8")[dark]}
    for dark in (False, True)
]
PALETTE: dict[str, dict[str, object]] = {
    name: {
        "palette": {
            "primary": {"main": scheme["primary"]},
            "background": {"default": scheme["ground"], "paper": scheme["surface"]},
        },
        "components": COMPONENTS,
    }
    for name, scheme in zip(("light", "dark"), SCHEMES, strict=True)
}


# Bokeh's own ticks crowd a log axis of less than two decades, which is what resistances span.
LOG_TICKS = """
const {start, end} = cb_data
const decades = []
for (let k = Math.floor(Math.log10(start)); k <= Math.ceil(Math.log10(end)); k++) { decades.push(k) }
const sets = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]]
let ticks = []
for (const mantissas of sets) {
  ticks = decades.flatMap((k) => mantissas.map((m) => m * 10 ** k)).filter((t) => t >= start && t <= end)
  if (ticks.length >= 3) { return ticks.map((t) => Number(t.toPrecision(3))) }
}
const least = (end - start) / 4, unit = 10 ** Math.floor(Math.log10(least)) // so that at most five have room
const step = unit * [1, 2, 5, 10].find((m) => m * unit >= least)
for (let t = Math.ceil(start / step) * step, found = []; ; t += step) {
  if (t > end) { return found }
  found.push(Number(t.toPrecision(6)))
}
"""

LOG_LABEL = """
if (ticks.every((t) => t >= 1e-3 && t < 1e6)) { return String(Number(tick.toPrecision(3))) } // one notation an axis
const [mantissa, exponent] = tick.toExponential(2).split("e")
const power = "10" + [...String(Number(exponent))].map((c) => c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]).join("")
return Number(mantissa) === 1 ? power : Number(mantissa) + "·" + power
"""


def color(feature: Feature | str) -> str:
    """The colour that a feature has in every picture."""
    return COLORS[feature if isinstance(feature, str) else feature.name]


def factor(quantity: str) -> float:
    """What SI values are multiplied by before they are drawn."""
    return AXES[quantity][0]


def label(quantity: str) -> str:
    """Axis label with its unit: ``HRS resistance (kΩ)``."""
    _, unit, name = AXES[quantity]
    return f"{name} ({unit})" if unit else name


def unit(quantity: str) -> str:
    """Unit on the axis of a quantity: ``kΩ``."""
    return AXES[quantity][1]


def number(value: float, digits: int = 3) -> str:
    """A number for people: three significant digits, commas between thousands, a minus that is one."""
    if value != value:
        return "–"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"
    return minus(text)


def measured(value: float, digits: int = 3) -> str:
    """A number that was measured, to so many significant digits, zeros included: ``0.730``."""
    if not 1e-3 <= abs(value) < 10 ** (digits - 1):
        return number(value, digits)
    return minus(f"{value:#.{digits}g}".rstrip("."))


def quantity(value: float, name: str) -> str:
    """A value in SI as text in the unit of its axis: ``4.55 kΩ``."""
    scale, unit, _ = AXES[name]
    return f"{number(value * scale)} {unit}".strip()


class Alert(pmui.Alert):
    """A message whose words are text. The component set's own would read them as Markdown with HTML in it."""

    def _process_param_change(self, params: dict[str, Any]) -> dict[str, Any]:
        words = params.pop("object", None)
        changes = super()._process_param_change(params)
        if words is not None:  # the browser takes it out of HTML twice
            changes["object"] = html.escape(escape(words).replace("\n", "<br>"))
        return changes


def say(alert: Alert, text: str) -> None:
    """Show an alert's text, or hide it. A hidden one keeps its words: cleared and set again at once, a material
    component can stay with the cleared ones.
    """
    if text:
        alert.object = text
    alert.visible = bool(text)


def size(count: float) -> str:
    """Bytes for people: ``6.6 MB``."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count:.0f} bytes"


class Theme:
    """Makes a page's figures, and keeps the few colours in them that follow light and dark."""

    def __init__(self, dark: bool = False):
        self.dark = dark
        self._inked: list[tuple[Model, str]] = []
        self._shaded: dict[str, tuple[ColorMapper, dict[bool, Sequence[str]]]] = {}

    def ink(self, model: Model, *attributes: str) -> None:
        """Draw these colour attributes of a Bokeh model in black on light, white on dark."""
        for attribute in attributes:
            setattr(model, attribute, INK[self.dark])
            self._inked.append((model, attribute))

    def shade(self, mapper: ColorMapper, light: Sequence[str], dark: Sequence[str]) -> ColorMapper:
        """Let a colour mapper have one palette on light, another on dark: its palest colour is the background's."""
        mapper.update(palette=list((light, dark)[self.dark]), tags=[list(light)])  # the tag: for paper and files
        self._shaded[mapper.id] = mapper, {False: light, True: dark}
        return mapper

    def color(self, mapper: ColorMapper, palette: str | Sequence[str]) -> None:
        """Give a colour mapper another palette; one about zero is another on dark."""
        if palette is DIVERGING:
            self.shade(mapper, DIVERGING, DIVERGING_ON_DARK)
        else:
            self._shaded.pop(mapper.id, None)
            mapper.update(palette=palette, tags=[])

    def inside(self, field: str, strong: str = "#ffffff") -> dict[str, object]:
        """The colour of words on shaded fields: by a column that says “strong” or “pale”."""
        mapper = CategoricalColorMapper(factors=["pale", "strong"])
        return {"field": field, "transform": self.shade(mapper, (INK[False], strong), (INK[True], strong))}

    def set_dark(self, dark: bool) -> None:
        self.dark = dark
        for mapper, palettes in self._shaded.values():
            mapper.palette = list(palettes[dark])
        for model, attribute in self._inked:
            setattr(model, attribute, INK[dark])

    def cell_style(self, glyph: Glyph, position: int) -> None:
        """Draw a line or marker in the style of the selected cell at this position (colour, and dash if a line)."""
        color, dash = CELL_STYLES[position]
        if color == "ink":
            self.ink(glyph, "line_color")
        else:
            glyph.line_color = color
        if glyph.__class__.__name__ == "Line":
            glyph.line_dash = dash

    def figure(
        self,
        name: str,
        *,
        title: str = "",
        x: str = "",
        y: str = "",
        height: int = 260,
        tools: Sequence[Tool] = (),
        **options: object,
    ) -> Figure:
        """A Bokeh figure in the house style.

        `name` names the saved file; `x` and `y` are a quantity in AXES, or the whole label. Other options go to Bokeh.
        """
        figure = Figure(
            title=title or None, height=height, sizing_mode="stretch_width", min_width=220,
            tools="pan,box_zoom,wheel_zoom", toolbar_location=None, active_drag=None, active_scroll=None,
            x_axis_label=label(x) if x in AXES else x, y_axis_label=label(y) if y in AXES else y,
            **options,
        )  # fmt: skip
        self.dress(figure, name, tools)
        return figure

    def dress(self, figure: Figure, name: str, tools: Sequence[Tool] = ()) -> None:
        """Give a figure the house style, whoever made it; `name` names the saved file. Its icons are the browser's
        affair (figure_tools.js): tools of Bokeh's own would be nine models more for each figure of a page. So are the
        sizes that it has there and the style that material components give it: told to the server, they were sixty
        messages a page. What the user zooms into is the ranges'.
        """
        figure.update(name=name, stylesheets=[SHEET], css_classes=["tooled"], toolbar_location=None)
        figure.toolbar.logo = None
        figure.update(min_border_left=62, min_border_right=12)  # numbers of other widths must not move the picture
        figure.outline_line_color = None
        figure.grid.grid_line_color = GRID[self.dark]
        if figure.title:
            figure.title.update(
                text_color=TEXT[self.dark], text_font=FONT, text_font_size="1.05em", text_font_style="normal"
            )
        for axis in figure.axis:
            self.dress_axis(axis)
        figure.add_tools(*tools)
        for part in filter(None, (figure, figure.title, figure.toolbar, *figure.axis)):
            part.syncable = False

    def dress_axis(self, axis: Axis) -> None:
        """Give an axis the house style."""
        axis.update(**self._text("major_label", "0.925em", MUTED), **self._text("axis_label", "1em", TEXT))
        axis.update(axis_label_standoff=12, axis_line_alpha=0, axis_line_color=LINE[self.dark])
        for ticks in ("major_tick", "minor_tick"):
            axis.update(**{f"{ticks}_line_alpha": 0, f"{ticks}_line_color": LINE[self.dark]})
        if isinstance(axis, LogAxis):
            axis.ticker = CustomJSTicker(major_code=LOG_TICKS)
            axis.formatter = CustomJSTickFormatter(code=LOG_LABEL)

    def second_title(self, figure: Figure) -> Title:
        """A line of key numbers below the title; it is part of the picture, so that a saved one has it, too."""
        line = Title(text=" ", syncable=False, **self._text("", "0.9em", MUTED))
        figure.add_layout(line, "above")
        return line

    def bar(self, **options: object) -> ColorBar:
        """A colour scale of a figure."""
        bar = ColorBar(padding=6, **options)
        self.dress_bar(bar)
        return bar

    def dress_bar(self, bar: ColorBar) -> None:
        """Give a colour scale the house style, whoever made it."""
        bar.update(
            background_fill_alpha=0, bar_line_alpha=0, major_tick_line_alpha=0, minor_tick_line_alpha=0,
            **self._text("title", "0.95em", TEXT), **self._text("major_label", "0.9em", MUTED),
        )  # fmt: skip

    def _text(self, part: str, size: str, color: dict[bool, str]) -> dict[str, str]:
        """Properties of a text of a Bokeh model."""
        values = {"font": FONT, "font_size": size, "font_style": "normal", "color": color[self.dark]}
        return {f"{part}_text_{name}".lstrip("_"): value for name, value in values.items()}


def hover(renderers: Sequence[GlyphRenderer], *rows: tuple[str, str], **options: object) -> HoverTool:
    """A hover tool on some renderers: (name, "@column{0.000} unit") pairs."""
    return HoverTool(renderers=list(renderers), tooltips=list(rows), **options)


def pane(figure: Figure) -> pn.pane.Bokeh:
    """A figure as a part of the page, as wide as its place."""
    return pn.pane.Bokeh(figure, sizing_mode="stretch_width", height=figure.height)


def card(figure: Figure, *more: object) -> pn.Column:
    """A figure, and what belongs to it (a caption, controls), on a quiet sheet."""
    return layout.card(pane(figure) if hasattr(figure, "toolbar") else figure, *more)


def heading(text: str) -> pn.pane.HTML:
    """The title of a card that is not a figure."""
    return pn.pane.HTML(f"<h3>{text}</h3>", margin=(4, 6), stylesheets=["h3 { margin: 0; font-size: 1rem; }"])


def switch(label: str) -> pmui.Switch:
    """A switch in the text of a card, its words as large as those around it."""
    return pmui.Switch(label=label, value=False, size="small", margin=(4, 10))


def note(text: str = "") -> pn.pane.HTML:
    """A quiet line of text, such as a caption; set `object`."""
    return pn.pane.HTML(text, sizing_mode="stretch_width", margin=(0, 6), styles=QUIET)


TABLE = """
table.numbers { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; width: 100%; }
table.numbers caption { text-align: left; white-space: normal; font-size: 13px; opacity: 0.75; padding: 2px 6px 6px; }
table.numbers th, table.numbers td { padding: 3px 6px; text-align: right; font-weight: normal; }
table.numbers th:first-child { text-align: left; opacity: 0.85; }
@media (max-width: 599px) { table.numbers { font-size: 12px; } table.numbers :is(th, td) { padding: 3px; } }
table.numbers tr + tr { border-top: 1px solid rgba(127, 127, 127, 0.25); }
"""


def table() -> pn.pane.HTML:
    """A place for `<table class="numbers">` with a caption; set `object`."""
    return pn.pane.HTML("", sizing_mode="stretch_width", margin=0, stylesheets=[TABLE])


grid = layout.grid
