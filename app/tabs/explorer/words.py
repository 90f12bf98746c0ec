"""What the Explorer says in words: why a cell is unusual, and the Python that draws the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.settings.numbers import minus
from app.settings.sections import Choices
from app.work.runs import Run
from synaptogen_core.analysis.exploring.cell_table import CellTable
from synaptogen_core.analysis.exploring.unusual import UNUSUAL, Reason
from synaptogen_core.plots.exploring.quantities import scale_of, unit_of
from synaptogen_core.schema import feature

MOST_REASONS = 2
MOST_RANK = 20
ORDER = {1: "", 2: "2nd ", 3: "3rd "}


@dataclass(frozen=True)
class Row:
    """A cell in the table."""

    cell: tuple[int, int]
    component: str
    medians: tuple[float, ...]  # of the four features, in the units of their axes
    cycles: int | None  # selected ones
    why: str


def why(table: CellTable, place: int, reasons: Sequence[Reason], *, outlier: bool) -> str:
    """A sentence: what is unusual in a cell, the most unusual first."""
    said = [_reason(table, place, reason) for reason in reasons[:MOST_REASONS]]
    if outlier:
        said.insert(0, "outlier population")
    if not said:
        return f"Like the others: each number within {UNUSUAL:g} σ of the middle."
    text = "; ".join(said)
    more = len(reasons) - MOST_REASONS
    return f"{text[0].upper()}{text[1:]}{f'; and {more} more' if more > 0 else ''}."


def _reason(table: CellTable, place: int, reason: Reason) -> str:
    value = float(table.column(reason.quantity)[place]) * scale_of(reason.quantity)
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    shown = minus(f"{symbol_of(reason.quantity)} {number} {unit_of(reason.quantity)}")
    if value == 0 and reason.quantity.endswith(".std"):
        return f"{shown}, the same in every cycle"
    extreme = "largest" if reason.score > 0 else "smallest"
    rank = "" if reason.rank > MOST_RANK else f" ({ORDER.get(reason.rank, f'{reason.rank}th ')}{extreme})"
    return f"{shown}, {abs(reason.score):.1f} σ {'above' if reason.score > 0 else 'below'} the middle{rank}"


def symbol_of(quantity: str) -> str:
    """A number of a cell, short: ``R_HRS``, ``spread of R_HRS``."""
    name, _, number = quantity.partition(".")
    return f"spread of {feature(name).symbol}" if number == "std" else feature(name).symbol


def python_of(run: Run, pictures: Sequence[str], options: Choices) -> str:
    """The run and its pictures in Python."""
    lines = [f'    "{picture}",' for picture in pictures]
    more = "".join(f", {name}={value!r}" for name, value in (("color", options.color), ("select", options.selection))
                   if value)  # fmt: skip
    made = str(run.data.attrs.get("python", "")).rstrip()
    return "\n".join(
        [
            made, "", "import holoviews as hv", "", 'hv.extension("bokeh")', "pictures = [", *lines, "]",
            f"sc.plots.explore(ds, pictures{more})  # link=False: as on the page, without a new selection", "",
        ]
    )  # fmt: skip
