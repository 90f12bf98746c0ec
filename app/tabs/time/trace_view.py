"""One cell read again and again: its trace, its spectrum, its Allan variance, beside the exact lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d

from app.look import theme
from app.look.legend import legend, swatch
from app.look.theme import COLORS, Theme

if TYPE_CHECKING:
    from app.tabs.time.trace import Trace

NOISY, QUIET, EXACT = COLORS["r_hrs"], COLORS["r_lrs"], COLORS["r_lrs"]
XY = {"x": [], "y": []}


class TraceView:
    """Three figures; `cards` are laid out by the tab."""

    def __init__(self, look: Theme):
        self.theme = look
        self.lines: dict[str, ColumnDataSource] = {}
        self.trace = look.figure("time trace", title="One cell, read again and again", x="Time (s)",
                                 y="Conductance (µS)", height=260, x_range=Range1d(0, 1))  # fmt: skip
        self._line(self.trace, "noisy", NOISY, line_width=0.8, alpha=0.6)
        self._line(self.trace, "quiet", QUIET, line_width=1.6)
        logs: dict[str, Any] = {"height": 320, "x_axis_type": "log", "y_axis_type": "log"}
        self.spectrum = look.figure("time spectrum", title="Spectrum", x="Frequency (Hz)", y="S(f) (µS²/Hz)", **logs)
        self.allan = look.figure("time allan", title="Allan variance", x="Window (s)", y="σ² (µS²)", **logs)
        for figure, name in ((self.spectrum, "power"), (self.allan, "allan")):
            self.lines[name] = ColumnDataSource(XY)
            figure.scatter("x", "y", source=self.lines[name], size=6, color=NOISY, alpha=0.8)
            self._line(figure, f"{name} exact", EXACT, line_width=2.5)
        self._line(self.spectrum, "average", "ink", line_width=1.5, line_dash="dashed")
        self.notes = [theme.note() for _ in range(3)]
        self.label = theme.note()
        self.cards = [
            theme.card(figure, *notes)
            for figure, notes in (
                (self.trace, (self.notes[0], self.label)),
                (self.spectrum, (self.notes[1],)),
                (self.allan, (self.notes[2],)),
            )
        ]

    def _line(self, figure: Any, name: str, color: str, **options: Any) -> None:
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
            ("allan exact", found.window, 1e12 * found.expected_allan),
        ):
            shown = y > 0  # a logarithm has no room for nothing
            self.lines[name].data = {"x": x[shown], "y": y[shown]}
        traps = "1 trap" if found.traps == 1 else f"{found.traps} traps"
        spread = 100 * float(np.std(found.quiet)) / float(np.mean(found.quiet))
        self.notes[0].object = legend([
            swatch(NOISY, f"reads of cell {found.cell}, with white noise"),
            swatch(QUIET, f"without: {traps}, {spread:.2g} % of the conductance"),
        ])  # fmt: skip
        self.notes[1].object = legend([
            swatch(NOISY, "these reads", kind="dot"), swatch(EXACT, "exact, for this cell's traps and noise"),
            swatch("ink", "exact, mean of all cells", dash="dashed"),
        ])  # fmt: skip
        self.notes[2].object = legend([
            swatch(NOISY, "these reads", kind="dot"), swatch(EXACT, "exact, for this cell's traps and noise"),
        ])  # fmt: skip
        self.label.object = found.label
