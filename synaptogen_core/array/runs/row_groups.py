"""A run too large for memory, cut into groups of rows; each group is an array of its own with the same cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.runs import dataset
from synaptogen_core.array.runs.executor import DTYPES, Run
from synaptogen_core.array.runs.recording import Recording, Timetable, with_reads
from synaptogen_core.array.runs.simulate import simulate_recording
from synaptogen_core.array.trains.pulse_train import PulseTrain, check_train
from synaptogen_core.progress import Progress
from synaptogen_core.schema import FEATURE_NAMES

Group = tuple[int, int]  # first row, and the end
SMALLEST = 16 * 2**20  # bytes of a part below which it is cut no finer, unless there is much to compute
WORTH_A_PART = 1 << 26  # updates: about a second of one thread


@dataclass(frozen=True, eq=False)
class Parts:
    """What `simulate` would do in one piece, row group by row group; the cells are left as they are.

    Parameters
    ----------
    cells : CellArray
    train : PulseTrain
    recording : Recording
        Of all cells.
    rows : int
        Rows of a group.
    """

    cells: CellArray
    train: PulseTrain
    recording: Recording
    rows: int

    @classmethod
    def of(cls, cells: CellArray, train: PulseTrain, recording: Recording, *, budget: int, pieces: int = 1) -> Parts:
        """As many rows at once as `budget` [bytes] holds twice: as the Dataset of a part, and on its way to a file.

        A power of two, so that the pieces of a file can be cut alike. At least `pieces` groups, unless they would be
        smaller than `SMALLEST` and less work than `WORTH_A_PART`.

        Parameters
        ----------
        cells : CellArray
        train : PulseTrain
        recording : Recording
        budget : int
            [bytes]
        pieces : int
            At least so many groups, where they are worth it.

        Returns
        -------
        Parts

        Raises
        ------
        TypeError, ValueError
            If `train` is no PulseTrain, or `budget` no whole number of bytes.
        """
        train = with_reads(check_train(train), cells)
        budget = checks.whole("budget", budget, 1, 2**62)
        row = cells.columns * (Timetable(train, recording).bytes_per_cell() + 2)
        smallest = min(SMALLEST // row, WORTH_A_PART // (cells.columns * len(train)))
        fitting = max(1, min(budget // 2 // row, max(smallest, cells.rows // pieces)))
        rows = cells.rows if fitting >= cells.rows else 1 << (int(fitting).bit_length() - 1)
        return cls(cells, train, recording, rows)

    @property
    def groups(self) -> list[Group]:
        """First row and end of each group."""
        return [(first, min(self.cells.rows, first + self.rows)) for first in range(0, self.cells.rows, self.rows)]

    @property
    def nbytes(self) -> int:
        """Memory that the whole Dataset would take [bytes]."""
        return self.cells.size * (Timetable(self.train, self.recording).bytes_per_cell() + 2)

    def template(self) -> xr.Dataset:
        """The whole Dataset with its coordinates and attributes; its data are lazy zeros (dask)."""
        import dask.array

        table = Timetable(self.train, self.recording)
        run = Run(self.cells, table, self.recording, advance=True)  # as `simulate` writes it down; never executed
        if table.features:
            for name in FEATURE_NAMES:
                run.arrays[name] = dask.array.zeros((table.cycles, self.cells.size), dtype=np.float32, chunks=-1)
        for name in table.values:
            dtype = DTYPES.get(name, np.float32)
            run.arrays[name] = dask.array.zeros((table.times, self.cells.size), dtype=dtype, chunks=-1)
        run.component = dask.array.zeros(self.cells.size, dtype=np.uint8, chunks=-1)
        return dataset.build(run)

    def simulate(self, group: Group, cells: CellArray | None = None, **options: Any) -> xr.Dataset:
        """The Dataset of one group of rows.

        Parameters
        ----------
        group : tuple of int
        cells : CellArray, optional
            The cells of the group, if they are used ones and `cells` of the parts does not hold their state.
        **options
            `progress`, `cancel` and `threads` of `simulate`.
        """
        first, last = group
        there = cells or self.cells.part(slice(first, last))
        ds = simulate_recording(there, self.train, self.recording, advance=False, budget=2**62, **options)
        return ds.assign_coords(row=("row", np.arange(first, last), ds["row"].attrs))

    def bare(self) -> Parts:
        """The same without any state of the cells and without arrays made of the train: small, to be sent about."""
        return replace(self, cells=self.cells.blank(), train=PulseTrain(self.train.node))

    def state(self, group: Group) -> CellArray | None:
        """The cells of a group, if they are used; fresh ones follow from their numbers."""
        return None if self.cells.fresh else self.cells.part(slice(*group))

    def warn_range(self) -> None:
        """Say once for all groups that a voltage lies outside the measured range."""
        self.cells.warn_range(max(self.train.amplitude, self.recording.largest_voltage), stacklevel=4)

    def __iter__(self) -> Iterator[tuple[Group, xr.Dataset]]:
        """All groups, one after the other."""
        return ((group, self.simulate(group)) for group in self.groups)

    def share(self, group: Group, progress: Progress) -> Progress:
        """A progress callback for one group that tells `progress` of the whole.

        Parameters
        ----------
        group : (int, int)
            First row, and the end.
        progress : callable
            Of the whole, 0 to 1.

        Returns
        -------
        callable
            Of the group, 0 to 1.
        """
        first, last = group
        return lambda done: progress((first + done * (last - first)) / self.cells.rows)
