"""Laws of a device of format 2 that are averages over its devices: of values on the features' own scales. Float64.

Given a device, a feature is a function of one normal number, so its moments within the device follow from a Hermite
series (Mehler's formula): exact but for rounding. Over devices they are averaged at points spread evenly over the
normal law (a Kronecker sequence and its mirror image): an error below .5 % of a standard deviation. Break-in and stuck
runs are left out: the laws are those of a device that has settled. So are the 6 in 10^7 values farthest out, beyond 5
standard deviations of x: of 10 to the power of a heavy-tailed variable no moment would exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from synaptogen_core.device.extension import Coordinate
from synaptogen_core.device.frozen import freeze
from synaptogen_core.device.numbers import ModelNumbers
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

POINTS = 2048  # of devices, half of all
FEWEST = 128
TERMS = 24  # of the Hermite series
NODES = np.linspace(-5.0, 5.0, 161)  # of x: the moments of 10^y of heavy tails would not exist beyond
CHUNK = 512


@dataclass(frozen=True, eq=False)
class Averages:
    """Sums over devices.

    Parameters
    ----------
    mean : ndarray, shape (4,)
        Of all values.
    between : ndarray, shape (4, 4)
        Covariance of the devices' means.
    products : ndarray, shape (TERMS, 4, 4)
        For each power m >= 1 of a correlation of normals, its share of the covariance within devices.
    rest : ndarray, shape (4,)
        Variance within devices beyond these powers.
    """

    mean: F64
    between: F64
    products: F64
    rest: F64

    def __post_init__(self) -> None:
        freeze(self)

    def within(self, correlation: F64) -> F64:
        """Covariance within devices where the normals correlate so, shape (..., 4, 4)."""
        total, power = np.zeros(correlation.shape), np.ones(correlation.shape)
        for product in self.products:
            power = power * correlation
            total += product * power
        whole = np.isclose(np.diagonal(correlation, axis1=-2, axis2=-1), 1.0, atol=1e-12)
        total[..., range(4), range(4)] += np.where(whole, self.rest, 0.0)
        return total


@dataclass(frozen=True, eq=False)
class Devices:
    """Points that stand for devices.

    Parameters
    ----------
    weight : ndarray, shape (n,)
    component : ndarray of integers, shape (n,)
    mean, spread, median : ndarray, shape (n, 4)
        Of the values of each over cycles, on the features' own scales.
    series : ndarray, shape (n, 4, TERMS)
        Hermite coefficients 1, 2, ... of each.
    """

    weight: F64
    component: NDArray[np.intp]
    mean: F64
    spread: F64
    median: F64
    series: F64


def own_scale(feature: int, coordinate: Coordinate, v: F64) -> F64:
    """Values on a feature's own scale (log10 for r_hrs) of its coordinate.

    Parameters
    ----------
    feature : int
        Position in `schema.FEATURES`.
    coordinate : Coordinate
    v : ndarray of float64, any shape

    Returns
    -------
    ndarray of float64, shape of `v`
    """
    y = coordinate.feature(v)
    return np.asarray(np.log10(np.maximum(y, 1e-30)) if FEATURES[feature].scale == "log" else y)


@lru_cache(maxsize=16)
def devices_of(numbers: ModelNumbers, sd: tuple[float, ...]) -> Devices:
    """Points that stand for the devices of a population; `sd` are the standard deviations of the four x.

    Parameters
    ----------
    numbers : ModelNumbers
        With an extension.
    sd : tuple of four float
        Standard deviations of x.

    Returns
    -------
    Devices

    Raises
    ------
    ValueError
        Without an extension.
    """
    extension = numbers.extension
    if extension is None:
        raise ValueError("numbers: must have an extension (got none); see stationary")
    weights, vectors, components = [], [], []
    normals = _points()
    for k, weight in enumerate(numbers.weights):
        if weight > 0:
            count = max(FEWEST, int(np.ceil(weight * POINTS)))
            g = np.concatenate([normals[:count], -normals[:count]])
            g /= np.sqrt((g**2).mean(axis=0))
            vectors.append(numbers.means[k] + g @ numbers.factors[k].T)
            weights.append(np.full(len(g), weight / len(g)))
            components.append(np.full(len(g), k))
    vector = np.concatenate(vectors)
    share = np.exp(-0.5 * NODES**2)
    share /= share.sum()
    basis = _hermite(NODES) * share[:, None]
    n = len(vector)
    mean, spread, median, series = np.empty((n, 4)), np.empty((n, 4)), np.empty((n, 4)), np.empty((n, 4, TERMS))
    for i, coordinate in enumerate(extension.coordinates):
        z = coordinate.shape.table.at(sd[i] * np.append(NODES, 0.0))
        for first in range(0, n, CHUNK):
            part = slice(first, first + CHUNK)
            y = own_scale(i, coordinate, vector[part, i, None] + np.exp(vector[part, 4 + i, None]) * z)
            median[part, i], y = y[:, -1], y[:, :-1]
            mean[part, i] = y @ share
            spread[part, i] = np.sqrt(np.maximum((y - mean[part, i, None]) ** 2 @ share, 0.0))
            series[part, i] = (y - mean[part, i, None]) @ basis
    return Devices(np.concatenate(weights), np.concatenate(components), mean, spread, median, series)


@lru_cache(maxsize=16)
def averages(numbers: ModelNumbers, sd: tuple[float, ...]) -> Averages:
    """Moments over the population; `sd` as for `devices_of`.

    Parameters
    ----------
    numbers : ModelNumbers
    sd : tuple of four float
        As for `devices_of`.

    Returns
    -------
    Averages
    """
    d = devices_of(numbers, sd)
    mean = d.weight @ d.mean
    away = d.mean - mean
    between = (away * d.weight[:, None]).T @ away
    products = np.einsum("n,nim,njm->mij", d.weight, d.series, d.series)
    rest = np.maximum(d.weight @ d.spread**2 - np.diagonal(products, axis1=1, axis2=2).sum(axis=0), 0.0)
    return Averages(mean, between, products, rest)


def population_median(numbers: ModelNumbers, feature: int, weights: F64, sd: float) -> float:
    """Median of a feature on its own scale over devices and cycles.

    Parameters
    ----------
    numbers : ModelNumbers
    feature : int
    weights : ndarray, shape (K,)
        Of the components.
    sd : float
        Of x.

    Raises
    ------
    ValueError
        Without an extension.
    """
    extension = numbers.extension
    if extension is None:
        raise ValueError("numbers: must have an extension (got none); see stationary")
    share = np.exp(-0.5 * NODES**2)
    share /= share.sum()
    z = extension.coordinates[feature].shape.table.at(sd * NODES)
    used = np.flatnonzero(weights > 0)
    vectors = [numbers.means[k] + _points()[:FEWEST] @ numbers.factors[k].T for k in used]
    v = np.array([w[:, feature, None] + np.exp(w[:, 4 + feature, None]) * z for w in vectors])
    mass = np.broadcast_to(weights[used, None, None] / weights[used].sum() * share / FEWEST, v.shape).ravel()
    order = np.argsort(v, axis=None)
    middle = v.ravel()[order][np.searchsorted(np.cumsum(mass[order]), 0.5)]
    return float(own_scale(feature, extension.coordinates[feature], np.array([middle]))[0])


def shape_series(numbers: ModelNumbers, sd: tuple[float, ...]) -> F64:
    """Series of S_i(sd_i t) in t: coefficients of He_m / sqrt(m!); shape (4, TERMS + 1).

    Parameters
    ----------
    numbers : ModelNumbers
    sd : tuple of four float
        As for `devices_of`.

    Returns
    -------
    ndarray of float64, shape (4, TERMS + 1)

    Raises
    ------
    ValueError
        Without an extension.
    """
    extension = numbers.extension
    if extension is None:
        raise ValueError("numbers: must have an extension (got none); see stationary")
    share = np.exp(-0.5 * NODES**2)
    share /= share.sum()
    basis = np.concatenate([np.ones((NODES.size, 1)), _hermite(NODES)], axis=1) * share[:, None]
    return np.array([c.shape.table.at(s * NODES) @ basis for c, s in zip(extension.coordinates, sd, strict=True)])


def _hermite(x: F64) -> F64:
    """He_m(x) / sqrt(m!) for m = 1 to TERMS; shape (nodes, TERMS)."""
    found = [np.ones_like(x), x]
    for m in range(2, TERMS + 1):
        found.append((x * found[-1] - np.sqrt(m - 1) * found[-2]) / np.sqrt(m))
    return np.stack(found[1:], axis=1)


@lru_cache(maxsize=1)
def _points() -> F64:
    """Points of the normal law in eight dimensions: multiples of powers of the root of x^9 = x + 1."""
    root = 1.0
    for _ in range(60):
        root = (1.0 + root) ** (1.0 / 9.0)
    steps = root ** -np.arange(1.0, 9.0)
    return np.asarray(ndtri((0.5 + np.arange(1, POINTS + 1)[:, None] * steps) % 1.0))
