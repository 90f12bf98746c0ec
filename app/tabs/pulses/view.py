"""The pulse lab: the segments of the train, and how the cells answer to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure as Figure

from app.controls.panel import Group, Panel
from app.look import layout, theme
from app.look.axes import steps
from app.look.legend import cell_entries, legend, swatch
from app.look.theme import COLORS, NEUTRAL
from app.settings.sections import MAX_CELLS
from app.settings.segments import Segment, to_text
from app.tabs.pulses.editor import SegmentEditor
from app.tabs.view import Context
from app.tabs.view import View as Base
from synaptogen_core.counts import counted

if TYPE_CHECKING:
    from app.tabs.pulses.compute import Effect, Result

FILES = ("train.csv",)
XY = {"x": [], "y": []}
BAND = {"x": [], "low": [], "high": []}
HELP = (
    "Drag a segment by its handle, or move it with its arrows or Alt and an arrow key. Every change is a setting: it "
    "is in the link, and Undo takes it back. In this model a pulse acts by its voltage alone: the same pulse again "
    "does nothing new until the cell has drawn new thresholds. To stop each cell at a target, use Programming."
)


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.editor = SegmentEditor(self._apply, context.read_train)
        self.note, self.legend = theme.note(), theme.note()
        self.x = Range1d(0, 1)
        self.edges = ColumnDataSource({"x": []})  # of the segments
        self.voltage, self.response = self._voltage(), self._response()
        self.layout = layout.column(
            theme.card(self.editor, theme.note(HELP), context.downloads(FILES).layout),
            Panel((Group(context.options),), layout="bar"),
            theme.card(self.voltage, theme.pane(self.response), self.legend, self.note),
            gap=10,
        )  # fmt: skip

    def _apply(self, segments: tuple[Segment, ...], repeats: int) -> None:
        self.context.apply({"kind": "lab", "segments": to_text(segments), "cycles": repeats})

    def _figure(self, name: str, title: str, y: str, height: int) -> Figure:
        figure = self.theme.figure(f"pulses {name}", title=title, x="Pulse", y=y, height=height, x_range=self.x)
        figure.min_border_left = 74
        figure.xaxis.ticker.min_interval = 1
        figure.vspan("x", source=self.edges, line_color=NEUTRAL, line_dash="dotted")
        return figure

    def _voltage(self) -> Figure:
        figure = self._figure("voltage", "Voltage of each pulse", "Voltage (V)", 170)
        figure.yaxis.ticker.desired_num_ticks = 3
        self.volts = ColumnDataSource(XY)
        self.theme.ink(figure.step("x", "y", source=self.volts, mode="after", line_width=1.5).glyph, "line_color")
        return figure

    def _response(self) -> Figure:
        figure = self._figure("response", "Conductance after each pulse", "Conductance (µS)", 300)
        self.bands = [ColumnDataSource(BAND) for _ in range(2)]
        for source, alpha in zip(self.bands, (0.2, 0.35), strict=True):
            figure.varea("x", "low", "high", source=source, fill_color=COLORS["r_hrs"], fill_alpha=alpha)
        self.median = ColumnDataSource(XY)
        figure.line("x", "y", source=self.median, line_color=COLORS["r_hrs"], line_width=2)
        self.followed = [ColumnDataSource(XY) for _ in range(MAX_CELLS)]
        for i, source in enumerate(self.followed):
            self.theme.cell_style(figure.line("x", "y", source=source, line_width=1.5).glyph, i)
        return figure

    def update(self, result: Result) -> None:
        self.editor.show(result.segments, result.repeats, result.factor)
        self.editor.found = [said(effect) for effect in result.effects]
        pulse, micro = result.pulse, 1e6
        self.volts.data = steps(pulse, result.voltage)
        low, wide, middle, high, top = result.band * micro if result.pulse.size else np.empty((5, 0))
        self.bands[0].data = {"x": pulse, "low": low, "high": top}
        self.bands[1].data = {"x": pulse, "low": wide, "high": high}
        self.median.data = {"x": pulse, "y": middle}
        for i, source in enumerate(self.followed):
            source.data = {"x": pulse, "y": result.followed[i] * micro} if i < len(result.names) else XY
        last = result.effects[-1].last if result.effects else 1
        self.edges.data = {"x": [effect.first - 0.5 for effect in result.effects[1:]]}
        self.x.update(start=-0.5, end=last + 0.5, reset_start=-0.5, reset_end=last + 0.5)
        whose = f" of cell ({result.names[-1][0]}, {result.names[-1][1]})" if result.own else ""
        self.voltage.title.text = f"Voltage of each pulse{whose}"
        self.note.object = result.note or f"{counted(result.cells, 'cell')}; {counted(last + 1, 'pulse')}."
        blue = COLORS["r_hrs"]
        bands = swatch(blue, "median of the cells"), swatch(blue, "50 % and 90 % of them", kind="area")
        self.legend.object = legend([*bands, *cell_entries(result.names)])


def said(effect: Effect) -> str:
    """What a segment did, in one line."""
    names = zip(("HRS", "partly reset", "LRS"), effect.shares, strict=True)
    states = ", ".join(f"{theme.number(100 * share)} % {name}" for name, share in names if share)
    switched = rounded(100 * effect.switched, 100 * effect.switched_error)
    mean = rounded(1e6 * effect.conductance, 1e6 * effect.conductance_error)
    return f"{switched} % of the cells switch; then {mean} µS on average, {states}"


def rounded(value: float, error: float) -> str:
    """A number and its standard error, both to the first digit of the error."""
    if not 0 < error < np.inf:
        return theme.number(value, 4)
    digits = max(0, -int(np.floor(np.log10(error))))
    return f"{value:.{digits}f} ± {error:.{digits}f}"
