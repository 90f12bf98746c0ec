"""One figure that draws whatever a lesson shows: lines, points, bars and dashes on axes that the lesson keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bokeh.models import ColumnDataSource, Glyph, Label

from app.look import theme
from app.look.axes import Axis
from app.look.legend import legend, swatch
from app.look.theme import CELL_STYLES, COLORS, NEUTRAL, Theme
from app.settings.sections import MAX_CELLS

if TYPE_CHECKING:
    from app.tabs.learn.pictures import Layer, Picture, Side

FEATURE_PLACES = 2  # layers in the colour of a feature that one picture can have, of each kind
XY = {"x": [], "y": []}
BARS = {"left": [], "right": [], "top": []}


class LessonPicture:
    """Made once; `show` replaces the data. Each look has its own glyph, so that ink follows light and dark."""

    def __init__(self, look: Theme, name: str):
        self.figure = look.figure(name, title="–", x="cycle", y=" ", height=290)
        self.x, self.y = Axis(self.figure, "x"), Axis(self.figure, "y")
        self.legend = theme.note()
        self.bars = [ColumnDataSource(BARS) for _ in range(FEATURE_PLACES)]
        self.bar_glyphs = [
            self.figure.quad("left", "right", "top", 0, source=s, fill_alpha=0.75, line_color=None).glyph
            for s in self.bars
        ]
        self.lines: dict[str, ColumnDataSource] = {}
        self._line("before", 2).line_color = NEUTRAL
        self.before = ColumnDataSource(XY)
        self.figure.scatter("x", "y", source=self.before, size=3.5, line_color=None, fill_color=NEUTRAL, alpha=0.5)
        self.points = ColumnDataSource(XY)
        self.point_glyph = self.figure.scatter("x", "y", source=self.points, size=4, line_color=None, alpha=0.6).glyph
        for i in range(MAX_CELLS):
            look.cell_style(self._line(f"cell{i}", 1.5), i)
        look.ink(self._line("model", 2, "dashed"), "line_color")
        self._line("quiet", 1.5, "dotted").line_color = NEUTRAL
        self.feature_line = self._line("feature", 2.5)
        self.dashes = ColumnDataSource(XY)
        dashes = self.figure.scatter("x", "y", source=self.dashes, marker="dash", size=13, line_width=3)
        look.ink(dashes.glyph, "line_color")
        self.sentence = Label(x=16, y=16, x_units="screen", y_units="screen", text="", text_font_size="13px")
        look.ink(self.sentence, "text_color")
        self.figure.add_layout(self.sentence)

    def _line(self, look: str, width: float, dash: str = "solid") -> Glyph:
        source = self.lines[look] = ColumnDataSource(XY)
        return self.figure.line("x", "y", source=source, line_width=width, line_dash=dash).glyph

    def show(self, picture: Picture) -> None:
        self.figure.title.text = picture.title
        self.sentence.text = picture.problem
        for axis, side in ((self.x, picture.x), (self.y, picture.y)):
            by = factor(side)
            axis.show(side.scale, side.low * by, side.high * by, axis_label(side))
        drawn: dict[str, Glyph] = {}
        bars = 0
        for layer in picture.layers:
            x, y = layer.x * factor(picture.x), layer.y * factor(picture.y)
            if layer.kind == "bars":
                drawn[f"bars{bars}"] = {"left": x[:-1], "right": x[1:], "top": y}
                self.bar_glyphs[bars].fill_color = COLORS[layer.look]
                bars += 1
            elif layer.look == "before" and layer.kind == "points":
                drawn["before points"] = {"x": x, "y": y}
            elif layer.kind == "line" and layer.look not in COLORS:
                drawn[layer.look] = {"x": x, "y": y}
            elif layer.kind == "line":
                drawn["feature"] = {"x": x, "y": y}
                self.feature_line.update(line_color=COLORS[layer.look], line_width=0.8 if layer.thin else 2.5)
            else:
                drawn[layer.kind] = {"x": x, "y": y}
                if layer.kind == "points":
                    self.point_glyph.fill_color = COLORS[layer.look]
                    self.point_glyph.size = 7 if len(x) < 200 else 3.5
        for i, source in enumerate(self.bars):
            source.data = drawn.get(f"bars{i}", BARS)
        for name, source in {
            **self.lines,
            "points": self.points,
            "dashes": self.dashes,
            "before points": self.before,
        }.items():
            source.data = drawn.get(name, XY)
        self.legend.object = legend(entry(layer) for layer in picture.layers if layer.says)


def factor(side: Side) -> float:
    return theme.factor(side.quantity) if side.quantity in theme.AXES else 1.0


def axis_label(side: Side) -> str:
    if side.quantity not in theme.AXES:
        return side.quantity
    unit = theme.unit(side.quantity)
    return f"{side.words} ({unit})" if side.words else theme.label(side.quantity)


def entry(layer: Layer) -> str:
    """What a layer is, in the legend."""
    if layer.look.startswith("cell"):
        color, dash = CELL_STYLES[int(layer.look[4:])]
        return swatch(color, layer.says, dash=dash)
    if layer.kind == "line":
        dash = {"model": "dashed", "quiet": "dotted"}.get(layer.look, "solid")
        color = {"model": "ink"}.get(layer.look) or COLORS.get(layer.look, NEUTRAL)
        return swatch(color, layer.says, dash=dash)
    color = NEUTRAL if layer.look == "before" else COLORS.get(layer.look, "ink")
    return swatch(color, layer.says, kind={"bars": "area", "points": "dot"}.get(layer.kind, "line"))
