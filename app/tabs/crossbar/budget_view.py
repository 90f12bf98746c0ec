"""The error of a read, by cause: each alone, and all together."""

from __future__ import annotations

from typing import Any

from bokeh.models import ColumnDataSource, FactorRange, Range1d

from app.look import layout, theme
from app.look.theme import NEUTRAL, Theme

CAUSES = {
    "variability": "Variability", "nonlinearity": "Non-linearity", "lines": "Lines", "noise": "Noise",
    "quantisation": "Quantisation", "together": "All together",
}  # fmt: skip
ONE, ALL = "#56B4E9", "#E69F00"
EMPTY = {"cause": [], "error": [], "says": [], "color": []}
LEAST = 0.001  # per cent: smaller errors are roundings
ROOM = 1.3  # for the number behind the longest bar


class Budget:
    """A card with one bar a cause; it is there when a result has a budget."""

    def __init__(self, style: Theme) -> None:
        names = list(CAUSES.values())
        figure = style.figure(
            "crossbar error budget", x="RMS error (% of the ideal product)", height=230,
            y_range=FactorRange(*reversed(names)), x_range=Range1d(0, 1),
        )  # fmt: skip
        figure.update(min_border_left=96)
        figure.ygrid.visible = False
        self.source, self.figure = ColumnDataSource(EMPTY), figure
        bars = figure.hbar("cause", right="error", height=0.7, source=self.source, color="color")
        words = figure.text("error", "cause", text="says", source=self.source, x_offset=5, text_baseline="middle",
                            text_font_size="12px")  # fmt: skip
        style.ink(words.glyph, "text_color")
        figure.add_tools(theme.hover([bars], ("Cause", "@cause"), ("Error", "@says")))
        self.layout: Any = layout.column(
            theme.card(
                theme.heading("Error budget"), theme.pane(figure),
                theme.note(
                    "Each cause alone, and all together: less than the sum, and less than one of them where errors of "
                    "opposite sign cancel. Nominal: the median conductance of each cell’s state."
                ),
            ),
            sizing_mode="stretch_width", margin=0, visible=False,
        )  # fmt: skip

    def update(self, budget: dict[str, float] | None) -> None:
        self.layout.visible = budget is not None
        if budget is None:
            return
        percent = {cause: 100 * budget[cause] for cause in CAUSES}
        self.figure.x_range.end = ROOM * max(*percent.values(), 1e-6)
        self.source.data = {
            "cause": list(CAUSES.values()),
            "error": list(percent.values()),
            "says": [says(p) for p in percent.values()],
            "color": [ALL if cause == "together" else ONE if budget[cause] else NEUTRAL for cause in CAUSES],
        }


def says(percent: float) -> str:
    """An error in words."""
    if not percent:
        return "off"
    return f"{theme.number(percent, 2)} %" if percent >= LEAST else f"below {LEAST:g} %"
