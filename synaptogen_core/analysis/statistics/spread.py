"""Cycle to cycle and device to device, told apart: the standard deviations of each feature and their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core.analysis.columns import (
    cell_blocks,
    check_cells,
    check_times,
    device_of,
    feature_list,
    model_indices,
    repeating_cells,
    scale_of,
    scaled_words,
    series_of,
)
from synaptogen_core.analysis.population.moments import population_moments
from synaptogen_core.analysis.resampling import bootstrap_interval, check_resampling, group_starts
from synaptogen_core.analysis.statistics import lag_products, variance_components
from synaptogen_core.analysis.statistics.autocorrelation import memory_of
from synaptogen_core.analysis.statistics.distributions import BOUND, interval_words
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.types import F64

PARTS = ("cycle_to_cycle", "device_to_device", "total")
METHODS = {
    "memory": "moment equations with the known correlation over lags; variances unbiased at any number of cycles",
    "anova": "one-way analysis of variance: takes the cycles of a cell as independent, biased where they are not",
}


def spread(
    ds: xr.Dataset,
    features: str | Sequence[str] | None = None,
    *,
    method: str = "memory",
    autocorrelation: ArrayLike | Mapping[str, ArrayLike] | None = None,
    device: DeviceParameters | None = None,
    scale: str | None = None,
    confidence: float = 0.95,
    replicates: int = 400,
    seed: int = 0,
) -> xr.Dataset:
    """Spread of each feature, split into cycle to cycle and device to device.

    Cell c is taken as m_c + s_c z(n), with z of known correlation over lags, m_c and s_c different for each cell.
    Cycle to cycle is the root of the mean over cells of s_c^2 var z, device to device the standard deviation of m_c
    (the cell's true mean). The cycles of a cell being correlated, its mean over N of them varies more than s/sqrt(N),
    and the spread about that mean is too small; both are put right with the factor that follows from the correlations
    (`moments`). The variances are unbiased at any N of at least 2, whatever the distribution of s_c.

    Parameters
    ----------
    ds : xarray.Dataset
        As `simulate` gives it: at least 2 cycles and 2 cells.
    features : str or sequence of str, optional
        Variables; by default the features that the Dataset holds.
    method : {"memory", "anova"}
        "anova" is the textbook's analysis of variance, for comparison: from 100 cycles of LRS it takes 19 % of the
        cycle-to-cycle variance for device to device.
    autocorrelation : array_like or mapping of feature to array_like, optional
        Correlation within a cell by lag, from 1 at lag 0; zero beyond its end. By default the exact one of the device.
    device : DeviceParameters, optional
        By default the device of the Dataset.
    scale : {"linear", "log"}, optional
        By default the feature's own; another one needs `autocorrelation`.
    confidence, replicates, seed
        Probability, number of resamples and seed of the bootstrap over cells.

    Returns
    -------
    xarray.Dataset
        For each feature, on ``part`` (cycle_to_cycle, device_to_device, total): ``<feature>``, the standard deviation;
        ``<feature>_variance``, which is unbiased and can be negative where the spread is 0 (the standard deviation is
        then 0); ``<feature>_model``, the exact standard deviation where the device is known; and ``<feature>_interval``
        on ``(part, bound)``. On ``feature``: ``device_share``, the share of device to device in the total variance,
        with ``device_share_interval`` and ``device_share_model``.

    Raises
    ------
    ValueError
        For an unknown variable, too few cycles or cells, or where the correlation over lags is not known.

    Notes
    -----
    The model's exact values hold for cells that draw a new vector every cycle. The attribute ``repeating`` counts those
    that do not: a cell whose SET voltage was drawn beyond the pulse is stuck from then on.
    """
    check_resampling(confidence, replicates)
    if method not in METHODS:
        raise ValueError(f"method: must be 'memory' or 'anova' (got {method!r}); 'memory' is unbiased")
    names = feature_list(ds, features)
    device = device_of(ds, device)
    result: dict[str, Any] = {}
    shares, cells_used = [], {}
    for name in names:
        own = scale_of(name, scale)
        matrix = series_of(ds, name)
        times, cells = matrix.shape
        check_times(times, 2, "cycle-to-cycle spread")
        index = model_indices([name], [own], ds, device)[0]
        factor = None
        if method == "memory":
            curve = _curve(name, autocorrelation, device, index, times)
            factor = lag_products.mean_covariance(curve[:, None, None], times)
        found = variance_components.cell_sums(cell_blocks([matrix], [own], group_starts(cells)), cells)
        check_cells(found.cells, found.left_out, 2, "device-to-device spread")
        cells_used[name] = found.cells
        exact = None
        if device is not None and index is not None:
            model = population_moments(device)
            exact = np.array([model.within[index, index], model.between[index, index]])
        estimate = _estimate(found, factor, confidence, replicates, seed)
        long_name, unit = scaled_words(name, own, ds)
        result |= _variables(name, long_name, unit, estimate, exact, confidence)
        shares.append(
            (
                *(part[-1] for part in estimate),
                exact[1] / exact.sum() if exact is not None and exact.sum() > 0 else np.nan,
            )
        )
    share, interval, model_share = zip(*shares, strict=True)
    words = "share of device to device in the total variance"
    result["device_share"] = ("feature", np.array(share), {"long_name": words, "units": "1"})
    result["device_share_interval"] = (
        ("feature", "bound"),
        np.array(interval),
        {"long_name": f"{100 * confidence:g} % interval of the {words}", "units": "1"},
    )
    result["device_share_model"] = ("feature", np.array(model_share), {"long_name": f"{words}, exact", "units": "1"})
    return xr.Dataset(
        result,
        coords={
            "part": ("part", list(PARTS), {"long_name": "part of the spread", "units": "1"}),
            "feature": ("feature", list(names), {"long_name": "feature", "units": "1"}),
            "bound": BOUND,
        },
        attrs={
            "method": method,
            "estimator": METHODS[method],
            "cells": ", ".join(f"{name}: {used}" for name, used in cells_used.items()),
            "repeating": ", ".join(f"{name}: {repeating_cells([series_of(ds, name)])}" for name in names),
            "seed": seed,
            **interval_words("percentile bootstrap interval", confidence),
        },
    )


def _estimate(
    found: variance_components.CellSums, factor: F64 | None, confidence: float, replicates: int, seed: int
) -> tuple[F64, F64]:
    """Variances of the three parts and the share of devices, shape (4,), and their intervals, shape (4, 2)."""
    sums = found.sums[found.sums[:, 0] > 0]

    def parts(totals: F64) -> F64:
        within, between = (part[:, 0, 0] for part in variance_components.separated(totals, 1, factor, found.times))
        total = within + between
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.stack([within, between, total, np.clip(between / total, 0.0, 1.0)], axis=1)

    estimate = parts(sums.sum(axis=0)[None])[0]
    return estimate, bootstrap_interval(sums, parts, confidence=confidence, replicates=replicates, seed=seed)


def _variables(
    name: str,
    long_name: str,
    unit: str,
    estimate: tuple[F64, F64],
    exact: F64 | None,
    confidence: float,
) -> dict[str, Any]:
    variance, interval = estimate[0][:3], estimate[1][:3]
    words = f"standard deviation of {long_name}"
    found: dict[str, Any] = {
        name: ("part", np.sqrt(np.maximum(variance, 0.0)), {"long_name": words, "units": unit}),
        f"{name}_variance": ("part", variance, {"long_name": f"variance of {long_name}", "units": f"({unit})^2"}),
        f"{name}_interval": (
            ("part", "bound"),
            np.sqrt(np.maximum(interval, 0.0)),
            {"long_name": f"{100 * confidence:g} % interval of the {words}", "units": unit},
        ),
    }
    if exact is not None:
        model = np.sqrt([exact[0], exact[1], exact.sum()])
        found[f"{name}_model"] = ("part", model, {"long_name": f"{words}, exact", "units": unit})
    return found


def _curve(
    name: str,
    given: ArrayLike | Mapping[str, ArrayLike] | None,
    device: DeviceParameters | None,
    index: int | None,
    times: int,
) -> F64:
    """Correlation by lag of one variable, shape (lags,): the given one, else the device's."""
    if isinstance(given, Mapping):
        if name not in given:
            raise ValueError(f"autocorrelation: must name every feature (got none for {name!r}); add it")
        given = given[name]
    if given is not None:
        curve = np.array(given, dtype=np.float64)
        good = curve.ndim == 1 and curve.size and np.isfinite(curve).all()
        if not good or abs(curve[0] - 1.0) > 1e-6 or np.abs(curve).max() > 1.0 + 1e-6:
            raise ValueError(
                f"autocorrelation: must be correlations by lag, from 1 at lag 0 (got {given!r}); [1.0] says that "
                "cycles are independent"
            )
        factor = lag_products.mean_covariance(curve[:, None, None], times)[0, 0]
        if not 0.0 <= factor < 1.0 - 1e-9:
            raise ValueError(
                f"autocorrelation: must leave cycles that vary within {times} cycles (got a curve that gives their "
                f"mean {factor:.3g} of the variance); check it"
            )
        return curve
    if device is None:
        raise ValueError(
            "autocorrelation: must be given for data without a device (got none); or choose method='anova', which "
            "takes cycles as independent"
        )
    if index is None:
        raise ValueError(
            f"autocorrelation: must be given for {name!r} on this scale (got none): the device's exact one is known "
            "for features on their own scale, cycle by cycle; or choose method='anova'"
        )
    return memory_of(device, times)[:, index, index]
