"""Pulse trains: what is applied to the cells, pulse by pulse.

A train is a small tree (waveforms, joined with ``+`` and repeated with ``*``) that is written down in a few numbers; its
arrays are made once, when first asked for. Positive voltage is RESET, negative is SET (Hennen et al. 2024,
doi 10.1109/TED.2024.3427616).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.array import checks
from synaptogen_core.array.sources import RandomSource
from synaptogen_core.array.tables import Table, table
from synaptogen_core.array.waveforms import Cycling, Identical, Random, ReadOnly, Staircase, Sweep, Wave

MAX_SOURCES = 32_767  # `Pulses.random` is an int16
MAX_DEPTH = 64  # a tree of 50e6 pulses is at most 52 deep: each repeat at least doubles the train
LONG_TABLE = 1_000
DRAWS_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class Pulses:
    """The arrays of a train of n pulses, read-only, each of shape (n,).

    Attributes
    ----------
    voltage : float32
        Applied voltage [V]; NaN where it is random.
    cycle_end : bool
        The pulse ends a cycle.
    read : bool
        The pulse never changes a state.
    step : int32
        Position of the pulse in its cycle, from 0.
    cycle : int32
        Cycle that the pulse belongs to, from 0.
    random : int16
        -1, or which of the train's `sources` the voltage comes from.
    """

    voltage: NDArray[np.float32]
    cycle_end: NDArray[np.bool_]
    read: NDArray[np.bool_]
    step: NDArray[np.int32]
    cycle: NDArray[np.int32]
    random: NDArray[np.int16]


class Waveform(NamedTuple):
    """What a plot of a train shows: one entry a pulse, to be drawn as steps; shapes (m,).

    `complete` says whether these are all pulses of the train.
    """

    pulse: NDArray[np.int64]
    voltage: NDArray[np.float32]
    complete: bool


class _Head(NamedTuple):
    voltage: NDArray[np.float32]
    cycle_end: NDArray[np.bool_]
    read: NDArray[np.bool_]
    random: NDArray[np.int16]


class PulseTrain:
    """A sequence of at most 50 million voltages, each applied to all cells (random ones: one a cell, if wished).

    Made by the class methods `cycling`, `iv_sweep`, `staircase`, `identical`, `random`, `read_only` and `table`, or read
    from a file by `load_train`. ``a + b`` joins two trains, ``3 * a`` repeats one. Frozen; equal when made of the same parts.

    Attributes
    ----------
    sources : tuple of RandomSource
        Where its random voltages come from.
    amplitude : float
        Largest |U| [V]; of normally distributed voltages, within five standard deviations.
    cycles : int
        Number of cycles: of pulses that end one, and one more if pulses follow the last of these.
    """

    sources: tuple[RandomSource, ...]
    amplitude: float
    cycles: int

    def __init__(self, wave: Wave | None, parts: tuple[PulseTrain, ...] = (), times: int = 1) -> None:
        """Made by the class methods, `+` and `*` alone."""
        self._wave, self._parts, self._times = wave, parts, times
        if wave is not None:
            length, ends, closed, amplitude = wave.length, wave.ends, wave.closed, wave.amplitude
            sources: tuple[RandomSource, ...] = () if wave.source is None else (wave.source,)
        else:
            length = checks.train_length(times * sum(map(len, parts)))
            ends = times * sum(part._ends for part in parts)
            closed = parts[-1]._closed
            amplitude = max(part.amplitude for part in parts)
            sources = tuple(dict.fromkeys(source for part in parts for source in part.sources))
        if len(sources) > MAX_SOURCES:
            raise ValueError(f"sources: a train has at most {MAX_SOURCES:,} (got {len(sources):,}); share seeds")
        self._length, self._ends, self._closed = length, ends, closed
        self.sources, self.amplitude, self.cycles = sources, amplitude, ends + (not closed)
        self._frozen = True

    def __setattr__(self, name: str, value: object) -> None:
        if getattr(self, "_frozen", False):
            raise AttributeError(f"{name}: a PulseTrain cannot be changed; make a new one")
        super().__setattr__(name, value)

    # ------------------------------------------------------------------------------------------------------- the makers
    @classmethod
    def cycling(cls, cycles: int = 100, u_set: float = -1.5, u_reset: float = 1.5) -> PulseTrain:
        """Full switching cycles of two pulses: SET at `u_set` < 0 [V], RESET at `u_reset` > 0 [V], which ends the cycle."""
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
        """SET at `u_set` < 0 [V], then `steps` RESET pulses from `u_start` to `u_stop` [V]; the last ends the cycle."""
        return cls(Staircase(cycles, u_set, u_start, u_stop, steps))

    @classmethod
    def identical(cls, pulses: int = 10, u: float = 0.9) -> PulseTrain:
        """The voltage `u` [V], `pulses` times; the last pulse ends the cycle."""
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
        return cls(Random(pulses, RandomSource(distribution, low, high, mean, sd, per_cell, seed)))

    @classmethod
    def read_only(cls, pulses: int = 1, u: float = 0.2) -> PulseTrain:
        """Pulses of `u` [V] that never change a state, and end no cycle."""
        return cls(ReadOnly(pulses, u))

    @classmethod
    def table(cls, voltages: ArrayLike, cycle_ends: ArrayLike | None = None) -> PulseTrain:
        """Voltages one by one.

        Parameters
        ----------
        voltages : array of float, shape (n,)
            Applied voltages [V].
        cycle_ends : array of bool, shape (n,), or of int, optional
            Which pulses end a cycle, or their indices; without it the last one does.
        """
        return cls(table(voltages, cycle_ends))

    def __add__(self, other: PulseTrain) -> PulseTrain:
        if not isinstance(other, PulseTrain):
            return NotImplemented
        return PulseTrain(None, (*self._joined(), *other._joined()))

    def __mul__(self, times: int) -> PulseTrain:
        times = checks.whole("times", times)
        if times == 1:
            return self
        if self._times > 1:
            return PulseTrain(None, self._parts, times * self._times)
        return PulseTrain(None, (self,), times)

    __rmul__ = __mul__

    def _joined(self) -> tuple[PulseTrain, ...]:
        return self._parts if self._wave is None and self._times == 1 else (self,)

    # ------------------------------------------------------------------------------------------------------- the pulses
    def __len__(self) -> int:
        return self._length

    @cached_property
    def pulses(self) -> Pulses:
        """The arrays of the train, made when first asked for; read-only."""
        head = self._head(self._length, {source: i for i, source in enumerate(self.sources)})
        cycle = np.zeros(self._length, np.int32)
        np.cumsum(head.cycle_end[:-1], dtype=np.int32, out=cycle[1:])
        starts = np.append(0, np.flatnonzero(head.cycle_end) + 1).astype(np.int32)
        step = np.arange(self._length, dtype=np.int32)
        step -= starts[cycle]
        made = Pulses(head.voltage, head.cycle_end, head.read, step, cycle, head.random)
        for array in vars(made).values():
            array.flags.writeable = False
        return made

    def _head(self, count: int, index: dict[RandomSource, int]) -> _Head:
        """The first `count` pulses."""
        if self._wave is not None:
            wave = self._wave
            random = -1 if wave.source is None else index[wave.source]
            return _Head(
                np.array(wave.voltage(count)),  # a copy: a table's own voltages must stay its own
                wave.cycle_end(count),
                np.full(count, wave.read),
                np.full(count, random, np.int16),
            )
        if self._times > 1:
            one = self._parts[0]
            head = one._head(min(count, len(one)), index)
            return _Head(*(np.resize(array, count) for array in head)) if count > len(one) else head
        heads = []
        for part in self._parts:
            heads.append(part._head(min(count, len(part)), index))
            count -= len(heads[-1].voltage)
            if not count:
                break
        return _Head(*(np.concatenate(arrays) for arrays in zip(*heads, strict=True)))

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
        """
        last = self._length if last is None else checks.whole("last", last, 0, self._length)
        first = checks.whole("first", first, 0, last)
        cells = np.atleast_1d(np.asarray(cell))
        if cells.ndim != 1 or cells.dtype.kind not in "iu" or (cells.size and cells.min() < 0):
            raise ValueError(
                f"cell: must be cell numbers from 0, one row of them (got {cells.dtype.name} of shape {cells.shape}); "
                "give a flat array of integers"
            )
        out = np.empty((last - first, cells.size), np.float32)
        out[:] = self.pulses.voltage[first:last, None]
        for index, source in enumerate(self.sources):
            rows = np.flatnonzero(self.pulses.random[first:last] == index)
            _draw(source, out, rows, rows + first, cells.astype(np.uint64))
        return out

    def waveform(self, max_points: int = 2000) -> Waveform:
        """What to plot: pulse numbers and voltages [V] of the first `max_points` pulses, in whole cycles if one fits.

        Random voltages are those of cell 0.
        """
        count = min(self._length, checks.whole("max_points", max_points))
        head = self._head(count, {source: i for i, source in enumerate(self.sources)})
        if count < self._length:
            ends = np.flatnonzero(head.cycle_end)
            count = int(ends[-1]) + 1 if ends.size else count
        volts = head.voltage[:count, None]
        for index, source in enumerate(self.sources):
            rows = np.flatnonzero(head.random[:count] == index)
            _draw(source, volts, rows, rows, np.zeros(1, np.uint64))
        return Waveform(np.arange(count), volts[:, 0], count == self._length)

    # --------------------------------------------------------------------------------------------------- written down
    def to_dict(self) -> dict[str, Any]:
        """Return the train as a tree of JSON values, from which `from_dict` makes it again."""
        if self._wave is not None:
            return {"kind": self._wave.kind, **self._wave.settings()}
        if self._times > 1:
            return {"kind": "repeat", "times": self._times, "train": self._parts[0].to_dict()}
        return {"kind": "join", "parts": [part.to_dict() for part in self._parts]}

    @classmethod
    def from_dict(cls, tree: object) -> PulseTrain:
        """Make a train from what `to_dict` returned, all checks made again.

        Raises
        ------
        TypeError, ValueError
            If it is not such a tree; the sentence names the setting.
        """
        return cls._from_tree(tree, MAX_DEPTH)

    @classmethod
    def _from_tree(cls, tree: object, depth: int) -> PulseTrain:
        if not isinstance(tree, dict):
            raise TypeError(f"train: must be a dict with a kind (got {type(tree).__name__}); give what to_dict returns")
        if not depth:
            raise ValueError(f"train: must be nested less than {MAX_DEPTH} deep (got more); join fewer levels")
        settings = dict(tree)
        kind = settings.pop("kind", None)
        if kind == "join":
            parts = _take(kind, settings, "parts")
            if not isinstance(parts, list) or not parts:
                raise ValueError(f"parts: must be a list of at least one train (got {parts!r}); give the trains to join")
            trains = [cls._from_tree(part, depth - 1) for part in parts]
            return trains[0] if len(trains) == 1 else cls(None, tuple(p for train in trains for p in train._joined()))
        if kind == "repeat":
            times, train = _take(kind, settings, "times", "train")
            return cls._from_tree(train, depth - 1) * times
        makers = {"cycling": cls.cycling, "iv_sweep": cls.iv_sweep, "staircase": cls.staircase}
        makers |= {"identical": cls.identical, "random": cls.random, "read_only": cls.read_only, "table": cls.table}
        if kind not in makers:
            known = ", ".join([*makers, "join", "repeat"])
            raise ValueError(f"kind: must be one of {known} (got {kind!r}); choose one of them")
        try:
            return makers[kind](**settings)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            raise ValueError(f"{kind}: must have the settings of its maker (got {sorted(settings)}); {error}") from None

    def to_python(self) -> str:
        """Return Python text that makes the train, after ``import synaptogen_core as sc``.

        A table of more than 1,000 voltages is named as a file for `load_train`, and not written out.
        """
        if self._wave is not None:
            settings = self._wave.settings()
            if isinstance(self._wave, Table):
                if len(self) > LONG_TABLE:
                    return 'sc.load_train("train.csv")'
                if settings["cycle_ends"] == [len(self) - 1]:
                    del settings["cycle_ends"]
            return f"sc.PulseTrain.{self._wave.kind}({', '.join(f'{k}={v!r}' for k, v in settings.items())})"
        if self._times > 1:
            inner = self._parts[0].to_python()
            return f"{self._times} * ({inner})" if self._parts[0]._wave is None else f"{self._times} * {inner}"
        return " + ".join(part.to_python() for part in self._parts)

    def _key(self) -> tuple[object, ...]:
        if self._wave is not None:
            return self._wave.key()
        return (self._times, *(part._key() for part in self._parts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PulseTrain) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"<PulseTrain of {self._length:,} pulses, {self.cycles:,} cycles: {self.to_python()}>"


def _take(kind: str, settings: dict[str, Any], *names: str) -> Any:
    if set(settings) != set(names):
        raise ValueError(f"{kind}: must have {' and '.join(names)} (got {sorted(settings)}); give just these")
    return settings[names[0]] if len(names) == 1 else tuple(settings[name] for name in names)


def _draw(
    source: RandomSource,
    out: NDArray[np.float32],
    rows: NDArray[np.int64],
    pulses: NDArray[np.int64],
    cells: NDArray[np.uint64],
) -> None:
    """Fill rows of `out` (pulses, cells) with drawn voltages, a cacheful at a time."""
    if not source.per_cell:
        cells = cells[:1]
    for some in _pieces(rows.size, max(1, DRAWS_AT_ONCE // max(1, cells.size))):
        pulse = np.repeat(pulses[some], cells.size)
        drawn = source.draw(np.tile(cells, rows[some].size), pulse)
        out[rows[some]] = drawn.reshape(-1, cells.size)


def _pieces(size: int, step: int) -> Iterator[slice]:
    for start in range(0, size, step):
        yield slice(start, start + step)
