"""Statistics of single values, blind to their order in time: NumPy in, NumPy out.

A matrix is (times, cells), in the variable's own unit. Uncertainty is that of independent cells: counts are kept for
each group of cells (`resampling.group_starts`), since the values of one cell are alike and fewer than they seem.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from synaptogen_core.analysis.resampling import group_of, group_starts, interpolated_quantiles
from synaptogen_core.types import F64

Matrix = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]

BLOCK_VALUES = 1 << 20
MOST_POINTS = 2000


def ordered_values(matrix: Matrix, scale: str) -> Matrix:
    """The usable values of a matrix in rising order: finite, and positive if the scale is "log".

    Parameters
    ----------
    matrix : ndarray, shape (times, cells)
    scale : {"linear", "log"}

    Returns
    -------
    ndarray, shape (n,)
    """
    ordered = np.sort(matrix, axis=None)
    first = np.searchsorted(ordered, 0.0 if scale == "log" else -np.inf, side="right")
    last = np.searchsorted(ordered, np.inf, side="left")  # NaN are sorted behind infinity
    return ordered[first:last]


def usable_mask(values: Matrix, scale: str) -> NDArray[np.bool_]:
    """Which values can be used: finite, and positive if the scale is "log".

    Parameters
    ----------
    values : ndarray, any shape
    scale : {"linear", "log"}

    Returns
    -------
    ndarray of bool, shape of `values`
    """
    return np.asarray((values > _least(scale)) & (values < np.inf))


def _least(scale: str) -> float:
    return 0.0 if scale == "log" else -np.inf


@dataclass(frozen=True)
class Scan:
    """What can be used of a matrix: smallest and largest value, and how many in each group of cells (groups,)."""

    low: float
    high: float
    usable: Counts
    complete: bool

    @property
    def used(self) -> int:
        """Number of usable values."""
        return int(self.usable.sum())


def scan(matrix: Matrix, scale: str) -> Scan:
    """Find out what can be used of a matrix.

    Parameters
    ----------
    matrix : ndarray, shape (times, cells)
    scale : {"linear", "log"}

    Returns
    -------
    Scan
    """
    starts = group_starts(matrix.shape[1])
    low, high = float(matrix.min()), float(matrix.max())  # NaN if any value is
    if low > _least(scale) and high < np.inf:
        sizes = np.diff(np.append(starts, matrix.shape[1])).astype(np.int64)
        return Scan(low, high, sizes * matrix.shape[0], True)
    low, high = np.inf, -np.inf
    usable = np.zeros(matrix.shape[1], dtype=np.int64)
    for block in time_blocks(matrix):
        mask = usable_mask(block, scale)
        usable += np.add.reduce(mask, axis=0, dtype=np.int32)
        low = min(low, float(np.min(block, where=mask, initial=np.inf)))
        high = max(high, float(np.max(block, where=mask, initial=-np.inf)))
    return Scan(low, high, np.add.reduceat(usable, starts), False)


@dataclass(frozen=True)
class Uniform:
    """Bins of equal width on a scale: `count` of them from `low` to `high`, in the variable's own unit."""

    low: float
    high: float
    count: int
    scale: str

    @property
    def edges(self) -> F64:
        """Edges in the variable's own unit, shape (count + 1,)."""
        if self.scale == "log":
            edges = np.geomspace(self.low, self.high, self.count + 1)
        else:
            edges = np.linspace(self.low, self.high, self.count + 1)
        edges[0], edges[-1] = self.low, self.high
        return edges

    def numbers(self, values: Matrix, complete: bool = False) -> NDArray[np.int32]:
        """Bin of each value; the last bin holds its upper edge.

        Parameters
        ----------
        values : ndarray, any shape
        complete : bool
            Whether all values are known to be usable.

        Returns
        -------
        ndarray of int32, shape of `values`
            0 to count - 1; -1 below, count above or missing.
        """
        edges = self.edges
        missing = None if complete else ~usable_mask(values, self.scale)
        ends = np.log([self.low, self.high]) if self.scale == "log" else np.array([self.low, self.high])
        step = (ends[1] - ends[0]) / self.count
        # how far the place of a float32 can be wrong, in bins
        doubt = 4e-7 * float(np.abs(ends).max()) / step + 1e-6 * self.count
        if doubt > 0.05 or not 1e-30 < step < 1e30 or values.dtype != np.float32:
            values, doubt = values.astype(np.float64), 1e-9 * doubt + 1e-9
        with np.errstate(divide="ignore", invalid="ignore"):
            place = np.log(values) if self.scale == "log" else values - values.dtype.type(ends[0])
            if self.scale == "log":
                place -= values.dtype.type(ends[0])
            place *= values.dtype.type(1.0 / step)
            np.clip(place, -1.0, self.count, out=place)
        if missing is not None:
            place[missing] = self.count
        number: NDArray[np.int32] = np.floor(place).astype(np.int32)
        place -= np.rint(place)
        beside = np.flatnonzero(np.abs(place) <= doubt)  # rounding can put these into the wrong bin: the edges decide
        number.ravel()[beside] = _bin_of(values.ravel()[beside], edges, self.scale)
        return number


