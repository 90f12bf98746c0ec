"""The door of pulse trains: numbers come in checked, or a sentence says what is wrong with them."""

from __future__ import annotations

import operator

import numpy as np

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
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]  # that it may fail is what is being asked
    except TypeError:
        raise TypeError(f"{name}: must be a whole number (got {value!r}); give an integer of at least {low}") from None
    if number < low:
        raise ValueError(f"{name}: must be at least {low} (got {number}); give a larger number")
    if high is not None and number > high:
        raise ValueError(f"{name}: must be at most {high} (got {number}); give a smaller number")
    return number


def volts(name: str, value: object) -> float:
    """Return `value` [V] as a float that stays finite in float32, the precision in which cells see it.

    Raises
    ------
    TypeError, ValueError
        If it is not a number, or not finite.
    """
    try:
        if isinstance(value, (bool, np.bool_, str, bytes)):
            raise TypeError
        number = float(value)  # type: ignore[arg-type]  # that it may fail is what is being asked
    except (TypeError, ValueError):
        raise TypeError(f"{name}: must be a voltage (got {value!r}); give a number in V") from None
    if not abs(number) <= _FLOAT32_MAX:
        raise ValueError(f"{name}: must be finite (got {number:g} V); give a voltage in V")
    return number + 0.0  # makes -0.0 into 0.0, so that equal trains have equal texts


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
        raise ValueError(
            f"pulses: a train has at most {MAX_PULSES:,} (got {pulses:,}); use fewer cycles, "
            "and go on with a second train on the same cells"
        )
    return pulses
