"""Pictures as SVG text.

Why our own: a report must be made where there is no screen, hold no script, load nothing and follow light and dark. The
core imports no drawing library, and those that write SVG put each colour into the picture; here a role is a class of
the page's style sheet. It draws what a report needs, and no more. All text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.drawing.picture import Band, Dots, Layer, Matrix, Picture, Rule, number
from synaptogen_core.types import F64

WIDTH, HEIGHT = 300, 215  # of a picture; its text is legible on a phone, where it is as wide as the page
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 28, 40
LONGEST = 700  # points of a line: more than there are pixels


def draw(picture: Picture | Matrix) -> str:
    """A picture as SVG; styles are classes of the page's style sheet: the role, and with `f-` before it whose it is.

    Parameters
    ----------
    picture : Picture or Matrix

    Returns
    -------
    str
    """
    if isinstance(picture, Matrix):
        return _matrix(picture)
    top, right, bottom = TOP, WIDTH - RIGHT, HEIGHT - BOTTOM
    lines, words = [], []
    for tick in picture.x.ticks():
        ((at, _),) = _at(picture.x.place(tick), 0.0)
        lines.append(f"M{at:.1f} {top}V{bottom}")
        words.append(_text(at, bottom + 14, picture.x.words(tick), "middle"))
    for tick in picture.y.ticks():
        ((_, at),) = _at(0.0, picture.y.place(tick))
        lines.append(f"M{LEFT} {at:.1f}H{right}")
        words.append(_text(LEFT - 5, at + 4, picture.y.words(tick), "end"))
    words.append(_text((LEFT + right) / 2, HEIGHT - 8, picture.x.label, "middle", "label"))
    turned = f' transform="rotate(-90 13 {(top + bottom) / 2:g})"'
    words.append(_text(13, (top + bottom) / 2, picture.y.label, "middle", "label", turned))
    words.append(_text(LEFT, 18, picture.heading, "start", "heading"))
    inside = f'<svg x="{LEFT - 4}" y="{top - 4}" width="{right - LEFT + 8}" height="{bottom - top + 8}" '
    inside += f'viewBox="{LEFT - 4} {top - 4} {right - LEFT + 8} {bottom - top + 8}">'  # cuts off what lies outside
    layers = "".join(part for layer in picture.layers for part in _layer(picture, layer))
    drawn = f'<path class="grid" d="{"".join(lines)}"/>{inside}{layers}</svg>{"".join(words)}'
    return _wrapped(drawn, picture.title, WIDTH, HEIGHT)


def _layer(picture: Picture, layer: Layer) -> Iterator[str]:
    """The elements of a layer."""
    style = f"{layer.role} f-{layer.of}" if layer.of else layer.role
    x, y = picture.x, picture.y
    if isinstance(layer, Band):
        one, two = (_at(x.share(across), y.share(up)) for across, up in layer.edges)
        yield from _band(one, two, style)
    elif isinstance(layer, Rule):
        across, up = ([0, 1] if v is None else np.tile(a.share(v), 2) for v, a in ((layer.x, x), (layer.y, y)))
        yield from _line(_at(across, up), style)
    elif isinstance(layer, Dots):
        for a, b in _at(x.share(layer.x), y.share(layer.y)):
            if np.isfinite(a + b):
                yield _marker(a, b, style, layer.marker, layer.size)
    else:
        yield from _line(_at(x.share(layer.x), y.share(layer.y)), style)


def _at(across: ArrayLike, up: ArrayLike) -> F64:
    """Points in the picture, shape (n, 2), from shares of its sides."""
    a, b = (np.clip(share, -2, 3) for share in np.broadcast_arrays(across, up))
    points = LEFT + a * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - b * (HEIGHT - BOTTOM - TOP)
    return np.stack(points, axis=-1).reshape(-1, 2)


def _line(points: F64, style: str) -> Iterator[str]:
    points = points[:: max(1, len(points) // LONGEST)]
    for piece in _whole(points):
        yield f'<polyline class="{style}" points="{_path(points[piece])}"/>'


def _band(one: F64, two: F64, style: str) -> Iterator[str]:
    for piece in _whole(np.hstack([one, two])):
        outline = np.concatenate([one[piece], two[piece][::-1]])
        yield f'<polygon class="{style}" points="{_path(outline)}"/>'


def _whole(points: F64) -> list[NDArray[np.intp]]:
    """Stretches without a gap, by the positions of their points."""
    there = np.asarray(np.isfinite(points).all(axis=1))
    pieces = np.split(np.arange(there.size), np.flatnonzero(np.diff(there)) + 1)
    return [piece for piece in pieces if len(piece) > 1 and there[piece].all()]


def _wrapped(drawn: str, title: str, width: float, height: float, style: str = "picture") -> str:
    """SVG elements as a whole picture with a title, which is escaped here."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{style}" viewBox="0 0 {width:g} {height:g}" role="img">'
        f"<title>{safe(title)}</title>{drawn}</svg>"
    )


def _matrix(picture: Matrix) -> str:
    names, side, left, top = picture.names, 54, 58, 44
    drawn = [_text(left, 18, picture.heading, "start", "heading")]
    for i, name in enumerate(names):
        drawn.append(_text(left - 6, top + (i + 0.5) * side + 4, name, "end"))
        drawn.append(_text(left + (i + 0.5) * side, top - 6, name, "middle"))
        for j in range(len(names)):
            value, x, y = float(picture.values[i, j]), left + j * side, top + i * side
            style = "plus" if value > 0 else "minus"
            strength = min(1.0, abs(value)) * 0.55 if np.isfinite(value) else 0.0
            frame = " marked" if picture.marked[i, j] else ""
            square = f'x="{x + 1}" y="{y + 1}" width="{side - 2}" height="{side - 2}" rx="3"'
            colour = f'class="{style}" fill-opacity="{strength:.2f}"'
            drawn.append(f'<rect {colour} {square}/><rect class="frame{frame}" {square}/>')
            words = number(round(value, 2), 2) + "*" * bool(picture.marked[i, j])
            drawn.append(_text(x + side / 2, y + side / 2 + 4, words, "middle", "value"))
    size = len(names) * side + 8
    return _wrapped("".join(drawn), picture.title, max(WIDTH, left + size), top + size)


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
    return _wrapped(drawn, words, 26, 12, "sample")


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
