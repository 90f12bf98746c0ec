"""Columns, rows and grids that are style sheets only. A component of the material set in their place lays out all that
is below it once for each of its children: with some fifty of them a page took twice as long to open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import panel as pn

POINTS = {"xs": 0, "sm": 600, "md": 900, "lg": 1200, "xl": 1536}  # pixels of the window from which on a width counts
GAP = 10  # pixels between cards
# A place may be narrower than what is in it: that scrolls, or is cut. It is as high as what is in it: Bokeh would let
# none be higher than the place around it, and so one lie over the next.
NARROW = {"min-width": "0", "max-height": "none"}
CARD = """
:host { border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: 6px; padding: 6px;
  box-sizing: border-box; overflow: hidden;
  background: var(--panel-surface-color, transparent); }
:host(:fullscreen) { overflow: auto; padding: 16px; background: var(--panel-surface-color, #fff); }
@media print { :host { break-inside: avoid; overflow: visible; } }
"""


def column(*parts: object, gap: int = 0, styles: Mapping[str, str] | None = None, **options: object) -> pn.Column:
    """Parts one below the other, `gap` pixels apart, as wide as the place."""
    return pn.Column(*parts, styles=NARROW | {"row-gap": f"{gap}px"} | dict(styles or {}), **wide(options))


def row(*parts: object, gap: int = 0, styles: Mapping[str, str] | None = None, **options: object) -> pn.Row:
    """Parts side by side, which stay on one line."""
    return pn.Row(*parts, styles=NARROW | {"column-gap": f"{gap}px"} | dict(styles or {}), **wide(options))


def flow(*parts: object, gap: str = "4px 8px", styles: Mapping[str, str] | None = None, **options: object) -> pn.Row:
    """Parts side by side, on as many lines as it takes."""
    style = NARROW | {"flex-wrap": "wrap", "align-items": "center", "gap": gap}
    return pn.Row(*parts, styles=style | dict(styles or {}), **wide(options))


def card(*parts: object, **options: object) -> pn.Column:
    """Parts on a quiet sheet with a border."""
    return pn.Column(*parts, stylesheets=[CARD], styles=NARROW, css_classes=["card"], **wide(options))


def grid(*items: object, sizes: Mapping[str, int] | Sequence[Mapping[str, int]]) -> pn.Column:
    """Cards side by side. `sizes`: twelfths of the width from each breakpoint on, e.g. ``{"xs": 12, "md": 6}``.

    Each row has the same columns: those of the first items that fill twelve twelfths.
    """
    each = [sizes] * len(items) if isinstance(sizes, Mapping) else list(sizes)
    widths, rules = (
        [12] * len(items),
        [f":host {{ display: grid; gap: {GAP}px; }}", ".card { align-self: stretch; height: auto; }"],
    )
    for point, pixels in POINTS.items():
        if any(point in size for size in each):
            widths = [size.get(point, width) for size, width in zip(each, widths, strict=True)]
            first = next((i for i in range(1, len(widths) + 1) if sum(widths[:i]) >= 12), len(widths))
            columns = " ".join(f"minmax(0, {width}fr)" for width in widths[:first])
            rules.append(f"@media (min-width: {pixels}px) {{ :host {{ grid-template-columns: {columns}; }} }}")
    made = pn.Column(*items, stylesheets=["\n".join(rules)], styles=NARROW, sizing_mode="stretch_width", margin=0)
    # Bokeh hides a part by a rule for its host, which comes before ours and would lose to it.
    # A style that is taken away again stays with Bokeh: both are said.
    made.param.watch(
        lambda seen: setattr(made, "styles", NARROW | {"display": "grid" if seen.new else "none"}), "visible"
    )
    return made


def wide(options: Mapping[str, object]) -> dict[str, object]:
    """As wide as the place, without a margin, unless something else is said."""
    return {"sizing_mode": "stretch_width", "margin": 0} | dict(options)
