"""Cycles of many devices in a device's coordinates, and the statistics from which a device of format 2 is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtr

from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.resampling import group_starts
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

KNOTS = np.array([-3.6, -3.2, -2.8, -2.4, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.4, 2.8, 3.2, 3.6])
MOST_LAGS = 150
BLOCK = 1 << 18  # rows that are transformed at once
FEW_BEYOND = 5  # values beyond the last knot of a shape


@dataclass(frozen=True)
class Summary:
    """What is compared with the same of a simulation.

    Parameters
    ----------
    mean, log_sd : ndarray, shape (devices, f)
        Of each device, in its coordinates; ln of the standard deviation.
    quantiles : ndarray, shape (f, knots)
        Of values less their device's mean, in its standard deviations, where a normal law has the knots.
    products : Products
        Of normal scores about their devices' means.
    """

    mean: F64
    log_sd: F64
    quantiles: F64
    products: Products

    @property
    def both(self) -> F64:
        """Mean and ln sd side by side, shape (devices, 2 f)."""
        return np.concatenate([self.mean, self.log_sd], axis=1)

    @cached_property
    def lags(self) -> F64:
        """Mean products of cycle n and n - k; shape (lags + 1, f, f)."""
        return self.products.mean()

    @property
    def centre(self) -> F64:
        """Means over devices of mean and ln sd; shape (2 f,)."""
        return np.asarray(self.both.mean(axis=0))

    @property
    def covariance(self) -> F64:
        """Covariance over devices of mean and ln sd; shape (2 f, 2 f); zeros for one device."""
        return spread_of(self.both)


def spread_of(points: F64) -> F64:
    """Covariance of points, shape (n, k); zeros for one point."""
    away = points - points.mean(axis=0)
    return np.asarray(away.T @ away / max(len(points) - 1, 1))


def own_unit(panel: Panel) -> F64:
    """Values of a panel in the features' units; shape (rows, f)."""
    columns = [
        10.0**v if FEATURES[i].scale == "log" else v for i, v in zip(panel.features, panel.values.T, strict=True)
    ]
    return np.stack(columns, axis=1)


def in_coordinates(panel: Panel, coordinates: Sequence[Coordinate]) -> Panel:
    """The panel in coordinates of its features; what no coordinate holds is missing.

    Parameters
    ----------
    panel : Panel
        With f features.
    coordinates : sequence of f Coordinate
    """
    values = np.stack([c.inverse(y) for c, y in zip(coordinates, own_unit(panel).T, strict=True)], axis=1)
    values[~np.isfinite(values)] = np.nan
    return replace(panel, values=values)


def knots_for(count: int) -> F64:
    """Those knots of a shape that so many values tell."""
    beyond = count * ndtr(-np.abs(KNOTS))
    return np.asarray(KNOTS[(beyond >= FEW_BEYOND) | (np.abs(KNOTS) <= 1.0)])


def summarise(panel: Panel, knots: F64, lags: int, units: int = 1) -> Summary:
    """The statistics of a panel in coordinates.

    Parameters
    ----------
    panel : Panel
    knots : ndarray
    lags : int
    units : int
        For which products are kept apart.
    """
    mean, sd = panel.moments
    sd = np.maximum(sd, 1e-9)
    z = (panel.values - mean[panel.device]) / sd[panel.device]
    quantiles = np.empty((len(panel.features), knots.size))
    for i, column in enumerate(z.T):
        quantiles[i] = np.quantile(column[np.isfinite(column)], ndtr(knots))
    scores = np.stack([np.interp(column, q, knots) if np.all(np.diff(q) > 0) else column
                       for column, q in zip(z.T, quantiles, strict=True)], axis=1)  # fmt: skip
    scores = np.where(panel.present, scores, np.nan)
    return Summary(mean, np.log(sd), quantiles, products(replace(panel, values=scores), lags, units))


@dataclass(frozen=True)
class Products:
    """Sums of products of values about their devices' means over lags, and how many pairs they are of.

    Parameters
    ----------
    sums, pairs : ndarray, shape (units, lags + 1, f, f)
        Of cycle n and n - k; a unit is a device, or a few.
    """

    sums: F64
    pairs: F64

    def mean(self, weights: F64 | None = None) -> F64:
        """Mean products, shape (lags + 1, f, f), units counting `weights` times."""
        weights = np.ones(len(self.sums)) if weights is None else weights
        return np.tensordot(weights, self.sums, 1) / np.maximum(np.tensordot(weights, self.pairs, 1), 1)


