"""What was understood of a file, in sentences, and the questions that stay open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from synaptogen_core.errors import ColumnsUnclear
from synaptogen_core.exchange.measurements.columns import TableLayout, shown
from synaptogen_core.exchange.measurements.reading import Choice
from synaptogen_core.exchange.measurements.text import SEPARATORS


def ask(layout: TableLayout, questions: Sequence[str], choices: Sequence[Choice] = ()) -> None:
    """Raise the questions, if there are some.

    Parameters
    ----------
    layout : TableLayout
        What was understood.
    questions : sequence of str
        About columns and units.
    choices : sequence of Choice
        About how the file is read.

    Raises
    ------
    ColumnsUnclear
        With the questions in its layout.
    """
    asked = [*questions, *(choice.sentence for choice in choices)]
    if asked:
        raise ColumnsUnclear(
            f"{layout.name}: must tell what its columns hold (got doubts); {'; '.join(asked)}",
            replace(layout, questions=tuple(asked), choices=tuple(choices)),
        )


def notes_of(layout: TableLayout) -> list[str]:
    """What was understood, in sentences."""
    notes: list[str] = []
    for column, role, unit, assumed in zip(layout.columns, layout.roles, layout.units, layout.assumed, strict=True):
        if role and role != "time":
            doubt = ", as it says nothing else" if assumed else ""
            notes.append(f"column {shown(column)} read as {role}" + (f" in {unit}{doubt}" if unit else ""))
    left_out = [
        shown(column) for column, role in zip(layout.columns, layout.roles, strict=True) if role in ("", "time")
    ]
    if left_out:
        notes.append(f"left out: {', '.join(left_out[:20])}")
    if layout.decimal == ",":
        notes.append("decimal commas")
    if layout.delimiter not in ("", ","):
        notes.append(f"cells separated by {SEPARATORS[layout.delimiter]}")
    skipped = (layout.header_line or layout.first_line) - 1
    if skipped > 0:
        notes.append(f"{skipped} lines before the table skipped")
    if layout.encoding not in ("", "utf-8-sig"):
        notes.append(f"encoding {layout.encoding}")
    return notes
