"""How to program cells, and how it can end for one: what `program_and_verify` is asked for, checked at the door."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.device.retention.clock import SECOND, nanoseconds
from synaptogen_core.types import F64

OUTCOMES = (
    "not programmed",
    "reached",
    "pulse limit",
    "does not SET",
    "does not RESET",
    "target above its LRS",
    "target below its HRS",
    "RESET too weak",
    "lost on the lines",
)
LEFT_ALONE, REACHED, PULSE_LIMIT, NO_SET, NO_RESET, ABOVE_LRS, BELOW_HRS, WEAK_RESET, LOST = range(len(OUTCOMES))
GOES_ON = (PULSE_LIMIT, ABOVE_LRS, BELOW_HRS, WEAK_RESET)  # another cycle may do better
MAX_PULSES = 1_000_000


@dataclass(frozen=True)
class Settings:
    """How to program; see `program_and_verify`."""

    tolerance: float
    max_pulses: int
    u_set: float
    u_start: float
    u_stop: float
    step: float
    u_read: float
    bandwidth: float
    delay: float = 0.0


def check_target(target: ArrayLike, shape: tuple[int, int]) -> F64:
    """Check at the door: conductances of our own, one a cell.

    Parameters
    ----------
    target : array_like
        [S]; NaN leaves a cell alone.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    ndarray, shape (rows, columns)

    Raises
    ------
    TypeError, ValueError
        If targets are no numbers, of another shape, or not above zero.
    """
    found = np.array(checks.numeric("target", target, "conductances", "give numbers in S"), dtype=np.float64)
    if found.ndim and found.shape != shape:
        raise ValueError(f"target: must be one number or have shape {shape} (got {found.shape}); give one a cell")
    bad = found[~np.isnan(found) & ~((found > 0) & np.isfinite(found))]
    if bad.size:
        raise ValueError(
            f"target: must be finite and above zero (got {bad.flat[0]:g} S); correct it; NaN leaves a cell alone"
        )
    return np.array(np.broadcast_to(found, shape))


def check_after(after: ArrayLike, shape: tuple[int, int]) -> F64:
    """Check at the door: what each cell has seen since its last SET [V], of our own, one a cell; NaN: not known.

    Parameters
    ----------
    after : array of float, shape (rows, columns)
        [V].
    shape : tuple of two int
        Rows and columns of the cells.

    Returns
    -------
    ndarray of float64, shape (rows, columns)

    Raises
    ------
    TypeError, ValueError
        If it is no such array.
    """
    found = np.array(checks.numeric("after", after, "voltages", "give numbers in V"), dtype=np.float64)
    if found.shape != shape:
        raise ValueError(f"after: must have shape {shape} (got {found.shape}); give the last_voltage of a Dataset")
    if (found < 0).any() or np.isinf(found).any():
        raise ValueError("after: must be 0 V or more, or NaN (got others); give the last_voltage of a Dataset")
    return found


def check_settings(
    tolerance: object,
    max_pulses: object,
    u_set: object,
    u_start: object,
    u_stop: object,
    step: object,
    u_read: object,
    bandwidth: object,
    delay: object = 0.0,
) -> Settings:
    """Check at the door.

    Parameters
    ----------
    tolerance, max_pulses, u_set, u_start, u_stop, step, u_read, bandwidth : object
        As of `program_and_verify`.

    Returns
    -------
    Settings

    Raises
    ------
    TypeError, ValueError
        If one of them breaks its rule.
    """
    wish = Settings(
        checks.number("tolerance", tolerance),
        checks.whole("max_pulses", max_pulses, 1, MAX_PULSES),
        checks.negative("u_set", u_set),
        checks.positive("u_start", u_start),
        checks.positive("u_stop", u_stop),
        checks.positive("step", step),
        checks.volts("u_read", u_read),
        checks.bandwidth(bandwidth),
        nanoseconds("delay", delay) / SECOND,
    )
    if not 0 < wish.tolerance < 1:
        raise ValueError(f"tolerance: must be above 0 and below 1 (got {wish.tolerance:g}); 0.05 is five per cent")
    if not wish.u_start < wish.u_stop:
        raise ValueError(f"u_stop: must be above u_start, {wish.u_start:g} V (got {wish.u_stop:g} V); raise it")
    if not np.float32(wish.u_read) != 0:
        raise ValueError("u_read: must not be zero (got 0 V); a usual read voltage is 0.2 V")
    return wish
