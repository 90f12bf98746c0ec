"""The door of the room: a Dataset becomes checked columns of numbers, one per cell, and a result its words.

What cannot be used is never averaged in: values that are not finite (a failed cycle of a measurement), and those that
have no logarithm where the scale is "log", are missing. Statistics of single values skip them and state how many;
statistics that need the order of the cycles use the cells without a gap and state how many were left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.counts import counted
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import shown
from synaptogen_core.schema import FEATURE_NAMES, FEATURES, VARIABLES
from synaptogen_core.types import F64

TIME_DIMS = ("cycle", "pulse")
SCALES = ("linear", "log")
LOG10_E = math.log10(math.e)
BLOCK_VALUES = 1 << 17  # 1 MB of float64: a block stays in the cache while it is used

MOST_POINTS = 1_000_000  # of a curve


def series_of(ds: xr.Dataset, name: str) -> NDArray[np.floating[Any]]:
    """One variable as a matrix, a view where the Dataset's own order allows it.

    Parameters
    ----------
    ds : xarray.Dataset
        Holds `name` on ``(cycle | pulse, row, column)`` or ``(cycle | pulse, cell)``.
    name : str
        A variable: one of the four features, or another recorded one.

    Returns
    -------
    numpy.ndarray
        Shape (times, cells), cells row by row.

    Raises
    ------
    ValueError
        If there is no such variable, or it does not run over cycles or pulses and cells.
    """
    if not isinstance(name, str) or name not in ds.data_vars:
        known = [str(v) for v in ds.data_vars if time_dim(ds[v]) is not None]
        raise ValueError(
            f"feature: must be a variable of the Dataset (got {name!r}); it holds {', '.join(known) or 'none'} - "
            "record what is missing with simulate(..., record=...)"
        )
    variable = ds[name]
    time = time_dim(variable)
    cells = [d for d in ("row", "column", "cell") if d in variable.dims]
    if time is None or not cells or len(cells) + 1 != variable.ndim:
        raise ValueError(
            f"feature: must run over cycle or pulse and over cells (got {name!r} on {variable.dims}); "
            "select until only (cycle | pulse, row, column) or (cycle | pulse, cell) are left"
        )
    values = variable.transpose(time, *cells).values
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    if not values.size:
        raise ValueError(
            f"feature: must hold at least one value (got {name!r} of shape {variable.shape}); simulate more"
        )
    return values.reshape(values.shape[0], -1)


def time_dim(variable: xr.DataArray) -> str | None:
    """The dimension of a variable that runs along the pulse train, or None."""
    return next((d for d in TIME_DIMS if d in variable.dims), None)


def feature_list(ds: xr.Dataset, features: str | Sequence[str] | None) -> tuple[str, ...]:
    """The asked-for variables; with None the features that the Dataset holds.

    Parameters
    ----------
    ds : xarray.Dataset
    features : str or sequence of str, or None

    Returns
    -------
    tuple of str

    Raises
    ------
    ValueError
        If there are none.
    """
    if features is None:
        found = tuple(f for f in FEATURE_NAMES if f in ds.data_vars)
        if not found:
            raise ValueError(
                f"ds: must hold at least one of {', '.join(FEATURE_NAMES)} (got {', '.join(map(str, ds.data_vars))}); "
                "simulate with record=('features',) or name the variable with features="
            )
        return found
    names = names_of(features)
    if not names:
        raise ValueError("features: must name at least one variable (got none); leave it out for all features")
    return names


def names_of(features: object) -> tuple[str, ...]:
    """One name or several as a tuple.

    Raises
    ------
    TypeError
        If one of them is no text.
    """
    names = tuple(features) if isinstance(features, Iterable) and not isinstance(features, str) else (features,)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"features: must be a name or a list of them (got {shown(features)}); give texts")
    return names


def scale_of(name: str, scale: str | None) -> str:
    """The scale in which moments and densities of a variable are taken: the given one, else the feature's own.

    Parameters
    ----------
    name : str
    scale : {"linear", "log"}, or None

    Returns
    -------
    str

    Raises
    ------
    ValueError
        For another scale.
    """
    if scale is None:
        return next((f.scale for f in FEATURES if f.name == name), "linear")
    if scale not in SCALES:
        raise ValueError(f"scale: must be 'linear' or 'log' (got {scale!r}); leave it out for the feature's own")
    return scale


def scaled(values: NDArray[Any], scale: str) -> F64:
    """Values on a scale: as they are, or log10; NaN for what is not finite or has no logarithm.

    Parameters
    ----------
    values : ndarray, any shape
    scale : {"linear", "log"}

    Returns
    -------
    ndarray of float64, shape of `values`
    """
    result = values.astype(np.float64)
    if scale == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            np.log(result, out=result)  # twice as fast as log10, and as good to the last bit but one
            result *= LOG10_E
    if not np.isfinite(result.sum()):  # one pass over the values, where a mask would take three
        result[~np.isfinite(result)] = np.nan
    return result


def cell_blocks(
    columns: Sequence[NDArray[Any]], scales: Sequence[str], starts: NDArray[np.intp] | None = None
) -> Iterator[tuple[slice, F64]]:
    """Series of a few cells at a time.

    Parameters
    ----------
    columns : sequence of numpy.ndarray
        Each of shape (times, cells).
    scales : sequence of str
        "linear" or "log", one for each.
    starts : numpy.ndarray, optional
        Cells at which a block may begin (a block then holds whole groups of cells).

    Yields
    ------
    tuple of slice and numpy.ndarray
        The cells, and their values, shape (variables, times, cells of the block), float64, NaN where missing.
    """
    times, cells = columns[0].shape
    width = max(1, BLOCK_VALUES // (times * len(columns)))
    allowed = np.arange(0, cells, width) if starts is None else starts
    first = 0
    while first < cells:
        fits = allowed[(allowed > first) & (allowed <= first + width)]
        after = allowed[allowed > first]
        last = cells if first + width >= cells else int(fits[-1] if fits.size else after[0] if after.size else cells)
        block = np.empty((len(columns), times, last - first))
        for j, (column, scale) in enumerate(zip(columns, scales, strict=True)):
            block[j] = scaled(column[:, first:last], scale)
        yield slice(first, last), block
        first = last


def device_of(ds: xr.Dataset, given: DeviceParameters | None = None) -> DeviceParameters | None:
    """The device that was given, else that which a Dataset was simulated with.

    Parameters
    ----------
    ds : xarray.Dataset
        Its attribute ``settings`` is read, never evaluated.
    given : DeviceParameters, optional

    Returns
    -------
    DeviceParameters or None

    Raises
    ------
    TypeError
        If something else was given.
    """
    if given is not None:
        return cast("DeviceParameters", checks.instance("device", given, DeviceParameters, "use load_device"))
    settings = ds.attrs.get("settings")
    return _device_of_settings(settings) if isinstance(settings, str) else None


@lru_cache(maxsize=16)
def _device_of_settings(settings: str) -> DeviceParameters | None:
    try:
        described = json.loads(settings)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"ds.attrs['settings']: must be JSON (got a fault at {error.pos}); the file was changed by hand"
        ) from error
    device = described.get("device") if isinstance(described, dict) else None
    return DeviceParameters.from_dict(device) if isinstance(device, dict) else None


def described(name: str, ds: xr.Dataset | None = None) -> tuple[str, str]:
    """Long name and unit of a variable, from the Dataset or the project's dictionary.

    Parameters
    ----------
    name : str
    ds : xarray.Dataset, optional
        Its attributes go before those of the dictionary.

    Returns
    -------
    tuple of two str
    """
    attrs = dict(VARIABLES.get(name, {}))
    if ds is not None and name in ds:
        attrs.update(ds[name].attrs)
    return str(attrs.get("long_name", name)), str(attrs.get("units", "1"))


def scaled_words(name: str, scale: str, ds: xr.Dataset | None = None) -> tuple[str, str]:
    """Long name and unit of a variable on a scale: ``log10 of ...`` in ``log10(ohm)``, or as they are.

    Parameters
    ----------
    name : str
    scale : {"linear", "log"}
    ds : xarray.Dataset, optional
        As for `described`.

    Returns
    -------
    tuple of two str
    """
    long_name, unit = described(name, ds)
    return (f"log10 of {long_name}", f"log10({unit})") if scale == "log" else (long_name, unit)


def columns_of(
    ds: xr.Dataset, names: Sequence[str], scale: str | None
) -> tuple[list[NDArray[np.floating[Any]]], list[str]]:
    """Matrices of several variables that run over the same times and cells, and their scales.

    Parameters
    ----------
    ds : xarray.Dataset
    names : sequence of str
    scale : {"linear", "log"}, or None
        None: each variable's own.

    Returns
    -------
    matrices : list of ndarray, each of shape (times, cells)
    scales : list of str

    Raises
    ------
    ValueError
        If they do not, or there is no such variable or scale.
    """
    matrices = [series_of(ds, name) for name in names]
    for name, matrix in zip(names, matrices, strict=True):
        if matrix.shape != matrices[0].shape:
            raise ValueError(
                f"features: must run over the same times and cells (got {names[0]!r} {matrices[0].shape} and "
                f"{name!r} {matrix.shape}); ask for them one by one"
            )
    return matrices, [scale_of(name, scale) for name in names]


def model_indices(
    names: Sequence[str], scales: Sequence[str], ds: xr.Dataset, device: DeviceParameters | None
) -> list[int | None]:
    """For each variable its number among the features, if the model has an exact law for it on this scale, else None.

    It has, for a feature on its own scale, cycle by cycle.

    Parameters
    ----------
    names, scales : sequence of str
        Variables, and "linear" or "log" for each.
    ds : xarray.Dataset
    device : DeviceParameters, or None
        None: there is no law.

    Returns
    -------
    list of int or None
    """
    if device is None:
        return [None] * len(names)
    return [
        FEATURE_NAMES.index(name)
        if name in FEATURE_NAMES and scale == scale_of(name, None) and "cycle" in ds[name].dims
        else None
        for name, scale in zip(names, scales, strict=True)
    ]


def check_cells(used: int, left_out: int, least: int, what: str) -> None:
    """Refuse to estimate from fewer than `least` cells without a gap.

    Parameters
    ----------
    used, left_out : int
        Number of cells without a gap, and with one.
    least : int
    what : str
        The estimate, for the error.

    Raises
    ------
    ValueError
        If `used` is less.
    """
    if used < least:
        raise ValueError(
            f"ds: must hold at least {counted(least, 'cell')} without a missing value for {what} (got "
            f"{used}, and {left_out} with missing values); simulate more cells, or choose a run of cycles without gaps"
        )


def check_times(times: int, least: int, what: str) -> None:
    """Refuse to estimate from fewer than `least` times.

    Parameters
    ----------
    times, least : int
    what : str
        The estimate, for the error.

    Raises
    ------
    ValueError
        If `times` is less.
    """
    if times < least:
        raise ValueError(f"ds: must hold at least {least} cycles for {what} (got {times}); simulate more cycles")


def repeating_cells(matrices: Sequence[NDArray[np.floating[Any]]]) -> int:
    """Number of cells that keep a value over three times: they did not switch, so no new value was drawn.

    A cell whose SET voltage is drawn beyond the pulse stays as it is for good. Its values are data, but the laws of the
    model, which draws a vector every cycle, are not theirs. By chance a float32 value is drawn thrice in a row in less
    than one of 1e11 cycles.
    """
    repeating = np.zeros(matrices[0].shape[1], dtype=np.bool_)
    for matrix in matrices:
        if matrix.shape[0] > 2:
            same = matrix[1:] == matrix[:-1]
            if same.any():
                repeating |= (same[1:] & same[:-1]).any(axis=0)
    return int(repeating.sum())
