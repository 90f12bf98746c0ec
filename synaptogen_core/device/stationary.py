"""Exact laws of the vector autoregression: what an endless run of cycles would show. Float64.

The start of every cell hangs on these numbers, so they are made of ``+ - * /`` and square roots in a fixed order,
without BLAS or LAPACK, whose last bits depend on the processor.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import hermite_e

from synaptogen_core.types import F64

if TYPE_CHECKING:
    from synaptogen_core.device.parameters import DeviceParameters

DOUBLINGS = 40


def product(left: F64, right: F64) -> F64:
    """Matrix product, summed in the order of the inner index."""
    total = np.zeros((left.shape[0], right.shape[1]))
    for k in range(left.shape[1]):
        total += left[:, k, None] * right[k]
    return total


def cholesky(covariance: F64) -> F64:
    """Lower Cholesky factor, column by column.

    Raises
    ------
    ValueError
        If the matrix is not positive definite.
    """
    rest = covariance.copy()
    factor = np.zeros_like(rest)
    for k in range(rest.shape[0]):
        if not rest[k, k] > 0:
            raise ValueError("covariance: must be positive definite (got a pivot <= 0); correct the matrix")
        factor[k:, k] = rest[k:, k] / math.sqrt(rest[k, k])
        rest[k:, k:] -= factor[k:, k, None] * factor[k:, k]
    return factor


def solve_lyapunov(transition: F64, noise: F64) -> F64:
    """The covariance S = F S F' + Q of a stable linear recursion, by doubling.

    Raises
    ------
    ValueError
        If the recursion is not stable.
    """
    covariance, step = noise.copy(), transition.copy()
    for _ in range(DOUBLINGS):
        grown = product(product(step, covariance), step.T)
        covariance = covariance + grown
        if np.abs(grown).max() <= 1e-17 * np.abs(covariance).max():
            return (covariance + covariance.T) / 2
        step = product(step, step)
        if not np.abs(step).max() < 1e100:
            break
    raise ValueError(
        "var: the autoregression must be stable (got a spectral radius >= 1); fit it again or choose a lower order"
    )


def history_covariance(device: DeviceParameters) -> F64:
    """Covariance of the last p vectors x_n, x_{n-1}, ..., newest first; shape (4p, 4p), read-only."""
    return _history_covariance(device.a.tobytes(), device.b.tobytes())


@lru_cache(maxsize=64)  # by the matrices, not by the device: most variations leave them alone
def _history_covariance(a: bytes, b: bytes) -> F64:
    transition, factor = _transition(a), np.frombuffer(b).reshape(4, 4)
    noise = np.zeros_like(transition)
    noise[:4, :4] = product(factor, factor.T)
    return _frozen(solve_lyapunov(transition, noise))


def _transition(a: bytes) -> F64:
    """The recursion as one step from the last p vectors to the next, newest first; shape (4p, 4p)."""
    lags = np.frombuffer(a).reshape(-1, 4, 4)
    transition = np.eye(4 * len(lags), k=-4)
    transition[:4] = np.concatenate(list(lags), axis=1)
    return transition


def covariance(device: DeviceParameters) -> F64:
    """Stationary covariance of x; shape (4, 4), no unit."""
    return history_covariance(device)[:4, :4].copy()


@lru_cache(maxsize=64)
def autocovariance(device: DeviceParameters, max_lag: int) -> F64:
    """Stationary covariances over lags: element [k, i, j] is that of x_i in cycle n with x_j in cycle n - k.

    Returns
    -------
    ndarray, shape (max_lag + 1, 4, 4), read-only
    """
    p = device.order
    history = history_covariance(device)
    lags = [history[:4, 4 * k : 4 * k + 4] for k in range(min(p, max_lag + 1))]
    for k in range(p, max_lag + 1):
        lags.append(sum((product(device.a[j], lags[k - 1 - j]) for j in range(p)), start=np.zeros((4, 4))))
    return _frozen(np.array(lags))


def spectral_radius(device: DeviceParameters) -> float:
    """Largest absolute eigenvalue of the recursion; below 1 if it is stable."""
    return _spectral_radius(device.a.tobytes())


@lru_cache(maxsize=64)
def _spectral_radius(a: bytes) -> float:
    return float(np.abs(np.linalg.eigvals(_transition(a))).max())


def hermite_coefficients(device: DeviceParameters) -> F64:
    """gamma_i(s_i t) as a Hermite series in t, s_i the standard deviation of x_i; shape (4, d + 1)."""
    spread = np.sqrt(np.diag(covariance(device)))
    powers = np.arange(device.gamma.shape[1])
    return np.array([hermite_e.poly2herme(g[::-1] * s**powers) for g, s in zip(device.gamma, spread, strict=True)])


def shape_moments(device: DeviceParameters) -> tuple[F64, F64]:
    """Mean and standard deviation of z_i = gamma_i(x_i) in the stationary state; two arrays of shape (4,)."""
    series = hermite_coefficients(device)
    weight = np.array([math.factorial(m) for m in range(series.shape[1])], float)
    variance = (series[:, 1:] ** 2 * weight[1:]).sum(axis=1)
    return series[:, 0].copy(), np.sqrt(variance)


@lru_cache(maxsize=64)
def feature_autocorrelation(device: DeviceParameters, max_lag: int) -> F64:
    """Correlation within a cell of z_i in cycle n with z_j in cycle n - k, z = gamma(x): element [k, i, j].

    A polynomial of correlated normals: the m-th Hermite term keeps the m-th power of the correlation (Mehler's
    formula). It differs from the correlation of x (LRS at lag 1: .4993 against .5079).

    Returns
    -------
    ndarray, shape (max_lag + 1, 4, 4), read-only; the diagonal at lag 0 is 1
    """
    x = autocovariance(device, max_lag)
    spread = np.sqrt(np.diag(x[0]))
    rho = x / (spread[:, None] * spread)
    series = hermite_coefficients(device)
    total = np.zeros_like(rho)
    for m in range(1, series.shape[1]):
        total += math.factorial(m) * series[:, m, None] * series[:, m] * rho**m
    sd = shape_moments(device)[1]
    return _frozen(total / (sd[:, None] * sd))


def _frozen(array: F64) -> F64:
    array.flags.writeable = False
    return array
