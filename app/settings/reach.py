"""Voltages that follow a device: those of the published set are places in its range, and move with another one's."""

from __future__ import annotations

import math

import param

RANGE = 1.5  # V: up to where the published set was measured
READS = frozenset({"u_read", "amplitude", "dac_high"})  # a device that reaches further is read at the same voltage


def at_reach(own: param.Number, reach: float) -> tuple[tuple[float, float], float]:
    """Bounds and default of a voltage [V] for a device that reaches so far."""
    factor = min(reach / RANGE, 1.0) if own.name in READS else reach / RANGE
    end = max(map(abs, own.bounds))
    low, high = (stretched(bound, reach, factor, 1e-3) if abs(bound) == end else bound for bound in own.bounds)
    low = min(low, high)
    return (low, high), min(max(stretched(own.default, reach, factor, own.step), low), high)


def stretched(volts: float, reach: float, factor: float, step: float) -> float:
    """A voltage times a factor, in whole steps; what stands at the end of the range stays there."""
    if abs(volts) == RANGE:
        return math.copysign(reach, volts)
    return volts if factor == 1 else round(round(volts * factor / step) * step, 6)


def moved(volts: float, old: tuple[float, float], new: tuple[float, float], bounds: tuple[float, float]) -> float:
    """A voltage for another device; `old` and `new` are the reaches and defaults.

    What stood at the end, or was never changed, does so again; what lies beyond is brought back.
    """
    if volts == old[1]:
        return new[1]
    return min(max(math.copysign(new[0], volts) if abs(volts) == old[0] else volts, bounds[0]), bounds[1])
