"""One cell read again and again: its trace, its spectrum, its Allan variance, beside the exact lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure as Figure

from app.look import theme
from app.look.legend import legend, swatch
from app.look.theme import COLORS, Theme

if TYPE_CHECKING:
    from app.tabs.time.trace import Trace

NOISY, QUIET, EXACT = COLORS["r_hrs"], COLORS["r_lrs"], COLORS["r_lrs"]
XY = {"x": [], "y": []}
BAND = {"x": [], "low": [], "high": []}


class TraceView:
    """Three figures; `cards` are laid out by the tab. `rate`: the control of how often is read."""

    def __init__(self, look: Theme, rate: object):
        self.theme = look
        self.lines: dict[str, ColumnDataSource] = {}
        self.bands: dict[str, ColumnDataSource] = {}
        self.trace = look.figure("time trace", title="One cell, read again and again", x="Time (s)",
                                 y="Conductance (µS)", height=260, x_range=Range1d(0, 1))  # fmt: skip
        self.lines["noisy"] = ColumnDataSource(XY)
        self.trace.scatter("x", "y", source=self.lines["noisy"], size=3, color=NOISY, alpha=0.8)
        self._line(self.trace, "quiet", QUIET, line_width=1.0)
        logs: dict[str, Any] = {"height": 320, "x_axis_type": "log", "y_axis_type": "log"}
        self.spectrum = look.figure("time spectrum", title="Spectrum", x="Frequency (Hz)", y="S(f) (µS²/Hz)", **logs)
        self.allan = look.figure("time allan", title="Allan variance", x="Window (s)", y="σ² (µS²)", **logs)
        for figure, name in ((self.spectrum, "power"), (self.allan, "allan")):
            self.bands[name] = ColumnDataSource(BAND)
            figure.varea("x", "low", "high", source=self.bands[name], color=EXACT, alpha=0.15)
            self.lines[name] = ColumnDataSource(XY)
            figure.scatter("x", "y", source=self.lines[name], size=6, color=NOISY, alpha=0.8)
            self._line(figure, f"{name} exact", EXACT, line_width=2.5)
        self._line(self.spectrum, "average", "ink", line_width=1.5, line_dash="dashed")
        self.notes = [theme.note() for _ in range(3)]
        self.label = theme.note()
        self.cards = [
            theme.card(rate, theme.pane(self.trace), self.notes[0], self.label),
            theme.card(self.spectrum, self.notes[1]), theme.card(self.allan, self.notes[2]),
        ]  # fmt: skip

    def _line(self, figure: Figure, name: str, color: str, **options: object) -> None:
        self.lines[name] = ColumnDataSource(XY)
        line = figure.line("x", "y", source=self.lines[name], **options)
        if color == "ink":
            self.theme.ink(line.glyph, "line_color")
        else:
            line.glyph.line_color = color

    def update(self, found: Trace) -> None:
        """Show a trace."""
        self.trace.x_range.update(start=0.0, end=float(found.time[-1]))
        for name, x, y in (
            ("noisy", found.time, 1e6 * found.conductance),
            ("quiet", found.time, 1e6 * found.quiet),
            ("power", found.frequency, 1e12 * found.power),
            ("power exact", found.frequency, 1e12 * found.expected),
            ("average", found.frequency, 1e12 * found.average),
            ("allan", found.window, 1e12 * found.allan),
            ("allan exact", found.expected_window, 1e12 * found.expected_allan),
        ):
            shown = y > 0  # a logarithm has no room for nothing
            self.lines[name].data = {"x": x[shown], "y": y[shown]}
        for name, x, (low, high) in (
            ("power", found.frequency, 1e12 * found.expected_range),
            ("allan", found.expected_window, 1e12 * found.allan_range),
        ):
            shown = low > 0
            self.bands[name].data = {"x": x[shown], "low": low[shown], "high": high[shown]}
        traps = "1 trap" if found.traps == 1 else f"{found.traps} traps"
        spread = 100 * float(np.std(found.quiet)) / float(np.mean(found.quiet))
        own = [
            swatch(NOISY, "these reads", kind="dot"), swatch(EXACT, "exact, for this cell's traps and noise"),
            swatch(EXACT, "95 % of such records", kind="area"),
        ]  # fmt: skip
        self.notes[0].object = legend([
            swatch(NOISY, f"reads of cell {found.cell}, with white noise", kind="dot"),
            swatch(QUIET, f"without: {traps}, {spread:.2g} % of the conductance"),
        ])  # fmt: skip
        self.notes[1].object = legend([
            *own, swatch("ink", "exact, mean of all cells", dash="dashed")
        ])  # fmt: skip
        self.notes[2].object = legend(own)
        self.label.object = found.label
