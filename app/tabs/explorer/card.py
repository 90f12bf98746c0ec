"""A card of the Explorer: which picture, its figure, what its colours mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.events import SelectionGeometry, Tap
from bokeh.models import BoxSelectTool, ColorBar, ColumnDataSource, LassoSelectTool
from bokeh.plotting import figure as Figure

from app.look import theme
from app.look.cell_map import MARKS, cell_colors
from app.look.legend import legend, swatch
from app.look.tags import MAP
from app.tabs.explorer.picker import PicturePicker
from synaptogen_core.plots.exploring.live import CHOSEN, Live

if TYPE_CHECKING:
    from synaptogen_core.plots.exploring.drawing import Drawing

HEIGHT = 300
Place = tuple[float, float, int]  # of a followed cell on the axes of a figure, and its number


class PictureCard:
    """One of up to four. Its figure is made anew when another picture is asked for; else only its data change."""

    def __init__(
        self, look: theme.Theme, number: int, kinds: list[Any], pick: Callable[[int, str], None],
        drawn: Callable[[Drawing, Mapping[str, object]], None], clicked: Callable[[Drawing, Tap], None],
    ):  # fmt: skip
        self.theme, self.number, self._drawn, self._clicked = look, number, drawn, clicked
        self.live: Live | None = None
        self.drawing: Drawing | None = None
        self.picker = PicturePicker(number=number + 1, kinds=kinds, sizing_mode="stretch_width", margin=(2, 4))
        self.picker.param.watch(lambda event: pick(number, event.new), "value")
        self.place = pn.pane.Bokeh(None, sizing_mode="stretch_width", height=HEIGHT, margin=0)
        self.legend = theme.note()
        self.layout = theme.card(self.picker, self.place, self.legend)
        self.layout.visible = False

    def show(
        self, drawing: Drawing, quantities: list[Any], places: Sequence[Place], *, chosen: bool, can_go: bool
    ) -> None:
        """Draw, with what is selected on top, and the followed cells above that."""
        self.drawing = drawing
        words = str(drawing.spec)
        if self.picker.quantities != quantities or self.picker.value != words or self.picker.can_go != can_go:
            self.picker.param.update(quantities=quantities, can_go=can_go, value=words)
        if self.live is None or not self.live.fits(drawing):
            if self.live is not None:
                self.live.figure.name = None  # a browser forgets it in its own time
            self.live = Live(drawing)
            self._dress(self.live.figure, drawing)
            if "color" in drawing.layers["chosen"].columns:
                self.theme.ink(self.live.glyphs["chosen"].glyph, "line_color")
            self.live.show(drawing, chosen)
            self.place.object = self.live.figure
        else:
            self.live.show(drawing, chosen)
            self.live.figure.title.text = drawing.title
        self._mark(places)
        self.legend.object = legend(_entries(drawing, chosen))
        self.layout.visible = True

    def hide(self) -> None:
        """No picture."""
        self.layout.visible = False

    def _dress(self, figure: Figure, drawing: Drawing) -> None:
        self.theme.dress(figure, f"explorer {self.number + 1}")
        figure.update(sizing_mode="stretch_width", width=None, height=HEIGHT, min_width=220)
        figure.tags = [MAP, 0.0] if drawing.spec.kind == "map" else []
        for bar in (part for part in figure.right if isinstance(part, ColorBar)):
            self.theme.dress_bar(bar)
        points = (
            [glyph for name, glyph in self.live.glyphs.items() if "row" in drawing.layers[name].columns]
            if self.live
            else []
        )
        if points:
            figure.add_tools(
                theme.hover(points, ("Cell", "(@row, @column)"), (drawing.x.words, "@x"), (drawing.y.words, "@y"))
            )
        tools = [tool for tool in figure.tools if isinstance(tool, BoxSelectTool | LassoSelectTool)]
        for tool in tools:  # the server says what is selected, in every picture
            tool.update(renderers=[], persistent=False)
        figure.toolbar.active_drag = next((tool for tool in tools if isinstance(tool, BoxSelectTool)), None)
        figure.on_event(SelectionGeometry, self._selected)
        figure.on_event(Tap, self._tapped)
        self.marks = ColumnDataSource(MARKS)
        shape: dict[str, object] = {"marker": "marker", "size": 13, "fill_color": None}
        halo = figure.scatter("x", "y", source=self.marks, line_width=6, **shape)
        mark = figure.scatter("x", "y", source=self.marks, line_color="color", line_width=2.5, **shape)
        halo.name = mark.name = "followed"
        self.halo = halo.glyph

    def _mark(self, places: Sequence[Place]) -> None:
        self.halo.line_color = theme.INK[not self.theme.dark]
        colors = cell_colors(self.theme, len(theme.CELL_MARKERS))
        self.marks.data = {
            "x": [x for x, _, _ in places], "y": [y for _, y, _ in places], "color": [colors[k] for *_, k in places],
            "marker": [theme.CELL_MARKERS[k] for *_, k in places],
        }  # fmt: skip

    def _tapped(self, event: Tap) -> None:
        if self.drawing is not None:
            self._clicked(self.drawing, event)

    def _selected(self, event: SelectionGeometry) -> None:
        if event.final and self.drawing is not None:
            self._drawn(self.drawing, event.geometry)


def _entries(drawing: Drawing, chosen: bool) -> list[str]:
    kind = {"bars": "area", "image": "area", "polygons": "area", "line": "line", "points": "dot"}
    found = [swatch(color, words, kind="dot") for color, words in drawing.color.legend]
    if drawing.layers["all"].kind == "image" and drawing.bar is None:
        found.append(f"<span>shade: {drawing.counts}</span>")
    if chosen:
        ringed = "color" in drawing.layers["all"].columns and drawing.layers["all"].kind == "points"
        words = "selected: ringed, in full colour" if ringed else "selected"
        marked = drawing.spec.kind == "violin" and drawing.counts == "cells"
        shape = "dot" if marked else kind[drawing.layers["chosen"].kind]
        found.append(swatch("ink" if ringed else CHOSEN, words, kind=shape))
    return found
