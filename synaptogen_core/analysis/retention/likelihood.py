"""How likely measured increments are under laws of retention: jumps, a Gaussian walk, independent draws, no time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from synaptogen_core.analysis.retention.characteristic import Jumps, moved
from synaptogen_core.types import F64

FLOOR = 1e-12  # of a density times its scale: what no law that has tails falls below
POINTS = 1 << 12
GAIN = 7.0  # nats for one more number: by chance in one of ten thousand tables
STEP = 0.1  # of the first look around, in the logarithms that are sought
STARTS = ((0.7, 0.3), (0.7, 1.5), (0.3, 0.1))  # shares of the spread, and rates, to begin from


@dataclass(frozen=True, eq=False)
class Increments:
    """What moved between successive reads: for each pair of groups of times, e-folds and displacements.

    Attributes
    ----------
    first, last : tuple of float
        u at the earlier and the later time [e-folds].
    apart : tuple of float
        Logarithmic time from one to the other, ln(1 + (t2 - t1)/t0) [e-folds].
    moved : tuple of ndarray of float64
        Increments of Y [S].
    """

    first: tuple[float, ...]
    last: tuple[float, ...]
    apart: tuple[float, ...]
    moved: tuple[F64, ...]

    @property
    def size(self) -> int:
        """How many."""
        return sum(part.size for part in self.moved)


def increments(y: F64, times: F64, t0: float, skip: int = 1) -> Increments:
    """Increments between successive reads of the same birth.

    Parameters
    ----------
    y : ndarray of float64, shape (births, groups)
        [S]; NaN where not read.
    times : ndarray of float64, shape (groups,)
        [s].
    t0 : float
        [s].
    skip : int
        Groups at the beginning that are left out: the read at birth is in every difference from it.

    Returns
    -------
    Increments
    """
    u = np.log1p(times / t0)
    pairs: dict[tuple[int, int], list[F64]] = {}
    last = np.full(y.shape[0], -1)
    for k in range(skip, times.size):
        here = ~np.isnan(y[:, k])
        for j in range(skip, k):
            both = here & (last == j)
            if both.any():
                pairs.setdefault((j, k), []).append(y[both, k] - y[both, j])
        last[here] = k
    keys = sorted(pairs)
    return Increments(
        tuple(float(u[j]) for j, _ in keys), tuple(float(u[k]) for _, k in keys),
        tuple(float(np.log1p((times[k] - times[j]) / t0)) for j, k in keys),
        tuple(np.concatenate(pairs[key]) for key in keys),
    )  # fmt: skip


def log_density(kind: str, jumps: Jumps, sd: float, first: float, last: float, x: F64) -> F64:
    """Logarithm of an increment's density, in units of 1/S.

    Parameters
    ----------
    kind : {"jumps", "gaussian", "independent", "none"}
    jumps : Jumps
    sd : float
        Of the reversible part of two reads' difference [S].
    first, last : float
        [e-folds].
    x : ndarray of float64
        Increments [S].

    Returns
    -------
    ndarray of float64
    """
    if kind == "jumps":
        there = moved(jumps, last - first, sd, reach=1.05 * float(np.abs(x).max(initial=0)), points=POINTS)
        density = there.density(x)
    else:
        spans = {"gaussian": last - first, "independent": last + first, "none": 0.0}
        variance = jumps.spread**2 * spans[kind] + sd**2
        centre = jumps.mean * (last - first) if kind != "none" else 0.0
        density = np.exp(-((x - centre) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    return np.log(np.maximum(density, FLOOR / 1e-6))


def total(kind: str, jumps: Jumps, noise: float, data: Increments, flicker: float = 0.0) -> float:
    """Sum over all increments.

    Parameters
    ----------
    kind, jumps
        As for `log_density`.
    noise, flicker : float
        Reversible part: of one read [S], and its growth [S per root of an e-fold].
    data : Increments

    Returns
    -------
    float
    """
    return float(sum(
        log_density(kind, jumps, reversible(noise, flicker, apart), first, last, x).sum()
        for first, last, apart, x in zip(data.first, data.last, data.apart, data.moved, strict=True)
    ))  # fmt: skip


def reversible(noise: float, flicker: float, apart: float) -> float:
    """Standard deviation of the reversible part of two reads' difference.

    Parameters
    ----------
    noise : float
        Of one read [S].
    flicker : float
        [S per root of an e-fold].
    apart : float
        Time between the reads [e-folds].

    Returns
    -------
    float
        [S].
    """
    return math.sqrt(2 * noise**2 + flicker**2 * apart)


@dataclass(frozen=True)
class Best:
    """What fits best.

    Attributes
    ----------
    jumps : Jumps
    noise : float
        [S].
    value : float
        Its log-likelihood.
    flicker : float
        [S per root of an e-fold].
    """

    jumps: Jumps
    noise: float
    value: float
    flicker: float = 0.0


def maximise(kind: str, data: Increments, begin: Best | None = None) -> Best:
    """The most likely law of one kind, from several starts: there are false optima.

    Parameters
    ----------
    kind : str
        As for `log_density`.
    data : Increments
    begin : Best, optional
        The only start; with flicker, if it has some.

    Returns
    -------
    Best
    """
    spans = np.concatenate([np.full(x.size, b - a) for a, b, x in zip(data.first, data.last, data.moved, strict=True)])
    x = np.concatenate(data.moved)
    scale = float(np.sqrt(np.mean(np.clip(x, *np.quantile(x, [0.01, 0.99])) ** 2 / spans)))
    quiet = float(np.median(np.abs(x))) / 0.9539 or scale / 10

    def law(p: F64) -> tuple[Jumps, float, float]:
        spread, rate = np.exp(np.clip(p[0], -5, 5)) * scale, np.exp(np.clip(p[1], -5, 4))
        mean = np.clip(p[3], -3, 3) * scale * 0.3
        mean = float(np.clip(mean, -0.99 * spread * np.sqrt(rate), 0.99 * spread * np.sqrt(rate)))
        noise, *flicker = np.exp(np.clip(np.delete(p[2:], 1), -4, 3)) * quiet
        return Jumps(float(spread), float(rate), mean), float(noise), float(flicker[0]) if flicker else 0.0

    def cost(p: F64) -> float:
        jumps, noise, flicker = law(p)
        return -total(kind, jumps, noise, data, flicker) / x.size

    if begin is not None:
        starts = [np.array([np.log(begin.jumps.spread / scale), np.log(begin.jumps.rate), np.log(begin.noise / quiet),
                            begin.jumps.mean / scale / 0.3,
                            *([np.log(begin.flicker / quiet)] if begin.flicker else [])])]  # fmt: skip
    else:
        starts = [
            np.array([np.log(share), np.log(rate), -0.5, 0.0])
            for share, rate in (STARTS if kind == "jumps" else STARTS[:1])
        ]
    most = 260 if begin is None else 120
    found = min(
        (
            minimize(
                cost,
                start,
                method="Nelder-Mead",
                options={
                    "xatol": 3e-3,
                    "fatol": 1e-6,
                    "maxfev": most,
                    "initial_simplex": _simplex(start),
                },
            )
            for start in starts
        ),
        key=lambda f: f.fun,
    )
    jumps, noise, flicker = law(found.x)
    return Best(jumps, noise, -float(found.fun) * x.size, flicker)


def with_flicker(kind: str, best: Best, data: Increments) -> Best:
    """The same with a reversible part that grows with the time between reads, if that makes the data likelier.

    Parameters
    ----------
    kind : {"jumps", "gaussian"}
    best : Best
        Without.
    data : Increments

    Returns
    -------
    Best
        `best`, where the growth gains less than `GAIN`.
    """
    half = best.noise / np.sqrt(2)
    found = maximise(kind, data, replace(best, noise=half, flicker=half))
    return found if found.value > best.value + GAIN else best


def _simplex(start: F64) -> F64:
    """Corners around a start; the method's own lie next to it where a number is nearly 0, such as a drift."""
    return np.vstack([start, start + STEP * np.eye(start.size)])


def resampled(data: Increments, weights: list[F64]) -> Increments:
    """The same increments, each drawn again as often as its birth was.

    Parameters
    ----------
    data : Increments
    weights : list of ndarray of int
        For each pair of groups, which of its increments.

    Returns
    -------
    Increments
    """
    return replace(data, moved=tuple(x[w] for x, w in zip(data.moved, weights, strict=True)))
