"""The door of pulse trains: numbers come in checked, or a sentence says what is wrong with them."""

from __future__ import annotations

import math
import operator

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core.device import checks
from synaptogen_core.device.arithmetic import F32
from synaptogen_core.errors import shown

MAX_PULSES = 50_000_000
_FLOAT32_MAX = float(np.finfo(np.float32).max)


def whole(name: str, value: object, low: int = 1, high: int | None = None) -> int:
    """Return `value` as an int from `low` to `high` (None: no upper bound).

    Raises
    ------
    TypeError, ValueError
        If it is not a whole number, or out of bounds; the sentence begins with `name`.
    """
    try:
        if isinstance(value, (bool, np.bool_, np.timedelta64)):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]  # that it may fail is what is being asked
    except TypeError:
        raise TypeError(
            f"{name}: must be a whole number (got {shown(value)}); give an integer of at least {low}"
        ) from None
    if number < low:
        raise ValueError(f"{name}: must be at least {low} (got {shown(number)}); give a larger number")
    if high is not None and number > high:
        raise ValueError(f"{name}: must be at most {high} (got {shown(number)}); give a smaller number")
    return number


def volts(name: str, value: object) -> float:
    """Return `value` [V] as a float that stays finite in float32, the precision in which cells see it.

    Raises
    ------
    TypeError, ValueError
        If it is not a number, or not finite.
    """
    given = value[()] if isinstance(value, np.ndarray) and not value.ndim else value
    try:
        number = checks.number(name, given)
    except TypeError:
        raise TypeError(f"{name}: must be a voltage (got {shown(value)}); give a number in V") from None
    except ValueError:
        number = math.inf if given == given else math.nan
    if not abs(number) <= _FLOAT32_MAX:
        raise ValueError(f"{name}: must be finite (got {number:g} V); give a voltage in V")
    return number + 0.0  # makes -0.0 into 0.0, so that equal trains have equal texts


def voltages(u: ArrayLike, shape: tuple[int, int], lines: bool = False) -> tuple[F32, float]:
    """Voltages [V] as float32, and the largest |U|: one number, or one a cell, or (`lines`) one a row or column.

    Raises
    ------
    TypeError, ValueError
        If they are no finite numbers, or their shape does not fit.
    """
    given = checks.numeric("u", u, "a voltage or an array of them", "give volts")
    of_lines = ((shape[0], 1), (1, shape[1])) if lines else ()
    if given.ndim and given.shape not in (shape, (shape[0] * shape[1],), *of_lines):
        raise ValueError(f"u: must be one voltage or have shape {shape} (got {given.shape}); give one voltage a cell")
    largest = max(float(given.max()), -float(given.min()))
    if not largest <= _FLOAT32_MAX:
        raise ValueError("u: must be finite (got NaN or infinity); correct the voltages")
    return given.astype(np.float32, copy=False), largest


def span(name: str, value: object, size: int) -> tuple[int, int]:
    """First and end of the neighbours, out of `size`, that a slice chooses.

    Raises
    ------
    TypeError, ValueError
        If it is no slice of whole numbers, takes steps, or chooses none.
    """
    if not isinstance(value, slice):
        raise TypeError(f"{name}: must be a slice (got {shown(value)}); give for instance slice(0, {size})")
    if value.step not in (None, 1):
        raise ValueError(f"{name}: must be neighbours (got steps of {shown(value.step)}); leave the step out")
    for end in (value.start, value.stop):
        if end is not None:
            whole(name, end, -size, size)
    first, end, _ = value.indices(size)
    if not first < end:
        raise ValueError(f"{name}: must be at least one of {size} (got {shown(value)}); widen the slice")
    return first, end


def negative(name: str, value: object) -> float:
    """Return `value` [V] as a float below zero."""
    number = volts(name, value)
    if not np.float32(number) < 0:
        raise ValueError(f"{name}: must be negative (got {number:g} V); negative voltages SET a cell")
    return number


def positive(name: str, value: object) -> float:
    """Return `value` [V] as a float above zero."""
    number = volts(name, value)
    if not np.float32(number) > 0:
        raise ValueError(f"{name}: must be positive (got {number:g} V); positive voltages RESET a cell")
    return number


def flag(name: str, value: object) -> bool:
    """Return `value` as a bool, if it is one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: must be True or False (got {value!r}); give a bool")
    return bool(value)


def train_length(pulses: int) -> int:
    """Return `pulses`, if the arrays of so long a train fit in a workstation's memory."""
    if pulses > MAX_PULSES:
        got = f"{pulses:,}" if pulses < 10**40 else shown(pulses)
        raise ValueError(
            f"pulses: a train has at most {MAX_PULSES:,} (got {got}); use fewer cycles, "
            "and go on with a second train on the same cells"
        )
    return pulses
