"""How pulse trains are made: one class method for each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from numpy.typing import ArrayLike

from synaptogen_core.array.trains import composition, kinds
from synaptogen_core.array.trains.table import table
from synaptogen_core.array.trains.timing import Wait
from synaptogen_core.array.trains.waveforms import Cycling, Identical, ReadOnly, Staircase, Sweep
from synaptogen_core.device.frozen import Frozen


@dataclass(frozen=True, eq=False, repr=False)
class Makers(Frozen):
    """The class methods of `PulseTrain`; they raise TypeError or ValueError if a value breaks its rule."""

    node: composition.Node

    def __post_init__(self) -> None:
        if not isinstance(self.node, composition.Node):
            raise TypeError(
                f"node: must come from one of the makers (got {type(self.node).__name__}); "
                "for voltages one by one use PulseTrain.table"
            )

    @classmethod
    def cycling(cls, cycles: int = 100, u_set: float = -1.5, u_reset: float = 1.5) -> Self:
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
    ) -> Self:
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
    ) -> Self:
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
    def identical(cls, pulses: int = 10, u: float = 0.9) -> Self:
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
    ) -> Self:
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
        return cls(kinds.random(pulses, distribution, low, high, mean, sd, per_cell, seed))

    @classmethod
    def read_only(cls, pulses: int = 1, u: float | None = None, *, every: float = 0.0) -> Self:
        """Pulses that never change a state, and end no cycle.

        Parameters
        ----------
        pulses : int
        u : float, optional
            Voltage [V]; without it, cells are read at their device's `u_0`, 0.2 V of the published one.
        every : float
            Time from one to the next [s].
        """
        return cls(composition.timed(ReadOnly(pulses, u), 0.0, every))

    @classmethod
    def wait(cls, seconds: float) -> Self:
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
    ) -> Self:
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
        return cls(composition.timed(table(voltages, cycle_ends), width, delay))
