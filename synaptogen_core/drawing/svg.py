"""Small pictures as SVG text: axes, lines, bands, points, matrices.

Why our own: a report must be made where there is no screen, hold no script, load nothing and follow light and dark. The
core imports no drawing library, and those that write SVG put each colour into the picture; here a style is a class of
the page's style sheet. It draws what a report needs, and no more. All text is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.types import F64

WIDTH, HEIGHT = 300, 215  # of a picture; its text is legible on a phone, where it is as wide as the page
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 28, 40
LEAST = 1e-30  # of a logarithmic axis: less is hardly a measured number
MARGIN = 0.04  # of an axis beyond its values
LONGEST = 700  # points of a line: more than there are pixels
NORMAL = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
PREFIXES = ((1e-15, "f"), (1e-12, "p"), (1e-9, "n"), (1e-6, "µ"), (1e-3, "m"), (1.0, ""), (1e3, "k"), (1e6, "M"),
            (1e9, "G"), (1e12, "T"))  # fmt: skip
MANTISSAS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0))


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes
    ----------
    label : str
        With the unit.
    low, high : float
        Its ends.
    scale : {"linear", "whole", "log", "normal"}
        "whole": of whole numbers; "normal": probabilities, so spaced that a normal distribution is a straight line.
    """

    label: str
    low: float
    high: float
    scale: str = "linear"

    def share(self, values: ArrayLike) -> F64:
        """Where values lie, 0 at the low end and 1 at the high one."""
        low, high, at = (_scaled(v, self.scale) for v in (self.low, self.high, values))
        return np.asarray((at - low) / (high - low))

    def ticks(self) -> list[float]:
        """Round values, three to seven of them."""
        if self.scale == "normal":
            return [p for p in NORMAL if self.low <= p <= self.high]
        if self.scale == "log" and (found := _log_ticks(self.low, self.high)):
            return found
        size = 10.0 ** np.floor(np.log10((self.high - self.low) / 4))
        step = next(size * m for m in (1, 2, 5, 10) if (self.high - self.low) / (size * m) <= 6)
        step = max(step, float(self.scale == "whole"))
        first, last = np.ceil(self.low / step - 1e-9), np.floor(self.high / step + 1e-9)
        return [float(f"{k * step:.14g}") + 0.0 for k in np.arange(first, last + 1)]

    def words(self, tick: float) -> str:
        """A tick as text."""
        narrow = max(abs(self.low), abs(self.high)) / (self.high - self.low)
        return f"{100 * tick:g} %" if self.scale == "normal" else number(tick, max(6, int(np.log10(narrow)) + 3))


def axis(label: str, *values: ArrayLike, scale: str = "linear", floor: float | None = None) -> Axis:
    """An axis that holds all finite values; `floor` is the least that its low end may be.

    Parameters
    ----------
    label : str
        With the unit.
    *values : array_like
    scale : {"linear", "whole", "log", "normal"}
    floor : float, optional

    Returns
    -------
    Axis
    """
    known = np.concatenate([np.ravel(np.asarray(v, dtype=np.float64)) for v in values])
    known = known[np.isfinite(known) & ((known > LEAST) | (scale != "log"))]
    low, high = (float(known.min()), float(known.max())) if known.size else (1.0, 10.0)
    if scale == "log":
        wide = max(np.log10(high / low) * MARGIN, 0.02)
        return Axis(label, low * 10**-wide, high * 10**wide, scale)
    wide = max((high - low) * MARGIN, 0.5 * (scale == "whole")) or abs(high) * 0.1 or 1.0
    return Axis(label, low - wide if floor is None else max(floor, low - wide), high + wide, scale)


def number(value: float, digits: int = 3) -> str:
    """A number for people: so many digits that count, no power of ten unless it must be, a minus that is one.

    Parameters
    ----------
    value : float
    digits : int
        That count.

    Returns
    -------
    str
        A dash for what is no number.
    """
    if not np.isfinite(value):
        return "–"
    rounded = float(f"{value:.{digits}g}") + 0.0
    plain = rounded == 0 or 1e-4 <= abs(rounded) < 1e6
    text = f"{rounded:.15g}" if plain else re.sub(r"e([+-])0*", lambda e: "e" + e[1].strip("+"), f"{value:.{digits}g}")
    return text.replace("-", "\N{MINUS SIGN}")


