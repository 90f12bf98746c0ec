"""Pulse trains: what is applied to the cells, pulse by pulse.

A train is a small tree: waveforms, joined with ``+`` and repeated with ``*``. It is written down in a few numbers; its
arrays are made once, when first asked for. Positive voltage is RESET, negative is SET (Hennen et al. 2024,
doi 10.1109/TED.2024.3427616).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.trains import composition
from synaptogen_core.array.trains.random_voltages import RandomSource
from synaptogen_core.array.trains.records import Pulses, Waveform
from synaptogen_core.array.trains.table import table
from synaptogen_core.array.trains.timing import Ns, Wait
from synaptogen_core.array.trains.waveforms import Cycling, Head, Identical, ReadOnly, Staircase, Sweep
from synaptogen_core.counts import counted
from synaptogen_core.device.frozen import Frozen, read_only
from synaptogen_core.device.retention.clock import SECOND
from synaptogen_core.drawing import cards

DRAWS_AT_ONCE = 1 << 16
SHOWN = 240  # pulses in a notebook's picture


@dataclass(frozen=True, eq=False, repr=False)
class PulseTrain(Frozen):
    """A sequence of at most 50 million voltages, each applied to all cells (random ones: one per cell, if asked for).

    Made by the class methods `cycling`, `iv_sweep`, `staircase`, `identical`, `random`, `read_only`, `wait` and
    `table`, which raise TypeError or ValueError if a value breaks its rule, or read from a file by `load_train`.
    ``a + b`` joins two trains, ``3 * a`` repeats one. Frozen; two trains are equal when they are written down alike.
    """

    node: composition.Node

    def __post_init__(self) -> None:
        if not isinstance(self.node, composition.Node):
            raise TypeError(
                f"node: must come from one of the makers (got {type(self.node).__name__}); "
                "for voltages one by one use PulseTrain.table"
            )

    # ------------------------------------------------------------------------------------------------------- the makers
    @classmethod
    def cycling(cls, cycles: int = 100, u_set: float = -1.5, u_reset: float = 1.5) -> PulseTrain:
        """Full switching: SET, then RESET, which ends the cycle.

        Parameters
        ----------
        cycles : int
        u_set, u_reset : float
            Voltages [V]; u_set < 0 < u_reset.
        """
        return cls(Cycling(cycles, u_set, u_reset))

    @classmethod
    def iv_sweep(
        cls,
        cycles: int = 1,
        u_min: float = -1.5,
        u_max: float = 1.5,
        points: int | None = None,
        step: float | None = None,
    ) -> PulseTrain:
        """Triangular sweeps 0 -> `u_min` -> 0 -> `u_max` -> 0 [V] whose last point, at 0 V, ends the cycle.

        Parameters
        ----------
        cycles : int
            Number of loops.
        u_min, u_max : float
            Extremes [V], both met exactly; u_min < 0 < u_max.
        points : int, optional
            Pulses of one loop, at least 4; 200 if neither this nor `step` is given.
        step : float, optional
            Largest voltage [V] between two neighbouring points, instead of `points`.
        """
        return cls(Sweep(cycles, u_min, u_max, points, step))

    @classmethod
    def staircase(
        cls, cycles: int = 1, u_set: float = -1.5, u_start: float = 0.6, u_stop: float = 1.5, steps: int = 10
    ) -> PulseTrain:
        """SET, then RESET pulses of equal steps in voltage; the last ends the cycle.

        Parameters
        ----------
        cycles : int
        u_set : float
            Below zero [V].
        u_start, u_stop : float
            First and last RESET voltage [V].
        steps : int
            RESET pulses per cycle.
        """
        return cls(Staircase(cycles, u_set, u_start, u_stop, steps))

    @classmethod
    def identical(cls, pulses: int = 10, u: float = 0.9) -> PulseTrain:
        """One voltage many times; the last pulse ends the cycle.

        Parameters
        ----------
        pulses : int
        u : float
            Voltage [V].
        """
        return cls(Identical(pulses, u))

    @classmethod
    def random(
        cls,
        pulses: int,
        distribution: str = "uniform",
        *,
        low: float | None = None,
        high: float | None = None,
        mean: float | None = None,
        sd: float | None = None,
        per_cell: bool = True,
        seed: int = 0,
    ) -> PulseTrain:
        """Random voltages; the last pulse ends the cycle.

        Parameters
        ----------
        pulses : int
            Number of pulses.
        distribution : str
            "uniform" between `low` and `high` [V] (-1.5 and 1.5), or "normal" with `mean` and `sd` [V] (0 and 0.5).
        per_cell : bool
            One voltage a cell, or (False) one for all cells.
        seed : int
            Of the voltages, 0 to 2**64 - 1. A voltage depends on it, on the number of the cell in its array and on the
            number of the pulse in the whole train: repeated trains go on drawing, and two random trains of one seed
            that are joined differ.
        """
        return cls(composition.random(pulses, distribution, low, high, mean, sd, per_cell, seed))

    @classmethod
    def read_only(cls, pulses: int = 1, u: float | None = None, *, every: float = 0.0) -> PulseTrain:
        """Pulses that never change a state, and end no cycle.

        Parameters
        ----------
        pulses : int
        u : float, optional
            Voltage [V]; without it, cells are read at their device's `u_0`, 0.2 V of the published one.
        every : float
            Time from one to the next [s].
        """
        return cls(ReadOnly(pulses, u)).timed(delay=every)

    @classmethod
    def wait(cls, seconds: float) -> PulseTrain:
        """One pulse of 0 V that changes no state, ends no cycle, and lasts; the cells need a retention law.

        Parameters
        ----------
        seconds : float
            From 0 [s]; the clock counts nanoseconds.
        """
        return cls(Wait(seconds))

    @classmethod
    def table(
        cls, voltages: ArrayLike, cycle_ends: ArrayLike | None = None, *, width: ArrayLike = 0.0, delay: ArrayLike = 0.0
    ) -> PulseTrain:
        """Voltages one by one.

        Parameters
        ----------
        voltages : array of float, shape (n,)
            Applied voltages [V].
        cycle_ends : array of bool, shape (n,), or of int, optional
            Which pulses end a cycle, or their indices; without it the last one does.
        width, delay : float, or array of shape (n,)
            As for `timed` [s].
        """
        return cls(table(voltages, cycle_ends)).timed(width, delay)

    def timed(self, width: ArrayLike = 0.0, delay: ArrayLike = 0.0) -> PulseTrain:
        """The same train on the clock; pulses that have a width or a delay already keep theirs.

        A pulse switches, and is recorded, at its end; then comes its delay. What a voltage does depends on no width.

        Parameters
        ----------
        width, delay : float, or array of one a pulse
            How long each pulse lasts, and the time after it [s].

        Returns
        -------
        PulseTrain

        Raises
        ------
        TypeError, ValueError
            If they are negative, or not as many as the pulses.
        """
        return PulseTrain(composition.timed(self.node, width, delay))

    def __add__(self, other: PulseTrain) -> PulseTrain:
        if not isinstance(other, PulseTrain):
            return NotImplemented
        return PulseTrain(composition.join([self.node, other.node]))

    def __mul__(self, times: int) -> PulseTrain:
        return PulseTrain(composition.repeat(self.node, times))

    __rmul__ = __mul__

    # ------------------------------------------------------------------------------------------------------ the pulses
    def __len__(self) -> int:
        return self.node.length

    @property
    def cycles(self) -> int:
        """Number of cycles: of pulses that end one, and one more if pulses follow the last of these."""
        return self.node.ends + (not self.node.closed)

    @property
    def amplitude(self) -> float:
        """Largest magnitude [V]; of normally distributed voltages, within five standard deviations."""
        return self.node.amplitude

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """Lowest and highest voltage of the pulses that may switch cells [V]; NaN if all of them only read.

        Normally distributed voltages count within five standard deviations.
        """
        pulses = self.pulses
        fixed = pulses.voltage[~pulses.read & (pulses.random < 0)]
        ends = [bound for source in self.sources for bound in source.extremes]
        ends += [float(fixed.min()), float(fixed.max())] if fixed.size else []
        return (min(ends), max(ends)) if ends else (math.nan, math.nan)

    @property
    def duration(self) -> float:
        """Time that all pulses take [s]; 0 where no width, delay or waiting was asked for."""
        return self.node.duration / SECOND

    @cached_property
    def ends(self) -> Ns | None:
        """When each pulse ends, from the beginning of the train [ns]; shape (n,). None where no time passes."""
        if not self.node.duration:
            return None
        width, delay = self.node.timing(len(self))
        found: Ns = read_only(np.cumsum(width + delay) - delay)
        return found

    @property
    def sources(self) -> tuple[RandomSource, ...]:
        """Where random voltages come from."""
        return self.node.sources

    @cached_property
    def pulses(self) -> Pulses:
        """The arrays of the train, made when first asked for; read-only."""
        head = self._head(len(self))
        cycle = np.zeros(len(self), np.int32)
        np.cumsum(head.cycle_end[:-1], dtype=np.int32, out=cycle[1:])
        starts = np.append(0, np.flatnonzero(head.cycle_end) + 1).astype(np.int32)
        step = np.arange(len(self), dtype=np.int32)
        step -= starts[cycle]
        return Pulses(*map(read_only, (head.voltage, head.cycle_end, head.read, step, cycle, head.random)))

    def _head(self, count: int) -> Head:
        return self.node.head(count, {source: number for number, source in enumerate(self.sources)})

    def voltages(self, cell: ArrayLike, first: int = 0, last: int | None = None) -> NDArray[np.float32]:
        """Voltages at some cells, random ones drawn.

        Parameters
        ----------
        cell : array of int, shape (N,), or int
            Numbers of the cells in their array.
        first, last : int
            Pulses from `first` up to, not including, `last` (None: the end).

        Returns
        -------
        ndarray of float32, shape (last - first, N)
            Voltages [V]. They do not depend on which cells and pulses are asked for together.

        Raises
        ------
        TypeError, ValueError
            If a cell or pulse number is not one.
        """
        last = len(self) if last is None else checks.whole("last", last, 0, len(self))
        first = checks.whole("first", first, 0, last)
        cells = np.atleast_1d(np.asarray(cell))
        if cells.ndim != 1 or cells.dtype.kind not in "iu" or (cells.size and cells.min() < 0):
            raise ValueError(
                f"cell: must be a row of cell numbers from 0 (got {cells.dtype.name} of shape {cells.shape}); "
                "give a flat array of integers"
            )
        out = np.empty((last - first, cells.size), np.float32)
        out[:] = self.pulses.voltage[first:last, None]
        self._draw(out, self.pulses.random[first:last], first, cells.astype(np.uint64))
        return out

    def _draw(self, out: NDArray[np.float32], random: NDArray[np.int16], first: int, cells: NDArray[np.uint64]) -> None:
        """Fill the rows of `out`, shape (m, N), that are random: pulses `first` + (0 .. m - 1), cells `cells` (N,)."""
        for number, source in enumerate(self.sources):
            drawn = cells if source.per_cell else cells[:1]
            rows = np.flatnonzero(random == number)
            at_once = max(1, DRAWS_AT_ONCE // max(1, drawn.size))
            for some in (rows[start : start + at_once] for start in range(0, rows.size, at_once)):
                values = source.draw(np.tile(drawn, some.size), np.repeat(some + first, drawn.size))
                out[some] = values.reshape(some.size, drawn.size)

    def waveform(self, max_points: int = 2000) -> Waveform:
        """What to plot: numbers and voltages [V] of the first `max_points` pulses, in whole cycles if one fits.

        Random voltages are those of cell 0.

        Parameters
        ----------
        max_points : int

        Raises
        ------
        TypeError, ValueError
            If `max_points` is no whole number from 1.
        """
        count = min(len(self), checks.whole("max_points", max_points))
        head = self._head(count)
        if count < len(self) and head.cycle_end.any():
            count = int(np.flatnonzero(head.cycle_end)[-1]) + 1
        volts = np.array(head.voltage[:count, None])
        self._draw(volts, head.random[:count], 0, np.zeros(1, np.uint64))
        return Waveform(np.arange(count), volts[:, 0], count == len(self))

    # --------------------------------------------------------------------------------------------------- written down
    def to_dict(self) -> dict[str, Any]:
        """Return the train as a tree of JSON values, from which `from_dict` makes it again."""
        return self.node.to_dict()

    @classmethod
    def from_dict(cls, tree: object) -> PulseTrain:
        """Make a train from what `to_dict` returned, all checks made again.

        Parameters
        ----------
        tree : dict

        Returns
        -------
        PulseTrain

        Raises
        ------
        TypeError, ValueError
            If it is not such a tree; the sentence names the setting.
        """
        return cls(composition.from_dict(tree))

    def to_python(self) -> str:
        """Return Python text that makes the train, after ``import synaptogen_core as sc``.

        A table of more than 1,000 voltages is named as a file for `load_train`, and not written out.
        """
        return self.node.to_python()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PulseTrain) and self.node.key() == other.node.key()

    def __hash__(self) -> int:
        return hash(self.node.key())

    def __repr__(self) -> str:
        return f"<PulseTrain of {counted(len(self), 'pulse')} in {counted(self.cycles, 'cycle')}: {self.to_python()}>"

    def _repr_html_(self) -> str:
        return cards.train(len(self), self.cycles, [("Made by", self.to_python())], *self.waveform(SHOWN)[:2])


def check_train(train: object) -> PulseTrain:
    """Return `train`, if it is a PulseTrain.

    Raises
    ------
    TypeError
        If not.
    """
    if not isinstance(train, PulseTrain):
        raise TypeError(f"train: must be a PulseTrain (got {type(train).__name__}); see PulseTrain.cycling")
    return train
