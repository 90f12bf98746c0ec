"""Slow and fast memory from the autocorrelation of normal scores, through its exact expectation about own means."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import solve_triangular
from scipy.optimize import OptimizeResult, least_squares

from synaptogen_core.types import F64

PRIOR = (0.27, np.log(67.0), 0.05)  # w, ln tau, a: five lots of one technology
WIDTH = (0.2, 1.0, 0.2)
MOST_SHARE = 0.95
LEAST_TAU, MOST_TAU = 3.0, 3000.0
LONGEST = 6000  # lags over which autocorrelations are summed
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
    covariance : ndarray, shape (3, 3)
        Of w, ln tau and a: what data and prior together leave.
    """

    share: float
    persistence: float
    fast: float
    covariance: F64 = field(default_factory=lambda: np.zeros((3, 3)), repr=False)

    @property
    def errors(self) -> tuple[float, float]:
        """Standard deviations of w and ln tau."""
        return float(np.sqrt(self.covariance[0, 0])), float(np.sqrt(self.covariance[1, 1]))

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
    found = _about_own_mean(memory, cycles, lags)
    return np.asarray(found / found[0])


def lost_variance(memory: Memory, cycles: int) -> float:
    """Share of the variance that the mean over cycles takes with it.

    Parameters
    ----------
    memory : Memory
    cycles : int
        Of the mean.
    """
    return float(1 - _about_own_mean(memory, cycles, 0)[0])


def _about_own_mean(memory: Memory, cycles: int, lags: int) -> F64:
    """The same in units of the variance about the true mean."""
    (w, q), (v, a) = (memory.share, memory.persistence), (1 - memory.share, memory.fast)
    k = np.arange(lags + 1)
    rest = cycles - k

    def twice_summed(n: NDArray[np.intp]) -> F64:
        """Sums over m < n of the sums of rho up to lag m."""
        return np.asarray(w * (n - q * (1 - q**n) / (1 - q)) / (1 - q) + v * (n - a * (1 - a**n) / (1 - a)) / (1 - a))

    first, last = twice_summed(k), twice_summed(rest)
    whole = last[0]
    # covariances of cycles with the mean, summed over the first k of them, the others, and all
    head, tail = (first + whole - last - k) / cycles, (last + whole - first - rest) / cycles
    total = 2 * whole / cycles - 1
    return np.asarray(memory.autocorrelation(lags) - tail / rest - (total - head) / rest + total / cycles)


def _bins(lags: int) -> F64:
    """Means over stretches of lags that grow: what a few numbers tell needs no more; shape (bins, lags)."""
    ends = np.unique(np.minimum(np.round(1.25 ** np.arange(0, 40)).astype(int), lags))
    edges = np.concatenate([[0], ends])
    found = np.zeros((ends.size, lags))
    for row, (first, last) in enumerate(pairwise(edges)):
        found[row, first:last] = 1 / (last - first)
    return found


def _scatter(memory: Memory, cycles: int, pairs: int, lags: int) -> F64:
    """Covariance of autocorrelations of lags 1 to `lags`, as Bartlett (1946) gives it for long series."""
    rho = memory.autocorrelation(LONGEST)
    both = np.concatenate([rho[:0:-1], rho])
    size = next_fast_len(2 * both.size, real=True)
    waves = rfft(both, size)
    own = irfft(waves * waves.conj(), size)[: 2 * lags + 1]  # sums over m of rho(m) rho(m + h)
    k = np.arange(1, lags + 1)
    r = rho[k]
    found = own[np.abs(k[:, None] - k)] + own[k[:, None] + k]
    found += 2 * (np.outer(r, r) * own[0] - np.outer(r, own[k]) - np.outer(own[k], r))
    number = np.sqrt(np.maximum(pairs * (1 - k / cycles), 1.0))
    return np.asarray(found / np.outer(number, number))


def fit_memory(seen: F64, cycles: int, pairs: int, near: Memory | None = None) -> Memory:
    """Memory of one feature by generalised least squares, with a prior.

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

    References
    ----------
    Bartlett 1946: how autocorrelations scatter, and depend on each other.
    """
    lags = len(seen) - 1
    bins = _bins(lags)
    found = bins @ (seen[1:] / seen[0])
    low, high = (0.0, np.log(LEAST_TAU), -0.5), (MOST_SHARE, np.log(MOST_TAU), 0.9)

    def memory(x: F64) -> Memory:
        return Memory(float(x[0]), float(np.exp(-np.exp(-x[1]))), float(x[2]))

    def solved(guess: Memory, starts: list[F64]) -> OptimizeResult:
        spread = bins @ _scatter(guess, cycles, pairs, lags) @ bins.T
        root = np.linalg.cholesky(spread + 1e-3 * np.diag(np.diag(spread)))

        def residuals(x: F64) -> F64:
            off = found - bins @ about_own_mean(memory(x), cycles, lags)[1:]
            return np.concatenate([solve_triangular(root, off, lower=True), (x - PRIOR) / WIDTH])

        inside = [np.clip(s, np.add(low, 1e-3), np.subtract(high, 1e-3)) for s in starts]
        return min((least_squares(residuals, s, bounds=(low, high), max_nfev=60) for s in inside), key=lambda r: r.cost)

    places = [np.array([w, np.log(tau), 0.1]) for w in (0.1, 0.5) for tau in (10.0, 80.0)]
    guess = memory(np.array(PRIOR)) if near is None else near
    at = np.array([guess.share, np.log(guess.tau), guess.fast])
    best = solved(guess, places if near is None else [at])
    best = solved(memory(best.x), [best.x])
    return replace(memory(best.x), covariance=np.linalg.inv(best.jac.T @ best.jac))


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
