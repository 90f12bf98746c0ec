"""Realism: what was generated beside what the device's own laws say exactly, in units of the sampling error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from app.settings.sections import Choices, Request, TabOptions
from app.work.runs import Run
from synaptogen_core.analysis import statistics_api
from synaptogen_core.counts import counted
from synaptogen_core.schema import FEATURE_NAMES

USES: frozenset[str] = frozenset()
PROBABILITIES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
LAGS = (1, 2, 5, 10, 20, 50)
CONFIDENCE, REACH, USUAL = 0.999, 3.2905, 1.96  # of the band, both ends; and of the library's 95 % intervals
RESAMPLES = 400
LEAST_CELLS, LEAST_CYCLES = 30, 5
BEYOND = 5  # cells whose values must lie beyond a quantile: bands of rarer ones rest on chance
NO_SPREAD = 1e-12


class Options(TabOptions):
    """Realism has no choices of its own."""


@dataclass(frozen=True)
class Number:
    """One number of the model: exact, as generated, and the band in which a faithful generator stays."""

    row: str
    column: str
    exact: float
    generated: float
    error: float  # standard error on the side on which the exact value lies

    @property
    def off(self) -> float:
        """Distance from the exact value in standard errors."""
        return (self.generated - self.exact) / self.error

    @property
    def inside(self) -> bool:
        """Whether it lies in the band."""
        return abs(self.off) <= REACH

    @property
    def band(self) -> tuple[float, float]:
        return self.exact - REACH * self.error, self.exact + REACH * self.error


@dataclass(frozen=True)
class Group:
    """Numbers of one kind. `of`: a quantity in whose unit they are drawn, or empty."""

    title: str
    numbers: tuple[Number, ...]
    note: str = ""

    @property
    def inside(self) -> int:
        return sum(number.inside for number in self.numbers)


@dataclass(frozen=True)
class Result:
    groups: tuple[Group, ...]
    cells: int
    cycles: int
    device: str
    notes: tuple[str, ...]  # what to know before a number outside is taken for a fault
    own: bool  # whether the device is the user's


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """All numbers of the run that have an exact law."""
    cells, notes = run.sample.count, []
    groups = [shares(run)]
    if cells < LEAST_CELLS or run.cycles < LEAST_CYCLES:
        notes.append(f"Bands need at least {LEAST_CELLS} cells and {LEAST_CYCLES} cycles.")
    else:
        groups = [quantiles(run), autocorrelation(run), *correlations(run), *groups]
    stuck = int(run.data.attrs.get("cells_stuck", 0))
    drawn = repeating(run)
    if drawn:
        notes.append(
            f"{drawn:,} of {cells:,} cells did not draw new features in every cycle"
            + (f" ({stuck:,} can no longer be switched by this train)" if stuck else "")
            + ": exact laws hold for cells that do. Use full SET and RESET pulses to compare."
        )
    return Result(tuple(groups), cells, run.cycles, run.device.name, tuple(notes),
                  not isinstance(run.request.device.device, str))  # fmt: skip


def repeating(run: Run) -> int:
    """Cells with two cycles in a row that are alike to the bit."""
    values = run.values("u_set")
    return int((np.diff(values, axis=0) == 0).any(axis=0).sum()) if run.cycles > 1 else 0


def kept(row: str, column: str, exact: float, generated: float, ends: np.ndarray, reach: float) -> Iterator[Number]:
    """The number, if it has a spread at all; `ends` lie `reach` standard errors away."""
    low, high = (float(end) for end in ends)
    error = ((high - generated) if exact > generated else (generated - low)) / reach
    if np.isfinite([exact, generated, error]).all() and error > NO_SPREAD:
        yield Number(row, column, exact, generated, error)


def quantiles(run: Run) -> Group:
    known = [p for p in PROBABILITIES if run.sample.count * min(p, 1 - p) >= BEYOND]
    found = statistics_api.quantiles(run.data, FEATURE_NAMES, known, confidence=CONFIDENCE)
    numbers = [
        number
        for name in FEATURE_NAMES
        for i, exact in enumerate(statistics_api.population_quantiles(run.device, name, known).values)
        for number in kept(f"{100 * known[i]:g} %", name, float(exact), float(found[name][i]),
                           found[f"{name}_interval"].values[i], REACH)
    ]  # fmt: skip
    far = "" if len(known) == len(PROBABILITIES) else "Rarer ones take more cells."
    return Group("Quantiles", tuple(numbers), far)


def autocorrelation(run: Run) -> Group:
    lags = [lag for lag in LAGS if lag < run.cycles / 2]
    found = statistics_api.autocorrelation(
        run.data, FEATURE_NAMES, max_lag=lags[-1], device=run.device, replicates=RESAMPLES
    )
    numbers = [
        number
        for i, name in enumerate(FEATURE_NAMES)
        for lag in lags
        for number in kept(f"lag {lag}", name, float(found["expected"][lag, i]),
                           float(found["autocorrelation"][lag, i]),
                           found["autocorrelation_interval"].values[lag, i], USUAL)
    ]  # fmt: skip
    return Group("Autocorrelation", tuple(numbers),
                 f"Exact: as the estimator sees an endless run in {counted(run.cycles, 'cycle')}.")  # fmt: skip


def correlations(run: Run) -> list[Group]:
    found = statistics_api.correlations(run.data, FEATURE_NAMES, device=run.device, replicates=RESAMPLES)
    return [matrix(found, "cycle_to_cycle", "C2C correlations"),
            matrix(found, "device_to_device", "D2D correlations")]  # fmt: skip


def matrix(found: xr.Dataset, kind: str, title: str) -> Group:
    numbers: list[Number] = []
    for i, first in enumerate(FEATURE_NAMES):
        for k, second in enumerate(FEATURE_NAMES[:i]):
            numbers += kept(first, second, float(found[f"{kind}_model"][i, k]), float(found[kind][i, k]),
                            found[f"{kind}_interval"].values[i, k], USUAL)  # fmt: skip
    return Group(title, tuple(numbers))


def shares(run: Run) -> Group:
    """Cells of each component of the mixture; the band is that of a binomial law, in both directions."""
    from scipy.stats import binom  # takes 0.3 s to load, and no other tab needs it

    component, weights = run.cells.component().ravel(), np.asarray(run.device.weights)
    numbers = []
    for k, weight in enumerate(weights):
        share, n = float((component == k).mean()), component.size
        low, high = (float(binom.ppf(p, n, weight)) / n for p in ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
        error = ((high - weight) if share > weight else (weight - low)) / REACH
        if 0 < weight < 1 and error > 0:
            name = f"component {k + 1}" + (" (outliers)" if k in run.device.outliers else "")
            numbers.append(Number(name, "share", float(weight), share, float(error)))
    return Group("Mixture shares", tuple(numbers))
