"""What is compared when a fit is judged: sums over units of resampling, from which every statistic follows. NumPy in.

The measurement and a simulation of the fitted device with as many cycles a device go through the same formulas, so
that what a short series does to an estimate is in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.resampling import bootstrap_weights
from synaptogen_core.analysis.validation.numbers import shapes_of
from synaptogen_core.types import F64

REPLICATES = 400
BINS = 400
LEVELS, SHAPES = ("device means", "device spreads"), ("device skews", "device tails")
KINDS = ("cycle to cycle", *LEVELS, *SHAPES)
ONCE_IN_20 = 0.95
TOLERATED = 1.5  # times what sampling alone gives: a difference that is there, and is small
FEW_DEVICES = 8  # with fewer, stretches of cycles are resampled in their place
REPEATS = (100, REPLICATES)  # least and most measurements of the fit that are simulated, where resampling tells little
MOST_ROWS = 1_000_000  # of all of them: larger measurements are resampled
NEAR_LAGS = 20  # lags that are looked at one by one
MOST_BLOCKS = 50  # stretches of a device; each many times the memory that a short series shows


@dataclass(frozen=True)
class Sums:
    """Sums over units.

    Parameters
    ----------
    values, standardised : numpy.ndarray
        Shape (units, f, bins): numbers of values in bins, as measured, and with each device's mean and deviation gone.
    products : numpy.ndarray
        Shape (units, lags, f, f): sums of products of standardised values, the first index of the newer.
    pairs : numpy.ndarray
        Shape (units, lags, f, f): their numbers.
    means, deviations, skews, tails : numpy.ndarray
        Shape (devices, f): of each device; the last two NaN where its cycles are too few to tell them.
    """

    values: F64
    standardised: F64
    products: F64
    pairs: F64
    means: F64
    deviations: F64
    skews: F64
    tails: F64

    def weighted(self, weights: F64) -> tuple[F64, F64, F64]:
        """Distribution functions of both kinds of values, (r, f, bins), and correlations (r, lags, f, f)."""
        shares = []
        for counts in (self.values, self.standardised):
            total = np.cumsum(np.tensordot(weights, counts, axes=1), axis=-1)
            shares.append(total / np.maximum(total[..., -1:], 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.tensordot(weights, self.products, axes=1) / np.tensordot(weights, self.pairs, axes=1)
            spread = np.sqrt(np.diagonal(mean[:, 0], axis1=1, axis2=2))
            correlation = mean / spread[:, None, :, None] / spread[:, None, None, :]
        return shares[0], shares[1], correlation


def borders_of(panel: Panel) -> NDArray[np.intp]:
    """First rows of the units, and the number of rows: devices, or stretches of cycles where devices are few."""
    if panel.devices >= FEW_DEVICES:
        return panel.borders
    cuts = []
    for first, last in zip(panel.starts[:-1], panel.starts[1:], strict=True):
        length = max(10, int(2 * np.sqrt(last - first)))
        pieces = int(np.clip((last - first) // length, 1, MOST_BLOCKS))
        cuts.append(first + np.arange(pieces) * (last - first) // pieces)
    return np.append(np.concatenate(cuts), panel.starts[-1]).astype(np.intp)


def repeats_for(panel: Panel, size: int) -> int:
    """How many measurements like this one to simulate, of about `size` cycles in all; 0 where resampling tells more.

    Parameters
    ----------
    panel : Panel
        The measurement.
    size : int
        Rows to simulate in all, about.

    Returns
    -------
    int
        Between the two of `REPEATS`, or 0.
    """
    rows = int(panel.starts[-1])
    if rows * REPEATS[0] > MOST_ROWS:
        return 0
    return int(np.clip(size // rows, *REPEATS))


def one_unit(panel: Panel) -> NDArray[np.intp]:
    """All rows as one unit: a simulation is not resampled."""
    return np.array([0, panel.starts[-1]])


def edges_of(panels: Sequence[Panel]) -> tuple[F64, F64]:
    """Borders of bins for values and standardised values, at quantiles of all panels together; each (f, bins - 1)."""
    at = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = []
    for series in ([p.values for p in panels], [standardised(p) for p in panels]):
        pooled = np.concatenate(series)
        edges.append(np.array([np.quantile(column[np.isfinite(column)], at) for column in pooled.T]))
    return edges[0], edges[1]


def standardised(panel: Panel) -> F64:
    """Values with each device's mean and deviation taken away; shape (rows, f)."""
    mean, sd = panel.moments
    return np.asarray((panel.values - mean[panel.device]) / sd[panel.device])


