"""The Fit tab in words: the verdict, what was assumed, and the table of estimates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import panel as pn

from app.look import theme
from app.look.plain import escape
from app.look.tables import SUPERSCRIPT, table
from app.settings.numbers import minus
from synaptogen_core.report.summary import MARKS, groups

if TYPE_CHECKING:
    from app.tabs.fit.compare import Fitted, Judged, Two
    from synaptogen_core.report.summary import Number, Row

TONES = {"good": "#009E73", "not good": "#D55E00", "not known": theme.NEUTRAL, "good for some": "#E69F00"}
STYLE = """
ul { list-style: none; padding-left: 4px; margin: 4px 0; }
li { margin: 4px 0; padding-left: 26px; text-indent: -26px; font-size: 0.95rem; }
li b { display: inline-block; width: 26px; text-indent: 0; font-size: 1.05rem; }
p { margin: 4px 0; font-size: 0.92rem; }
:host { overflow-x: auto; } th { text-align: left; font-size: 0.86rem; padding-right: 10px; }
td { padding: 2px 10px 2px 0; font-size: 0.86rem; vertical-align: top; }
@media (max-width: 599px) {
  table.compared tr { display: grid; grid-template-columns: 20px 1fr; padding: 4px 0; }
  table.compared td { padding: 0; } table.compared td:nth-child(n + 3) { grid-column: 2; }
  table.compared td:nth-child(2) { font-weight: 600; }
}
ul.plain { list-style: disc; padding-left: 22px; } ul.plain li { padding-left: 0; text-indent: 0; font-size: 0.92rem; }
"""
HASH = "Data hash"
HEAD = ("Estimate", "from", "to (95 %)", "Unit", "Origin")


def words() -> pn.pane.HTML:
    """A place for sentences."""
    return pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 8), stylesheets=[STYLE])


def verdict(judged: Judged | None, fitted: Fitted | None) -> str:
    """Good for what, not good for what."""
    if fitted is None:
        return ""
    if judged is None:
        return "<p>Not yet compared with the measurement.</p>"
    rows = []
    for k, row in enumerate(judged.verdict):  # the first one says what it is good for
        text = typeset(row.value) if k else f"<strong>{typeset(row.value)}</strong>"
        sign = f'<b role="img" aria-label="{row.mark}" style="color:{TONES[row.mark]}">{MARKS[row.mark]}</b>'
        rows.append(f"<li>{sign}{text}</li>")
    return f"<ul>{''.join(rows)}</ul>"


def compared(found: tuple[tuple[Row, ...], str] | None) -> str:
    """Numbers that matter for the use, each with its error, interval and limit; what they come to."""
    if found is None:
        return ""
    rows, uses = found
    lines = "".join(
        f'<tr><td style="color:{TONES[row.mark]}" role="img" aria-label="{row.mark}">{MARKS[row.mark]}</td>'
        f"<td>{escape(row.label)}</td><td>{typeset(row.value)}</td><td>{escape(row.remark)}</td></tr>"
        for row in rows
    )
    return f"<p><strong>{escape(uses)}</strong></p><table class='compared'>{lines}</table>"


def two(found: Two | None) -> str:
    """The kept fit and this one, side by side; or how to have that."""
    if found is None:
        return "<p>Keep this fit, choose another model or order: both then stand here side by side.</p>"
    heads = f"<th>Kept: {escape(found.names[0])}</th><th>Now: {escape(found.names[1])}</th>"
    lines = "".join(
        f"<tr><td>{escape(label)}</td>"
        + "".join(f'<td style="color:{TONES.get(m, "inherit")}">{MARKS.get(m, "")} {escape(m)}</td>' for m in marks)
        + "</tr>"
        for label, *marks in found.lines
    )
    uses = "".join(f"<td>{escape(text)}</td>" for text in found.uses)
    return (
        f"<p><strong>{escape(found.score)}</strong></p><table><tr><th></th>{heads}</tr>{lines}"
        f"<tr><td>Good to</td>{uses}</tr></table>"
    )


def facts(fitted: Fitted) -> str:
    """What was fitted to what, warnings, and what was assumed."""
    known = [row for row in fitted.facts if row.label != HASH]
    rows = "".join(f"<li>{escape(row.label)}: {typeset(row.text)}</li>" for row in known)
    said = f'<ul class="plain">{rows}</ul>'
    for title, sentences in (("Warnings", fitted.warnings), ("Assumed, not fitted", fitted.assumed)):
        if sentences:
            rows = "".join(f"<li>{typeset(sentence)}</li>" for sentence in sentences)
            said += f'<p><strong>{title}</strong></p><ul class="plain">{rows}</ul>'
    hashes = [escape(row.text) for row in fitted.facts if row.label == HASH]
    return said + "".join(
        f"<details class='hash'><summary>{HASH}</summary><code>{text}</code></details>" for text in hashes
    )


def typeset(text: str) -> str:
    """A sentence as HTML, its minus signs as such."""
    return re.sub(r"(?<![\w.)-])-(?=\d)", "−", escape(text))


def raised(text: str) -> str:
    """Powers with their exponents above the line: x⁴, A/V²."""
    return re.sub(r"\^(-?\d+)", lambda found: found.group(1).translate(SUPERSCRIPT), text)


def estimates(found: tuple[Number, ...]) -> str:
    """All numbers with their intervals, in groups that unfold."""
    parts = []
    for heading, numbers in groups(found).items():
        rows = {raised(n.label): [*map(digits, (n.value, n.lower, n.upper)), raised(n.unit), n.origin] for n in numbers}
        parts.append(
            f"<details class='estimates'{'' if parts else ' open'}>"
            f"<summary>{escape(heading)} ({len(numbers)})</summary>{table('', HEAD, rows)}</details>"
        )
    return "".join(parts)


def digits(value: float) -> str:
    """Four digits, and a minus that is one."""
    return "–" if value != value else minus(f"{value:.4g}")
