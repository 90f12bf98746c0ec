"""Pulses that take time: their width, the delay after them, and pulses that only wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.trains.waveforms import Identical, assign
from synaptogen_core.device.frozen import Frozen
from synaptogen_core.device.retention.clock import SECOND, nanoseconds

Ns = NDArray[np.int64]
LONG = 1_000


@dataclass(frozen=True)
class Wait(Identical):
    """One pulse of 0 V that changes nothing, ends no cycle, and lasts."""

    kind: ClassVar[str] = "wait"
    read: ClassVar[bool] = True
    pulses: int = field(init=False, default=1, repr=False)
    u: float = field(init=False, default=0.0, repr=False)
    seconds: float = 1.0

    def __post_init__(self) -> None:
        """Check everything."""
        assign(self, seconds=checks.number("seconds", self.seconds))
        assign(self, duration=nanoseconds("seconds", self.seconds))
        super().__post_init__()
        assign(self, ends=0, closed=False)

    def cycle_end(self, count: int) -> NDArray[np.bool_]:
        """Return `count` times False."""
        return np.zeros(count, bool)

    def timing(self, count: int) -> Ns:
        """Return width and delay [ns], shape (2, count)."""
        return np.array([[self.duration], [0]], np.int64)[:, :count]


@dataclass(frozen=True, eq=False)
class Durations(Frozen):
    """Width of each pulse and delay after it [ns]: one number for all pulses, shape (1,), or one a pulse, (n,)."""

    width: Ns
    delay: Ns

    def settings(self) -> dict[str, Any]:
        """As plain data [ns]."""
        return {name: value.tolist() if value.size > 1 else int(value[0]) for name, value in vars(self).items()}

    def key(self) -> tuple[object, ...]:
        """What equal durations have in common, hashable."""
        return self.width.tobytes(), self.delay.tobytes()

    def to_python(self) -> str:
        """The arguments that make them, in seconds."""
        given = {name: value / SECOND for name, value in vars(self).items() if value.any()}
        return ", ".join(
            f"{name}={value.tolist() if value.size > 1 else float(value[0])!r}"
            if value.size <= LONG
            else f'{name}=ds["train_durations"]'
            for name, value in given.items()
        )


def durations(width: ArrayLike, delay: ArrayLike, pulses: int, unit: str = "s") -> Durations:
    """Checked durations of a train's pulses.

    Parameters
    ----------
    width, delay : float, or array of shape (pulses,)
        [s], from 0.
    pulses : int
        Length of the train.
    unit : {"s", "ns"}
        What the numbers count.

    Returns
    -------
    Durations

    Raises
    ------
    TypeError, ValueError
        If they are no such numbers.
    """
    return Durations(_durations("width", width, pulses, unit), _durations("delay", delay, pulses, unit))


def _durations(name: str, value: ArrayLike, pulses: int, unit: str) -> Ns:
    raw = np.atleast_1d(checks.numeric(name, value, "durations", "give seconds"))
    if raw.shape not in ((1,), (pulses,)):
        raise ValueError(
            f"{name}: must be one number, or one for each of {pulses:,} pulses (got shape {raw.shape}); give seconds"
        )
    bad = raw[~((raw >= 0) & (raw < (2**62 if unit == "ns" else 2**62 / SECOND)))]
    if bad.size:
        raise ValueError(f"{name}: must be from 0 s to 146 years (got {bad[0]:g} {unit}); correct it")
    if unit == "ns":
        found = raw.astype(np.int64)
    else:
        found = np.array(
            [nanoseconds(name, float(v)) for v in raw] if raw.size == 1 else np.rint(raw * SECOND), np.int64
        )
    found.flags.writeable = False
    return found
