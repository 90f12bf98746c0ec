"""The doors of the library: values come in checked, or a sentence says what is wrong with them.

`name` is that of the argument, with which the sentence begins; `value` is what came in.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core.errors import shown
from synaptogen_core.types import F32, F64

_FLOAT32_MAX = float(np.finfo(np.float32).max)


def number(name: str, value: object) -> float:
    """A finite float.

    Parameters
    ----------
    name, value : str, object

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If it is no number, or not finite.
    """
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name}: must be a number (got {type(value).__name__}); give a float")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ValueError(f"{name}: must be finite (got {shown(value)}); give a finite number")
    return found


def whole(name: str, value: object, low: int = 1, high: int | None = None) -> int:
    """Return `value` as an int from `low` to `high` (None: no upper bound).

    Parameters
    ----------
    name, value : str, object
    low, high : int
        Bounds, both included; None: no upper bound.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If it is not a whole number, or out of bounds; the sentence begins with `name`.
    """
    try:
        if isinstance(value, (bool, np.bool_, np.timedelta64)):
            raise TypeError
        found = operator.index(value)  # type: ignore[arg-type]  # that it may fail is what is being asked
    except TypeError:
        raise TypeError(f"{name}: must be a whole number (got {shown(value)}); give an int") from None
    if high is not None and not low <= found <= high:
        raise ValueError(f"{name}: must be from {low} to {high} (got {shown(found)}); choose one in that range")
    if found < low:
        raise ValueError(f"{name}: must be at least {low} (got {shown(found)}); give a larger number")
    return found


def switch(name: str, value: object) -> bool | None:
    """False if something is to be switched off, None if it is to be left as it is.

    Parameters
    ----------
    name, value : str, object

    Returns
    -------
    bool or None

    Raises
    ------
    TypeError
    """
    if value is None or value is True:
        return None
    if value is not False:
        raise TypeError(f"{name}: must be True or False (got {shown(value)}); False switches it off")
    return False


def flag(name: str, value: object) -> bool:
    """Return `value` as a bool, if it is one.

    Parameters
    ----------
    name, value : str, object

    Returns
    -------
    bool

    Raises
    ------
    TypeError
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: must be True or False (got {value!r}); give a bool")
    return bool(value)


def instance(name: str, value: object, kind: type, remedy: str) -> Any:
    """`value`, if it is of this kind.

    Parameters
    ----------
    name, value : str, object
    kind : type
    remedy : str
        What to do, for the error.

    Returns
    -------
    object

    Raises
    ------
    TypeError
    """
    if not isinstance(value, kind):
        raise TypeError(f"{name}: must be {kind.__name__} (got {type(value).__name__}); {remedy}")
    return value


def called(name: str, value: object) -> None:
    """Refuse what cannot be called, if it is not None.

    Parameters
    ----------
    name, value : str, object

    Raises
    ------
    TypeError
    """
    if value is not None and not callable(value):
        raise TypeError(f"{name}: must be a function or None (got {shown(value)}); give one without calling it")


def pair(name: str, value: object, high: int, low: int = 1) -> tuple[int, int]:
    """Two whole numbers from `low` to `high`: rows and columns.

    Parameters
    ----------
    name, value : str, object
    high, low : int

    Returns
    -------
    tuple of two int

    Raises
    ------
    TypeError, ValueError
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{name}: must be rows and columns (got {shown(value)}); give a pair such as (64, 64)")
    return whole(name, value[0], low, high), whole(name, value[1], low, high)


def numeric(name: str, value: object, rule: str = "an array of numbers", remedy: str = "give plain numbers") -> Any:
    """`value` as an array of integers or floats, if that is what it holds: no text, truth values, dates, or masks.

    Parameters
    ----------
    name, value : str, object
    rule, remedy : str
        What it must be, and what to do, for the error.

    Returns
    -------
    ndarray of integers or floats, any shape

    Raises
    ------
    TypeError
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise TypeError(f"{name}: must be {rule} without a mask (got masked ones); fill or leave them out")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError):  # rows of unequal length, and what cannot become an array
        array = np.empty(1, np.object_)
    if array.dtype.kind not in "iuf":
        kind = type(value).__name__
        found = kind if array.ndim == 0 or array.dtype.kind == "O" else f"{kind} of {array.dtype.name}"
        raise TypeError(f"{name}: must be {rule} (got {found}); {remedy}")
    return array


