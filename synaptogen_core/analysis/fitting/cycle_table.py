"""Measured features in rows of equal distance in time, so that lags are distances between rows: NumPy out.

A row of NaN ends each device and stands for each gap in its cycles, however long. Whatever looks at successive rows
without a NaN then never crosses a border or a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core.analysis.resampling import group_starts
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64


@dataclass(frozen=True)
class Panel:
    """Features of many devices.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (rows, features): log10 of r_hrs [ohm], the others in their units; NaN where missing.
    device : numpy.ndarray
        Shape (rows,): position of the device.
    starts : numpy.ndarray
        Shape (devices + 1,): first row of each device; a row of NaN ends it.
    features : tuple of int
        Positions in `schema.FEATURES` of the columns.
    step : int
        Cycles from one row to the next.
    """

    values: F64
    device: NDArray[np.int32]
    starts: NDArray[np.intp]
    features: tuple[int, ...]
    step: int

    @property
    def devices(self) -> int:
        """Number of devices."""
        return self.starts.size - 1

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Where values are known; shape (rows, features)."""
        return np.isfinite(self.values)

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """Values of each device and feature; shape (devices, features)."""
        return np.add.reduceat(self.present, self.starts[:-1], axis=0, dtype=np.intp)

    @property
    def borders(self) -> NDArray[np.intp]:
        """First rows of the units of resampling, devices or groups of them, and the number of rows."""
        return np.append(self.starts[group_starts(self.devices)], self.starts[-1])

    @cached_property
    def moments(self) -> tuple[F64, F64]:
        """Mean and standard deviation (about the mean, divided by the number) of each device; (devices, features)."""
        known = self.present
        filled = np.where(known, self.values, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.add.reduceat(filled, self.starts[:-1], axis=0) / self.counts
            filled -= mean[self.device]
            filled *= known
            np.square(filled, out=filled)
            variance = np.add.reduceat(filled, self.starts[:-1], axis=0) / self.counts
        return mean, np.sqrt(variance)

    def columns(self, features: tuple[int, ...]) -> Panel:
        """Some of the features."""
        chosen = [self.features.index(i) for i in features]
        return Panel(self.values[:, chosen], self.device, self.starts, features, self.step)

    def part(self, first: int, last: int) -> Panel:
        """The devices `first` to `last` - 1.

        Parameters
        ----------
        first, last : int
            Positions of devices; `last` is left out.

        Returns
        -------
        Panel
            Its devices counted from 0.
        """
        rows = slice(self.starts[first], self.starts[last])
        starts = self.starts[first : last + 1] - self.starts[first]
        return Panel(self.values[rows], self.device[rows] - np.int32(first), starts, self.features, self.step)


def panel_of(ds: xr.Dataset, step: int | None = None) -> Panel:
    """The panel of a measurement that holds usable records only.

    Parameters
    ----------
    ds : xarray.Dataset
        In the layout of `array.measurement`; features that hold no value at all are left out.
    step : int, optional
        Cycles from one row to the next; without it, the commonest distance between successive records.

    Returns
    -------
    Panel

    Raises
    ------
    ValueError
        If there is no value of any feature.
    """
    columns, found = [], []
    for i, feature in enumerate(FEATURES):
        if feature.name in ds:
            column = np.array(ds[feature.name].values, dtype=np.float64)
            if feature.scale == "log":
                with np.errstate(divide="ignore", invalid="ignore"):
                    np.log10(column, out=column)
            if np.isfinite(column).any():
                columns.append(column)
                found.append(i)
    if not found:
        raise ValueError("ds: must hold features (got no value of any); extract them from the loops first")
    index, cycle = ds["device_index"].values, ds["cycle"].values
    distance = np.diff(cycle)
    inside = np.diff(index) == 0
    if step is None:
        step = int(_commonest(distance[inside])) if inside.any() else 1
    row = np.concatenate([[0], np.cumsum(np.where(inside & (distance == step), 1, 2))])
    rows = int(row[-1]) + 2
    values = np.full((rows, len(found)), np.nan)
    for j, column in enumerate(columns):
        column[~np.isfinite(column)] = np.nan
        values[row, j] = column
    first = np.flatnonzero(np.concatenate([[True], ~inside]))
    starts = np.append(row[first], rows).astype(np.intp)
    device = np.repeat(np.arange(first.size, dtype=np.int32), np.diff(starts))
    return Panel(values, device, starts, tuple(found), step)


def _commonest(distances: NDArray[np.int64]) -> np.int64:
    values, counts = np.unique(distances, return_counts=True)
    return np.int64(values[np.argmax(counts)])


def joined(panels: Sequence[Panel]) -> Panel:
    """The devices of several panels with the same features, one after the other."""
    first, rows, devices = panels[0], 0, 0
    starts, device = [], []
    for panel in panels:
        starts.append(panel.starts[:-1] + rows)
        device.append(panel.device + np.int32(devices))
        rows, devices = rows + int(panel.starts[-1]), devices + panel.devices
    values = np.concatenate([panel.values for panel in panels])
    return Panel(values, np.concatenate(device), np.append(np.concatenate(starts), rows), first.features, first.step)
