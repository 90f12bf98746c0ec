"""Numbers in rows and columns, as HTML; they scroll sideways on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

CELL = "padding:3px 10px;text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"
TITLE = "text-align:left;padding:4px 10px;font-weight:600;white-space:nowrap"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LINE = "border-top:1px solid rgba(127,127,127,.3)"


def table(caption: str, head: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """A caption, a line of heads, and rows that begin with their name."""
    top = "".join(f'<th scope="col" style="{CELL};opacity:.75">{escape(text)}</th>' for text in head)
    body = "".join(
        f'<tr><th scope="row" style="{CELL};{LINE};text-align:left;font-weight:500">{escape(name)}</th>'
        + "".join(f'<td style="{CELL};{LINE}">{escape(text)}</td>' for text in cells)
        + "</tr>"
        for name, cells in rows.items()
    )
    return (
        f'<div style="overflow-x:auto;font-size:13px"><table style="border-collapse:collapse;margin:2px 4px">'
        f'<caption style="{TITLE}">{escape(caption)}</caption>'
        f"<tr><th></th>{top}</tr>{body}</table></div>"
    )


def small(value: float, digits: int = 2) -> str:
    """A number that may be tiny: 0.012, or 2.4 × 10⁻⁶."""
    if value == 0 or abs(value) >= 1e-3:
        return f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"
