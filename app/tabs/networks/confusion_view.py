"""The confusion matrix: images of each class by the class that the chip takes them for; of two runs one, or B - A."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, FixedTicker, LinearColorMapper
from bokeh.palettes import interp_palette

from app.look import theme
from app.look.axes import Axis
from app.settings.numbers import minus

COUNTS = interp_palette(["#f7fbff", "#6baed6", "#08306b"], 64)
COUNTS_ON_DARK = interp_palette(["#1f252b", "#2171b5", "#3f8fd0"], 64)


@dataclass(frozen=True, eq=False)
class Counts:
    """Images in each field, or how many more; `signed`: with a sign."""

    title: str
    counts: np.ndarray  # (classes, classes)
    signed: bool = False


class Confusion:
    """`chosen(true, found)` hears of a click on a field."""

    def __init__(self, look: theme.Theme, chosen: Callable[[int, int], None]):
        self.shown: Counts | None = None
        self._chosen = chosen
        self.figure = figure = look.figure(
            "network confusion", title="–", x="Class on the chip", y="True class", height=400, match_aspect=True
        )
        self._axes = Axis(figure, "x"), Axis(figure, "y")
        self._ticks = FixedTicker(ticks=list(range(10)))
        figure.xaxis.ticker = figure.yaxis.ticker = self._ticks
        self.fields = ColumnDataSource({"x": [], "y": [], "count": [], "says": [], "over": [], "shade": []})
        self._colors = look.shade(LinearColorMapper(low=0, high=1), COUNTS, COUNTS_ON_DARK)
        color = {"field": "shade", "transform": self._colors}
        tiles = figure.rect("x", "y", 0.96, 0.96, source=self.fields, fill_color=color, line_color=None)
        figure.text("x", "y", "says", source=self.fields, text_color=look.inside("over"), text_align="center",
                    text_baseline="middle", text_font_size="12px")  # fmt: skip
        figure.add_tools(theme.hover([tiles], ("True", "@y"), ("On the chip", "@x"), ("Images", "@says")))
        figure.on_event(Tap, self._tapped)

    def _tapped(self, event: Tap) -> None:
        last = len(self.shown.counts) - 1 if self.shown is not None else -1
        if 0 <= round(event.x) <= last and 0 <= round(event.y) <= last:
            self._chosen(round(event.y), round(event.x))

    def show(self, counts: np.ndarray, classes: Sequence[str]) -> None:
        """The images of the present chip."""
        last = len(classes) - 0.5
        self._axes[0].show("linear", -0.5, last)
        self._axes[1].show("linear", last, -0.5)
        self._ticks.ticks = list(range(len(classes)))
        for axis in (*self.figure.xaxis, *self.figure.yaxis):
            axis.major_label_overrides = dict(enumerate(classes))
        self.shown = Counts("Confusion: click a field for its images", counts)
        self.draw(self.shown)

    def draw(self, shown: Counts) -> None:
        y, x = (part.ravel() for part in np.indices(shown.counts.shape))
        counts = shown.counts.ravel()
        shade = np.sqrt(np.abs(counts))  # few errors beside many right answers
        strong = shade > 0.5 * shade.max()
        self._colors.high = float(shade.max()) or 1.0
        self.fields.data = {
            "x": x, "y": y, "count": counts, "says": [says(n, shown.signed) for n in counts],
            "over": np.where(strong, "strong", "pale"), "shade": shade,
        }  # fmt: skip
        self.figure.title.text = shown.title

    def of_two(self, a: Counts, b: Counts, side: str) -> Counts | None:
        """Images of chip A, of chip B, or how many more B has."""
        if side != "difference":
            return replace(a, title="A: confusion") if side == "a" else b
        if a.counts.shape != b.counts.shape:
            return None
        return Counts("B − A: confusion, in images", b.counts - a.counts, signed=True)


def says(count: int, signed: bool) -> str:
    return minus(f"{count:+}" if signed else str(count)) if count else ""