def group_counts(matrix: Matrix, bins: Uniform | F64, scale: str, complete: bool = False) -> Counts:
    """How many values of each group of cells fall into each bin.

    Parameters
    ----------
    matrix : numpy.ndarray
        Shape (times, cells).
    bins : Uniform or numpy.ndarray
        Bins of equal width, or rising edges of shape (bins + 1,).
    scale : str
        "log": values that are not positive are missing.
    complete : bool
        Whether no value is known to be missing (`Scan.complete`).

    Returns
    -------
    numpy.ndarray
        Shape (groups, bins + 2): values below the first bin, in each bin, and above the last one or missing.
    """
    size = (bins.count if isinstance(bins, Uniform) else bins.size - 1) + 2
    group = group_of(matrix.shape[1]).astype(np.int32)
    offset = group * np.int32(size) + np.int32(1)
    total = np.zeros((int(group[-1]) + 1) * size, dtype=np.int64)
    for block in time_blocks(matrix):
        number = bins.numbers(block, complete) if isinstance(bins, Uniform) else _bin_of(block, bins, scale)
        number += offset
        total += np.bincount(number.ravel(), minlength=total.size)
    return total.reshape(-1, size)


def _bin_of(values: Matrix, edges: F64, scale: str) -> NDArray[np.int32]:
    number = np.searchsorted(edges, values, side="right").astype(np.int32) - np.int32(1)
    number[values == edges[-1]] = edges.size - 2
    number[~usable_mask(values, scale)] = edges.size - 1
    return number


def group_counts_below(matrix: Matrix, limits: F64, scale: str) -> Counts:
    """Usable values at or below each limit, for each group of cells.

    Parameters
    ----------
    matrix : ndarray, shape (times, cells)
    limits : ndarray of float64, shape (limits,)
        In the unit of the matrix.
    scale : {"linear", "log"}

    Returns
    -------
    ndarray of integers, shape (groups, limits)
    """
    cells = matrix.shape[1]
    below = np.zeros((limits.size, cells), dtype=np.int64)
    least = _least(scale)
    limits = limits.astype(matrix.dtype)
    for block in time_blocks(matrix):
        useless = np.add.reduce(block <= least, axis=0, dtype=np.int32)
        for j, limit in enumerate(limits):
            below[j] += np.add.reduce(block <= limit, axis=0, dtype=np.int32) - useless
    return np.add.reduceat(below, group_starts(cells), axis=1).T


