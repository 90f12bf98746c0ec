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
from synaptogen_core.array.trains import composition, kinds
from synaptogen_core.array.trains.makers import Makers
from synaptogen_core.array.trains.random_voltages import RandomSource
from synaptogen_core.array.trains.records import Pulses, Waveform
from synaptogen_core.array.trains.timing import Ns
from synaptogen_core.array.trains.waveforms import Head
from synaptogen_core.counts import counted
from synaptogen_core.device.frozen import read_only
from synaptogen_core.device.retention.clock import SECOND
from synaptogen_core.drawing import cards

DRAWS_AT_ONCE = 1 << 16
SHOWN = 240  # pulses in a notebook's picture


@dataclass(frozen=True, eq=False, repr=False)
class PulseTrain(Makers):
    """A sequence of at most 50 million voltages, each applied to all cells (random ones: one per cell, if asked for).

    Made by the class methods `cycling`, `iv_sweep`, `staircase`, `identical`, `random`, `read_only`, `wait` and
    `table`, which raise TypeError or ValueError if a value breaks its rule, or read from a file by `load_train`.
    ``a + b`` joins two trains, ``3 * a`` repeats one. Frozen; two trains are equal when they are written down alike.
    """

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
        return cls(kinds.from_dict(tree))

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
