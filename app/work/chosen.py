"""The cells of a run that a selection chooses: their places, and the run of them alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from app.work.cache import arrays_of
from app.work.runs import Run, Sample
from synaptogen_core.analysis.exploring.cell_table import CellTable
from synaptogen_core.analysis.exploring.selecting import Chosen, choose, read_rule

T = TypeVar("T")


@dataclass(frozen=True)
class Cells(Sample):
    """Chosen cells of a run: flat indices in its array."""

    places: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        return ""

    def select(self) -> np.ndarray:
        return np.array(self.places)


def table_of(run: Run) -> CellTable:
    """The columns of a run, each made once and kept with it."""
    kept = run.sample.select()
    state = run.cells.state().ravel()
    dims = ("cell",) if "cell" in run.data.dims else ("row", "column")
    codes = state if kept is None else state[kept]
    data = run.data.assign(state=(dims, codes.reshape([run.data.sizes[dim] for dim in dims])))

    def keep(name: str, make: Callable[[], T]) -> T:
        return run.keep(("explorer", name), make, arrays_of)

    return CellTable(data, keep)


def chosen_of(run: Run, rule: str) -> Chosen | None:
    """What a rule chooses of a run; None for an empty rule.

    Raises
    ------
    ValueError
        If it is no rule, or names what the run has not.
    """
    steps = read_rule(rule)
    return choose(table_of(run), steps) if steps else None


def places_of(run: Run, rule: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the selected cells."""
    found = chosen_of(run, rule)
    flat = np.flatnonzero(found.cells) if found else np.empty(0, int)
    kept = run.sample.select()
    row, column = np.divmod(flat if kept is None else kept[flat], run.request.array.columns)
    return row, column


def part_of(run: Run, rule: str) -> Run | None:
    """The run of the selected cells alone; None where there are none."""
    row, column = places_of(run, rule)
    if not row.size:
        return None
    flat = row * run.request.array.columns + column
    kept = run.sample.select()
    if kept is not None:
        data = run.data.isel(cell=np.flatnonzero(np.isin(kept, flat)))
    else:
        data = run.data.stack(cell=("row", "column"), create_index=False).isel(cell=flat)
        data = data.transpose(..., "cell").assign_coords(cell=("cell", flat))
    # any other step than 1 says that not all cells are recorded
    return replace(run, data=data, sample=Cells(row.size, run.cells.size, 0, tuple(map(int, flat))))
