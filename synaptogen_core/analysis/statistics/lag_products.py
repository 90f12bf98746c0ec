"""Products over lags, pooled over cells, and what they are expected to be: NumPy in, NumPy out.

Each cell is taken about its own mean, which is an estimate from the same few, dependent cycles. That lowers every
lagged product. `expected_products` gives the exact expectation of what `pooled_products` computes, so that data can be
compared with what this estimator sees at this number of cycles, rather than with what an endless run would show.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from synaptogen_core.analysis.resampling import group_starts
from synaptogen_core.types import F64

GROUPS = 256  # of cells, for the bootstrap: a curve has many terms a group


def pooled_products(blocks: Iterable[tuple[slice, F64]], cells: int, max_lag: int, *, cross: bool) -> tuple[F64, F64]:
    """Sums over cycles and cells of the products of deviations from each cell's own mean, by Fourier transform.

    Parameters
    ----------
    blocks : iterable of slice and numpy.ndarray
        Series of some cells, shape (variables, times, cells), as `series.cell_blocks` gives them, beginning at starts
        of `group_starts(cells, GROUPS)`. Cells with a missing value are left out.
    cells : int
        Number of all cells.
    max_lag : int
        Largest lag, below the number of times.
    cross : bool
        Whether each variable is to be multiplied with every other one too.

    Returns
    -------
    products : numpy.ndarray
        Shape (groups, max_lag + 1, variables, variables): [g, k, i, j] sums y_i(n) y_j(n - k) over n = k ... N - 1 and
        the cells of group g. Without `cross`, shape (groups, max_lag + 1, variables).
    used : numpy.ndarray
        Shape (groups,): cells without a gap.
    """
    starts = group_starts(cells, GROUPS)
    found, complete_cells = [], []
    for where, block in blocks:
        inside = starts[(starts >= where.start) & (starts < where.stop)] - where.start
        means = block.mean(axis=1)
        complete = np.isfinite(means).all(axis=0)
        block -= means[:, None]
        if not complete.all():
            block[:, :, ~complete] = 0.0
        padded = fft.next_fast_len(block.shape[1] + max_lag, real=True)
        found.append(_lags(fft.rfft(block, padded, axis=1), inside, padded, max_lag, cross))
        complete_cells.append(np.add.reduceat(complete.astype(np.float64), inside))
    return np.concatenate(found), np.concatenate(complete_cells)


def _lags(spectrum: NDArray[np.complex128], inside: NDArray[np.intp], padded: int, max_lag: int, cross: bool) -> F64:
    """Sums over lags for each group of cells of a block, from the spectra (variables, frequencies, cells)."""
    if not cross:
        power = np.add.reduceat(spectrum.real**2 + spectrum.imag**2, inside, axis=2)
        return np.asarray(fft.irfft(power, padded, axis=1)[:, : max_lag + 1].transpose(2, 1, 0))
    count = spectrum.shape[0]
    products = np.empty((inside.size, max_lag + 1, count, count))
    behind = -np.arange(max_lag + 1)
    for i in range(count):
        for j in range(i, count):
            both = np.add.reduceat(spectrum[i] * spectrum[j].conj(), inside, axis=1)
            lags = fft.irfft(both, padded, axis=0).T
            products[:, :, i, j] = lags[:, : max_lag + 1]
            products[:, :, j, i] = lags[:, behind]
    return products


def expected_products(correlation: F64, times: int, max_lag: int) -> F64:
    """Exact expectation of the products that `pooled_products` sums, for one cell, divided by the number of times.

    With C(k) = cov(y_i(n), y_j(n - k)) and a(n) = cov(y_i(n), mean of y_j), the expectation of
    sum over n = k ... N - 1 of (y_i(n) - mean_i)(y_j(n - k) - mean_j) is
    (N - k)(C(k) + V) - sum over n >= k of a(n) - sum over n < N - k of a(n)', with V = cov(mean_i, mean_j).
    Cumulative sums give all lags in O(N).

    Parameters
    ----------
    correlation : numpy.ndarray
        Shape (lags, variables, variables): correlation of i with j, k times before, from k = 0; zero beyond.
    times : int
        Number of times N.
    max_lag : int
        Largest lag, below N.

    Returns
    -------
    numpy.ndarray
        Shape (max_lag + 1, variables, variables), in the units of `correlation`.
    """
    padded, with_mean, mean_mean = _with_mean(correlation, times)
    lag = np.arange(max_lag + 1)
    left = (times - lag)[:, None, None]
    total = np.cumsum(with_mean, axis=0)
    from_lag_on = total[-1] - np.concatenate([np.zeros_like(total[:1]), total])[lag]
    before_end = total[times - 1 - lag].transpose(0, 2, 1)
    return np.asarray((left * (padded[: max_lag + 1] + mean_mean) - from_lag_on - before_end) / times)


def mean_covariance(correlation: F64, times: int) -> F64:
    """Covariance of the means over `times` dependent values, in the units of `correlation`.

    Parameters
    ----------
    correlation : numpy.ndarray
        Shape (lags, variables, variables), from lag 0; zero beyond.
    times : int
        Number of values in a mean.

    Returns
    -------
    numpy.ndarray
        Shape (variables, variables). The diagonal is 1/times for independent values.
    """
    return _with_mean(correlation, times)[2]


def _with_mean(correlation: F64, times: int) -> tuple[F64, F64, F64]:
    """Correlation of N lags, covariances with the mean a(n), shape (N, v, v), and of the means, shape (v, v)."""
    padded = np.zeros((times, *correlation.shape[1:]))
    known = min(times, correlation.shape[0])
    padded[:known] = correlation[:known]
    onward = np.cumsum(padded, axis=0)
    with_mean = (onward + onward[::-1].transpose(0, 2, 1) - padded[0].T) / times
    return padded, with_mean, with_mean.mean(axis=0)


def ratios(products: F64, times: int, divide_by: str) -> F64:
    """Correlations over lags from summed products.

    Parameters
    ----------
    products : numpy.ndarray
        Shape (..., lags, variables, variables), or (..., lags, variables) of each variable with itself.
    times : int
        Number of times.
    divide_by : {"N", "N-k"}
        "N": the sums as they are (the curve then falls to 0 towards the last lag); "N-k": means of N - k products.

    Returns
    -------
    numpy.ndarray
        The same shape; 1 at lag 0 of each variable with itself, NaN where a variable does not vary.
    """
    itself = products.ndim < 3 or products.shape[-1] != products.shape[-2]
    if itself:
        scale = products[..., :1, :]
    else:
        variance = np.diagonal(products[..., :1, :, :], axis1=-2, axis2=-1)
        scale = np.sqrt(variance[..., :, None] * variance[..., None, :])
    if divide_by == "N-k":
        lag = np.arange(products.shape[-2 if itself else -3])
        factor = times / (times - lag)
        products = products * (factor[:, None] if itself else factor[:, None, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(products / np.where(scale > 0, scale, np.nan))
