"""A legend in text: it wraps on a phone, and never lies over data."""

from __future__ import annotations

from collections.abc import Iterable

from app.look.plain import escape
from app.look.theme import CELL_MARKERS, CELL_STYLES

MARKERS = {"triangle": "▲", "inverted_triangle": "▼", "circle": "●", "square": "■", "diamond": "◆"}
DASHES = {"solid": "solid", "dashed": "dashed", "dotted": "dotted", "dotdash": "dashed"}


def swatch(color: str, text: str, *, dash: str = "solid", kind: str = "line") -> str:
    """One entry: a piece of line, or a square (`kind` "area"), dot or marker. The colour "ink" is that of the text."""
    drawn = f'data-kind="{kind}" data-color="{color}" data-dash="{dash}"'  # for files of the figure: figure_export.js
    color = "currentColor" if color == "ink" else color
    if kind in MARKERS:
        sign = f'<span style="color:{color}">{MARKERS[kind]}</span>'
        return f'<span {drawn} style="white-space:nowrap">{sign} {escape(text)}</span>'
    if kind == "line":
        shape = f"width:22px;border-top:3px {DASHES[dash]} {color}"
    else:
        shape = f"width:10px;height:10px;background:{color};border-radius:{'50%' if kind == 'dot' else '2px'}"
    return (
        f'<span {drawn} style="display:inline-flex;align-items:center;gap:6px;white-space:nowrap">'
        f'<span style="display:inline-block;{shape}"></span>{escape(text)}</span>'
    )


def legend(entries: Iterable[str]) -> str:
    """Entries side by side, as HTML."""
    return (
        f'<div class="legend" style="display:flex;flex-wrap:wrap;gap:2px 16px;font-size:12px">{"".join(entries)}</div>'
    )


def cell_entries(cells: Iterable[tuple[int, int]]) -> list[str]:
    """One entry for each followed cell, in its line style."""
    return [
        swatch(color, f"cell ({row}, {column})", dash=dash)
        for (color, dash), (row, column) in zip(CELL_STYLES, cells, strict=False)
    ]


def mark_entries(cells: Iterable[tuple[int, int]]) -> list[str]:
    """One entry for each followed cell, with its mark on a map."""
    return [
        swatch(color, f"cell ({row}, {column})", kind=marker)
        for (color, _), marker, (row, column) in zip(CELL_STYLES, CELL_MARKERS, cells, strict=False)
    ]
