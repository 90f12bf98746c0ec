"""Measured retention: reads of cells at times since they were programmed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.types import F64

APART = 0.3  # e-folds between neighbouring times that begin another group
SOON = 1e-6  # s: what is read before counts as read at birth


@dataclass(frozen=True, eq=False)
class RetentionTable(Frozen):
    """Reads in the order of births and times; shapes (n,). `load_retention_table` makes one of a file.

    Attributes
    ----------
    birth : ndarray of int64
        Number of the birth that a read belongs to, from 0 without gaps.
    time : ndarray of float64
        Since that birth [s]; rises within each.
    conductance : ndarray of float64
        Above zero [S].
    source : str
        Where they come from.
    notes : tuple of str
        What was understood of a file.
    temperature : float, optional
        At which all was read [K]; None where that is not stated.
    """

    birth: NDArray[np.int64]
    time: F64
    conductance: F64
    source: str = ""
    notes: tuple[str, ...] = ()
    temperature: float | None = None

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def births(self) -> int:
        """How many births."""
        return int(self.birth[-1]) + 1

    def groups(self) -> tuple[NDArray[np.intp], F64]:
        """Which group of like times each read belongs to, and the median time of each group [s]."""
        late = self.time > SOON
        order = np.argsort(self.time, kind="stable")
        gaps = np.diff(np.log(np.maximum(self.time[order], SOON))) > APART
        group = np.zeros(self.time.size, np.intp)
        group[order] = np.concatenate([[0], np.cumsum(gaps)])
        group += 1 if late.all() else 0
        times = np.array([0.0] * int(late.all()) + [
            float(np.median(self.time[group == k])) for k in range(int(late.all()), int(group.max()) + 1)
        ])  # fmt: skip
        times[0] = 0.0
        return group, times

    def wide(self) -> tuple[F64, F64]:
        """Conductance of each birth at each group of times, NaN where it was not read; and these times.

        Returns
        -------
        conductance : ndarray of float64, shape (births, groups)
            [S]; of several reads in a group, the last.
        times : ndarray of float64, shape (groups,)
            [s].
        """
        group, times = self.groups()
        found = np.full((self.births, times.size), np.nan)
        found[self.birth, group] = self.conductance
        return found, times
