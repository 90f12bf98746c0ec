"""Device to device and cycle to cycle, told apart by moment equations: NumPy in, NumPy out.

Let cell c have y(n) = m + s z(n), with z stationary, of known correlation over lags, and (m, s) different for each
cell. Over N cycles its mean has the covariance m-part + E[s_i s_j] V_ij, and its mean product of deviations from that
mean is E[s_i s_j](C_ij - V_ij), where C_ij = corr(z_i, z_j) and V_ij = cov(mean z_i, mean z_j) follow from the
correlations. So
    within  = W + q V,     between = B - q V,     q_ij = E[s_i s_j] (in units of var z),
with W and B the naive covariances within and between cells. For a variance, q_ii = W_ii / (1 - V_ii), which is linear
in s^2: unbiased at any number of cycles and for any distribution of s. For a covariance, q_ij = h sqrt(q_ii q_jj),
where h = mean(w_i w_j) / sqrt(mean w_i^2 mean w_j^2) of the cells' own standard deviations w: the noise of w lowers it
by some percent at 20 cycles, of a term that is itself a small part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from synaptogen_core.analysis.resampling import group_starts
from synaptogen_core.types import F64


@dataclass(frozen=True)
class CellSums:
    """Sums over the cells of each group, and the cells' means.

    Parameters
    ----------
    sums : numpy.ndarray
        Shape (groups, 1 + v + 3 v^2): number of cells, means, their products, products of deviations within the cell
        divided by the number of times, products of the cell's standard deviations.
    means : numpy.ndarray
        Shape (cells without a gap, v).
    times : int
        Values in each cell.
    left_out : int
        Cells with a missing value.
    origin : numpy.ndarray
        Shape (v,): what the means are measured from in `sums`.
    """

    sums: F64
    means: F64
    times: int
    left_out: int
    origin: F64

    @property
    def cells(self) -> int:
        """Cells that were used."""
        return len(self.means)


def cell_sums(blocks: Iterable[tuple[slice, F64]], cells: int) -> CellSums:
    """Moments of each cell, summed over groups of cells.

    Parameters
    ----------
    blocks : iterable of slice and numpy.ndarray
        Series of some cells, shape (variables, times, cells), beginning at starts of `group_starts(cells)`. Cells with
        a missing value are left out.
    cells : int
        Number of all cells.

    Returns
    -------
    CellSums
    """
    starts = group_starts(cells)
    sums, all_means = [], []
    origin = np.empty(0)
    times = 0
    for where, block in blocks:
        times = block.shape[1]
        means = block.mean(axis=1)
        complete = np.isfinite(means).all(axis=0)
        block -= means[:, None]
        if not complete.all():
            block[:, :, ~complete] = 0.0
        within = _products(block)
        if not origin.size:  # products of means about a mean: no digits are lost to a large common part
            origin = means[:, complete].mean(axis=1) if complete.any() else np.zeros(means.shape[0])
        means = means.T
        centred = np.where(complete[:, None], means - origin, 0.0)
        own = np.sqrt(np.einsum("iic->ci", within))
        size = len(centred)
        terms = np.concatenate(
            [
                complete[:, None].astype(np.float64),
                centred,
                (centred[:, :, None] * centred[:, None, :]).reshape(size, -1),
                within.reshape(-1, size).T,
                (own[:, :, None] * own[:, None, :]).reshape(size, -1),
            ],
            axis=1,
        )
        inside = starts[(starts >= where.start) & (starts < where.stop)] - where.start
        sums.append(np.add.reduceat(terms, inside, axis=0))
        all_means.append(means[complete])
    means = np.concatenate(all_means)
    return CellSums(np.concatenate(sums), means, times, cells - means.shape[0], origin)


def _products(deviations: F64) -> F64:
    """Mean products over time of every pair of variables; shape (v, v, cells)."""
    count, times, cells = deviations.shape
    result = np.empty((count, count, cells))
    for i in range(count):
        for j in range(i, count):
            np.einsum("tc,tc->c", deviations[i], deviations[j], out=result[i, j])
            result[j, i] = result[i, j]
    result /= times
    return result


def naive_covariances(totals: F64, variables: int) -> tuple[F64, F64, F64]:
    """Naive covariances from totals over cells.

    Parameters
    ----------
    totals : numpy.ndarray
        Shape (n, terms): rows like the total of `CellSums.sums`.
    variables : int
        Number of variables v.

    Returns
    -------
    tuple of numpy.ndarray
        W, mean covariance about the cell's own mean; B, covariance of the cells' means (divided by cells - 1); h, the
        likeness of the spreads; each of shape (n, v, v).
    """
    v = variables
    cells = totals[:, 0]
    means = totals[:, 1 : 1 + v] / cells[:, None]
    squares, within, roots = (
        totals[:, 1 + v + k * v * v : 1 + v + (k + 1) * v * v].reshape(-1, v, v) / cells[:, None, None]
        for k in range(3)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (squares - means[:, :, None] * means[:, None, :]) * (cells / (cells - 1.0))[:, None, None]
        spread = np.sqrt(np.einsum("nii->ni", within))
        outer = spread[:, :, None] * spread[:, None, :]
        alike = np.where(outer > 0, roots / outer, 1.0)
    return within, between, alike


def separated(totals: F64, variables: int, mean_correlation: F64 | None, times: int) -> tuple[F64, F64]:
    """Covariances within and between devices.

    Parameters
    ----------
    totals : numpy.ndarray
        Shape (n, terms), as for `naive_covariances`.
    variables : int
        Number of variables v.
    mean_correlation : numpy.ndarray or None
        V, shape (v, v), from `lag_products.mean_covariance`; None takes the times as independent (one-way analysis of
        variance).
    times : int
        Values in each cell, at least 2.

    Returns
    -------
    tuple of numpy.ndarray
        Within (cycle to cycle) and between (device to device), each of shape (n, v, v). A variance between devices can
        come out negative: an unbiased estimate of 0 must.
    """
    within, between, alike = naive_covariances(totals, variables)
    if mean_correlation is None:
        shift = within / (times - 1.0)
    else:
        spread = np.sqrt(np.einsum("nii->ni", within) / (1.0 - np.diag(mean_correlation)))
        shift = alike * spread[:, :, None] * spread[:, None, :] * mean_correlation
    return within + shift, between - shift


def correlation_of(covariance: F64) -> F64:
    """Correlations from covariances of shape (..., v, v); NaN where a variance is not positive."""
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    sd = np.sqrt(np.where(variance > 0, variance, np.nan))
    return np.asarray(covariance / (sd[..., :, None] * sd[..., None, :]))
