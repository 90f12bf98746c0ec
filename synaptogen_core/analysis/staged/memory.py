"""Slow and fast memory from the autocorrelation of normal scores, through its exact expectation about own means."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, least_squares

from synaptogen_core.types import F64

PRIOR = (0.27, np.log(67.0), 0.05)  # w, ln tau, a: five lots of one technology
WIDTH = (0.2, 1.0, 0.2)
MOST_SHARE = 0.95
LEAST_TAU, MOST_TAU = 3.0, 3000.0
BAND = slice(10, 21)  # lags that tell correlations of the slow parts
PRIOR_PAIRS = 400.0  # as many products shrink them


@dataclass(frozen=True)
class Memory:
    """Of one feature: ``rho(k) = w phi^k + (1 - w) a^k``.

    Parameters
    ----------
    share : float
        w.
    persistence : float
        phi.
    fast : float
        a.
    errors : tuple of float
        Standard deviations of w and ln tau that data and prior together leave.
    """

    share: float
    persistence: float
    fast: float
    errors: tuple[float, float] = (0.0, 0.0)

    @property
    def tau(self) -> float:
        """Cycles in which the slow part falls by a factor e."""
        return float(-1 / np.log(self.persistence))

    def autocorrelation(self, lags: int) -> F64:
        """Of lags 0 to `lags`."""
        k = np.arange(lags + 1)
        return np.asarray(self.share * self.persistence**k + (1 - self.share) * np.where(k == 0, 1.0, self.fast**k))


def about_own_mean(memory: Memory, cycles: int, lags: int) -> F64:
    """What autocorrelations come out as, about the mean of so many cycles, in units of the variance that comes out.

    Parameters
    ----------
    memory : Memory
    cycles : int
    lags : int

    Returns
    -------
    ndarray, shape (lags + 1,)
    """
    parts = ((memory.share, memory.persistence), (1 - memory.share, memory.fast))
    k = np.arange(lags + 1)
    rest = cycles - k

    def twice_summed(n: NDArray[np.intp]) -> F64:
        """Sums over m < n of the sums of rho up to lag m."""
        (w, q), (v, a) = parts
        return np.asarray(w * (n - q * (1 - q**n) / (1 - q)) / (1 - q) + v * (n - a * (1 - a**n) / (1 - a)) / (1 - a))

    first, last = twice_summed(k), twice_summed(rest)
    whole = last[0]
    # covariances of cycles with the mean, summed over the first k of them, the others, and all
    head, tail, total = (
        (first + whole - last - k) / cycles,
        (last + whole - first - rest) / cycles,
        2 * whole / cycles - 1,
    )
    found = memory.autocorrelation(lags) - tail / rest - (total - head) / rest + total / cycles
    return np.asarray(found / found[0])


def fit_memory(seen: F64, cycles: int, pairs: int, near: Memory | None = None) -> Memory:
    """Memory of one feature by penalised least squares.

    Parameters
    ----------
    seen : ndarray, shape (lags + 1,)
        Products of scores over lags; of lag 0 their variance.
    cycles : int
        Of a device, typically.
    pairs : int
        Cycles in all: with few, the prior decides.
    near : Memory, optional
        Where to start; without it, from several places.
    """
    lags = len(seen) - 1
    found = seen / seen[0]
    error = 1.3 / np.sqrt(np.maximum(pairs * (1 - np.arange(1, lags + 1) / cycles), 1.0))

    def memory(x: F64) -> Memory:
        return Memory(float(x[0]), float(np.exp(-np.exp(-x[1]))), float(x[2]))

    def known(found: OptimizeResult) -> Memory:
        error = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))
        return replace(memory(found.x), errors=(float(error[0]), float(error[1])))

    def residuals(x: F64) -> F64:
        expected = about_own_mean(memory(x), cycles, lags)
        return np.concatenate([(found[1:] - expected[1:]) / error, (x - PRIOR) / WIDTH])

    low, high = (0.0, np.log(LEAST_TAU), -0.5), (MOST_SHARE, np.log(MOST_TAU), 0.9)
    if near is not None:
        at = (near.share, -np.log(-np.log(near.persistence)), near.fast)
        best = least_squares(residuals, np.clip(at, np.add(low, 1e-3), np.subtract(high, 1e-3)), bounds=(low, high))
        return known(best)
    starts = [np.array([w, np.log(tau), a]) for w in (0.1, 0.5) for tau in (10.0, 80.0) for a in (0.1,)]
    best = min((least_squares(residuals, s, bounds=(low, high), max_nfev=60) for s in starts), key=lambda r: r.cost)
    return known(best)


def correlations(lags: F64, memories: list[Memory], pairs: int) -> tuple[F64, F64]:
    """Correlations of the slow parts, and of the fast ones at lag 0.

    Parameters
    ----------
    lags : ndarray, shape (lags + 1, f, f)
        Products of scores.
    memories : list of f Memory
    pairs : int
        Cycles in all.

    Returns
    -------
    slow, fast : ndarray, shape (f, f)
        Positive definite.
    """
    f = len(memories)
    spread = np.sqrt(np.diagonal(lags[0]))
    seen = lags / spread / spread[:, None]
    slow, fast = np.eye(f), np.eye(f)
    weight = pairs / (pairs + PRIOR_PAIRS)
    band = np.arange(len(seen))[BAND] if len(seen) > BAND.start + 1 else np.arange(1, len(seen))
    for i in range(f):
        for j in range(i):
            one, other = memories[i], memories[j]
            root = np.sqrt(one.share * other.share)
            decay = 0.5 * (one.persistence**band + other.persistence**band)
            both = 0.5 * (seen[band, i, j] + seen[band, j, i])
            if root > 0.02 and band.size:
                slow[i, j] = slow[j, i] = np.clip(weight * (both @ decay) / (decay @ decay) / root, -0.95, 0.95)
            rest = np.sqrt((1 - one.share) * (1 - other.share))
            left = (seen[0, i, j] - root * slow[i, j]) / max(rest, 0.05)
            fast[i, j] = fast[j, i] = np.clip(weight * left, -0.95, 0.95)
    return positive(slow), positive(fast)


def positive(correlation: F64) -> F64:
    """The correlation, shrunk towards none until it is well positive."""
    for shrink in np.linspace(1.0, 0.0, 21):
        made = shrink * correlation + (1 - shrink) * np.eye(len(correlation))
        if np.linalg.eigvalsh(made)[0] > 1e-3:
            return np.asarray((made + made.T) / 2)
    return np.eye(len(correlation))