def lags_for(cycles: float) -> NDArray[np.intp]:
    """Lags at which series of so many cycles are looked at: each of the first, then ever fewer, up to half of them.

    Parameters
    ----------
    cycles : float
        Of a usual device.

    Returns
    -------
    ndarray of int
        From 0 on; 0 and 1 at least.
    """
    near = int(np.clip(cycles // 4, 1, NEAR_LAGS))
    steps = int(2 * np.log2(max(cycles / 2 / near, 1))) if near == NEAR_LAGS else 0
    return np.append(np.arange(near + 1), near * 2 ** (np.arange(1, steps + 1) / 2)).astype(np.intp)


def sums_of(panel: Panel, borders: NDArray[np.intp], edges: tuple[F64, F64], lags: NDArray[np.intp]) -> Sums:
    """Sums of a panel over the units between `borders`, with bins and lags as asked for.

    Parameters
    ----------
    panel : Panel
    borders : ndarray of int, shape (unit + 1,)
        First row of each unit, and the end of the last.
    edges : pair of ndarray, each of shape (feature, BINS - 1)
        Limits of the bins of the values, and of the values standardised by device.
    lags : ndarray of int
        As of `lags_for`.

    Returns
    -------
    Sums
        Each with the units along its first axis.
    """
    units, f = borders.size - 1, len(panel.features)
    unit = np.repeat(np.arange(units), np.diff(borders))
    z = standardised(panel)
    counts = []
    for values, limits in ((panel.values, edges[0]), (z, edges[1])):
        own = np.zeros((units, f, BINS))
        for i in range(f):
            known = panel.present[:, i]
            cell = unit[known] * BINS + np.searchsorted(limits[i], values[known, i])
            own[:, i] = np.bincount(cell, minlength=units * BINS).reshape(units, BINS)
        counts.append(own)
    # rows of zeros before each device: a product that reaches beyond its first cycle is none
    row = np.arange(z.shape[0]) + lags[-1] * (panel.device + 1)
    filled, there = np.zeros((int(row[-1]) + 1, f)), np.zeros((int(row[-1]) + 1, f))
    filled[row], there[row] = np.where(panel.present, z, 0.0), panel.present
    products, pairs = np.empty((units, lags.size, f, f)), np.empty((units, lags.size, f, f))
    for u, (first, last) in enumerate(zip(row[borders[:-1]], row[borders[1:] - 1] + 1, strict=True)):
        for place, k in enumerate(lags):
            for target, series in ((products, filled), (pairs, there)):
                target[u, place] = series[first:last].T @ series[first - k : last - k]
    mean, sd = panel.moments
    skew, tail = shapes_of(panel)
    return Sums(counts[0], counts[1], products, pairs, mean, sd, skew, tail)


def weights_of(units: int, seed: int) -> F64:
    """How often each unit occurs in each resample; shape (replicates, units).

    Parameters
    ----------
    units : int
        Number of units.
    seed : int
        Of the resampling.

    Returns
    -------
    ndarray, shape (REPLICATES, units)
    """
    return bootstrap_weights(units, REPLICATES, seed)


def distances(names: Sequence[str], seen: Sums, drawn: Sums, seed: int) -> xr.Dataset:
    """How far two measurements lie apart, and what sampling alone gives.

    Parameters
    ----------
    names : sequence of str
        Features.
    seen, drawn : Sums
        Of the measurement and of a simulation, the same bins. If `drawn` has several units, each is a measurement like
        the one that was seen, and tells what sampling gives.
    seed : int
        Of the resamples.

    Returns
    -------
    xarray.Dataset
        On ``kind`` (`KINDS`) and ``feature``: `distance` of Kolmogorov and Smirnov; `expected`, which resamples of the
        measurement exceed once in 20 times. NaN where there are too few devices. Attribute `tolerated`: times what is
        expected, a difference that is there, and is small.
    """
    found, expected = np.full((len(KINDS), len(names)), np.nan), np.full((len(KINDS), len(names)), np.nan)
    devices = seen.means.shape[0]
    more = np.sqrt(1 + devices / drawn.means.shape[0])  # the simulated devices are a sample, too
    units = seen.standardised.shape[0]
    measured = seen.weighted(np.ones((1, units)))[1]
    repeats = drawn.standardised.shape[0]
    fitted = drawn.weighted(np.ones((1, repeats)))[1]
    if repeats > 1:
        away = np.abs(drawn.weighted(np.eye(repeats))[1] - fitted)
    else:
        away = np.abs(seen.weighted(weights_of(units, seed))[1] - measured)
    found[0] = np.abs(measured - fitted).max(axis=-1)[0]
    expected[0] = more * np.quantile(away.max(axis=-1), ONCE_IN_20, axis=0)
    if devices >= FEW_DEVICES:
        weights = weights_of(devices, seed)
        even = np.arange(1, devices + 1) / devices
        of_devices = ((s.means, s.deviations, s.skews, s.tails) for s in (seen, drawn))
        for row, (ours, theirs) in enumerate(zip(*of_devices, strict=True), start=1):
            for i in np.flatnonzero(np.isfinite(ours).all(axis=0) & np.isfinite(theirs).all(axis=0)):
                found[row, i] = sample_distance(ours[:, i], theirs[:, i])
                share = np.cumsum(weights[:, np.argsort(ours[:, i])], axis=1) / devices
                expected[row, i] = more * np.quantile(np.abs(share - even).max(axis=1), ONCE_IN_20)
    dims = ("kind", "feature")
    return xr.Dataset(
        {
            "distance": (dims, found, {"long_name": "distance of Kolmogorov and Smirnov", "units": "1"}),
            "expected": (dims, expected, {"long_name": "exceeded by sampling alone once in 20 times", "units": "1"}),
        },
        {"kind": list(KINDS), "feature": list(names)},
        attrs={"tolerated": TOLERATED},
    )


def sample_distance(one: F64, two: F64) -> float:
    """Largest difference of the distribution functions of two samples, each of shape (n,).

    Parameters
    ----------
    one, two : ndarray, shapes (m,) and (n,)

    Returns
    -------
    float
        The Kolmogorov-Smirnov distance, 0 to 1.
    """
    both = np.concatenate([one, two])
    shares = [np.searchsorted(np.sort(sample), both, side="right") / sample.size for sample in (one, two)]
    return float(np.abs(shares[0] - shares[1]).max())