def products(panel: Panel, lags: int, units: int = 1) -> Products:
    """Products of values about their devices' means, by Fourier transforms.

    Parameters
    ----------
    panel : Panel
        With f features.
    lags : int
    units : int
        Into which the devices are divided, in their order.

    Returns
    -------
    Products
    """
    mean, _ = panel.moments
    away = np.where(panel.present, panel.values - mean[panel.device], 0.0)
    there = panel.present.astype(np.float64)
    f, firsts = away.shape[1], np.append(group_starts(panel.devices, units), panel.devices)
    sums, pairs = (np.zeros((len(firsts) - 1, lags + 1, f, f)) for _ in range(2))
    for unit, (first, last) in enumerate(pairwise(firsts)):
        while first < last:
            lengths = np.diff(panel.starts[first : last + 1])
            many = max(1, min(int(BLOCK // lengths[0]), last - first))
            longest = int(lengths[:many].max())
            size = next_fast_len(longest + lags, real=True)
            rows = slice(panel.starts[first], panel.starts[first + many])
            place = panel.device[rows] - first, np.arange(rows.start, rows.stop) - panel.starts[panel.device[rows]]
            for target, values in ((sums, away), (pairs, there)):
                wide = np.zeros((f, many, size))
                wide[:, place[0], place[1]] = values[rows].T
                waves = rfft(wide, axis=2).transpose(2, 0, 1)
                target[unit] += irfft(waves @ waves.conj().transpose(0, 2, 1), size, axis=0)[: lags + 1]
            first += many
    return Products(sums, np.rint(pairs))


def lags_for(panel: Panel) -> int:
    """How far autocorrelations are looked at: half the cycles of a device."""
    longest = int(np.diff(panel.starts).max())
    return int(np.clip(longest // 2, 1, MOST_LAGS))


def without_first(panel: Panel, count: int) -> Panel:
    """The panel without the first cycles of each device: missing there.

    Parameters
    ----------
    panel : Panel
    count : int
    """
    place = np.arange(len(panel.values)) - panel.starts[panel.device]
    return replace(panel, values=np.where((place < count)[:, None], np.nan, panel.values))


def thinned(panel: Panel, most: int) -> Panel:
    """Every k-th cycle: for what does not ask for their order.

    Parameters
    ----------
    panel : Panel
    most : int
        About so many rows are left.
    """
    step = -(-int(panel.starts[-1]) // most)
    if step == 1:
        return panel
    rows = (np.arange(len(panel.values)) - panel.starts[panel.device]) % step == 0
    starts = np.concatenate([[0], np.cumsum(np.bincount(panel.device[rows], minlength=panel.devices))])
    return Panel(panel.values[rows], panel.device[rows], starts.astype(np.intp), panel.features, panel.step * step)


def some_devices(panel: Panel, most: int) -> Panel:
    """Some of the devices, spread over all.

    Parameters
    ----------
    panel : Panel
    most : int
        About so many rows are left.
    """
    rows = int(panel.starts[-1])
    count = max(1, min(panel.devices, panel.devices * most // rows))
    chosen = np.zeros(panel.devices, np.bool_)
    chosen[np.linspace(0, panel.devices - 1, count).round().astype(int)] = True
    return panel if chosen.all() else part_of(panel, chosen)


def part_of(panel: Panel, chosen: NDArray[np.bool_]) -> Panel:
    """Some of the devices.

    Parameters
    ----------
    panel : Panel
    chosen : ndarray of bool, shape (devices,)
    """
    rows = chosen[panel.device]
    sizes = np.diff(panel.starts)[chosen]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    device = np.repeat(np.arange(sizes.size, dtype=np.int32), sizes)
    return Panel(panel.values[rows], device, starts, panel.features, panel.step)


def halved(panel: Panel) -> Panel:
    """The earlier and the later half of each device's cycles as two devices, one after the other.

    Parameters
    ----------
    panel : Panel
    """
    middle = panel.starts[:-1] + np.diff(panel.starts) // 2
    starts = np.sort(np.concatenate([panel.starts, middle])).astype(np.intp)
    device = np.repeat(np.arange(2 * panel.devices, dtype=np.int32), np.diff(starts))
    return Panel(panel.values, device, starts, panel.features, panel.step)
