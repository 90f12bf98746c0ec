"""A pulse sequence given voltage by voltage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.array.trains.records import train_length
from synaptogen_core.array.trains.waveforms import Wave, assign
from synaptogen_core.checks import numeric
from synaptogen_core.device.frozen import Frozen
from synaptogen_core.errors import shown

LONG = 1_000


@dataclass(frozen=True, eq=False)
class Table(Frozen, Wave):
    """Voltages [V] (n,), and the growing indices of the pulses that end a cycle."""

    kind: ClassVar[str] = "table"
    voltages: NDArray[np.float64]
    cycle_ends: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Own the arrays and measure them; `table` has checked them."""
        self.voltages.flags.writeable = False
        self.cycle_ends.flags.writeable = False
        length, ends = self.voltages.size, self.cycle_ends.size
        closed = ends > 0 and int(self.cycle_ends[-1]) == length - 1
        amplitude = float(np.abs(self.voltages).max())
        assign(self, period=length, length=length, ends=ends, closed=closed, amplitude=amplitude)

    def pattern(self) -> NDArray[np.float64]:
        """Return the voltages [V], shape (n,)."""
        return self.voltages

    def cycle_end(self, count: int) -> NDArray[np.bool_]:
        """Return for the first `count` pulses whether they end a cycle, shape (count,)."""
        end = np.zeros(self.length, bool)
        end[self.cycle_ends] = True
        return end[:count]

    def settings(self) -> dict[str, Any]:
        """Return what defines the waveform, as JSON and Python arguments know it."""
        return {"voltages": self.voltages.tolist(), "cycle_ends": self.cycle_end(self.length).tolist()}

    def to_python(self) -> str:
        """Return the call that makes a train of this table; of a long one, only that it comes from a file."""
        if self.length > LONG:
            return 'sc.load_train("train.csv")'
        ends = f", cycle_ends={self.cycle_ends.tolist()!r}" if self.cycle_ends.tolist() != [self.length - 1] else ""
        return f"sc.PulseTrain.table({self.voltages.tolist()!r}{ends})"

    def key(self) -> tuple[object, ...]:
        """Return what equal tables have in common, hashable."""
        return (self.kind, self.voltages.tobytes(), self.cycle_ends.tobytes())


def table(voltages: ArrayLike, cycle_ends: ArrayLike | None = None) -> Table:
    """Return a checked table.

    Parameters
    ----------
    voltages, cycle_ends
        As for `PulseTrain.table`.

    Returns
    -------
    Table

    Raises
    ------
    TypeError, ValueError
        If they are no such arrays.
    """
    values = _voltages(voltages)
    return Table(values, _cycle_ends(cycle_ends, values.size))


def _voltages(voltages: ArrayLike) -> NDArray[np.float64]:
    raw = numeric("voltages", voltages, "numbers in V", "give one number a pulse")
    if raw.ndim != 1 or raw.size == 0:
        raise ValueError(f"voltages: must be a row of at least one number (got shape {raw.shape}); give one a pulse")
    train_length(raw.size)
    values: NDArray[np.float64] = raw.astype(np.float64) + 0.0
    bad = np.flatnonzero(~(np.abs(values) <= float(np.finfo(np.float32).max)))
    if bad.size:
        raise ValueError(f"voltages: must be finite (got {values[bad[0]]:g} V at pulse {bad[0]}); give voltages in V")
    return values


def _cycle_ends(cycle_ends: ArrayLike | None, pulses: int) -> NDArray[np.int64]:
    if cycle_ends is None:
        return np.array([pulses - 1])
    try:
        raw = np.asarray(cycle_ends)
    except ValueError:  # rows of unequal length
        raw = np.empty(1, object)
    if raw.ndim == 1 and raw.size == 0:
        return np.zeros(0, np.int64)
    if raw.ndim != 1 or raw.dtype.kind not in "biu":
        raise TypeError(
            f"cycle_ends: must be indices of pulses, or one bool a pulse (got {raw.dtype.name} of shape {raw.shape}); "
            "give the pulses that end a cycle"
        )
    if raw.dtype.kind == "b":
        if raw.size != pulses:
            raise ValueError(f"cycle_ends: must be one bool a pulse (got {raw.size} for {pulses} pulses); match them")
        raw = np.flatnonzero(raw)
    ends = raw.astype(np.int64)
    if ends.size and (ends[0] < 0 or ends[-1] >= pulses or bool(np.any(np.diff(ends) <= 0))):
        raise ValueError(
            f"cycle_ends: must grow from at least 0 to at most {pulses - 1} (got {shown(ends.tolist())}); "
            "sort them and drop repeats"
        )
    return ends
