"""Exact laws of the vector autoregression: what an endless run of cycles would show. Float64."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.polynomial import hermite_e

from synaptogen_core.device import averaged_laws
from synaptogen_core.device.numbers import ModelNumbers
from synaptogen_core.device.recursion import product, solve_lyapunov, transition
from synaptogen_core.types import F64


def history_covariance(numbers: ModelNumbers) -> F64:
    """Covariance of the last p vectors x_n, x_{n-1}, ..., newest first; shape (4p, 4p), read-only."""
    return _history_covariance(numbers.a.tobytes(), numbers.b.tobytes())


@lru_cache(maxsize=64)  # by the matrices, not by the numbers: most variations leave them alone
def _history_covariance(a: bytes, b: bytes) -> F64:
    step, factor = transition(np.frombuffer(a).reshape(-1, 4, 4)), np.frombuffer(b).reshape(4, 4)
    noise = np.zeros_like(step)
    noise[:4, :4] = product(factor, factor.T)
    return _frozen(solve_lyapunov(step, noise))


def covariance(numbers: ModelNumbers) -> F64:
    """Stationary covariance of x; shape (4, 4), no unit."""
    lag_0: F64 = autocovariance(numbers, 0)[0].copy()
    return lag_0


@lru_cache(maxsize=64)
def autocovariance(numbers: ModelNumbers, max_lag: int) -> F64:
    """Stationary covariances over lags: element [k, i, j] is that of x_i in cycle n with x_j in cycle n - k.

    Parameters
    ----------
    numbers : ModelNumbers
    max_lag : int
        [cycles]

    Returns
    -------
    ndarray, shape (max_lag + 1, 4, 4), read-only
    """
    fast = fast_autocovariance(numbers, max_lag)
    slow = None if numbers.extension is None else numbers.extension.slow
    if slow is None:
        return fast
    decay = slow.persistence[:, None] ** np.arange(max_lag + 1)[:, None, None]  # of the newer feature, row i
    weight, rest = np.sqrt(slow.share), np.sqrt(1 - slow.share)
    return _frozen(np.outer(rest, rest) * fast + np.outer(weight, weight) * slow.correlation * decay)


@lru_cache(maxsize=64)
def fast_autocovariance(numbers: ModelNumbers, max_lag: int) -> F64:
    """The same of the vector autoregression alone, without a slow part.

    Parameters
    ----------
    numbers : ModelNumbers
    max_lag : int

    Returns
    -------
    ndarray, shape (max_lag + 1, 4, 4), read-only
    """
    p = numbers.order
    history = history_covariance(numbers)
    lags = [history[:4, 4 * k : 4 * k + 4] for k in range(min(p, max_lag + 1))]
    for k in range(p, max_lag + 1):
        lags.append(sum((product(numbers.a[j], lags[k - 1 - j]) for j in range(p)), start=np.zeros((4, 4))))
    return _frozen(np.array(lags))


def hermite_coefficients(numbers: ModelNumbers) -> F64:
    """gamma_i(s_i t) as a Hermite series in t, s_i the standard deviation of x_i; shape (4, d + 1)."""
    spread = np.sqrt(np.diag(covariance(numbers)))
    powers = np.arange(numbers.gamma.shape[1])
    return np.array([hermite_e.poly2herme(g[::-1] * s**powers) for g, s in zip(numbers.gamma, spread, strict=True)])


def shape_moments(numbers: ModelNumbers) -> tuple[F64, F64]:
    """Mean and standard deviation of z_i = gamma_i(x_i) in the stationary state; two arrays of shape (4,)."""
    if numbers.extension is not None:
        plain = averaged_laws.shape_series(numbers, _spreads(numbers))
        return plain[:, 0].copy(), np.sqrt((plain[:, 1:] ** 2).sum(axis=1))
    series = hermite_coefficients(numbers)
    weight = np.array([math.factorial(m) for m in range(series.shape[1])], float)
    variance = (series[:, 1:] ** 2 * weight[1:]).sum(axis=1)
    return series[:, 0].copy(), np.sqrt(variance)


@lru_cache(maxsize=64)
def feature_autocorrelation(numbers: ModelNumbers, max_lag: int) -> F64:
    """Correlation within a cell of z_i in cycle n with z_j in cycle n - k, z = gamma(x): element [k, i, j].

    A polynomial of correlated normals: the m-th Hermite term keeps the m-th power of the correlation (Mehler's
    formula). It differs from the correlation of x (LRS at lag 1: .4993 against .5079). Of a device of format 2: of the
    values on the features' own scales, pooled over devices.

    Parameters
    ----------
    numbers : ModelNumbers
    max_lag : int
        [cycles]

    Returns
    -------
    ndarray, shape (max_lag + 1, 4, 4), read-only; the diagonal at lag 0 is 1
    """
    x = autocovariance(numbers, max_lag)
    spread = np.sqrt(np.diag(x[0]))
    rho = x / (spread[:, None] * spread)
    if numbers.extension is not None:
        law = averages(numbers)
        within = law.within(rho)
        scale = np.sqrt(np.diag(law.within(rho[0])))
        return _frozen(within / np.where(scale > 0, scale, 1.0)[:, None] / np.where(scale > 0, scale, 1.0))
    series = hermite_coefficients(numbers)
    total = np.zeros_like(rho)
    for m in range(1, series.shape[1]):
        total += math.factorial(m) * series[:, m, None] * series[:, m] * rho**m
    sd = shape_moments(numbers)[1]
    return _frozen(total / (sd[:, None] * sd))


def averages(numbers: ModelNumbers) -> averaged_laws.Averages:
    """Moments over the population of a device of format 2."""
    return averaged_laws.averages(numbers, _spreads(numbers))


def devices(numbers: ModelNumbers) -> averaged_laws.Devices:
    """Points that stand for the devices of a population of format 2."""
    return averaged_laws.devices_of(numbers, _spreads(numbers))


def _spreads(numbers: ModelNumbers) -> tuple[float, ...]:
    return tuple(float(s) for s in np.sqrt(np.diag(covariance(numbers))))


def _frozen(array: F64) -> F64:
    array.flags.writeable = False
    return array
