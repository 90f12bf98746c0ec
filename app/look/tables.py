"""Numbers in rows and columns, for `theme.table`; they scroll sideways on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.look.plain import escape

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def table(caption: str, head: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """A caption, a line of heads, and rows that begin with their name."""
    top = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(text)}</td>" for text in cells)}</tr>'
        for name, cells in rows.items()
    )
    return (
        '<div style="overflow-x:auto"><table class="numbers" style="white-space:nowrap">'
        f"<caption>{escape(caption)}</caption><tr><th></th>{top}</tr>{body}</table></div>"
    )


def small(value: float, digits: int = 2) -> str:
    """A number that may be tiny: 0.012, or 2.4 × 10⁻⁶."""
    if value == 0 or abs(value) >= 1e-3:
        return f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"
