"""How many cells a train has switched, and how many it can switch no more: counted on the way, block by block.

New features are drawn only when a RESET begins. So a cell that draws a U_SET below the train's lowest voltage stays in
its high-resistance state for good, and one that draws a U_RESET above the highest stays in its low one. With pulses of
a fixed height these traps are absorbing: the longer the train, the more cells sit in them, outliers first.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core.counts import counted
from synaptogen_core.device.model.state import State
from synaptogen_core.schema import HRS, LRS, U_SET, cell_dims
from synaptogen_core.types import F32, U32

LABELS = ("retention_note", "traps_note")  # attributes: whose numbers these are
COUNTS = ("cells_switched", "cells_stuck")  # attributes of a Dataset that are sums over its cells
MOST = 0.9  # share of the cells: that fewer of them switched is said
Where = slice | NDArray[np.intp]


@dataclass
class Before:
    """What tells whether a cell has switched since: a RESET counts, a SET leaves HRS, a further RESET its threshold."""

    count: U32
    code: NDArray[np.uint8]
    threshold: F32

    @classmethod
    def of(cls, state: State, where: slice, inside: Where) -> Before:
        """Copies of what some cells are now; `inside` chooses among `where`.

        Parameters
        ----------
        state : State
            Of the cells, before the train.
        where : slice
            The cells of a block.
        inside : slice, or ndarray of int
            Which of them.

        Returns
        -------
        Before
            Independent of what becomes of the cells.
        """
        return cls(
            state.count[where][inside].copy(), state.code[where][inside].copy(), state.threshold[where][inside].copy()
        )


@dataclass
class Tally:
    """Cells that have switched, and cells that are stuck; threads may add to it.

    Parameters
    ----------
    lowest, highest : float
        Of the train's pulses that may switch cells [V]; NaN if there is none.
    """

    lowest: float
    highest: float
    switched: int = 0
    stuck: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, before: Before, state: State, where: slice, inside: Where) -> None:
        """Count some cells at the end of the train.

        Parameters
        ----------
        before : Before
            The cells before the train.
        state : State
            All cells, now.
        where : slice
            As for `before`.
        inside : slice, or ndarray of int
            As for `before`.
        """
        code, threshold = state.code[where][inside], state.threshold[where][inside]
        switched = state.count[where][inside] != before.count
        switched |= (code != before.code) | (threshold != before.threshold)
        stuck = self._stuck(code, threshold, state.features[U_SET][where][inside])
        with self._lock:
            self.switched += int(np.count_nonzero(switched))
            self.stuck += int(np.count_nonzero(stuck))

    def _stuck(self, code: NDArray[np.uint8], threshold: F32, u_set: F32) -> NDArray[np.bool_]:
        """Whether cells are beyond the train's voltages of the sign that would switch them; NaN finds none."""
        low, high = np.float32(self.lowest), np.float32(self.highest)
        no_set = (code != LRS) & (u_set < low) & (low < 0)
        no_set &= (code == HRS) | ~(threshold < high)  # one partly RESET may go on with that
        no_reset = (code == LRS) & (threshold >= high) & (high > 0)
        return np.asarray(no_set | no_reset)

    def attributes(self) -> dict[str, int]:
        """The counts, as attributes of a Dataset."""
        return dict(zip(COUNTS, (self.switched, self.stuck), strict=True))


def total(parts: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The counts of all parts of a run together; each part has them among other attributes."""
    return {name: sum(int(part[name]) for part in parts) for name in COUNTS}


def notes(ds: xr.Dataset) -> tuple[str, ...]:
    """Sentences on what should be known of a run before its numbers are believed.

    Parameters
    ----------
    ds : xarray.Dataset
        From `simulate`, or from a file; all its cells.

    Returns
    -------
    tuple of str
        None if there is nothing to say, or `ds` comes from a release that did not count.
    """
    found = [str(ds.attrs[label]) for label in LABELS if label in ds.attrs]
    cells = math.prod(ds.sizes[dim] for dim in cell_dims(ds))
    largest, measured = ds.attrs.get("largest_voltage", 0.0), ds.attrs.get("measured_voltage", math.inf)
    if largest > measured * (1 + 1e-6):
        found.append(
            f"|U| reaches {largest:g} V, but the device was measured up to {measured:g} V: what lies above is an "
            "extrapolation."
        )
    switched, stuck = (ds.attrs.get(name) for name in COUNTS)
    if switched == 0:
        weak = f" |U| reaches {largest:g} V, and the device was measured up to {measured:g} V."
        began = "No cell switched: the features are those with which the cells began."
        found.append(began + (weak if 0 < largest < measured / 2 else ""))
        return tuple(found)
    if switched is not None and switched < MOST * cells:
        found.append(f"Only {switched:,} of {counted(cells, 'cell')} ({100 * switched / cells:.3g} %) ever switched.")
    if stuck:
        found.append(
            f"{stuck:,} of {counted(cells, 'cell')} ({100 * stuck / cells:.3g} %) can no longer be switched by this "
            "train: the U_SET or U_RESET that they drew lies beyond its voltages, and a cell draws new ones only "
            "when it is RESET."
        )
    return tuple(found)
