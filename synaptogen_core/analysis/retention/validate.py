"""How good a fitted retention law is: births held back, the last decade held back, and what has moved staying moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.retention.characteristic import moved
from synaptogen_core.analysis.retention.fit import CORNER, RetentionFit, at_birth, levels_of
from synaptogen_core.analysis.retention.likelihood import (
    Best,
    Increments,
    increments,
    maximise,
    reversible,
    total,
    with_flicker,
)
from synaptogen_core.device.retention.jumps import coordinate
from synaptogen_core.device.retention.table import RetentionTable
from synaptogen_core.types import F64

KINDS = ("jumps", "gaussian", "independent", "none")
COVERAGES = (0.5, 0.9, 0.99)
BINS = 10
WINSOR = 0.02
LEVELS = 4


@dataclass(frozen=True, eq=False)
class RetentionValidation:
    """How good a fitted law is.

    Attributes
    ----------
    held_out : xarray.DataArray
        Mean log-likelihood of an increment of births held back, over `law`: jumps, gaussian (walk), independent (drawn
        anew at each time), none (no time); increments in uS.
    coverage : xarray.DataArray
        Share of the last increments that the law, fitted to those before, holds in its central intervals; over
        `law` (jumps, gaussian), `level` and `interval`.
    two_time : xarray.DataArray
        cov(D(t1), D(t2))/var(D(t1)) over `time` t2 and `of` (value, low, high): 1 for a walk, 1/2 for a stationary
        process, 0 if each time is drawn anew.
    histogram : xarray.DataArray
        Probability integral transform of the last increments in ten bins: flat for a perfect law.
    verdict : tuple of str
    """

    held_out: xr.DataArray
    coverage: xr.DataArray
    two_time: xr.DataArray
    histogram: xr.DataArray
    verdict: tuple[str, ...]


def validate_retention(fit: RetentionFit, *, resamples: int = 200, seed: int = 0) -> RetentionValidation:
    """Compare a fit with a Gaussian walk, independent draws and no time at all.

    Parameters
    ----------
    fit : RetentionFit
        From `fit_retention`; of a table with three times at least.
    resamples : int
        For the interval of the two-time ratio.
    seed : int
        Of the drawing, and of the births held back.

    Returns
    -------
    RetentionValidation

    Raises
    ------
    TypeError, ValueError
        If the table has too few times.
    """
    checks.instance("fit", fit, RetentionFit, "use fit_retention")
    if not fit.identified:
        raise ValueError("fit: must come from a table of three times at least (got fewer); its law cannot be validated")
    g, times = fit.table.wide()
    born, rng = at_birth(g), np.random.default_rng(checks.whole("seed", seed, 0, 2**63 - 1))
    y = np.where(np.isnan(g), np.nan, coordinate(np.where(np.isnan(g), 1.0, g), fit.law.corner))
    groups = levels_of(born, LEVELS)
    scores = np.zeros(len(KINDS))
    coverage = np.full((2, len(groups), len(COVERAGES)), np.nan)
    transform = np.zeros(BINS)
    for row, members in enumerate(groups):
        half = rng.permutation(members)
        train = increments(y[half[::2]], times, fit.law.t0)
        test = increments(y[half[1::2]], times, fit.law.t0)
        for k, kind in enumerate(KINDS):
            best = _best(kind, train)
            likely = total(kind, best.jumps, best.noise, test, best.flicker) / test.size
            scores[k] += (likely + np.log(1e-6)) / len(groups)
        if times.size > 3:
            early = increments(y[members][:, :-1], times[:-1], fit.law.t0)
            last = increments(y[members], times, fit.law.t0)
            for k, kind in enumerate(KINDS[:2]):
                p = _transform(kind, _best(kind, early), last)
                coverage[k, row] = [np.mean(np.abs(p - 0.5) < c / 2) for c in COVERAGES]
                if k == 0:
                    transform += np.histogram(p, BINS, (0, 1))[0]
    ratio = _two_time(y, times, groups, resamples, rng)
    held = xr.DataArray(scores, {"law": list(KINDS)}, ("law",), "log_likelihood")
    cover = xr.DataArray(
        coverage,
        {"law": list(KINDS[:2]), "level": [float(np.median(born[m])) for m in groups], "interval": list(COVERAGES)},
        ("law", "level", "interval"),
        "coverage",
    )
    bins = xr.DataArray(transform / max(transform.sum(), 1) * BINS, {"bin": (np.arange(BINS) + 0.5) / BINS}, ("bin",))
    return RetentionValidation(held, cover, ratio, bins, _verdict(held, cover, ratio))


def _best(kind: str, data: Increments) -> Best:
    """The most likely law of a kind; both walks may have a reversible part that grows."""
    best = maximise(kind, data)
    return with_flicker(kind, best, data) if kind in KINDS[:2] else best


def _transform(kind: str, best: Best, data: Increments) -> F64:
    """Where the last increments lie in what the law predicts, 0 to 1."""
    from scipy.special import ndtr

    first, last, x, jumps = data.first[-1], data.last[-1], data.moved[-1], best.jumps
    noise = reversible(best.noise, best.flicker, data.apart[-1])
    if kind == "jumps":
        there = moved(jumps, last - first, noise, reach=1.05 * float(np.abs(x).max()))
        return np.asarray(there.below(x))
    sd = np.hypot(jumps.spread * np.sqrt(last - first), noise)
    return np.asarray(ndtr((x - jumps.mean * (last - first)) / sd))


def two_time_ratio(moved_by: F64, weights: np.ndarray | None = None) -> F64:
    """cov(D(t1), D(t2))/var(D(t1)) for each later time, differences winsorised at 2 %.

    Parameters
    ----------
    moved_by : ndarray of float64, shape (births, times)
        Since birth, medians of levels removed [S]; NaN where not read.
    weights : ndarray of int, optional
        Births drawn again.

    Returns
    -------
    ndarray of float64, shape (times - 1,)
    """
    d = moved_by if weights is None else moved_by[weights]
    low, high = _quantiles(d, WINSOR, 1 - WINSOR)
    d = np.clip(d, low, high)
    result = []
    for k in range(1, d.shape[1]):
        both = ~np.isnan(d[:, 0]) & ~np.isnan(d[:, k])
        a, b = d[both, 0], d[both, k]
        result.append(float(np.mean((a - a.mean()) * (b - b.mean())) / a.var()) if a.size > 2 and a.var() else np.nan)
    return np.array(result)


def _quantiles(values: F64, *shares: float) -> F64:
    """Quantiles of each column, over what was read in it; NaN where nothing was."""
    found = np.full((len(shares), values.shape[1]), np.nan)
    read = ~np.isnan(values).all(axis=0)
    found[:, read] = np.nanquantile(values[:, read], shares, axis=0)
    return found


def two_time(table: RetentionTable, *, resamples: int = 200, seed: int = 0) -> xr.DataArray:
    """How much of what has moved by the first time stays moved: cov(D(t1), D(t2))/var(D(t1)), D = Y(t) - Y(0).

    Parameters
    ----------
    table : RetentionTable
        Read at birth and at two later times at least.
    resamples : int
        Times that births are drawn again for the interval.
    seed : int
        Of that drawing.

    Returns
    -------
    xarray.DataArray
        (time t2, of: value, low, high); empty where the table cannot tell. A walk has 1, a stationary process 1/2, what
        is drawn anew at each time 0.
    """
    g, times = table.wide()
    born = at_birth(g)
    corner = CORNER * float(np.quantile(born, 0.99))
    y = np.where(np.isnan(g), np.nan, coordinate(np.where(np.isnan(g), 1.0, g), corner))
    return _two_time(y, times, levels_of(born, LEVELS), resamples, np.random.default_rng(seed))


def _two_time(y: F64, times: F64, groups: list[np.ndarray], resamples: int, rng: np.random.Generator) -> xr.DataArray:
    if np.isnan(y[:, 0]).all() or times.size < 3:
        return xr.DataArray(np.empty((0, 3)), dims=("time", "of"))
    d = y[:, 1:] - y[:, :1]
    for members in groups:
        d[members] -= _quantiles(d[members], 0.5)
    value = two_time_ratio(d)
    again = [two_time_ratio(d, rng.integers(0, len(d), len(d))) for _ in range(resamples)]
    low, high = _quantiles(np.array(again), 0.025, 0.975) if again else (value, value)
    coords = {"time": times[2:], "of": ["value", "low", "high"]}
    return xr.DataArray(np.stack([value, low, high], axis=1), coords, ("time", "of"), "two_time_ratio")


def _verdict(held: xr.DataArray, cover: xr.DataArray, ratio: xr.DataArray) -> tuple[str, ...]:
    better = float(held.sel(law="jumps") - held.sel(law="gaussian"))
    word = "beat" if better > 0 else "do not beat"
    said = [f"Births held back: jumps {word} a Gaussian walk by {better:.2f} nats an increment."]
    if np.isfinite(cover).any():
        shares = " ".join(
            f"{c:.0%}: {float(one.min()):.0%} to {float(one.max()):.0%}"
            for c, one in ((c, cover.sel(law="jumps", interval=c)) for c in COVERAGES)
        )
        said.append(f"Last times held back, share inside the intervals by level, {shares}.")
    if ratio.size:
        value, low, high = (float(v) for v in ratio[-1])
        nearest = (
            "a walk (1)" if value > 0.75 else "a stationary process (1/2)" if value > 0.25 else "independent draws (0)"
        )
        said.append(f"Two-time ratio {value:.2f} ({low:.2f} to {high:.2f}): nearest to {nearest}.")
    return tuple(said)
