"""A card of the Explorer: which picture, its figure, what its colours mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import panel as pn
from bokeh.events import SelectionGeometry, Tap
from bokeh.models import BoxSelectTool, ColorBar, ColumnDataSource, LassoSelectTool
from bokeh.plotting import figure as Figure

from app.look import theme
from app.look.cell_map import MARKS, apart, cell_colors
from app.look.legend import legend, swatch
from app.look.tags import MAP
from app.tabs.explorer.picker import PicturePicker
from synaptogen_core.plots.exploring.drawing import Drawing, Layer
from synaptogen_core.plots.exploring.live import CHOSEN, Live

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
        self.shown: Colored | None = None  # a map: there is room for one run
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
        self.drawing, self._chosen = drawing, chosen
        self.shown = Colored(drawing, theme.MAP_PALETTE) if drawing.bar is not None else None
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
        self.layout.visible, self.shown = False, None

    def draw(self, shown: Colored) -> None:
        """A map, of run A or B or of their difference."""
        if self.live is not None:
            self.live.show(shown.drawing, self._chosen)
            self.live.figure.title.text = shown.drawing.title
            self.live.glyphs["all"].glyph.color_mapper.palette = shown.palette
            for bar in (part for part in self.live.figure.right if isinstance(part, ColorBar)):
                bar.title = shown.drawing.bar.words if shown.drawing.bar else ""

    def of_two(self, a: Colored, b: Colored, side: str) -> Colored | None:
        """Of two maps one, on a scale that both share, or B - A; B / A where colours are logarithmic."""
        one, ours = (each.drawing.layers["all"].columns for each in (a, b))
        bars = a.drawing.bar, b.drawing.bar
        if bars[0] is None or bars[1] is None:
            return None
        drawing, image, palette, words = b.drawing, ours["image"][0], b.palette, {}
        low, high, title = min(bar.low for bar in bars if bar), max(bar.high for bar in bars if bar), b.drawing.title
        if side == "a":
            drawing, image, title = a.drawing, one["image"][0], f"A: {a.drawing.title}"
        elif side == "difference":
            if image.shape != one["image"][0].shape:
                return None
            image, low, high = apart(one["image"][0], image, log=bars[1].log)
            title, palette = f"B {'/' if bars[1].log else '−'} A: {title}", theme.DIVERGING
            words = {"label": "B / A", "unit": ""} if bars[1].log else words
        layers = {**drawing.layers, "all": Layer("image", {**drawing.layers["all"].columns, "image": [image]})}
        return Colored(
            replace(drawing, title=title, layers=layers, bar=replace(bars[1], low=low, high=high, **words)), palette
        )

    def _dress(self, figure: Figure, drawing: Drawing) -> None:
        self.theme.dress(figure, f"explorer {self.number + 1}")
        figure.update(sizing_mode="stretch_width", width=None, height=HEIGHT, min_width=220)
        figure.tags = [MAP] if drawing.spec.kind == "map" else []
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


@dataclass(frozen=True, eq=False)
class Colored:
    """A map and its colours."""

    drawing: Drawing
    palette: Any


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
