"""A measured table: its upload, and what of it stays moved, beside three theories."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bokeh.models import ColumnDataSource, Range, Range1d, Whisker
from param.parameterized import Event

from app.controls.upload import door
from app.look import theme
from app.look.legend import legend, swatch
from app.look.plain import escape
from app.look.theme import COLORS, Theme

if TYPE_CHECKING:
    from app.tabs.time.measured import Measured

MOST_MB = 20
ASKS = "A table of your own: CSV, one row a read: device, time since programming, resistance or conductance"
THEORIES = ((1.0, COLORS["r_lrs"], "a walk: 1"), (0.5, COLORS["u_set"], "a stationary process: 1/2"),
            (0.0, COLORS["u_reset"], "drawn independently at each time: 0"))  # fmt: skip
WHAT = "D₁: what a cell has moved from its first read to its second; D₂: to a later one, at the time that is shown."
SPAN = [1e-9, 1e12]  # s: beyond all that is shown
NO_RATIO = {"x": [], "y": [], "low": [], "high": []}


class MeasuredView:
    """`take(name, data)` gets a file that came through the door."""

    def __init__(self, look: Theme, take: Callable[[str, bytes], None], x_range: Range):
        self._take = take
        self.file = door(
            "Drop a table of retention here, or click", self._refuse, MOST_MB, self._taken, margin=(6, 8),
            sizing_mode="stretch_width", uploaded_label="Another table",
        )  # fmt: skip
        self.error = theme.Alert(severity="error", visible=False, sizing_mode="stretch_width", margin=(4, 8))
        self.said = theme.note(ASKS)
        self.figure = look.figure(
            "time ratio", title="Does what has moved stay moved?", x="Time since programming",
            y="cov(D₁, D₂) / var(D₁)", height=300, x_axis_type="log", x_range=x_range, y_range=Range1d(-0.25, 1.3),
        )  # fmt: skip
        for at, color, _ in THEORIES:
            self.figure.line(SPAN, [at, at], line_color=color, line_width=2.0, line_dash="dashed")
        self.source = ColumnDataSource(NO_RATIO)
        dots = self.figure.scatter("x", "y", source=self.source, size=9)
        look.ink(dots.glyph, "fill_color", "line_color")
        bars = Whisker(base="x", lower="low", upper="high", source=self.source)
        for part in (bars, bars.lower_head, bars.upper_head):
            look.ink(part, "line_color")
        self.figure.add_layout(bars)
        self.note = theme.note()
        self.upload = theme.card(self.file, self.error, self.said)
        self.card = theme.card(self.figure, self.note)
        self._show(NO_RATIO)

    def update(self, found: Measured | None) -> None:
        """Show a table, or that there is none."""
        theme.say(self.error, "" if found is None or found.good else found.said)
        if found is None or not found.good:
            self.said.object = ASKS
            self._show(NO_RATIO)
            return
        self.said.object = escape(found.said)
        value, low, high = found.ratio.T
        self._show({"x": found.ratio_time, "y": value, "low": low, "high": high})

    def _show(self, ratio: dict[str, Any]) -> None:
        self.source.data = ratio
        theories = [swatch(color, words, dash="dashed") for _, color, words in THEORIES]
        table = swatch(
            "ink", "your table, with 95 % interval" if len(ratio["x"]) else "your table, once there is one", kind="dot"
        )
        self.note.object = legend([table, *theories]) + WHAT

    def _taken(self, event: Event) -> None:
        if event.new is not None:
            self._take(str(self.file.filename or "file"), bytes(event.new))
            self.file.param.update(value=None)

    def _refuse(self, text: str) -> None:
        theme.say(self.error, text)