def numbers(name: str, value: object) -> F64:
    """A finite float64 array of our own, read-only.

    Parameters
    ----------
    name, value : str, object

    Returns
    -------
    ndarray of float64, any shape

    Raises
    ------
    TypeError, ValueError
        If it holds no numbers, or some that are not finite.
    """
    array = np.array(numeric(name, value), dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: must be finite (got NaN or infinity); correct the numbers")
    array.flags.writeable = False
    return array


def shape(name: str, array: F64, wanted: tuple[int, ...]) -> None:
    """Refuse an array of another shape.

    Parameters
    ----------
    name : str
    array : ndarray
    wanted : tuple of int

    Raises
    ------
    ValueError
        If the array has another shape.
    """
    if array.shape != wanted:
        raise ValueError(f"{name}: must have shape {wanted} (got {array.shape}); correct the array")


def span(name: str, value: object, size: int) -> tuple[int, int]:
    """First and end of the neighbours, out of `size`, that a slice chooses.

    Parameters
    ----------
    name, value : str, object
    size : int

    Returns
    -------
    tuple of two int

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


def bandwidth(value: object) -> float:
    """Return `value` as a bandwidth of 0 or more [Hz].

    Raises
    ------
    TypeError, ValueError
        If it is no number, or below 0.
    """
    found = number("bandwidth", value)
    if found < 0:
        raise ValueError(f"bandwidth: must be 0 Hz or more (got {found:g}); 0 reads without noise")
    return found


def volts(name: str, value: object) -> float:
    """Return `value` [V] as a float that stays finite in float32, the precision in which cells see it.

    Parameters
    ----------
    name, value : str, object

    Returns
    -------
    float, [V]

    Raises
    ------
    TypeError, ValueError
        If it is not a number, or not finite.
    """
    given = value[()] if isinstance(value, np.ndarray) and not value.ndim else value
    try:
        found = number(name, given)
    except TypeError:
        raise TypeError(f"{name}: must be a voltage (got {shown(value)}); give a number in V") from None
    except ValueError:
        found = math.inf if given == given else math.nan
    if not abs(found) <= _FLOAT32_MAX:
        raise ValueError(f"{name}: must be finite (got {found:g} V); give a voltage in V")
    return found + 0.0  # makes -0.0 into 0.0, so that equal trains have equal texts


def negative(name: str, value: object) -> float:
    """Return `value` [V] as a float below zero.

    Parameters
    ----------
    name, value : str, object

    Returns
    -------
    float, [V]

    Raises
    ------
    TypeError, ValueError
    """
    found = volts(name, value)
    if not np.float32(found) < 0:
        raise ValueError(f"{name}: must be negative (got {found:g} V); negative voltages SET a cell")
    return found


def positive(name: str, value: object) -> float:
    """Return `value` [V] as a float above zero.

    Parameters
    ----------
    name, value : str, object

    Returns
    -------
    float, [V]

    Raises
    ------
    TypeError, ValueError
    """
    found = volts(name, value)
    if not np.float32(found) > 0:
        raise ValueError(f"{name}: must be positive (got {found:g} V); positive voltages RESET a cell")
    return found


def voltages(u: ArrayLike, shape: tuple[int, int], lines: bool = False) -> tuple[F32, float]:
    """Voltages as float32, and the largest |U|: one number, or one per cell, or (`lines`) one per row or column.

    Parameters
    ----------
    u : float or array, shape (rows, columns) or (rows * columns,)
        Voltages [V]; with `lines` also (rows, 1) or (1, columns).
    shape : tuple of two int
        Rows and columns.
    lines : bool

    Returns
    -------
    u : ndarray of float32, shape as given
        Voltages [V].
    largest : float, [V]

    Raises
    ------
    TypeError, ValueError
        If they are no finite numbers, or their shape does not fit.
    """
    given = numeric("u", u, "a voltage or an array of them", "give volts")
    of_lines = ((shape[0], 1), (1, shape[1])) if lines else ()
    if given.ndim and given.shape not in (shape, (shape[0] * shape[1],), *of_lines):
        raise ValueError(f"u: must be one voltage or have shape {shape} (got {given.shape}); give one voltage a cell")
    largest = max(float(given.max()), -float(given.min()))
    if not largest <= _FLOAT32_MAX:
        raise ValueError("u: must be finite (got NaN or infinity); correct the voltages")
    return given.astype(np.float32, copy=False), largest
