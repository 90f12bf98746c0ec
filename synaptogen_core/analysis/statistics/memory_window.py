"""Memory window and overlap: how well one threshold tells the two states apart, for all cells and cycles."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core.analysis.columns import columns_of, described
from synaptogen_core.analysis.resampling import check_confidence
from synaptogen_core.analysis.statistics import order_statistics as arrays
from synaptogen_core.analysis.statistics import thresholds as window
from synaptogen_core.analysis.statistics.distributions import BOUND, interval_words
from synaptogen_core.types import F64


def memory_window(
    ds: xr.Dataset,
    high: str = "r_hrs",
    low: str = "r_lrs",
    *,
    thresholds: int | ArrayLike = 200,
    probability: float = 0.01,
    confidence: float = 0.95,
) -> xr.Dataset:
    """Bit error rate against the read threshold, the best threshold, and the width of the window.

    One threshold serves all cells and cycles; a resistance above it is read as the high state. Both states are taken as
    equally likely. Values that are not finite and positive are skipped.

    Parameters
    ----------
    ds : xarray.Dataset
        As `simulate` gives it.
    high, low : str
        The variables of the two states: resistances, or others that are positive.
    thresholds : int or array_like
        Number of thresholds, equally spaced in the logarithm over the range of both, or the thresholds themselves,
        rising, in the variables' unit.
    probability : float
        The window's width is the ratio of this quantile of `high` to the quantile of 1 - `probability` of `low`.
    confidence : float
        Probability of the intervals.

    Returns
    -------
    xarray.Dataset
        On ``threshold``: ``bit_error_rate`` with ``bit_error_rate_interval`` (on ``(threshold, bound)``),
        ``high_error`` (share of high values below) and ``low_error`` (share of low values not below). Single numbers:
        ``best_threshold`` (the best of all possible ones, not only of those above), ``best_bit_error_rate``,
        ``window_ratio`` and ``median_ratio``, the last three with ``<name>_interval``. The interval of the best rate
        takes the threshold as chosen: with few cells it is somewhat too hopeful. Where no error was seen, it ends at
        the largest share of cells that would still show none.

    Raises
    ------
    ValueError
        For an unknown variable, one without a positive value, or thresholds that are not positive and rising.
    """
    check_confidence(confidence)
    if not 0.0 < probability < 0.5:
        raise ValueError(f"probability: must lie between 0 and 0.5 (got {probability!r}); 0.01 takes the 1 % tails")
    (above, below), _ = columns_of(ds, (high, low), "log")
    matrices = (above, below)
    scans = arrays.scan(above, "log"), arrays.scan(below, "log")
    for name, found in zip((high, low), scans, strict=True):
        if not found.used:
            raise ValueError(f"ds: must hold positive values of {name!r} (got none); simulate or record some")
    ordered = arrays.ordered_values(above, "log"), arrays.ordered_values(below, "log")
    at = _thresholds(thresholds, *scans)
    cells = above.shape[1]
    usable = scans[0].usable, scans[1].usable
    errors = window.error_counts(above, below, scans, at, "log")
    rate, interval = window.error_rate(errors, usable, cells, confidence)
    best, best_rate = window.best_threshold(*ordered, "log")
    best_interval = _interval_at(best, matrices, usable, confidence)
    tails = probability, 1.0 - probability
    ratio, ratio_interval = window.quantile_ratio(matrices, ordered, scans, tails, confidence)
    median, median_interval = window.quantile_ratio(matrices, ordered, scans, (0.5, 0.5), confidence)
    unit = described(low, ds)[1]
    percent = f"{100 * confidence:g} % interval of the "
    window_words = (
        f"ratio of the {100 * probability:g} % quantile of {high} to the {100 - 100 * probability:g} % of {low}"
    )
    return xr.Dataset(
        {
            "bit_error_rate": ("threshold", rate, {"long_name": "bit error rate", "units": "1"}),
            "bit_error_rate_interval": (
                ("threshold", "bound"),
                interval,
                {"long_name": f"{percent}bit error rate", "units": "1"},
            ),
            "high_error": (
                "threshold",
                errors[0].sum(axis=0) / usable[0].sum(),
                {"long_name": f"share of {high} below the threshold", "units": "1"},
            ),
            "low_error": (
                "threshold",
                errors[1].sum(axis=0) / usable[1].sum(),
                {"long_name": f"share of {low} not below the threshold", "units": "1"},
            ),
            "best_threshold": ((), best, {"long_name": "threshold of the smallest bit error rate", "units": unit}),
            "best_bit_error_rate": ((), best_rate, {"long_name": "smallest bit error rate", "units": "1"}),
            "best_bit_error_rate_interval": (
                "bound",
                best_interval,
                {"long_name": f"{percent}bit error rate at the best threshold", "units": "1"},
            ),
            "window_ratio": ((), ratio, {"long_name": window_words, "units": "1"}),
            "window_ratio_interval": ("bound", ratio_interval, {"long_name": percent + window_words, "units": "1"}),
            "median_ratio": ((), median, {"long_name": f"ratio of the medians of {high} and {low}", "units": "1"}),
            "median_ratio_interval": (
                "bound",
                median_interval,
                {"long_name": f"{percent}ratio of the medians of {high} and {low}", "units": "1"},
            ),
        },
        coords={"threshold": ("threshold", at, {"long_name": "read threshold", "units": unit}), "bound": BOUND},
        attrs={
            "high": high,
            "low": low,
            "cells": cells,
            "skipped": above.size + below.size - ordered[0].size - ordered[1].size,
            "prior": "both states equally likely",
            **interval_words("normal interval (rates on the logit scale, ratios on the log scale)", confidence),
        },
    )


def _interval_at(
    threshold: float,
    matrices: tuple[arrays.Matrix, arrays.Matrix],
    usable: tuple[arrays.Counts, arrays.Counts],
    confidence: float,
) -> F64:
    """Interval of the bit error rate at one threshold, shape (2,)."""
    high_below, low_below = (arrays.group_counts_below(matrix, np.array([threshold]), "log") for matrix in matrices)
    errors = (high_below, usable[1][:, None] - low_below)
    interval = window.error_rate(errors, usable, matrices[0].shape[1], confidence)[1]
    return np.asarray(interval[0])


def _thresholds(wanted: int | ArrayLike, high: arrays.Scan, low: arrays.Scan) -> F64:
    if isinstance(wanted, (int, np.integer)):
        if not 2 <= wanted <= 100_000:
            raise ValueError(f"thresholds: must be from 2 to 100000 (got {wanted}); 200 is usual")
        ends = min(high.low, low.low), max(high.high, low.high)
        if ends[0] == ends[1]:
            ends = ends[0] / 1.001, ends[1] * 1.001
        return arrays.Uniform(*ends, int(wanted) - 1, "log").edges
    at = np.array(wanted, dtype=np.float64)
    if at.ndim != 1 or at.size < 2 or not np.isfinite(at).all() or at[0] <= 0 or not np.all(np.diff(at) > 0):
        raise ValueError(f"thresholds: must be at least two positive rising numbers (got {wanted!r}); or their number")
    return at
