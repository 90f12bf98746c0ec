"""Pictures as figures that are made once: each picture replaces their numbers; units, axes, colours are the page's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, GlyphRenderer, Span, Whisker

from app.look import theme
from app.look.axes import Axis
from synaptogen_core.drawing.picture import Axis as Side
from synaptogen_core.drawing.picture import Band, Picture, Rule

Data = dict[str, list[float] | np.ndarray]
Fill = Callable[..., Data]
Lines = list[np.ndarray]  # of each layer of a role: (1, 2, n), and (2, 2, n) of a band with its two lines
KINDS = {"log": "log", "normal": "percent"}  # of an axis, by its scale
MARGINS = {"whole": 0.5, "normal": 0.15}


class Drawn:
    """A figure that draws pictures: it is told which roles, of what and how, and then shows one after the other."""

    def __init__(self, look: theme.Theme, name: str, *, x: str, y: str, **options: Any):
        self.look, self.figure = look, look.figure(name, x=x, y=y, **options)
        self.x, self.y = Axis(self.figure, "x"), Axis(self.figure, "y")
        self._factors = [theme.factor(side) if side in theme.AXES else 1.0 for side in (x, y)]
        self._fills: list[tuple[ColumnDataSource, Fill, list[tuple[str, str]]]] = []
        self._rules: dict[str, Span] = {}

    def _source(self, fill: Fill, of: str, *roles: str) -> ColumnDataSource:
        source = ColumnDataSource(fill(*([] for _ in roles)))
        self._fills.append((source, fill, [(role, of) for role in roles]))
        return source

    def area(self, role: str, of: str, color: str) -> None:
        """Bands as surfaces, which an axis need not hold: far out they are wide."""
        source = self._source(outline, of, role)
        self.figure.patch("x", "y", source=source, fill_color=color, fill_alpha=0.3, line_color=None)

    def line(self, role: str, of: str, color: str, *, dash: str = "solid", dots: float = 0) -> None:
        """Lines, with dots of this size on them."""
        source = self._source(points, of, role)
        glyphs = [self.figure.line("x", "y", source=source, line_width=2, line_dash=dash).glyph]
        if dots:
            glyphs.append(self.figure.scatter("x", "y", source=source, size=dots).glyph)
        for glyph in glyphs:
            attributes = [name for name in ("line_color", "fill_color") if hasattr(glyph, name)]
            if color == "ink":
                self.look.ink(glyph, *attributes)
            else:
                glyph.update(**dict.fromkeys(attributes, color))

    def dots(self, role: str, of: str, color: str, **looks: object) -> None:
        """The points of lines."""
        self.figure.scatter("x", "y", source=self._source(points, of, role), color=color, **looks)

    def whiskers(self, role: str, band: str, of: str, color: str, size: float) -> GlyphRenderer:
        """The points of lines, each with what a band says there; a tip finds it as `low` and `high`."""
        source = self._source(between, of, role, band)
        whisker = Whisker(base="x", lower="low", upper="high", source=source, line_color=color, line_width=2)
        for head in (whisker.upper_head, whisker.lower_head):
            head.update(line_color=color, size=size)
        self.figure.add_layout(whisker)
        return self.figure.scatter("x", "y", source=source, color=color, size=size)

    def rule(self, role: str, dimension: str, **looks: object) -> None:
        """A line over the whole height or width."""
        self._rules[role] = Span(location=0, dimension=dimension, line_color=theme.NEUTRAL, **looks)
        self.figure.add_layout(self._rules[role])

    def draw(self, *pictures: Picture) -> None:
        """Replace the numbers by those of pictures, whose axes are of one kind; the axes hold all but areas."""
        found: dict[tuple[str, str], Lines] = defaultdict(list)
        held: tuple[list[np.ndarray], list[np.ndarray]] = [], []
        for picture in pictures:
            sides = list(zip((picture.x, picture.y), self._factors, strict=True))
            for layer in picture.layers:
                if isinstance(layer, Rule):
                    i, at = (0, layer.x) if layer.y is None else (1, layer.y)
                    if layer.role in self._rules:
                        held[i].append(placed(at, *sides[i]))
                        self._rules[layer.role].location = float(held[i][-1])
                    continue
                edges = layer.edges if isinstance(layer, Band) else ((layer.x, layer.y),)
                lines = [[placed(v, *side) for v, side in zip(edge, sides, strict=True)] for edge in edges]
                found[layer.role, layer.of or picture.name].append(np.array(lines))
        for source, fill, keys in self._fills:
            source.data = fill(*(found[key] for key in keys))
            if fill is not outline:
                held[0].append(source.data["x"])
                held[1].extend(source.data[name] for name in ("y", "low", "high") if name in source.data)
        hold(self.x, *held[0], scale=pictures[0].x.scale)
        hold(self.y, *held[1], scale=pictures[0].y.scale)


def placed(numbers: Any, side: Side, factor: float) -> np.ndarray:
    """Numbers of a layer in the unit of the figure's axis; normal scores of probabilities."""
    return side.scaled(numbers) if side.scale == "normal" else np.asarray(numbers, float) * factor


def points(lines: Lines) -> Data:
    """Lines one after the other, with a gap between them."""
    gap = np.full((2, 1), np.nan)
    parts = [part for line in lines for part in (gap, line[0])][1:]
    x, y = np.concatenate(parts, axis=1) if parts else np.zeros((2, 0))
    return {"x": x, "y": y}


def between(lines: Lines, bands: Lines) -> Data:
    """Points with the ends of the bands at their places."""
    low, high = (points([band[i:] for band in bands])["y"] for i in (0, 1))
    return {**points(lines), "low": low, "high": high}


def outline(bands: Lines) -> Data:
    """The way around bands, where both of their ends are known."""
    parts = [np.zeros((2, 0))]
    for one, two in bands:
        known = np.isfinite(one + two).all(axis=0)
        parts += [one[:, known], two[:, known][:, ::-1]]
    x, y = np.concatenate(parts, axis=1)
    return {"x": x, "y": y}


def hold(axis: Axis, *values: np.ndarray, scale: str = "linear", label: str | None = None) -> None:
    """Let an axis hold all values that are numbers, with a margin; without one it stays."""
    known = np.concatenate([np.ravel(part) for part in values]) if values else np.zeros(0)
    known = known[np.isfinite(known)]
    if known.size:
        axis.show(KINDS.get(scale, "linear"), *spread_out(float(known.min()), float(known.max()), scale), label)


def spread_out(low: float, high: float, scale: str) -> tuple[float, float]:
    """Ends of an axis with a margin."""
    if scale == "log" and low > 0:
        ratio = (high / low) ** 0.05 if high > low else 1.1
        return low / ratio, high * ratio
    margin = MARGINS.get(scale) or 0.05 * (high - low) or abs(low) * 0.1 or 1.0
    return low - margin, high + margin
