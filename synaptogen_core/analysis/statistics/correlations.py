"""Correlation matrices of the features: within devices, between devices, and of all values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core.analysis.columns import (
    cell_blocks,
    check_cells,
    check_times,
    columns_of,
    device_of,
    feature_list,
    model_indices,
    repeating_cells,
)
from synaptogen_core.analysis.population.moments import population_moments
from synaptogen_core.analysis.resampling import bootstrap_interval, check_resampling, group_starts
from synaptogen_core.analysis.statistics import lag_products, variance_components
from synaptogen_core.analysis.statistics.autocorrelation import feature_coords, memory_of
from synaptogen_core.analysis.statistics.distributions import BOUND, interval_words
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.types import F64


def correlations(
    ds: xr.Dataset,
    features: str | Sequence[str] | None = None,
    *,
    device: DeviceParameters | None = None,
    scale: str | None = None,
    confidence: float = 0.95,
    replicates: int = 400,
    seed: int = 0,
) -> xr.Dataset:
    """Correlation matrices of the features: within devices, between devices, and of all values.

    Parameters
    ----------
    ds : xarray.Dataset
        As `simulate` gives it: at least 2 cycles and 3 cells.
    features : str or sequence of str, optional
        Variables; by default the features that the Dataset holds.
    device : DeviceParameters, optional
        For the correction and the exact values; by default the device of the Dataset.
    scale : {"linear", "log"}, optional
        By default the feature's own.
    confidence, replicates, seed
        Probability, number of resamples and seed of the bootstrap over cells.

    Returns
    -------
    xarray.Dataset
        On ``(feature, feature_other)``, each with ``<name>_interval`` and, where the model knows it, ``<name>_model``:
        ``cycle_to_cycle``, pooled over cells about the cell's true mean; ``device_to_device``, of the cells' true
        means; ``population``, of all values. And ``device_means`` and ``device_means_spearman``, of the cells' means
        as they are, without interval. Attribute ``correction``: "memory", with the exact correlations over lags taken
        out of the cells' means (`moments`), or "none: cycles taken as independent" where the device or its law is not
        known. NaN where a variance comes out negative: there is no device-to-device spread to be seen.

    Raises
    ------
    ValueError
        For an unknown variable, or too few cycles or cells.

    Notes
    -----
    The model's exact values hold for cells that draw a new vector every cycle. The attribute ``repeating`` counts those
    that do not: a cell whose SET voltage was drawn beyond the pulse is stuck from then on.
    """
    check_resampling(confidence, replicates)
    names = feature_list(ds, features)
    columns, scales = columns_of(ds, names, scale)
    times, cells = columns[0].shape
    check_times(times, 2, "correlations within devices")
    found = variance_components.cell_sums(cell_blocks(columns, scales, group_starts(cells)), cells)
    check_cells(found.cells, found.left_out, 3, "correlations between devices")
    device = device_of(ds, device)
    indices = model_indices(names, scales, ds, device)
    chosen = [i for i in indices if i is not None]
    memory = None
    if device is not None and len(chosen) == len(names):
        memory = lag_products.mean_covariance(memory_of(device, times), times)[np.ix_(chosen, chosen)]
    sums = found.sums[found.sums[:, 0] > 0]

    def matrices(totals: F64) -> F64:
        within, between = variance_components.separated(totals, len(names), memory, times)
        return np.stack(
            [variance_components.correlation_of(part) for part in (within, between, within + between)], axis=1
        )

    estimate = matrices(sums.sum(axis=0)[None])[0]
    interval = bootstrap_interval(sums, matrices, confidence=confidence, replicates=replicates, seed=seed)
    dims = ("feature", "feature_other")
    kinds = {
        "cycle_to_cycle": "correlation within devices (cycle to cycle)",
        "device_to_device": "correlation between devices (device to device), of their true means",
        "population": "correlation of all values",
    }
    result: dict[str, Any] = {}
    for n, (kind, words) in enumerate(kinds.items()):
        result[kind] = (dims, estimate[n], {"long_name": words, "units": "1"})
        result[f"{kind}_interval"] = (
            (*dims, "bound"),
            interval[n],
            {"long_name": f"{100 * confidence:g} % interval of the {words}", "units": "1"},
        )
    if device is not None and len(chosen) == len(names):
        exact = population_moments(device)
        for kind, covariance in zip(kinds, (exact.within, exact.between, exact.total), strict=True):
            matrix = variance_components.correlation_of(covariance[np.ix_(chosen, chosen)])
            result[f"{kind}_model"] = (dims, matrix, {"long_name": f"{kinds[kind]}, exact", "units": "1"})
    from scipy.stats import rankdata  # takes 0.3 s to load, and nothing else here needs it

    means = found.means
    result["device_means"] = (
        dims,
        variance_components.correlation_of(np.atleast_2d(np.cov(means.T))),
        {"long_name": "correlation of the device means as they are", "units": "1"},
    )
    result["device_means_spearman"] = (
        dims,
        variance_components.correlation_of(np.atleast_2d(np.cov(rankdata(means, axis=0).T))),
        {"long_name": "Spearman correlation of the device means as they are", "units": "1"},
    )
    return xr.Dataset(
        result,
        coords={"bound": BOUND, **feature_coords(names, 2)},
        attrs={
            "cells": found.cells,
            "left_out": found.left_out,
            "repeating": repeating_cells(columns),
            "cycles": times,
            "correction": "memory" if memory is not None else "none: cycles taken as independent",
            "scales": ", ".join(f"{n}: {s}" for n, s in zip(names, scales, strict=True)),
            "seed": seed,
            **interval_words("percentile bootstrap interval", confidence),
        },
    )