def share_error(hits: Counts | F64, of: Counts | F64) -> F64:
    """Standard error of shares: the ratio estimator over groups of independent cells.

    Parameters
    ----------
    hits : numpy.ndarray
        Shape (groups, shares): counts.
    of : numpy.ndarray
        Shape (groups,): out of how many.

    Returns
    -------
    numpy.ndarray
        Shape (shares,); NaN with fewer than two groups.
    """
    groups = hits.shape[0]
    if groups < 2:
        return np.full(hits.shape[1], np.nan)
    total = float(of.sum())
    rest = hits - of[:, None] * (hits.sum(axis=0) / total)
    return np.asarray(np.sqrt((rest**2).sum(axis=0) * groups / (groups - 1)) / total)


def share_interval(share: F64, error: F64, confidence: float) -> F64:
    """Normal interval of shares on the logit scale, which keeps it between 0 and 1.

    Parameters
    ----------
    share, error : ndarray of float64, shape (...)
        Shares, and their standard errors.
    confidence : float
        Probability of the interval, between 0 and 1.

    Returns
    -------
    ndarray of float64, shape (..., 2)
    """
    z = float(ndtri(0.5 + confidence / 2.0))
    inner = np.clip(share, 1e-300, 1.0 - 1e-16)
    logit = np.log(inner) - np.log1p(-inner)
    half = z * error / (inner * (1.0 - inner))
    with np.errstate(over="ignore"):
        ends = 1.0 / (1.0 + np.exp(-np.stack([logit - half, logit + half], axis=-1)))
    certain = (error == 0.0) | (share <= 0.0) | (share >= 1.0)
    return np.where(certain[..., None] & ~np.isnan(error)[..., None], share[..., None], ends)


def quantile_values(matrix: Matrix, probabilities: F64, *, scale: str, confidence: float) -> tuple[F64, F64, int]:
    """Quantiles of all values, with Woodruff's interval.

    The interval turns the standard error of the share below the quantile, cells independent, into two order statistics.

    Parameters
    ----------
    matrix : numpy.ndarray
        Shape (times, cells).
    probabilities : numpy.ndarray
        Shape (n,).
    scale : str
        "log": values that are not positive are missing.
    confidence : float
        Probability of the interval.

    Returns
    -------
    tuple
        Quantiles (n,), intervals (n, 2) and the number of values used.
    """
    ordered = ordered_values(matrix, scale)
    if not ordered.size:
        return np.full(probabilities.shape, np.nan), np.full((*probabilities.shape, 2), np.nan), 0
    quantile = interpolated_quantiles(ordered, probabilities)
    below = group_counts_below(matrix, quantile, scale)
    ends = share_interval(probabilities, share_error(below, scan(matrix, scale).usable), confidence)
    interval = interpolated_quantiles(ordered, np.nan_to_num(ends).ravel()).reshape(ends.shape)
    interval[np.isnan(ends)] = np.nan
    return quantile, interval, ordered.size


def normal_score_points(ordered: Matrix, points: int = MOST_POINTS) -> tuple[F64, F64, F64]:
    """Probability-plot coordinates, thinned evenly in the normal score, so that both tails are kept whole.

    Parameters
    ----------
    ordered : numpy.ndarray
        Shape (n,), rising.
    points : int
        At most so many.

    Returns
    -------
    tuple of numpy.ndarray
        Values, cumulative probabilities (rank - 1/2)/n and normal scores, each of shape (at most `points`,).
    """
    n = ordered.size
    if n <= points:
        index = np.arange(n)
    else:
        reach = float(ndtri(1.0 - 0.5 / n))
        wanted = ndtr(np.linspace(-reach, reach, points)) * n - 0.5
        index = np.unique(np.clip(np.rint(wanted), 0, n - 1).astype(np.intp))
    probability = (index + 0.5) / n
    return ordered[index].astype(np.float64), probability, ndtri(probability)


def time_blocks(matrix: Matrix) -> Iterator[Matrix]:
    """Views of a few times of all cells, so that temporary arrays stay small."""
    step = max(1, BLOCK_VALUES // matrix.shape[1])
    return (matrix[first : first + step] for first in range(0, matrix.shape[0], step))
