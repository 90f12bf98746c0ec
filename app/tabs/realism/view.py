"""Realism: each number beside its exact value and band; and in words what the model does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
from bokeh.models import BoxAnnotation, ColumnDataSource, FactorRange, Range1d, Span
from bokeh.plotting import figure as Figure

from app.look import layout, theme
from app.look.legend import legend, swatch
from app.look.plain import escape
from app.look.theme import NEUTRAL
from app.settings.numbers import minus
from app.tabs.view import Context
from app.tabs.view import View as Base

if TYPE_CHECKING:
    from app.tabs.realism.compute import Group, Number, Result

GOOD, BAD = "#009E73", "#D55E00"
REACH = 3.2905
FARTHEST = 8.0  # standard errors that are drawn; what lies beyond stands at the edge
EMPTY = {"x": [], "y": [], "says": []}
TABLE = """
table { border-collapse: collapse; font-size: 12.5px; font-variant-numeric: tabular-nums; width: 100%; }
th { font-weight: 500; text-align: left; padding: 3px 8px; white-space: nowrap; } th + th { text-align: right; }
td { padding: 3px 8px; text-align: right; white-space: nowrap; }
td small { display: block; opacity: 0.75; font-size: 11px; }
tr { border-top: 1px solid color-mix(in srgb, currentColor 22%, transparent); }
td.in::before { content: "✓ "; color: #009E73; } td.out::before { content: "✗ "; color: #D55E00; font-weight: 700; }
td.in { background: rgba(0, 158, 115, 0.10); } td.out { background: rgba(213, 94, 0, 0.18); }
.scroll { overflow-x: auto; }
@media (max-width: 599px) { table { font-size: 11px; } td small { font-size: 9.5px; }
  th, td { padding: 2px 3px; } th { white-space: normal; } }
"""
UNKNOWN = """<ul style="margin:0;padding-left:20px;line-height:1.5">
<li><b>Time.</b> A pulse has no rise time and its width does nothing; nothing is forgotten (the tab Time uses laws of
other devices).</li>
<li><b>Wear.</b> No forming, no fatigue, no endurance failure: cycle 10,000 has the statistics of cycle 10.</li>
<li><b>Temperature.</b> Read noise is that of 300 K; switching is that of the measurement.</li>
<li><b>Other voltages.</b> Beyond the measured range (±1.5 V for the published device) currents are extrapolated.</li>
<li><b>Neighbours.</b> Cells are independent of each other: no gradients over a wafer, no shared defects, no heat from
the next cell.</li>
<li><b>Beyond the sample.</b> Tails and rare populations are those of the cells that were measured (512 for the
published device); what is rarer than one in some hundred devices was hardly seen.</li>
<li><b>What the fit left out.</b> Green says that these cells follow the model's law, not that the model follows the
device: for that, compare with measurements on the tab Fit.</li>
</ul>"""


class View(Base):
    def __init__(self, context: Context):
        super().__init__(context)
        self.summary, self.notes = theme.heading(""), theme.note()
        self.figure = self._figure()
        wide: dict[str, object] = {"sizing_mode": "stretch_width", "margin": (2, 6)}
        self.tables = [pn.pane.HTML("", stylesheets=[TABLE], **wide) for _ in range(5)]
        self.layout = layout.column(
            theme.card(self.summary, theme.pane(self.figure), self._legend(), self.notes),
            theme.grid(*(theme.card(table) for table in self.tables[:2]), sizes={"xs": 12, "lg": 6}),
            theme.grid(*(theme.card(table) for table in self.tables[2:]),
                       sizes=[{"xs": 12, "md": 6, "lg": size} for size in (5, 5, 3)]),
            theme.card(theme.heading("What the model does not know"),
                       pn.pane.HTML(UNKNOWN, **wide)),
            gap=10,
        )  # fmt: skip

    def _figure(self) -> Figure:
        self.rows = FactorRange()
        figure = self.theme.figure(
            "realism", title="Distance from exact", x="Standard errors from the exact value", y="", height=240,
            x_range=Range1d(-FARTHEST - 0.5, FARTHEST + 0.5), y_range=self.rows,
        )  # fmt: skip
        figure.add_layout(BoxAnnotation(left=-REACH, right=REACH, fill_color=GOOD, fill_alpha=0.1, line_color=None))
        figure.add_layout(Span(location=0, dimension="height", line_color=NEUTRAL))
        self.good, self.bad = ColumnDataSource(EMPTY), ColumnDataSource(EMPTY)
        dots = [
            figure.scatter("x", "y", source=self.good, size=6, color=GOOD, alpha=0.7),
            figure.scatter("x", "y", source=self.bad, size=10, marker="triangle", color=BAD),
        ]
        figure.add_tools(theme.hover(dots, ("", "@says")))
        return figure

    @staticmethod
    def _legend() -> Any:
        words = theme.note()
        words.object = legend([
            swatch(GOOD, "inside the band, in which 99.9 % of faithful numbers lie", kind="dot"),
            swatch(BAD, "outside", kind="triangle"),
        ])  # fmt: skip
        return words

    def update(self, result: Result) -> None:
        total, inside = (
            sum(counts) for counts in zip(*((len(g.numbers), g.inside) for g in result.groups), strict=True)
        )
        self.summary.object = (
            f"<h3>{inside} of {total} numbers lie in their band: {result.cells:,} cells, {result.cycles:,} cycles of "
            f"{escape(result.device)}</h3>"
        )
        chance = f"Of {total} right numbers, {0.001 * total:.2g} are expected outside by chance."
        self.notes.object = escape(" ".join([chance, *result.notes]))
        self.rows.factors = [group.title for group in reversed(result.groups)]
        for source, wanted in ((self.good, True), (self.bad, False)):
            each = [(g, n, k) for g in result.groups for k, n in enumerate(g.numbers) if n.inside == wanted]
            source.data = {
                "x": [float(np.clip(n.off, -FARTHEST, FARTHEST)) for _, n, _ in each],
                "y": [(g.title, 0.6 * ((k * 0.618) % 1 - 0.5)) for g, _, k in each],
                "says": [says(n) for _, n, _ in each],
            }
        for table, group in zip(self.tables, [*result.groups, *[None] * 5], strict=False):
            table.object = "" if group is None else f'<div class="scroll" tabindex="0">{html(group)}</div>'


def says(number: Number) -> str:
    """One number in words."""
    low, high = number.band
    digits = theme.number
    return f"{name(number.column)}, {name(number.row)}: {digits(number.generated)}, exact {digits(number.exact)} " + (
        f"({digits(low)} to {digits(high)})"
    )


def name(word: str) -> str:
    return theme.AXES[word][2] if word in theme.COLORS else word


def html(group: Group) -> str:
    """A table: the generated numbers, below each the exact one and the half width of its band."""
    columns = list(dict.fromkeys(number.column for number in group.numbers))
    rows = list(dict.fromkeys(number.row for number in group.numbers))
    at = {(number.row, number.column): number for number in group.numbers}
    quantiles = group.title == "Quantiles"
    head = "".join(f"<th>{escape(head_of(column, quantiles))}</th>" for column in columns)
    body = "".join(
        f"<tr><th>{escape(name(row))}</th>{''.join(cell(at.get((row, column)), quantiles) for column in columns)}</tr>"
        for row in rows
    )
    title = f"{group.title}: {group.inside} of {len(group.numbers)} in their band"
    return f"<b>{escape(title)}</b><table><tr><th></th>{head}</tr>{body}</table><small>{escape(group.note)}</small>"


def head_of(column: str, quantiles: bool) -> str:
    return theme.label(column) if quantiles else name(column)


def cell(number: Number | None, quantiles: bool) -> str:
    """Generated; below it exact, and the half width of the band."""
    if number is None:
        return "<td></td>"
    by = theme.factor(number.column) if quantiles else 1.0
    half = by * REACH * number.error
    digits = max(0, 1 - int(np.floor(np.log10(half)))) if 0 < half < np.inf else 4  # two of the band's
    generated, exact = (minus(f"{by * value:,.{digits}f}") for value in (number.generated, number.exact))
    state, said = ("in", "inside") if number.inside else ("out", "outside")
    return f'<td class="{state}" title="{said} the band">{generated}<small>{exact} ± {half:,.{digits}f}</small></td>'
