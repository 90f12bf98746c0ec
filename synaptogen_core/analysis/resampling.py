"""Uncertainty by resampling devices: NumPy in, NumPy out.

Cells are independent draws, the cycles of one cell are not. So whole cells are resampled, never cycles. To keep the
cost independent of the size of the array, consecutive cells are first summed into at most `MOST_GROUPS` groups: sums
of independent cells are independent too, so the bootstrap of groups is as valid, for every statistic that is a
function of sums over cells. A bootstrap gives an interval; it cures no bias.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.types import F64

MOST_GROUPS = 512


def group_starts(cells: int, most: int = MOST_GROUPS) -> NDArray[np.intp]:
    """First cell of each group, for at most `most` groups of nearly equal size.

    Parameters
    ----------
    cells : int
        Number of cells, at least 1.
    most : int
        Largest number of groups.

    Returns
    -------
    numpy.ndarray
        Shape (groups,), rising from 0.
    """
    groups = min(cells, most)
    return (np.arange(groups) * cells // groups).astype(np.intp)


def group_of(cells: int, most: int = MOST_GROUPS) -> NDArray[np.intp]:
    """Group number of every cell, as `group_starts` divides them.

    Parameters
    ----------
    cells : int
        Number of cells, at least 1.
    most : int
        Largest number of groups.

    Returns
    -------
    ndarray of integers, shape (cells,)
    """
    return np.searchsorted(group_starts(cells, most), np.arange(cells), side="right") - 1


@lru_cache(maxsize=8)
def bootstrap_weights(groups: int, replicates: int, seed: int) -> F64:
    """How often each group occurs in each resample of `groups` groups with replacement.

    Parameters
    ----------
    groups, replicates : int
        Number of groups, and of resamples.
    seed : int

    Returns
    -------
    numpy.ndarray
        Shape (replicates, groups), read-only; each row sums to `groups`.
    """
    drawn = Generator(PCG64(seed)).integers(0, groups, size=(replicates, groups), dtype=np.int32)
    drawn += np.arange(replicates, dtype=np.int32)[:, None] * groups
    weights = np.bincount(drawn.ravel(), minlength=replicates * groups).astype(np.float64)
    weights = weights.reshape(replicates, groups)
    weights.setflags(write=False)
    return weights


def bootstrap_interval(
    sums: F64,
    statistic: Callable[[F64], F64],
    *,
    confidence: float,
    replicates: int,
    seed: int,
) -> F64:
    """Percentile bootstrap interval of a statistic of sums over cells.

    Parameters
    ----------
    sums : numpy.ndarray
        Shape (groups, terms): sums over the cells of each group.
    statistic : callable
        Maps totals of shape (n, terms) to values of shape (n, ...).
    confidence : float
        Probability of the interval, between 0 and 1.
    replicates, seed : int
        Number of resamples, and the seed that makes them repeatable.

    Returns
    -------
    numpy.ndarray
        Shape (..., 2): lower and upper end; NaN where there are fewer than two groups.
    """
    groups = sums.shape[0]
    if groups < 2:
        return np.full((*statistic(sums).shape[1:], 2), np.nan)
    values = statistic(bootstrap_weights(groups, replicates, seed) @ sums)
    tail = (1.0 - confidence) / 2.0
    return np.moveaxis(interpolated_quantiles(np.sort(values, axis=0), (tail, 1.0 - tail)), 0, -1)


def interpolated_quantiles(ordered: NDArray[np.floating[Any]], probabilities: tuple[float, ...] | F64) -> F64:
    """Quantiles of values sorted along the first axis, linear between the order statistics.

    `numpy.quantile` of the same method partitions with a NaN check for each column; on sorted values this is a look-up.

    Parameters
    ----------
    ordered : ndarray, shape (n, ...)
        Rising along the first axis.
    probabilities : tuple of float, or ndarray of float64, shape (k,)
        From 0 to 1.

    Returns
    -------
    ndarray of float64, shape (k, ...)
    """
    position = np.asarray(probabilities, dtype=np.float64) * (ordered.shape[0] - 1)
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, ordered.shape[0] - 1)
    share = (position - below).reshape((-1,) + (1,) * (ordered.ndim - 1))
    low, high = ordered[below].astype(np.float64), ordered[above].astype(np.float64)
    return np.asarray(low + share * (high - low), dtype=np.float64)


def check_confidence(confidence: float) -> None:
    """Refuse a probability outside (0, 1).

    Raises
    ------
    TypeError, ValueError
        If it is no number, or not between 0 and 1.
    """
    if not 0.0 < checks.number("confidence", confidence) < 1.0:
        raise ValueError(f"confidence: must lie between 0 and 1 (got {confidence!r}); 0.95 is usual")


def check_resampling(confidence: float, replicates: int) -> None:
    """Refuse a probability outside (0, 1) and fewer resamples than an interval of that probability needs.

    Parameters
    ----------
    confidence : float
    replicates : int

    Raises
    ------
    TypeError, ValueError
        If they break these rules.
    """
    check_confidence(confidence)
    least = int(np.ceil(2.0 / (1.0 - confidence)))
    if replicates < least:
        raise ValueError(
            f"replicates: must be at least {least} for an interval of {100 * confidence:g} % (got {replicates!r}); "
            "400 is usual"
        )
