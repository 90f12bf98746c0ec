"""Vector autoregression of many short series, NumPy in, NumPy out.

Sums of products are taken device by device (or stretch by stretch) and never across a border or a gap. All orders
come out of one matrix of sums. Subtracting a device's own mean takes the covariance of that mean, V, away from every
lag alike; V follows from the model itself, so it is added again and the model solved once more, until nothing changes
(an analytic form of the correction of Nickell, Econometrica 1981, for panels).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov

from synaptogen_core.analysis.statistics.lag_products import mean_covariance
from synaptogen_core.array.threads import each_block
from synaptogen_core.device.recursion import spectral_radius, transition
from synaptogen_core.types import F64

Model = tuple[F64, F64]  # a, shape (p, f, f), newest lag first, and the covariance of the innovations (f, f)

METHODS = ("ols", "yule-walker")
ROUNDS = 12
ENOUGH = 1e-7
MOST_RADIUS = 0.999
MOST_LOST = 0.8  # of the variance; a mean that takes more leaves nothing to learn from
THREADS = 2
WORTH_THREADS = 5000  # rows of each: fewer are done before a second thread is awake
FARTHEST = 4096  # lags after which a memory is over


@dataclass(frozen=True)
class Products:
    """Sums over windows of p + 1 successive rows without a gap, newest row first.

    Parameters
    ----------
    sums : numpy.ndarray
        Shape (units, (p + 1) f, (p + 1) f).
    counts : numpy.ndarray
        Shape (units,): windows.
    order : int
        p.
    """

    sums: F64
    counts: F64
    order: int


def window_products(x: F64, borders: NDArray[np.intp], order: int) -> Products:
    """Products of all pairs of rows within `order` of each other.

    Parameters
    ----------
    x : numpy.ndarray
        Shape (rows, f), NaN where missing and between devices.
    borders : numpy.ndarray
        Shape (units + 1,). A window belongs to the unit of its newest row.
    order : int
        Longest lag.

    Returns
    -------
    Products
    """
    units, size = borders.size - 1, (order + 1) * x.shape[1]
    sums, counts = np.zeros((units, size, size)), np.zeros(units)

    def add(unit: int) -> None:
        first, last = max(0, borders[unit] - order), borders[unit + 1]
        if last - first <= order:
            return
        windows = sliding_window_view(x[first:last], order + 1, axis=0)[:, :, ::-1].transpose(0, 2, 1)
        whole = np.isfinite(x[first:last]).all(axis=1)
        broken = np.cumsum(np.concatenate([[0], ~whole]))
        kept = windows[broken[order + 1 :] == broken[: -order - 1]].reshape(-1, size)
        sums[unit], counts[unit] = kept.T @ kept, kept.shape[0]

    for_each(units, add, len(x))
    return Products(sums, counts, order)


def for_each(count: int, work: Callable[[int], None], rows: int) -> None:
    """Do `work` on 0 .. count - 1, on two threads where each has rows enough.

    Parameters
    ----------
    count : int
    work : callable
    rows : int
        Over which all of it goes.
    """

    def all_of(block: slice) -> None:
        for i in range(block.start, block.stop):
            work(i)

    each_block(count, -(-count * WORTH_THREADS // max(rows, 1)), all_of, THREADS)


def lag_means(second: F64, features: int) -> F64:
    """Mean products over lags 0 .. p out of the mean of the windows' products: blocks averaged along diagonals.

    Parameters
    ----------
    second : ndarray of float64, shape (..., (p + 1) f, (p + 1) f)
        Newest row first.
    features : int
        f.

    Returns
    -------
    ndarray of float64, shape (..., p + 1, f, f)
        [k, i, j] of x_i with x_j, k rows before.
    """
    p = second.shape[-1] // features - 1
    blocks = second.reshape(*second.shape[:-2], p + 1, features, p + 1, features)
    lags = [np.mean([blocks[..., i, :, i + k, :] for i in range(p + 1 - k)], axis=0) for k in range(p + 1)]
    return np.stack(lags, axis=-3)


def toeplitz(lags: F64) -> F64:
    """The covariance of windows, newest first, whose lags are `lags`; shape (..., (p + 1) f, (p + 1) f).

    Parameters
    ----------
    lags : ndarray of float64, shape (..., p + 1, f, f)
        As of `lag_means`.

    Returns
    -------
    ndarray of float64, shape (..., (p + 1) f, (p + 1) f)
        Symmetric where lag 0 is.
    """
    p, f = lags.shape[-3] - 1, lags.shape[-1]
    result = np.empty((*lags.shape[:-3], p + 1, f, p + 1, f))
    for i in range(p + 1):
        for j in range(p + 1):
            block = lags[..., abs(j - i), :, :]
            result[..., i, :, j, :] = block if j >= i else np.swapaxes(block, -1, -2)
    return result.reshape(*lags.shape[:-3], (p + 1) * f, (p + 1) * f)


def solve(second: F64, order: int, features: int) -> Model:
    """The regression of the newest row on the `order` rows before; stacks of matrices give stacks of models.

    Parameters
    ----------
    second : ndarray of float64, shape (..., (p + 1) f, (p + 1) f)
        Second moments of p + 1 successive rows, newest first.
    order : int
        At most p.
    features : int
        f.

    Returns
    -------
    a : ndarray of float64, shape (..., order, f, f)
        Newest lag first.
    noise : ndarray of float64, shape (..., f, f)
        Covariance of what is left.

    References
    ----------
    Source: least squares for x_n = A_1 x_(n-1) + ... + A_p x_(n-p) + B e_n of Hennen et al. 2024, with `noise` = B B^T;
    docs/model.md.
    """
    now, past = slice(0, features), slice(features, (order + 1) * features)
    cross = second[..., now, past]
    stacked = np.swapaxes(np.linalg.solve(second[..., past, past], np.swapaxes(cross, -1, -2)), -1, -2)
    noise = second[..., now, now] - stacked @ np.swapaxes(cross, -1, -2)
    a = stacked.reshape(*stacked.shape[:-1], order, features)
    return np.swapaxes(a, -3, -2), (noise + np.swapaxes(noise, -1, -2)) / 2


def autocovariance(a: F64, lags: F64, longest: int) -> F64:
    """Lags 0 .. `longest` of the model, from its first ones; stops early, and fills with 0, where they have died away.

    Parameters
    ----------
    a : numpy.ndarray
        Shape (p, f, f).
    lags : numpy.ndarray
        Shape (at least p, f, f): covariances at lags from 0.
    longest : int

    Returns
    -------
    numpy.ndarray
        Shape (longest + 1, f, f).
    """
    p, f = a.shape[0], a.shape[1]
    result = np.zeros((longest + 1, f, f))
    known = min(p, longest + 1)
    result[:known] = lags[:known]
    stacked = a.transpose(1, 0, 2).reshape(f, p * f)
    for k in range(p, min(longest, FARTHEST) + 1):
        result[k] = stacked @ result[k - 1 : k - 1 - p if k > p else None : -1].reshape(p * f, f)
        if k % 64 == 0 and np.abs(result[k]).max() < 1e-9:
            break
    return result


def criteria(second: F64, features: int, windows: float) -> dict[str, F64]:
    """Information criteria of the orders 1 .. p on the same windows, smallest is best.

    Parameters
    ----------
    second : ndarray of float64, shape ((p + 1) f, (p + 1) f)
        Second moments of p + 1 successive rows, newest first.
    features : int
        f.
    windows : float
        Number of windows behind the moments.

    Returns
    -------
    dict
        "aic", "bic" and "hannan_quinn", each of shape (p,).

    References
    ----------
    Source: Akaike 1974; Schwarz 1978; Hannan and Quinn 1979; with log det of the innovations' covariance as the misfit.
    """
    p = second.shape[0] // features - 1
    misfit = np.array([np.linalg.slogdet(solve(second, q, features)[1])[1] for q in range(1, p + 1)]) * windows
    numbers = features**2 * np.arange(1, p + 1)
    return {
        "aic": misfit + 2 * numbers,
        "bic": misfit + np.log(windows) * numbers,
        "hannan_quinn": misfit + 2 * np.log(np.log(max(windows, 3.0))) * numbers,
    }


def stationary(a: F64, noise: F64) -> tuple[F64, F64, bool]:
    """A stable model of unit stationary variances: scaled, and drawn to stability where it is not stable.

    Parameters
    ----------
    a : ndarray of float64, shape (p, f, f)
        Newest lag first.
    noise : ndarray of float64, shape (f, f)
        Covariance of the innovations.

    Returns
    -------
    a : ndarray of float64, shape (p, f, f)
        Newest lag first.
    noise : ndarray of float64, shape (f, f)
        Covariance of the innovations.
    changed : bool
        Whether its roots had to be drawn in.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the innovations have no covariance.
    """
    radius = spectral_radius(a)
    changed = not radius < MOST_RADIUS
    if changed:
        a = a * (MOST_RADIUS / radius) ** np.arange(1, a.shape[0] + 1)[:, None, None]
    step, f = transition(a), a.shape[1]
    driven = np.zeros_like(step)
    driven[:f, :f] = noise
    variance = np.diag(solve_discrete_lyapunov(step, driven))[:f]
    if not (variance > 0).all():
        raise np.linalg.LinAlgError("the innovations have no covariance")
    spread = np.sqrt(variance)
    return a * spread / spread[:, None], noise / spread / spread[:, None], changed


def corrected(
    second: F64, order: int, features: int, rows: Mapping[int, float], method: str = "ols"
) -> tuple[F64, F64]:
    """Second moments of windows with the covariance of the devices' means added again.

    Parameters
    ----------
    second : numpy.ndarray
        Shape ((p + 1) f, (p + 1) f): mean of the windows' products, of rows whose device's mean is subtracted.
    order : int
        Order of the model that tells the covariance of a mean.
    features : int
        f.
    rows : mapping of int to float
        Rows of a device -> share of all rows that such devices have.
    method : {"ols", "yule-walker"}

    Returns
    -------
    second : numpy.ndarray
        Scaled to unit variances.
    lost : numpy.ndarray
        Shape (f, f): the covariance of the means that was added.
    """
    plain = with_method(second, features, method)
    lost = np.zeros((features, features))
    fixed = with_mean(plain, lost, features)
    for _ in range(ROUNDS):
        a, _noise = solve(fixed, order, features)
        if spectral_radius(a) >= 1:
            break
        memory = autocovariance(a, lag_means(fixed, features), max(rows) - 1)
        wanted = sum((share * mean_covariance(memory, n) for n, share in rows.items()), np.zeros_like(lost))
        change = np.abs(wanted - lost).max()
        if np.diag(wanted).max() > MOST_LOST:
            break
        lost = wanted
        fixed = with_mean(plain, lost, features)
        if change < ENOUGH:
            break
    return fixed, lost


def with_method(second: F64, features: int, method: str) -> F64:
    """The matrix that a method solves: as it is, or averaged along its diagonals.

    Parameters
    ----------
    second : ndarray of float64, shape (..., (p + 1) f, (p + 1) f)
        Newest row first.
    features : int
        f.
    method : {"ols", "yule-walker"}
        The latter averages.

    Returns
    -------
    ndarray of float64
        The shape of `second`.
    """
    return toeplitz(lag_means(second, features)) if method == "yule-walker" else second


def with_mean(second: F64, lost: F64, features: int) -> F64:
    """Scaled to the unit variances less `lost`, and `lost` added to every lag; stacks of matrices, too.

    Parameters
    ----------
    second : ndarray of float64, shape (..., (p + 1) f, (p + 1) f)
        Newest row first.
    lost : ndarray of float64, shape (f, f)
        Covariance of the devices' means.
    features : int
        f.

    Returns
    -------
    ndarray of float64
        The shape of `second`; variances of the newest row 1.
    """
    tiles = second.shape[-1] // features
    newest = np.diagonal(second, axis1=-2, axis2=-1)[..., :features]
    scale = np.tile(np.sqrt((1 - np.diag(lost)) / newest), tiles)
    return np.asarray(second * scale[..., :, None] * scale[..., None, :] + np.tile(lost, (tiles, tiles)))