def prefix(unit: str, *values: ArrayLike) -> tuple[float, str]:
    """A factor, and the unit with the prefix that goes with it, which makes the values handy numbers.

    Parameters
    ----------
    unit : str
    *values : array_like

    Returns
    -------
    tuple of float and str
    """
    known = np.abs(np.concatenate([np.ravel(np.asarray(v, dtype=np.float64)) for v in values]))
    known = known[np.isfinite(known) & (known > 0)]
    typical = float(np.median(known)) if known.size else 1.0
    size, letter = next((p for p in reversed(PREFIXES) if p[0] <= typical * 1.0001), PREFIXES[0])
    return 1 / size, letter + {"ohm": "Ω"}.get(unit, unit)


@dataclass
class Picture:
    """A picture with two axes; styles are classes of the page's style sheet.

    Attributes
    ----------
    title : str
        What it shows, for readers who do not see it, and as a tip.
    x, y : Axis
    heading : str
        Written over it.
    """

    title: str
    x: Axis
    y: Axis
    heading: str = ""
    parts: list[str] = field(default_factory=list)

    def _at(self, x: ArrayLike, y: ArrayLike) -> F64:
        """Points in the picture, shape (n, 2)."""
        across, up = np.broadcast_arrays(self.x.share(x), self.y.share(y))
        across, up = np.clip(across, -2, 3), np.clip(up, -2, 3)
        return np.stack(
            [LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP)], axis=-1
        ).reshape(-1, 2)

    def line(self, x: ArrayLike, y: ArrayLike, style: str) -> None:
        """A line, broken where a value is missing.

        Parameters
        ----------
        x, y : array_like, shape (n,)
            In the units of the axes.
        style : str
            Class of the page's style sheet.
        """
        points = self._at(x, y)
        points = points[:: max(1, len(points) // LONGEST)]
        there = np.isfinite(points).all(axis=1)
        for piece in np.split(points, np.flatnonzero(np.diff(there)) + 1):
            if len(piece) > 1 and np.isfinite(piece).all():
                self.parts.append(f'<polyline class="{style}" points="{_path(piece)}"/>')

    def band(self, x: ArrayLike, low: ArrayLike, high: ArrayLike, style: str, *, across: bool = False) -> None:
        """The surface between two lines; `across`: from left to right, `x` being the height.

        Parameters
        ----------
        x, low, high : array_like, shape (n,)
            In the units of the axes.
        style : str
            Class of the page's style sheet.
        across : bool
        """
        ends = [(low, x), (high, x)] if across else [(x, low), (x, high)]
        one, two = (self._at(*end) for end in ends)
        there = np.asarray(np.isfinite(np.hstack([one, two])).all(axis=1))
        for piece in np.split(np.arange(there.size), np.flatnonzero(np.diff(there)) + 1):
            if len(piece) > 1 and there[piece].all():
                outline = np.concatenate([one[piece], two[piece][::-1]])
                self.parts.append(f'<polygon class="{style}" points="{_path(outline)}"/>')

    def points(self, x: ArrayLike, y: ArrayLike, style: str, marker: str = "circle", size: float = 2.5) -> None:
        """Markers: circle, square or triangle.

        Parameters
        ----------
        x, y : array_like, shape (n,)
            In the units of the axes.
        style : str
            Class of the page's style sheet.
        marker : {"circle", "square", "triangle"}
        size : float
            Half the width, in the units of the picture.
        """
        for a, b in self._at(x, y):
            if np.isfinite(a + b):
                self.parts.append(_marker(a, b, style, marker, size))

    def rule(self, style: str, *, x: ArrayLike = (), y: ArrayLike = ()) -> None:
        """A line from bottom to top at `x`, or from left to right at `y`.

        Parameters
        ----------
        style : str
            Class of the page's style sheet.
        x, y : array_like, optional
            In the units of the axes.
        """
        x, y = (np.tile(v, 2) if np.size(v) else [a.low, a.high] for v, a in ((x, self.x), (y, self.y)))
        self.line(x, y, style)

    def __str__(self) -> str:
        """The picture as SVG."""
        top, right, bottom = TOP, WIDTH - RIGHT, HEIGHT - BOTTOM
        lines, words = [], []
        for tick in self.x.ticks():
            ((at, _),) = self._at(tick, self.y.low)
            lines.append(f"M{at:.1f} {top}V{bottom}")
            words.append(_text(at, bottom + 14, self.x.words(tick), "middle"))
        for tick in self.y.ticks():
            ((_, at),) = self._at(self.x.low, tick)
            lines.append(f"M{LEFT} {at:.1f}H{right}")
            words.append(_text(LEFT - 5, at + 4, self.y.words(tick), "end"))
        words.append(_text((LEFT + right) / 2, HEIGHT - 8, self.x.label, "middle", "label"))
        turned = f' transform="rotate(-90 13 {(top + bottom) / 2:g})"'
        words.append(_text(13, (top + bottom) / 2, self.y.label, "middle", "label", turned))
        words.append(_text(LEFT, 18, self.heading, "start", "heading"))
        inside = f'<svg x="{LEFT - 4}" y="{top - 4}" width="{right - LEFT + 8}" height="{bottom - top + 8}" '
        inside += f'viewBox="{LEFT - 4} {top - 4} {right - LEFT + 8} {bottom - top + 8}">'  # cuts off what lies outside
        drawn = f'<path class="grid" d="{"".join(lines)}"/>{inside}{"".join(self.parts)}</svg>{"".join(words)}'
        return wrapped(drawn, self.title, WIDTH, HEIGHT)


def wrapped(drawn: str, title: str, width: float, height: float, style: str = "picture") -> str:
    """SVG elements as a whole picture with a title.

    Parameters
    ----------
    drawn : str
        SVG elements.
    title : str
        Text; escaped here.
    width, height : float
    style : str
        Class of the page's style sheet.

    Returns
    -------
    str
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{style}" viewBox="0 0 {width:g} {height:g}" role="img">'
        f"<title>{safe(title)}</title>{drawn}</svg>"
    )


def matrix(title: str, heading: str, names: Sequence[str], values: F64, marked: NDArray[np.bool_]) -> str:
    """Numbers from -1 to 1 as a table of coloured squares; the marked ones have a frame and an asterisk.

    Parameters
    ----------
    title, heading : str
    names : sequence of str
        Of rows and columns.
    values, marked : ndarray, shape (n, n)

    Returns
    -------
    str
        SVG.
    """
    side, left, top = 54, 58, 44
    drawn = [_text(left, 18, heading, "start", "heading")]
    for i, name in enumerate(names):
        drawn.append(_text(left - 6, top + (i + 0.5) * side + 4, name, "end"))
        drawn.append(_text(left + (i + 0.5) * side, top - 6, name, "middle"))
        for j in range(len(names)):
            value, x, y = float(values[i, j]), left + j * side, top + i * side
            style = "plus" if value > 0 else "minus"
            strength = min(1.0, abs(value)) * 0.55 if np.isfinite(value) else 0.0
            frame = " marked" if marked[i, j] else ""
            square = f'x="{x + 1}" y="{y + 1}" width="{side - 2}" height="{side - 2}" rx="3"'
            colour = f'class="{style}" fill-opacity="{strength:.2f}"'
            drawn.append(f'<rect {colour} {square}/><rect class="frame{frame}" {square}/>')
            words = number(round(value, 2), 2) + "*" * bool(marked[i, j])
            drawn.append(_text(x + side / 2, y + side / 2 + 4, words, "middle", "value"))
    return wrapped("".join(drawn), title, max(WIDTH, left + len(names) * side + 8), top + len(names) * side + 8)


def sample(kind: str, style: str, words: str) -> str:
    """What a line, band or marker looks like, for a caption.

    Parameters
    ----------
    kind : {"line", "band", "circle", "square", "triangle"}
    style : str
        Class of the page's style sheet.
    words : str
        Its title.

    Returns
    -------
    str
        SVG.
    """
    drawn = {
        "line": f'<polyline class="{style}" points="1,6 25,6"/>',
        "band": f'<rect class="{style}" x="1" y="1" width="24" height="10"/>',
    }.get(kind) or _marker(13, 6, style, kind, 4)
    return wrapped(drawn, words, 26, 12, "sample")


def _scaled(values: ArrayLike, scale: str) -> F64:
    numbers = np.asarray(values, dtype=np.float64)
    if scale == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log10(numbers))
    if scale == "normal":
        return np.array(list(map(NormalDist().inv_cdf, numbers.ravel()))).reshape(numbers.shape)
    return numbers


def _log_ticks(low: float, high: float) -> list[float]:
    decades = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    decades = decades[:: max(1, len(decades) // 6)]
    for mantissas in MANTISSAS:
        ticks = [float(f"{m * 10**k:.4g}") for k in decades for m in mantissas if low <= m * 10**k <= high]
        if len(ticks) >= 3:
            return ticks
    return []


def _path(points: F64) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _marker(x: float, y: float, style: str, marker: str, size: float) -> str:
    if marker == "square":
        return (
            f'<rect class="{style}" x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:g}" height="{2 * size:g}"/>'
        )
    if marker == "triangle":
        corners = np.array([[x - size, y + size], [x + size, y + size], [x, y - size]])
        return f'<polygon class="{style}" points="{_path(corners)}"/>'
    return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="{size:g}"/>'


def _text(x: float, y: float, words: str, anchor: str, style: str = "tick", more: str = "") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{safe(words)}</text>'


def safe(words: str) -> str:
    """Text as XML may hold it: escaped, without control characters."""
    return escape("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words))
