"""What an engine is given and what it has to do: the pulses of a block of cells, and what to write down of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.threads import of_block
from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.device.model.state import State
from synaptogen_core.types import F32


@dataclass(frozen=True)
class Pulses:
    """Some pulses for one block of n cells, and what is to be written down on the way."""

    voltage: F32  # (pulses, n), or (pulses, 1) where all cells get the same [V]
    read: NDArray[np.bool_]  # (pulses,): leaves the states alone
    before: NDArray[np.int32]  # (pulses,): where the features go before the pulse, or -1
    after: NDArray[np.int32]  # (pulses,): where the other quantities go after the pulse, or -1

    @classmethod
    def unrecorded(cls, voltage: F32) -> Pulses:
        """Pulses that switch, and of which nothing is written down; `voltage` as above [V]."""
        nowhere = np.full(len(voltage), -1, np.int32)
        return cls(voltage, np.zeros(len(voltage), np.bool_), nowhere, nowhere)

    def of_block(self, block: slice) -> Pulses:
        """The same for some of the cells."""
        return self if self.voltage.shape[1] == 1 else replace(self, voltage=of_block(self.voltage, block))


# As wanted: "features" (4, cycles, n) float32; "r" (times, n) float32, "state" uint8 and "cycle_count" uint32 like it
Records = dict[str, np.ndarray]


class Engine(Protocol):
    """What every engine can do."""

    name: str
    block: int  # cells that it likes to take at once
    piece: int  # updates after which it comes back to see whether to go on: some hundredths of a second
    may_fail: bool  # halfway through a block: it takes memory on its way

    def fresh_cells(self, cell: NDArray[np.uint64], seed: int, start: str, c: Constants) -> State:
        """New cells; see `variability.fresh_cells`.

        Parameters
        ----------
        cell : ndarray of uint64, shape (cells,)
            Addresses of the cells.
        seed : int
            Of the array.
        start : {"stationary", "empty"}
            History before the first cycle.
        c : Constants
            Of the device.

        Returns
        -------
        State
            In HRS, at the start of cycle 0.
        """

    def advance(
        self, source: State, target: State, where: slice, seed: int, pulses: Pulses, out: Records, c: Constants
    ) -> None:
        """Apply the pulses to the cells `where` of `source`, write them to the same place in `target`, and fill `out`.

        In place if `target` is `source`; else its successor. Threads may do this at the same time, each elsewhere.

        Parameters
        ----------
        source, target : State
        where : slice
            Of the cells.
        seed : int
            Of the array.
        pulses : Pulses
        out : Records
            Arrays to fill, for these cells only.
        c : Constants
        """

    def between(self, r: F32, low: F32, difference: F32) -> F32:
        """``low + r * difference``: current [A] or conductance [S] between two curves at the voltages of `low`.

        Parameters
        ----------
        r : ndarray of float32, shape (cells,)
            0 on the curve of HRS, 1 on that of LRS.
        low, difference : ndarray of float32, shape (1,) or (cells,)
            The lower curve, and what the upper one has more, at each voltage.

        Returns
        -------
        ndarray of float32, shape (cells,)
        """

    def read(self, state: State, seed: int, number: int, u: F32, bandwidth: float, where: slice, c: Constants) -> F32:
        """Noisy currents [A] of some cells at `u` [V], shape (1,) or one a cell, in the array's read `number`.

        Parameters
        ----------
        state : State
        seed : int
            Of the array.
        number : int
            Of the read, counted by the array: each has a noise of its own.
        u : ndarray of float32, shape (1,) or (cells,)
            Read voltage [V].
        bandwidth : float
            [Hz]; 0 for no noise.
        where : slice
            Of the cells.
        c : Constants

        Returns
        -------
        ndarray of float32, shape (cells,)
        """
