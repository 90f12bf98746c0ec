"""A vector autoregression as a linear recursion, and its matrices; plain arrays, float64.

The start of every cell hangs on these numbers, so covariances are made of ``+ - * /`` and square roots in a fixed
order, without BLAS or LAPACK, whose last bits depend on the processor.
"""

from __future__ import annotations

import math

import numpy as np

from synaptogen_core.types import F64

DOUBLINGS = 40


def transition(a: F64) -> F64:
    """One step from the last p vectors to the next, newest first; a of shape (p, f, f), the result (p f, p f)."""
    p, f = a.shape[:2]
    step = np.eye(p * f, k=-f)
    step[:f] = np.concatenate(list(a), axis=1)
    return step


def spectral_radius(a: F64) -> float:
    """Largest absolute eigenvalue of the recursion; below 1 if it is stable. `a` as for `transition`."""
    return float(np.abs(np.linalg.eigvals(transition(a))).max())


def product(left: F64, right: F64) -> F64:
    """Matrix product, summed in the order of the inner index.

    Parameters
    ----------
    left : ndarray, shape (m, k)
    right : ndarray, shape (k, n)

    Returns
    -------
    ndarray, shape (m, n)
        The same bits on every machine, which BLAS does not promise.
    """
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


def solve_lyapunov(step: F64, noise: F64) -> F64:
    """The covariance S = F S F' + Q of a stable linear recursion, by doubling.

    Parameters
    ----------
    step : ndarray, shape (n, n)
        F.
    noise : ndarray, shape (n, n)
        Q, the covariance of what is added in each step.

    Returns
    -------
    ndarray, shape (n, n)
        S.

    Raises
    ------
    ValueError
        If the recursion is not stable.
    """
    covariance = noise.copy()
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
