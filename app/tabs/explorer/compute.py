"""The Explorer: pictures of cells or cycles in which a box or lasso chooses, and the chosen cells with what is odd."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import param

from app.settings.sections import Choices, Request, TabOptions
from app.tabs.explorer.words import Row, python_of, why
from app.work.chosen import table_of
from app.work.runs import Run
from synaptogen_core.analysis.exploring.cell_table import CellTable
from synaptogen_core.analysis.exploring.selecting import Chosen, choose, read_rule
from synaptogen_core.analysis.exploring.unusual import reasons, worst
from synaptogen_core.plots.exploring.draw import draw, read_spec
from synaptogen_core.plots.exploring.drawing import Drawing, Spec
from synaptogen_core.plots.exploring.quantities import COLORS_BY, name_of, scale_of
from synaptogen_core.schema import FEATURES

USES = frozenset({"cells"})
PICTURES = "scatter r_lrs.median u_reset.median; map r_hrs.median; histogram r_hrs; violin r_lrs.median"
MOST_ROWS = 15  # chosen cells in the table
FEWEST, MOST = 2, 4  # pictures
SIGN = ";"  # between pictures


class Options(TabOptions):
    pictures = param.String(PICTURES, doc="Two to four pictures, with semicolons between.")
    color = param.Selector(default="component", objects={words: key for key, words in COLORS_BY.items()},
                           label="Colour", doc="Of the points of cells.")  # fmt: skip
    mode = param.Selector(default="new", label="A new box",
                          objects={"Replaces": "new", "Narrows down": "and", "Adds": "or", "Takes away": "minus"},
                          doc="How a new box or lasso joins the selection.")  # fmt: skip
    selection = param.String("", label="Selection", doc="Boxes and lassos drawn in the pictures.")


@dataclass(frozen=True)
class Result:
    drawings: tuple[Drawing, ...]
    quantities: tuple[tuple[str, str, bool], ...]  # name, words, whether it has a number for each cycle
    asked: bool  # whether something was selected
    count: int  # selected cells
    of: int
    cycles: int | None  # selected cycles, where not all of the selected cells
    of_cycles: int
    rows: tuple[Row, ...]  # the most unusual first
    python: str
    sample: str
    cells: tuple[tuple[int, int], ...]  # followed on every tab
    trouble: str  # why the pictures are not those that were asked for; empty if they are


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """All pictures, with what is selected on top, and the table of selected cells."""
    table = table_of(run)
    specs, trouble = specs_of(options.pictures, table)
    chosen = choose(table, read_rule(options.selection))
    drawings = tuple(draw(table, spec, chosen, options.color) for spec in specs)
    names = tuple((name, name_of(name), table.of_cycles(name)) for name in table.names)
    return Result(
        drawings, names, chosen is not None, chosen.count if chosen else 0, table.cells,
        int(chosen.cycles.sum()) if chosen and chosen.cycles is not None else None, table.cycles * table.cells,
        rows_of(table, chosen), python_of(run, [str(spec) for spec in specs], options), run.sample.text,
        request.cells, trouble,
    )  # fmt: skip


def specs_of(pictures: str, table: CellTable) -> tuple[list[Spec], str]:
    """The pictures that a text names; the usual ones and a sentence if they cannot be drawn."""
    try:
        specs = [read_spec(text, table) for text in pictures.split(SIGN)]
        if not FEWEST <= len(specs) <= MOST:
            raise ValueError(f"pictures: must be {FEWEST} to {MOST} (got {len(specs)}); add or leave some out")
    except ValueError as error:
        said = f"These are the usual pictures, as those asked for cannot be drawn. {str(error)[:300]}"
        return [read_spec(text, table) for text in PICTURES.split(SIGN)], said
    return specs, ""


def rows_of(table: CellTable, chosen: Chosen | None) -> tuple[Row, ...]:
    """The selected cells that differ most from the others; without a selection, those of all cells."""
    order = worst(table, "")
    if chosen is not None:
        order = order[chosen.cells[order]]
    places = order[:MOST_ROWS]
    row, column = (table.column(name) if name in table.names else np.arange(table.cells) for name in ("row", "column"))
    component = table.column("component").astype(int) if "component" in table.names else None
    outlier = table.column("outlier").astype(bool) if "outlier" in table.names else np.zeros(table.cells, bool)
    medians = [table.column(f"{f.name}.median") * scale_of(f.name) for f in FEATURES]
    found = []
    for place, each in zip(places, reasons(table, places), strict=True):
        cycles = None if chosen is None or chosen.cycles is None else int(chosen.cycles[:, place].sum())
        found.append(
            Row(
                (int(row[place]), int(column[place])), "" if component is None else str(component[place] + 1),
                tuple(float(values[place]) for values in medians), cycles,
                why(table, int(place), each, outlier=bool(outlier[place])),
            )
        )  # fmt: skip
    return tuple(found)
