"""Numbers in rows and columns, for `theme.table`; they scroll sideways on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from app.look.plain import escape
from app.look.theme import CELL_STYLES

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


FAR = ' class="far"'
SCROLLS = '<div style="overflow-x:auto" tabindex="0"><table class="numbers" style="white-space:{}">{}</table></div>'


def table(
    caption: str,
    head: Sequence[str],
    rows: Mapping[str, Sequence[str]] | Sequence[tuple[str, Sequence[str]]],
    *,
    of: str = "",
    wraps: bool = False,
    far: Sequence[bool] = (),
) -> str:
    """A caption, a line of heads, and rows that begin with their name; `of` is the head over the names.

    The lines of what `wraps` break where its place is narrow. `far` marks rows, for the style of their page.
    """
    top = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    body = "".join(
        f"<tr{FAR if is_far else ''}><th scope='row'>{escape(name)}</th>"
        f"{''.join(f'<td>{escape(text)}</td>' for text in cells)}</tr>"
        for (name, cells), is_far in zip_longest(rows.items() if isinstance(rows, Mapping) else rows, far)
    )
    text = f"<caption>{escape(caption)}</caption><tr><th>{escape(of)}</th>{top}</tr>{body}"
    return SCROLLS.format("normal" if wraps else "nowrap", text)


def pairs(caption: str, rows: Sequence[tuple[str, str]]) -> str:
    """A caption, and a number or text after each name."""
    body = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>' for name, text in rows)
    return f'<table class="numbers"><caption>{escape(caption)}</caption>{body}</table>'


def small(value: float, digits: int = 2) -> str:
    """A number that may be tiny: 0.012, or 2.4 × 10⁻⁶."""
    if value == 0 or abs(value) >= 1e-3:
        return f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"


def followed(cells: Sequence[tuple[str, Sequence[str]]], head: Sequence[str]) -> str:
    """The followed cells in numbers: the name of each and its texts; a single text takes the whole line."""
    body = ""
    for (name, texts), (color, dash) in zip(cells, CELL_STYLES, strict=False):
        line = "currentColor" if color == "ink" else color
        mark = (
            f'<span style="display:inline-block;width:9px;height:9px;margin-right:6px;border:2px {dash} {line}"></span>'
        )
        span = f' colspan="{len(head)}"' if len(texts) == 1 else ""
        body += f"<tr><th>{mark}{escape(name)}</th>{''.join(f'<td{span}>{escape(text)}</td>' for text in texts)}</tr>"
    top = "".join(f"<th>{escape(text)}</th>" for text in ("Cell", *head))
    caption = "<caption>Followed cells: click the map to choose, with Shift to add</caption>"
    return SCROLLS.format("nowrap", f"{caption}<tr>{top}</tr>{body}")
