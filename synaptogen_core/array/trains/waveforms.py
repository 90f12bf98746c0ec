"""The kinds of pulse sequence that trains are joined from: one frozen, checked record each.

A record holds the few numbers that define it, and makes voltages of them when asked. Positive voltage is RESET,
negative is SET. Users make these through `PulseTrain` in `synaptogen_core.array.trains.pulse_train`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.array.trains.random_voltages import RandomSource
from synaptogen_core.array.trains.records import MAX_PULSES, train_length
from synaptogen_core.device.model.read_noise import READ_VOLTAGE


class Head(NamedTuple):
    """The first pulses of a sequence; arrays of equal length. `random` is -1 or the number of a random source."""

    voltage: NDArray[np.float32]
    cycle_end: NDArray[np.bool_]
    read: NDArray[np.bool_]
    random: NDArray[np.int16]


def assign(record: object, **values: object) -> None:
    """Set fields of a frozen record while it is being made."""
    for name, value in values.items():
        object.__setattr__(record, name, value)


@dataclass(frozen=True)
class Wave:
    """What all kinds share: one cycle of `period` pulses, repeated, the last of which ends the cycle.

    Attributes
    ----------
    length : int
        Number of pulses.
    ends : int
        Number of pulses that end a cycle.
    closed : bool
        Whether the last pulse ends a cycle.
    amplitude : float
        Largest |U| [V].
    sources : tuple of RandomSource
        Where random voltages come from.
    duration : int
        Time that all pulses take [ns].
    """

    kind: ClassVar[str]
    read: ClassVar[bool] = False
    period: int = field(init=False, repr=False, compare=False)
    length: int = field(init=False, repr=False, compare=False)
    ends: int = field(init=False, repr=False, compare=False)
    closed: bool = field(init=False, repr=False, compare=False)
    amplitude: float = field(init=False, repr=False, compare=False)
    sources: tuple[RandomSource, ...] = field(init=False, repr=False, compare=False, default=())
    duration: int = field(init=False, repr=False, compare=False, default=0)

    def _measure(self, period: int, cycles: int, amplitude: float) -> None:
        length = train_length(period * cycles)
        assign(self, period=period, length=length, ends=cycles, closed=True, amplitude=amplitude)

    def pattern(self) -> NDArray[np.float64]:
        """Return the voltages [V] of one cycle, shape (period,)."""
        raise NotImplementedError

    def voltage(self, count: int) -> NDArray[np.float32]:
        """Return the first `count` voltages [V], shape (count,); NaN where random."""
        one = self.pattern()[:count].astype(np.float32)
        return np.tile(one, -(-count // one.size))[:count]

    def cycle_end(self, count: int) -> NDArray[np.bool_]:
        """Return for the first `count` pulses whether they end a cycle, shape (count,)."""
        end = np.zeros(count, bool)
        end[self.period - 1 :: self.period] = True
        return end

    def head(self, count: int, numbers: dict[RandomSource, int]) -> Head:
        """Return the first `count` pulses; `numbers` gives the random sources theirs.

        Parameters
        ----------
        count : int
            At most `length`.
        numbers : dict of RandomSource to int

        Returns
        -------
        Head
        """
        random = numbers[self.sources[0]] if self.sources else -1
        read, random_of = np.full(count, self.read), np.full(count, random, np.int16)
        return Head(self.voltage(count), self.cycle_end(count), read, random_of)

    def timing(self, count: int) -> NDArray[np.int64]:
        """Return width of the first `count` pulses and delay after each [ns], shape (2, count)."""
        return np.zeros((2, count), np.int64)

    def settings(self) -> dict[str, Any]:
        """Return what defines the waveform, as JSON and Python arguments know it."""
        own = (f.name for f in fields(self) if f.init)
        return {name: getattr(self, name) for name in own if getattr(self, name) is not None}

    def to_dict(self) -> dict[str, Any]:
        """Return kind and settings."""
        return {"kind": self.kind, **self.settings()}

    def to_python(self) -> str:
        """Return the call that makes a train of this waveform."""
        return f"sc.PulseTrain.{self.kind}({', '.join(f'{k}={v!r}' for k, v in self.settings().items())})"

    def key(self) -> tuple[object, ...]:
        """Return what equal waveforms have in common, hashable."""
        return (self.kind, *self.settings().items())


@dataclass(frozen=True)
class Cycling(Wave):
    """Full switching: a SET pulse, then a RESET pulse."""

    kind: ClassVar[str] = "cycling"
    cycles: int = 100
    u_set: float = -1.5
    u_reset: float = 1.5

    def __post_init__(self) -> None:
        """Check everything."""
        assign(self, cycles=checks.whole("cycles", self.cycles))
        assign(self, u_set=checks.negative("u_set", self.u_set), u_reset=checks.positive("u_reset", self.u_reset))
        self._measure(2, self.cycles, max(-self.u_set, self.u_reset))

    def pattern(self) -> NDArray[np.float64]:
        """Return the voltages [V] of one cycle, shape (2,)."""
        return np.array([self.u_set, self.u_reset])


@dataclass(frozen=True)
class Sweep(Wave):
    """Triangular I-V sweep 0 -> u_min -> 0 -> u_max -> 0, which touches u_min and u_max and ends at 0 V."""

    kind: ClassVar[str] = "iv_sweep"
    cycles: int = 1
    u_min: float = -1.5
    u_max: float = 1.5
    points: int | None = None
    step: float | None = None

    def __post_init__(self) -> None:
        """Check everything; without `points` and `step`, a cycle has 200 points."""
        assign(self, cycles=checks.whole("cycles", self.cycles))
        assign(self, u_min=checks.negative("u_min", self.u_min), u_max=checks.positive("u_max", self.u_max))
        if self.step is None:
            assign(self, points=checks.whole("points", 200 if self.points is None else self.points, 4, MAX_PULSES))
        elif self.points is not None:
            raise ValueError(f"step: must stand without points (got {self.step!r} and {self.points!r}); give one")
        else:
            step = checks.volts("step", self.step)
            if not (self.u_max - self.u_min) / MAX_PULSES <= step:
                raise ValueError(f"step: must be positive and not too fine (got {step:g} V); give a larger step")
            assign(self, step=step)
        self._measure(sum(self.legs), self.cycles, max(-self.u_min, self.u_max))

    @property
    def legs(self) -> tuple[int, int, int, int]:
        """Number of points on the ways 0 -> u_min, u_min -> 0, 0 -> u_max and u_max -> 0."""
        if self.step is not None:
            # 0.3 / 0.1 is a little more than 3 in floating point, and must not gain a point by it
            low, high = (max(1, math.ceil(abs(u) / self.step - 1e-9)) for u in (self.u_min, self.u_max))
            return low, low, high, high
        points = self.points or 0
        low = min(max(2, round(points * self.u_min / (self.u_min - self.u_max))), points - 2)
        high = points - low
        return low - low // 2, low // 2, high - high // 2, high // 2

    def pattern(self) -> NDArray[np.float64]:
        """Return the voltages [V] of one cycle, shape (period,)."""
        ways = zip((0.0, self.u_min, 0.0, self.u_max), (self.u_min, 0.0, self.u_max, 0.0), self.legs, strict=True)
        return np.concatenate([np.linspace(start, stop, n + 1)[1:] for start, stop, n in ways])


@dataclass(frozen=True)
class Staircase(Wave):
    """A SET pulse, then RESET pulses of growing amplitude: partial RESET into many levels."""

    kind: ClassVar[str] = "staircase"
    cycles: int = 1
    u_set: float = -1.5
    u_start: float = 0.6
    u_stop: float = 1.5
    steps: int = 10

    def __post_init__(self) -> None:
        """Check everything."""
        assign(self, cycles=checks.whole("cycles", self.cycles), steps=checks.whole("steps", self.steps, 2))
        assign(self, u_set=checks.negative("u_set", self.u_set))
        assign(self, u_start=checks.positive("u_start", self.u_start), u_stop=checks.positive("u_stop", self.u_stop))
        if not self.u_start < self.u_stop:
            raise ValueError(
                f"u_stop: must be above u_start (got {self.u_stop:g} V, not above {self.u_start:g} V); "
                "the pulses of a staircase grow"
            )
        self._measure(self.steps + 1, self.cycles, max(-self.u_set, self.u_stop))

    def pattern(self) -> NDArray[np.float64]:
        """Return the voltages [V] of one cycle, shape (steps + 1,)."""
        return np.append(self.u_set, np.linspace(self.u_start, self.u_stop, self.steps))


@dataclass(frozen=True)
class Identical(Wave):
    """The same voltage again and again; the last pulse ends the cycle."""

    kind: ClassVar[str] = "identical"
    pulses: int = 10
    u: float = 0.9

    def __post_init__(self) -> None:
        """Check everything."""
        assign(self, pulses=checks.whole("pulses", self.pulses), u=checks.volts("u", self.u))
        self._measure(self.pulses, 1, abs(self.u))

    def voltage(self, count: int) -> NDArray[np.float32]:
        """Return the first `count` voltages [V], shape (count,)."""
        return np.full(count, self.u, np.float32)


@dataclass(frozen=True)
class ReadOnly(Wave):
    """Pulses that change no state and end no cycle; without a voltage, each device is read at its own."""

    kind: ClassVar[str] = "read_only"
    read: ClassVar[bool] = True
    pulses: int = 1
    u: float | None = None

    def __post_init__(self) -> None:
        """Check everything."""
        assign(self, pulses=checks.whole("pulses", self.pulses))
        assign(self, u=None if self.u is None else checks.volts("u", self.u))
        self._measure(self.pulses, 1, abs(self.level))
        assign(self, ends=0, closed=False)

    @property
    def level(self) -> float:
        """The voltage [V]; before a device is known, the published one's."""
        return READ_VOLTAGE if self.u is None else self.u

    def voltage(self, count: int) -> NDArray[np.float32]:
        """Return the first `count` voltages [V], shape (count,)."""
        return np.full(count, self.level, np.float32)

    def cycle_end(self, count: int) -> NDArray[np.bool_]:
        """Return `count` times False."""
        return np.zeros(count, bool)


@dataclass(frozen=True)
class Random(Wave):
    """Random voltages; the last pulse ends the cycle."""

    kind: ClassVar[str] = "random"
    pulses: int
    chance: RandomSource

    def __post_init__(self) -> None:
        """Check everything."""
        assign(self, pulses=checks.whole("pulses", self.pulses), sources=(self.chance,))
        self._measure(self.pulses, 1, self.chance.amplitude)

    def voltage(self, count: int) -> NDArray[np.float32]:
        """Return `count` times NaN: `sources` know the voltages."""
        return np.full(count, np.nan, np.float32)

    def settings(self) -> dict[str, Any]:
        """Return what defines the waveform, as JSON and Python arguments know it."""
        return {"pulses": self.pulses, **self.chance.settings()}
