"""Training in the loop, epoch by epoch: accuracy, loss and pulses, side by side with what was there before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import BasicTicker, ColumnDataSource

from app.look import layout, theme
from app.look.axes import Axis
from app.look.legend import legend, swatch

if TYPE_CHECKING:
    from app.tabs.networks.growing import Loop

ON_CHIP, FLOAT = "#0072B2", "#D55E00"
NOTHING: dict[str, list[float]] = {"x": [], "y": [], "loss": [], "pulses": []}


class LoopView:
    """Three pictures over the epochs; `layout` is made once."""

    def __init__(self, look: theme.Theme) -> None:
        self.epochs, self.level = ColumnDataSource(NOTHING), ColumnDataSource({"x": [], "y": []})
        accuracy = look.figure(
            "network loop", title="Training in the loop", x="Epoch", y="Accuracy, images held out (%)", height=260
        )
        loss = look.figure("network loss", title="Loss", x="Epoch", y="Cross-entropy", height=210)
        pulses = look.figure("network loop pulses", title="Pulses", x="Epoch", y="Pulses per cell", height=210)
        self.axes = {figure.name: (Axis(figure, "x"), Axis(figure, "y")) for figure in (accuracy, loss, pulses)}
        accuracy.line("x", "y", source=self.level, line_color=FLOAT, line_dash="dashed", line_width=2)
        for figure, column in ((accuracy, "y"), (loss, "loss")):
            figure.line("x", column, source=self.epochs, line_color=ON_CHIP, line_width=2)
            dots = figure.scatter("x", column, source=self.epochs, size=7, color=ON_CHIP)
            figure.add_tools(theme.hover([dots], *self._rows()))
        bars = pulses.vbar("x", top="pulses", width=0.8, source=self.epochs, color=ON_CHIP, line_color=None)
        pulses.add_tools(theme.hover([bars], *self._rows()))
        for figure in (accuracy, loss, pulses):
            figure.xaxis.ticker = BasicTicker(min_interval=1)
        self.note = theme.note()
        small = theme.grid(theme.pane(loss), theme.pane(pulses), sizes={"xs": 12, "sm": 6})
        self.layout = layout.card(theme.pane(accuracy), small, self.note)

    @staticmethod
    def _rows() -> tuple[tuple[str, str], ...]:
        return (
            ("Epoch", "@x"),
            ("Accuracy", "@y{0.0} %"),
            ("Loss", "@loss{0.000}"),
            ("Pulses per cell", "@pulses{0.00}"),
        )

    def show(self, loop: Loop, float_accuracy: float, more: bool) -> None:
        """As far as it has come; `float_accuracy` is that of the float network on the test images."""
        x = np.arange(len(loop.accuracy))
        self.epochs.data = {"x": x, "y": 100 * loop.accuracy, "loss": loop.loss, "pulses": loop.pulses}
        self.level.data = {"x": [-0.5, loop.epochs + 0.5], "y": [100 * loop.float_accuracy] * 2}
        for across, _ in self.axes.values():
            across.show("linear", -0.5, loop.epochs + 0.5)
        lowest = 100 * min(float(loop.accuracy.min()), loop.float_accuracy)
        for name, low, high in (
            ("network loop", max(0.0, lowest - 3), 101), ("network loss", 0.0, 1.1 * float(loop.loss.max())),
            ("network loop pulses", 0.0, 1.1 * max(float(loop.pulses.max()), 0.01)),
        ):  # fmt: skip
            self.axes[name][1].show("linear", low, high)
        after = "it is learning" if more else f"<b>{100 * loop.after:.1f} %</b> after"
        self.note.object = legend([
            swatch(ON_CHIP, "on the chip"), swatch(FLOAT, "float network", dash="dashed")
        ]) + (
            f"Test images: {100 * loop.before:.1f} % before, {after}, {100 * float_accuracy:.1f} % float. "
            f"{loop.pulses.sum():.2f} pulses per cell in all: only cells whose weight left its band are written. "
            "The forward pass runs on the chip, float weights are kept beside it."
        )  # fmt: skip
