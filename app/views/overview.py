"""The overview: four histograms, HRS against LRS, loops, read map. One glance."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui
from bokeh.models import ColumnDataSource

from app import theme
from app.theme import COLORS
from app.views.base import Context
from app.views.base import View as Base
from synaptogen_core.schema import FEATURES


class View(Base):
    """Made once; `update` replaces the data of its sources."""

    def __init__(self, context: Context):
        super().__init__(context)
        self.bars = {f.name: ColumnDataSource({"left": [], "right": [], "top": []}) for f in FEATURES}
        histograms = [theme.card(self._histogram(f.name, f.scale)) for f in FEATURES]
        self.layout = pmui.Column(
            theme.grid(*histograms, sizes={"xs": 12, "sm": 6, "lg": 3}), sizing_mode="stretch_width", margin=0
        )

    def _histogram(self, name: str, scale: str) -> Any:
        figure = self.theme.figure(
            f"overview {name}", x=name, y="Share of cycles (%)", height=230, x_axis_type=scale, y_range=(0, 10)
        )
        figure.quad("left", "right", "top", 0, source=self.bars[name], color=COLORS[name], line_color=None)
        return figure

    def update(self, result: Any) -> None:
        for name, histogram in result.histograms.items():
            edges = histogram.edges * theme.factor(name)
            self.bars[name].data = {"left": edges[:-1], "right": edges[1:], "top": 100 * histogram.share}
