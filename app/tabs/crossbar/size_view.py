"""What the worst-case cell sees of a write, over the size of the array."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, FixedTicker, Span

from app.look import layout, theme
from app.look.axes import Axis
from app.look.theme import NEUTRAL, Theme

if TYPE_CHECKING:
    from app.tabs.crossbar.sizes import Sizes

NOTE = (
    "Of square corners of this array, each with its worst-case cell chosen: the one with the longest lines. "
    "Dashed: the target voltage. A larger array shows more."
)


class SizeCard:
    """A card with a curve; it is there when a result has one. `follow` chooses the worst-case cell, `harder` a SET
    without selector.
    """

    def __init__(self, style: Theme, follow: Callable[[], None], harder: Callable[[], None]) -> None:
        self.figure = style.figure(
            "crossbar sizes", title="Voltage at the worst-case cell", x="Rows and columns", y="Cell voltage (V)",
            height=210,
        )  # fmt: skip
        self.x, self.y = Axis(self.figure, "x"), Axis(self.figure, "y")
        self.source = ColumnDataSource({"x": [], "y": []})
        self.figure.line("x", "y", source=self.source, line_color="#0072B2", line_width=2)
        dots = self.figure.scatter("x", "y", source=self.source, size=7, color="#0072B2")
        self.figure.add_tools(theme.hover([dots], ("Size", "@x × @x"), ("Voltage", "@y{0.000} V")))
        self.wanted = Span(dimension="width", location=0, line_dash="dashed", line_color=NEUTRAL)
        self.figure.add_layout(self.wanted)
        self.worst = pmui.Button(label="Follow the worst-case cell", variant="outlined", size="small", margin=(4, 6))
        self.worst.on_click(lambda event: follow())
        self.harder = pmui.Button(label="SET it without selectors", variant="outlined", size="small", margin=(4, 6))
        self.harder.on_click(lambda event: harder())
        self.layout = theme.card(
            theme.pane(self.figure), theme.note(NOTE), layout.flow(self.worst, self.harder, gap="0")
        )
        self.layout.visible = False

    def update(self, sizes: Sizes | None) -> None:
        """Draw a curve, or none."""
        self.layout.visible = sizes is not None
        if sizes is None:
            return
        self.source.data = {"x": sizes.size, "y": sizes.voltage}
        self.wanted.location = sizes.wanted
        self.x.show("log", 0.8 * sizes.size[0], 1.25 * sizes.size[-1])
        self.figure.xaxis.ticker = FixedTicker(ticks=[int(size) for size in sizes.size])
        ends = sorted((0.0, 1.08 * sizes.wanted))
        self.y.show("linear", min(ends[0], float(sizes.voltage.min())), max(ends[1], float(sizes.voltage.max())))
