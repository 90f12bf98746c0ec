"""Telling two states apart by a threshold: NumPy in, NumPy out.

A value above the threshold is read as the high state. Both states are taken as equally likely, so the bit error rate is
half the share of high values at or below the threshold plus half the share of low values above it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from synaptogen_core.analysis.resampling import interpolated_quantiles
from synaptogen_core.analysis.statistics import order_statistics as arrays
from synaptogen_core.analysis.statistics.order_statistics import Counts, Matrix, Scan
from synaptogen_core.types import F64


def best_threshold(high: Matrix, low: Matrix, scale: str = "linear") -> tuple[float, float]:
    """The threshold with the smallest bit error rate, of all possible ones.

    Parameters
    ----------
    high, low : numpy.ndarray
        Values of the two states in rising order, shapes (n,) and (m,), not empty.
    scale : {"linear", "log"}
        Where the best threshold is a whole interval, its middle on this scale is taken.

    Returns
    -------
    tuple of float
        Threshold and bit error rate; the rate is at most 0.5.
    """
    # Rising through a low value saves an error, through a high value it costs one: the best lies at a low value.
    first = max(int(np.searchsorted(low, high[0], side="left")) - 1, 0)
    candidates = low[first:]
    high_errors = np.searchsorted(high, candidates, side="right") / high.size
    low_errors = (low.size - np.searchsorted(low, candidates, side="right")) / low.size
    rate = 0.5 * (high_errors + low_errors)
    at = int(np.argmin(rate))
    below = float(candidates[at])
    following = [float(v[i]) for v in (high, low) if (i := int(np.searchsorted(v, below, side="right"))) < v.size]
    above = min(following, default=below)
    middle = float(np.sqrt(below * above)) if scale == "log" and below > 0 else 0.5 * (below + above)
    if not below <= middle < above:  # no number between the two
        middle = below
    return middle, float(rate[at])


def error_counts(
    high: Matrix, low: Matrix, scans: tuple[Scan, Scan], thresholds: F64, scale: str
) -> tuple[Counts, Counts]:
    """Values on the wrong side of each threshold, for each group of cells.

    Parameters
    ----------
    high, low : numpy.ndarray
        Matrices (times, cells) of the two states.
    scans : tuple of Scan
        What can be used of them.
    thresholds : numpy.ndarray
        Rising, shape (n,).
    scale : str
        "log": values that are not positive are missing.

    Returns
    -------
    tuple of numpy.ndarray
        Shapes (groups, n): high values below, low values not below.
    """
    edges = _bins(thresholds, scale)
    high_below, low_below = (
        np.cumsum(arrays.group_counts(matrix, edges, scale, found.complete), axis=1)[:, :-1]
        for matrix, found in zip((high, low), scans, strict=True)
    )
    return high_below, scans[1].usable[:, None] - low_below


def _bins(thresholds: F64, scale: str) -> arrays.Uniform | F64:
    if scale == "log" and thresholds[0] > 0:
        uniform = arrays.Uniform(float(thresholds[0]), float(thresholds[-1]), thresholds.size - 1, "log")
        if np.allclose(uniform.edges, thresholds, rtol=1e-12, atol=0.0):
            return uniform
    return thresholds


def error_rate(
    errors: tuple[Counts, Counts], of: tuple[Counts, Counts], cells: int, confidence: float
) -> tuple[F64, F64]:
    """Bit error rates and their intervals.

    Parameters
    ----------
    errors : tuple of numpy.ndarray
        Errors of the high and the low state, each of shape (groups, n).
    of : tuple of numpy.ndarray
        Out of how many, each of shape (groups,).
    cells : int
        Number of cells.
    confidence : float
        Probability of the interval.

    Returns
    -------
    tuple of numpy.ndarray
        Rates (n,) and intervals (n, 2): normal on the logit scale, groups of cells independent. Where no error was
        seen, the upper end is that of the share of cells that would show one, 1 - (tail probability)^(1/cells).
    """
    shares, rests = [], []
    for wrong, tried in zip(errors, of, strict=True):
        total = float(tried.sum())
        share = wrong.sum(axis=0) / total
        shares.append(share)
        rests.append((wrong - tried[:, None] * share) / total)
    rate = 0.5 * (shares[0] + shares[1])
    groups = errors[0].shape[0]
    if groups < 2:
        return rate, np.full((*rate.shape, 2), np.nan)
    error = 0.5 * np.sqrt(((rests[0] + rests[1]) ** 2).sum(axis=0) * groups / (groups - 1))
    interval = arrays.share_interval(rate, error, confidence)
    tail = (1.0 - confidence) / 2.0
    interval[rate == 0.0, 1] = 1.0 - tail ** (1.0 / cells)
    return rate, interval


def quantile_ratio(
    matrices: tuple[Matrix, Matrix],
    ordered: tuple[Matrix, Matrix],
    scans: tuple[Scan, Scan],
    probabilities: tuple[float, float],
    confidence: float,
) -> tuple[float, F64]:
    """Ratio of a quantile of the high state to one of the low state, both positive.

    Parameters
    ----------
    matrices : tuple of numpy.ndarray
        Values (times, cells) of the high and the low state of the same cells.
    ordered : tuple of numpy.ndarray
        Their usable values in rising order.
    scans : tuple of Scan
        What can be used of them.
    probabilities : tuple of float
        Probabilities of the quantiles.
    confidence : float
        Probability of the interval.

    Returns
    -------
    tuple
        Ratio, and its interval, shape (2,): normal for the logarithm, the quantiles linearised by groups of independent
        cells (Woodruff).
    """
    logarithm = 0.0
    influence = np.zeros(scans[0].usable.size)
    for matrix, values, found, probability, sign in zip(
        matrices, ordered, scans, probabilities, (1.0, -1.0), strict=True
    ):
        quantile = interpolated_quantiles(values, np.array([probability]))
        below, usable = arrays.group_counts_below(matrix, quantile, "log"), found.usable
        step = float(arrays.share_error(below, usable)[0])
        ends = np.clip([probability - step, probability + step], 0.0, 1.0) if step > 0 else np.array([0.0, 1.0])
        around = np.log(interpolated_quantiles(values, ends))
        slope = float(around[1] - around[0]) / float(ends[1] - ends[0])
        logarithm += sign * float(np.log(quantile[0]))
        influence -= sign * slope * (below[:, 0] - usable * below.sum() / usable.sum()) / usable.sum()
    groups = influence.size
    if groups < 2:
        return float(np.exp(logarithm)), np.full(2, np.nan)
    error = float(np.sqrt(np.sum(np.square(influence)) * groups / (groups - 1)))
    half = float(ndtri(0.5 + confidence / 2.0)) * error
    return float(np.exp(logarithm)), np.exp([logarithm - half, logarithm + half])
