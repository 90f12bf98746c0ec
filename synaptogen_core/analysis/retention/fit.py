"""A measured table -> a retention law, each number with its interval; and what such a table cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.retention.likelihood import Best, increments, maximise, total, with_flicker
from synaptogen_core.device.retention.jumps import coordinate
from synaptogen_core.device.retention.law import GAUSSIAN_RATE, RetentionLaw
from synaptogen_core.device.retention.table import RetentionTable
from synaptogen_core.types import F64

CORNER = 0.2  # of the largest conductance at birth
LEVELS = 7
ROOM = 300.0  # K: taken where a table states none
LEAST = 150  # births of a level
T0 = 0.5  # of the first delay, to begin with
NAMES = ("spread", "rate", "mean", "reversible", "flicker")


@dataclass(frozen=True, eq=False)
class RetentionFit:
    """What was learnt of a table.

    Attributes
    ----------
    law : RetentionLaw
    estimates : xarray.Dataset
        spread, rate, mean, reversible, flicker over `level`, each with `_low` and `_high`: 95 % intervals by drawing
        births again, twice at least. No flicker: the reversible part was not seen to grow with the time between reads.
    table : RetentionTable
    notes : tuple of str
        What was assumed, and what the table cannot tell.
    identified : bool
        Whether the rate of jumps is: not with one delay only.
    """

    law: RetentionLaw
    estimates: xr.Dataset
    table: RetentionTable
    notes: tuple[str, ...]
    identified: bool


def levels_of(g: F64, most: int) -> list[np.ndarray]:
    """Births in groups of neighbouring conductance, as many in each.

    Parameters
    ----------
    g : ndarray of float64, shape (births,)
        At birth [S].
    most : int
        Largest number of groups.

    Returns
    -------
    list of ndarray of int
        Numbers of births.
    """
    count = max(1, min(most, g.size // LEAST))
    return np.array_split(np.argsort(g, kind="stable"), count)


def at_birth(g: F64) -> F64:
    """The earliest read of each birth [S], shape (births,)."""
    first = np.argmax(~np.isnan(g), axis=1)
    return np.asarray(g[np.arange(len(g)), first])


def fit_retention(
    table: RetentionTable, *, name: str = "fitted", levels: int = LEVELS, resamples: int = 12, seed: int = 0
) -> RetentionFit:
    """Learn a law of jumps in logarithmic time from a measured table.

    The likelihood is that of the increments between successive reads, by a Fourier transform; the read at birth, which
    verifying has picked, is used for t0 alone.

    Parameters
    ----------
    table : RetentionTable
        From `load_retention_table`.
    name : str
        Of the law.
    levels : int
        Most groups of conductances at birth, each of at least 150 births.
    resamples : int
        Times that the births are drawn again for the intervals; 0 for none.
    seed : int
        Of that drawing.

    Returns
    -------
    RetentionFit

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule, or no birth was read twice.
    """
    checks.instance("table", table, RetentionTable, "use load_retention_table")
    levels, resamples = checks.whole("levels", levels, 1, 50), checks.whole("resamples", resamples, 0, 10_000)
    g, times = table.wide()
    born = at_birth(g)
    corner = CORNER * float(np.quantile(born, 0.99))
    y = coordinate(np.where(np.isnan(g), 1.0, g), corner)
    y = np.where(np.isnan(g), np.nan, y)
    t0 = T0 * float(times[1]) if times.size > 1 else 1.0
    single = times.size < 3
    if times.size < 2 or increments(y, times, t0, 0).size == 0:
        raise ValueError("table: must read births at two times at least (got one); one read says nothing of time")
    groups = levels_of(born, levels)
    found, low, high = [], [], []
    rng = np.random.default_rng(checks.whole("seed", seed, 0, 2**63 - 1))
    skip = 0 if single else 1
    for members in groups:
        data = increments(y[members], times, t0, skip)
        kind = "gaussian" if single else "jumps"
        best = maximise(kind, data)
        if not single:
            best = with_flicker(kind, best, data)
        found.append(_row(best, single))
        again = []
        for _ in range(resamples):
            drawn = rng.choice(members, members.size)
            again.append(_row(maximise(kind, increments(y[drawn], times, t0, skip), best), single))
        ends = _interval(np.array(found[-1]), np.array(again))
        low.append(ends[0])
        high.append(ends[1])
    values = np.array(found)
    if not single:
        t0 = _beginning(y, times, groups, values, t0)
    nodes = np.array([float(np.median(born[members])) for members in groups])
    nodes = np.maximum.accumulate(nodes + np.arange(nodes.size) * 1e-15)
    law = RetentionLaw(
        name, nodes, values[:, 0], np.minimum(values[:, 1], GAUSSIAN_RATE), t0, corner, values[:, 2], values[:, 3],
        flicker=values[:, 4],
        temperature=ROOM if table.temperature is None else table.temperature,
        time_range=(float(times[1]), float(times[-1])), source=f"{table.births:,} births of {table.source}"[:500],
    )  # fmt: skip
    notes = [f"t0 = {t0 * 1e3:.3g} ms comes from the first delay: it says little about physics"]
    if table.temperature is None:
        notes.append(f"the table states no temperature: taken as {ROOM:g} K")
    if single:
        notes.append("one delay only: s holds all that moved; rate of jumps and reversible part: not identified")
    grown = int(np.count_nonzero(values[:, 4]))
    if grown:
        notes.append(
            f"the reversible part grows with the time between reads, as flicker does ({grown} of {len(groups)} levels)"
        )
    return RetentionFit(law, _estimates(nodes, values, np.array(low), np.array(high)), table, tuple(notes), not single)


def _row(best: Best, single: bool) -> tuple[float, ...]:
    if single:  # all that moved is taken for the walk
        return float(np.hypot(best.jumps.spread, best.noise)), GAUSSIAN_RATE, 0.0, 0.0, 0.0
    return best.jumps.spread, best.jumps.rate, best.jumps.mean, best.noise, best.flicker


def _interval(value: F64, again: F64) -> tuple[F64, F64]:
    """95 % interval by Student's t of a few drawings; in the logarithm of what cannot be negative."""
    from scipy.special import stdtrit

    if len(again) < 2:
        return np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    t = float(stdtrit(len(again) - 1, 0.975))
    signed = np.arange(value.size) == NAMES.index("mean")
    straight = t * again.std(axis=0, ddof=1)
    positive = np.where(signed | (again <= 0), 1.0, again)  # one delay: what is not identified stays as it is
    factor = np.exp(t * np.log(positive).std(axis=0, ddof=1))
    low, high = (np.where(signed, value + sign * straight, value * factor**sign) for sign in (-1, 1))
    none = ~signed & (value == 0)  # what was not seen has no interval
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def _beginning(y: F64, times: F64, groups: list[np.ndarray], values: F64, start: float) -> float:
    """t0 by the first increments, the other numbers given."""
    from synaptogen_core.analysis.retention.characteristic import Jumps

    def likely(t0: float) -> float:
        result = 0.0
        for members, (s, kappa, m, noise, flicker) in zip(groups, values, strict=True):
            first = increments(y[members][:, :2], times[:2], t0, 0)
            result += total("jumps", Jumps(s, kappa, m), noise, first, flicker)
        return result

    if np.isnan(y[:, 0]).all():
        return start
    tried = float(times[1]) * np.geomspace(0.05, 3, 13)
    return float(tried[int(np.argmax([likely(t) for t in tried]))])


def _estimates(nodes: F64, values: F64, low: F64, high: F64) -> xr.Dataset:
    units = {"spread": "S", "rate": "1", "mean": "S", "reversible": "S", "flicker": "S"}
    words = {
        "spread": "s: growth of the standard deviation per root of an e-fold",
        "rate": "kappa: jumps an e-fold",
        "mean": "m: drift an e-fold",
        "reversible": "standard deviation of the reversible part of a read",
        "flicker": "growth of that part per root of an e-fold between reads",
    }
    data = {}
    for k, name in enumerate(NAMES):
        for suffix, array in (("", values), ("_low", low), ("_high", high)):
            data[name + suffix] = (
                "level",
                array[:, k],
                {"units": units[name], "long_name": words[name] + suffix.replace("_", ", ")},
            )
    return xr.Dataset(data, {"level": ("level", nodes, {"long_name": "conductance at birth", "units": "S"})})
