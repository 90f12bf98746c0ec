"""Cells and time: what waiting does to them, and what a read finds afterwards."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.array.ageing import Ages, flickering
from synaptogen_core.array.transactions import Transactional
from synaptogen_core.device.retention import telegraph
from synaptogen_core.device.retention.clock import SECOND, Clock, nanoseconds
from synaptogen_core.device.retention.jumps import NEVER
from synaptogen_core.device.retention.law import RetentionLaw, acceleration
from synaptogen_core.errors import RangeWarning
from synaptogen_core.types import F32

LEAST_SHARE = 0.01  # of cells outside a law's range that is said


class Waiting(Transactional):
    """An array on which time can pass; parameters of `CellArray`."""

    _current: Ages | None = None  # those of which no jump is due, for as long as they are the memory's
    _flickered: tuple[F32, int, F32] | None = None  # without traps, array time [ns], with them: of the last read

    def wait(self, seconds: float, temperature: float | None = None) -> None:
        """Let time pass: what the cells hold changes as their retention law says.

        Their thresholds stay as they are, and a pulse finds them as they were programmed. Reads, lines and netlists
        find what has become of them.

        Parameters
        ----------
        seconds : float
            From 0 [s], in whole nanoseconds; waiting 1 s and then 9 s is waiting 10 s, to the bit.
        temperature : float, optional
            [K]; only for a law with an activation energy. Default: the law's own.

        Raises
        ------
        TypeError, ValueError
            If there is no law, or an argument breaks its rule.
        """
        law, ns = self.needs_law(), nanoseconds("seconds", seconds)
        if temperature is not None:
            acceleration(law, temperature)
        ages = self.ages or Ages.new(self._state.r)
        self.warn_law()
        self.take_over(self._state, self.reads, replace(ages, clock=ages.clock.later(ns, temperature)))

    @property
    def time(self) -> float:
        """Time since the array began [s]: what pulses with a width and waiting have taken."""
        return self.clock.time / SECOND

    def age(self) -> NDArray[np.float64]:
        """Time since each cell was last switched, or since the array began [s]; shape (rows, columns)."""
        born = np.zeros(self.size, np.int64) if self.ages is None else self.ages.born
        return ((self.clock.time - born) / SECOND).reshape(self._shape)

    def next_event(self) -> float:
        """Time until the next jump of any cell, at the law's own temperature [s]; infinite where none will come."""
        law = self.needs_law()
        ages = self.ages or Ages.new(self._state.r)
        state = self._state
        ages = ages.read(self._engine, self._seed, state.cell, state.r, law, self._device)
        left = ages.due - ages.clock.ages(ages.born, law)
        return float(np.where(ages.due < NEVER, left, np.inf).min()) / SECOND

    def trap_times(self, row: int, column: int) -> NDArray[np.float64]:
        """Time constants of the telegraph traps of one cell [s]; empty without traps.

        Parameters
        ----------
        row, column : int

        Returns
        -------
        ndarray of float64, shape (traps,)

        Raises
        ------
        TypeError, ValueError
            If there is no such cell.
        """
        i, j = checks.whole("row", row, 0, self.rows - 1), checks.whole("column", column, 0, self.columns - 1)
        if self._traps is None:
            return np.zeros(0)
        numbers = telegraph.numbers(self._traps, self._device)
        cell = self._state.cell[[i * self.columns + j]]
        count = int(telegraph.how_many(self._seed, cell, numbers)[0])
        found = [telegraph.time_constant(self._seed, cell, k, numbers)[0][0] for k in range(count)]
        return np.array(found) / SECOND

    def warn_law(self, stacklevel: int = 3) -> None:
        """Say once that many cells hold conductances outside the range that the retention law was measured in.

        Parameters
        ----------
        stacklevel : int
            As for ``warnings.warn``.
        """
        law, c = self._retention, self._constants
        if law is None or self._law_warned or not law.spread.any():  # what moves nothing says nothing of any range
            return
        g = float(c.g_llrs) - self._state.r / float(c.inverse_window)
        low, high = law.conductance[0], law.conductance[-1]
        outside = float(((g < low) | (g > high)).mean())
        if outside > LEAST_SHARE and low < high:
            warnings.warn(
                f"{outside:.0%} of the cells hold conductances outside {low * 1e6:.3g} to {high * 1e6:.3g} uS, in "
                f"which the retention law {law.name} was measured: the numbers at its ends are held, an extrapolation",
                RangeWarning,
                stacklevel=stacklevel,
            )
        self._law_warned = True

    @property
    def clock(self) -> Clock:
        """The array's clock."""
        return Clock() if self._memory.ages is None else self._memory.ages.clock

    def needs_law(self) -> RetentionLaw:
        """The law of what time does to the cells.

        Raises
        ------
        ValueError
            If there is none; the sentence names the two ways out.
        """
        if self._retention is None:
            raise ValueError(
                "retention: must be given before time can pass (got none; the Synaptogen fit does not say what waiting "
                "does); make the cells with retention=load_retention('stanford-c'), a law that was measured on another "
                "device, or with its .vary(scale=0), if they are to keep what they hold"
            )
        return self._retention

    def _found(self) -> F32:
        """The mixing variable that a read finds now, shape (n,); only to be read."""
        r, traps, time = self._relaxed(), self._traps, self.clock.time
        if traps is None:
            return r
        last = self._flickered
        if last is not None and last[0] is r and last[1] == time:
            return last[2]
        found = flickering(self._engine, self._seed, self._state.cell, r, time, traps, self._device)
        self._flickered = None if self.ages is None else (r, time, found)  # what was programmed is written to in place
        return found

    def _relaxed(self) -> F32:
        """The same without traps."""
        memory, law, state = self._memory, self._retention, self._state
        if memory.ages is None or law is None:
            return state.r
        if self._current is memory.ages:
            return memory.ages.seen
        ages = memory.ages.read(self._engine, self._seed, state.cell, state.r, law, self._device)
        if ages is not memory.ages and self._memory is memory:
            self._memory = replace(memory, ages=ages)
        self._current = ages
        return ages.seen
