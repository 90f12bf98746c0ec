"""Levels of a staircase: what each step gives over cells and cycles, and how many levels are distinguishable."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core.analysis.columns import cell_blocks, described, series_of
from synaptogen_core.analysis.resampling import (
    bootstrap_interval,
    check_resampling,
    group_starts,
    interpolated_quantiles,
)
from synaptogen_core.analysis.statistics import lag_products, variance_components
from synaptogen_core.analysis.statistics import order_statistics as arrays
from synaptogen_core.analysis.statistics.distributions import BOUND, interval_words
from synaptogen_core.analysis.statistics.thresholds import best_threshold
from synaptogen_core.types import F64

RULE = "the largest number of steps whose {:g}-{:g} % intervals over cells and cycles do not overlap"


def staircase_levels(
    ds: xr.Dataset,
    variable: str = "conductance",
    *,
    probabilities: tuple[float, float] = (0.05, 0.95),
    autocorrelation: ArrayLike | None = None,
    confidence: float = 0.95,
    replicates: int = 400,
    seed: int = 0,
) -> xr.Dataset:
    """Statistics of every step of a repeated pulse sequence, over all cells and cycles.

    Parameters
    ----------
    ds : xarray.Dataset
        Recorded pulse by pulse (`simulate(..., every=1)`): `variable` on ``(pulse, ...)`` with the coordinate
        ``pulse_step``.
    variable : str
        What is read: by default the conductance.
    probabilities : tuple of float
        The two quantiles of a level; two levels are told apart if their intervals between them do not overlap.
    autocorrelation : array_like, optional
        Correlation within a cell by lag in cycles, from 1 at lag 0, to tell device to device from cycle to cycle
        without bias. Without it the cycles are taken as independent (one-way analysis of variance), which takes a part
        of the cycle-to-cycle variance for device to device.
    confidence, replicates, seed
        Probability, number of resamples and seed of the bootstrap over cells.

    Returns
    -------
    xarray.Dataset
        On ``step`` (the position of the pulse in its cycle): ``mean_level`` with ``mean_level_interval``, ``sd``,
        ``median_level``, ``lower``, ``upper`` (the quantiles), ``cycle_to_cycle`` and ``device_to_device`` (standard
        deviations; NaN with one cycle, or one cell), ``distinguishable`` (whether the step is one of the levels told
        apart) and, where the pulse has one voltage for all cells, ``voltage``. On ``boundary``: ``bit_error_rate``
        between the levels ``lower_step`` and ``upper_step``, neighbours in the order of their medians, at the best
        ``threshold``.
        ``levels`` is the number of distinguishable levels; the attribute ``rule`` says by which rule.
        Values that are not finite are skipped, for the spreads with all other cycles of the cell.

    Raises
    ------
    ValueError
        If the Dataset is not recorded by pulses, or a step has no finite value.
    """
    check_resampling(confidence, replicates)
    low, high = probabilities
    if not 0.0 < low < high < 1.0:
        raise ValueError(f"probabilities: must be two rising numbers between 0 and 1 (got {probabilities!r})")
    matrix = series_of(ds, variable)
    if "pulse" not in ds[variable].dims or "pulse_step" not in ds.coords:
        raise ValueError(
            f"ds: must be recorded by pulses with the coordinate pulse_step (got {variable!r} on "
            f"{ds[variable].dims}); simulate(..., every=1)"
        )
    step_of = np.asarray(ds["pulse_step"].values)
    steps = np.unique(step_of)
    curve = None if autocorrelation is None else np.atleast_1d(np.asarray(autocorrelation, dtype=np.float64))
    numbers = np.empty((steps.size, 7))
    intervals = np.empty((steps.size, 2))
    ordered = []
    for n, step in enumerate(steps):
        chosen = matrix[step_of == step]
        values = arrays.ordered_values(chosen, "linear")
        if not values.size:
            raise ValueError(f"ds: must hold a finite {variable} at every step (got none at step {step}); leave it out")
        ordered.append(values)
        numbers[n, :2] = np.mean(values, dtype=np.float64), np.std(values, dtype=np.float64)
        numbers[n, 2:5] = interpolated_quantiles(values, (low, 0.5, high))
        numbers[n, 5:], intervals[n] = _spreads(chosen, curve, confidence, replicates, seed)
    told_apart = disjoint_intervals(numbers[:, 2], numbers[:, 4])
    order = np.argsort(numbers[:, 3], kind="stable")
    pairs = [best_threshold(ordered[b], ordered[a]) for a, b in pairwise(order)]
    long_name, unit = described(variable, ds)
    words = {
        "mean_level": "mean of the",
        "sd": "standard deviation of the",
        "lower": f"{100 * low:g} % quantile of the",
        "median_level": "median",
        "upper": f"{100 * high:g} % quantile of the",
        "cycle_to_cycle": "cycle-to-cycle standard deviation of the",
        "device_to_device": "device-to-device standard deviation of the",
    }
    place = {"long_name": "position of the pulse in its cycle", "units": "1"}
    result = xr.Dataset(
        {
            name: ("step", numbers[:, n], {"long_name": f"{text} {long_name}", "units": unit})
            for n, (name, text) in enumerate(words.items())
        },
        coords={"step": ("step", steps, place), "bound": BOUND},
        attrs={
            "variable": variable,
            "rule": RULE.format(100 * low, 100 * high),
            "spreads": "moment equations with the given correlation over lags"
            if curve is not None
            else "one-way analysis of variance: takes the cycles of a cell as independent",
            "seed": seed,
            **interval_words("percentile bootstrap interval", confidence),
        },
    )
    result["mean_level_interval"] = (
        ("step", "bound"),
        intervals,
        {"long_name": f"{100 * confidence:g} % interval of the mean {long_name}", "units": unit},
    )
    result["distinguishable"] = ("step", told_apart, {"long_name": "one of the distinguishable levels", "units": "1"})
    result["levels"] = ((), int(told_apart.sum()), {"long_name": "distinguishable levels", "units": "1"})
    at, rate = np.array(pairs).reshape(-1, 2).T
    result["threshold"] = ("boundary", at, {"long_name": f"best threshold of the {long_name}", "units": unit})
    result["bit_error_rate"] = ("boundary", rate, {"long_name": "bit error rate between neighbours", "units": "1"})
    result = result.assign_coords(
        lower_step=("boundary", steps[order[:-1]], place), upper_step=("boundary", steps[order[1:]], place)
    )
    return _with_voltages(result, ds, step_of)


def _spreads(
    matrix: arrays.Matrix, curve: F64 | None, confidence: float, replicates: int, seed: int
) -> tuple[F64, F64]:
    """Cycle-to-cycle and device-to-device standard deviations, shape (2,), and the interval of the mean, shape (2,)."""
    times, cells = matrix.shape
    found = variance_components.cell_sums(cell_blocks([matrix], ["linear"], group_starts(cells)), cells)
    sums = found.sums[found.sums[:, 0] > 0]
    spreads, interval = np.full(2, np.nan), np.full(2, np.nan)
    if found.cells >= 2:
        interval = bootstrap_interval(
            sums[:, :2],
            lambda totals: totals[:, 1] / totals[:, 0],
            confidence=confidence,
            replicates=replicates,
            seed=seed,
        )
        interval += found.origin[0]
        if times >= 2:
            factor = None if curve is None else lag_products.mean_covariance(curve[:, None, None], times)
            parts = variance_components.separated(sums.sum(axis=0)[None], 1, factor, times)
            spreads = np.sqrt(np.maximum([part[0, 0, 0] for part in parts], 0.0))
    return spreads, interval


def disjoint_intervals(lower: F64, upper: F64) -> np.ndarray:
    """A largest set of intervals that do not overlap: always the next one that ends first.

    Parameters
    ----------
    lower, upper : numpy.ndarray
        Ends, shape (n,).

    Returns
    -------
    numpy.ndarray
        Whether each is in the set, shape (n,), bool.
    """
    taken = np.zeros(lower.size, dtype=bool)
    end = -np.inf
    for i in np.argsort(upper, kind="stable"):
        if lower[i] > end:
            taken[i] = True
            end = upper[i]
    return taken


def _with_voltages(result: xr.Dataset, ds: xr.Dataset, step_of: np.ndarray) -> xr.Dataset:
    """Add the voltage of each step, if it is the same in all cycles and for all cells."""
    if "voltage" not in ds.coords or ds["voltage"].dims != ("pulse",):
        return result
    voltage = np.asarray(ds["voltage"].values, dtype=np.float64)
    by_step = [np.unique(voltage[step_of == step]) for step in result["step"].values]
    if any(found.size != 1 or not np.isfinite(found[0]) for found in by_step):
        return result
    long_name, unit = described("voltage", ds)
    values = np.array([found[0] for found in by_step])
    return result.assign_coords(voltage=("step", values, {"long_name": long_name, "units": unit}))
