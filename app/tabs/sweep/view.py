"""The sweep: a curve with error bars over the values, and a small histogram of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, Range1d, Span, Whisker
from bokeh.plotting import figure as Figure

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.axes import Axis, set_range
from app.look.tables import SUPERSCRIPT
from app.look.theme import COLORS
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.durations import duration
from synaptogen_core.schema import feature

if TYPE_CHECKING:
    from app.tabs.sweep.compute import Result

MOST = 5
CURVE = {"x": [], "y": [], "low": [], "high": []}
BARS = {"left": [], "right": [], "top": []}


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        options = context.options
        panel = Panel((Group(options, ("control", "number", "feature", "at")),), layout="bar", words={"at": "words"})
        small: dict[str, object] = {"variant": "contained", "size": "small", "margin": (6, 6), "visible": False}
        self.start = pmui.Button(label="Start the sweep", icon="play_arrow", **small)
        self.start.on_click(lambda event: setattr(options, "running", True))
        self.stop = pmui.Button(label="Stop", icon="close", **{**small, "variant": "outlined"})
        self.stop.on_click(lambda event: setattr(options, "running", False))
        options.param.watch(lambda event: self._tell(), "running")
        self.curve, self.note, self.goes_on = self._curve(), theme.note(), False
        self.bars = [ColumnDataSource(BARS) for _ in range(MOST)]
        self.x = Range1d(0, 1)
        self.y = Range1d(0, 1)
        self.axes: list[Axis] = []
        self.small = [self._histogram(k) for k in range(MOST)]
        self.cards = [theme.card(figure) for figure in self.small]
        self.layout = pmui.Column(
            panel, layout.row(self.start, self.stop),
            theme.card(self.curve, self.note),
            theme.grid(*self.cards, sizes={"xs": 12, "sm": 6, "md": 4}),
            sizing_mode="stretch_width", margin=0, sx={"gap": "10px"},
        )  # fmt: skip

    def _tell(self) -> None:
        """A sweep that is stopped shows what it has made, and can be started again."""
        running = self.context.options.running
        self.stop.visible, self.start.visible = running and self.goes_on, not running and self.goes_on

    def _curve(self) -> Figure:
        figure = self.theme.figure("sweep curve", title="–", x=" ", y=" ", height=300, y_range=Range1d(0, 1))
        self.points = ColumnDataSource(CURVE)
        self.now = Span(dimension="height", line_dash="dotted", line_width=1, visible=False)
        self.theme.ink(self.now, "line_color")
        figure.add_layout(self.now)
        figure.line("x", "y", source=self.points, line_color=COLORS["r_hrs"], line_width=2)
        dots = figure.scatter("x", "y", source=self.points, size=8, color=COLORS["r_hrs"])
        whisker = Whisker(base="x", lower="low", upper="high", source=self.points, line_width=2)
        for part in (whisker, whisker.lower_head, whisker.upper_head):
            self.theme.ink(part, "line_color")
        figure.add_layout(whisker)
        figure.add_tools(theme.hover([dots], ("Value", "@x"), ("Number", "@y{0.000}")))
        return figure

    def _histogram(self, k: int) -> Figure:
        figure = self.theme.figure(f"sweep value {k + 1}", title="–", x=" ", y="Share of cycles (%)", height=190,
                                   y_range=self.y)  # fmt: skip
        self.axes.append(Axis(figure, "x"))
        figure.x_range = self.x
        figure.quad("left", "right", "top", 0, source=self.bars[k], color=COLORS["r_hrs"], line_color=None)
        return figure

    def update(self, result: Result) -> None:
        points = [point for point in result.points if np.isfinite(point.number)]
        x, y, intervals = ([getattr(point, name) for point in points] for name in ("value", "number", "interval"))
        low, high = ([ends[k] if np.isfinite(ends[k]) else v for v, ends in zip(y, intervals, strict=True)]
                     for k in (0, 1))  # fmt: skip
        factor, number_unit = engineering(max(map(abs, (*low, *high)), default=1.0), result.number_unit)
        y, low, high = ([v * factor for v in values] for values in (y, low, high))
        self.points.data = {"x": x, "y": y, "low": low, "high": high}
        if points:
            room = 0.06 * (max(high) - min(low)) or 0.06 * abs(high[0]) or 1.0
            set_range(self.curve.y_range, min(low) - room, max(high) + room)
        unit = f" ({result.unit})" if result.unit else ""
        number_unit = f" ({number_unit})" if number_unit else ""
        self.curve.xaxis.axis_label, self.curve.yaxis.axis_label = (
            f"{result.control}{unit}",
            f"{result.number}{number_unit}",
        )
        self.curve.title.text = f"{len(result.points)} {'runs so far' if result.more else 'runs'}"
        self.now.update(visible=result.now is not None, location=result.now or 0.0)
        self._show_bars(result)
        self.goes_on = result.waiting or result.more
        self._tell()
        said = "Bars: 95 % interval. " if any(np.isfinite(ends[1]) for ends in intervals) else ""
        if result.rate and 0.0 in y:
            said += "Where no error was seen, a bar ends at the rate that shows one with 97.5 % probability. "
        said += "Dotted: the present setting."
        missing = len(result.points) - len(points)
        if missing:
            said += f" {missing} of the runs have no such number."
        if result.waiting:
            said = f"This sweep takes about {duration(result.seconds, 2)}: start it. Stopped, it can be resumed."
        self.note.object = said

    def _show_bars(self, result: Result) -> None:
        scale = theme.factor(result.feature)
        top = max((100 * float(point.counts.max()) for point in result.points), default=1.0)
        self.y.update(start=0, end=1.05 * top or 1.0)
        for k, (figure, source, card, axis) in enumerate(
            zip(self.small, self.bars, self.cards, self.axes, strict=True)
        ):
            card.visible = k < len(result.points)
            if not card.visible:
                source.data = BARS
                continue
            point = result.points[k]
            edges = (10**point.edges if result.feature == "r_hrs" else point.edges) * scale
            source.data = {"left": edges[:-1], "right": edges[1:], "top": 100 * point.counts}
            axis.show(feature(result.feature).scale, edges[0], edges[-1], theme.label(result.feature))
            figure.title.text = f"{result.control} {theme.number(point.value)} {result.unit}".strip()
            figure.renderers[0].glyph.update(fill_color=COLORS[result.feature])


def engineering(largest: float, unit: str) -> tuple[float, str]:
    """What numbers up to this are multiplied by on an axis, and the unit there: kΩ, or 10⁻⁶ of what has no unit."""
    thousands = 0 if not largest or 0.1 <= largest < 1000 else int(np.floor(np.log10(largest) / 3))
    factor = 10.0 ** (-3 * thousands)
    if not thousands:
        return factor, unit
    if unit == "Ω" and -3 <= thousands <= 3:
        return factor, "nµm kMG"[thousands + 3] + unit
    return factor, f"10{str(3 * thousands).translate(SUPERSCRIPT)} {unit}".strip()
