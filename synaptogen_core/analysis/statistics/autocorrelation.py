"""How cycles hang together: autocorrelation and cross-correlation over lags.

Every estimate stands beside the model's exact value where the Dataset knows its device (`ds.attrs["settings"]`), or
one is given. Features are taken on their own scale (log10 for r_hrs) unless another is asked for; the model has no
exact curve for another scale, and says so with NaN. Cells with a missing value in any of the variables are left out,
and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core import checks
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
from synaptogen_core.analysis.statistics import lag_products
from synaptogen_core.analysis.statistics.distributions import BOUND, interval_words
from synaptogen_core.device import stationary
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.types import F64

DIVISORS = ("N", "N-k")
USUAL_LAGS = 50
DEAD = 1e-9  # a correlation below it is no correlation


def autocorrelation(
    ds: xr.Dataset,
    features: str | Sequence[str] | None = None,
    *,
    max_lag: int | None = None,
    divide_by: str = "N",
    device: DeviceParameters | None = None,
    scale: str | None = None,
    confidence: float = 0.95,
    replicates: int = 400,
    seed: int = 0,
) -> xr.Dataset:
    """Autocorrelation of each feature over lags, pooled over cells, each about its own mean.

    The cell's mean comes from the same dependent cycles, which lowers the curve: LRS of the published device at lag 10
    comes out 0.177 from 100 cycles where 0.377 is true. `expected` is what this estimator gives on average.

    Parameters
    ----------
    ds : xarray.Dataset
        As `simulate` gives it, at least 2 cycles.
    features : str or sequence of str, optional
        Variables; by default the features that the Dataset holds.
    max_lag : int, optional
        Largest lag, below the number of cycles N; by default 50, or N - 1 if that is less.
    divide_by : {"N", "N-k"}
        Divisor of the N - k products of lag k: the conventional N (smaller variance), or N - k.
    device : DeviceParameters, optional
        For the model's curves; by default the device of the Dataset.
    scale : {"linear", "log"}, optional
        By default the feature's own.
    confidence, replicates, seed
        Probability, number of resamples and seed of the bootstrap over cells.

    Returns
    -------
    xarray.Dataset
        On ``(lag, feature)``: ``autocorrelation``; ``expected``, the exact curve as this estimator sees it at this
        number of cycles (ratio of exact expectations); ``model``, the exact curve of the feature. On
        ``(lag, feature, bound)``: ``autocorrelation_interval``.

    Raises
    ------
    ValueError
        For an unknown variable, too few cycles or cells, or a lag that is out of range.

    Notes
    -----
    Pooled: products are summed over cells before they are divided, so cells with a large spread weigh more, and the
    ratio has no bias from single short series.

    The model's exact values hold for cells that draw a new vector every cycle. The attribute ``repeating`` counts those
    that do not: a cell whose SET voltage was drawn beyond the pulse is stuck from then on.
    """
    return _over_lags(ds, features, max_lag, divide_by, device, scale, confidence, replicates, seed, cross=False)


def cross_correlation(
    ds: xr.Dataset,
    features: str | Sequence[str] | None = None,
    *,
    max_lag: int | None = None,
    divide_by: str = "N",
    device: DeviceParameters | None = None,
    scale: str | None = None,
    confidence: float = 0.95,
    replicates: int = 400,
    seed: int = 0,
) -> xr.Dataset:
    """Correlation over lags of every feature with every other, pooled over cells, each about its own mean.

    Element (lag k, feature i, feature_other j) is that of i in cycle n with j in cycle n - k; for negative lags swap
    the features.

    Parameters
    ----------
    ds, features, max_lag, divide_by, device, scale, confidence, replicates, seed
        As for `autocorrelation`.

    Returns
    -------
    xarray.Dataset
        On ``(lag, feature, feature_other)``: ``cross_correlation``, ``expected`` and ``model`` as for
        `autocorrelation`; with another ``bound``: ``cross_correlation_interval``. ``model`` is the correlation within
        one cell. Pooling cells of unlike spread lowers that between two features by a few percent, exactly as
        ``expected`` says.

    Raises
    ------
    ValueError
        As `autocorrelation`.
    """
    return _over_lags(ds, features, max_lag, divide_by, device, scale, confidence, replicates, seed, cross=True)


def _over_lags(
    ds: xr.Dataset,
    features: str | Sequence[str] | None,
    max_lag: int | None,
    divide_by: str,
    device: DeviceParameters | None,
    scale: str | None,
    confidence: float,
    replicates: int,
    seed: int,
    *,
    cross: bool,
) -> xr.Dataset:
    check_resampling(confidence, replicates)
    if divide_by not in DIVISORS:
        raise ValueError(f"divide_by: must be 'N' or 'N-k' (got {divide_by!r}); 'N' is conventional")
    names = feature_list(ds, features)
    columns, scales = columns_of(ds, names, scale)
    times, cells = columns[0].shape
    check_times(times, 2, "a correlation over lags")
    last = min(USUAL_LAGS, times - 1) if max_lag is None else checks.whole("max_lag", max_lag, 0, times - 1)
    blocks = cell_blocks(columns, scales, group_starts(cells, lag_products.GROUPS))
    products, used = lag_products.pooled_products(blocks, cells, last, cross=cross)
    check_cells(int(used.sum()), cells - int(used.sum()), 1, "a correlation over lags")
    shape = products.shape[1:]
    estimate = lag_products.ratios(products.sum(axis=0), times, divide_by)
    interval = bootstrap_interval(
        products.reshape(products.shape[0], -1)[used > 0],
        lambda totals: lag_products.ratios(totals.reshape(-1, *shape), times, divide_by),
        confidence=confidence,
        replicates=replicates,
        seed=seed,
    )
    model, expected = _model_curves(ds, names, scales, device, times, last, divide_by)
    if not cross:
        model, expected = (np.einsum("kii->ki", curve) for curve in (model, expected))
    dims = ("lag", "feature", "feature_other") if cross else ("lag", "feature")
    kind = "cross_correlation" if cross else "autocorrelation"
    words = kind.replace("_", "-") + " over lags within cells"
    return xr.Dataset(
        {
            kind: (dims, estimate, {"long_name": words, "units": "1"}),
            f"{kind}_interval": (
                (*dims, "bound"),
                interval,
                {"long_name": f"{100 * confidence:g} % interval of the {words}", "units": "1"},
            ),
            "expected": (dims, expected, {"long_name": f"{words}, exact, as seen from {times} cycles", "units": "1"}),
            "model": (dims, model, {"long_name": f"{words}, exact", "units": "1"}),
        },
        coords={"lag": ("lag", np.arange(last + 1), {"long_name": "distance in cycles", "units": "1"}), "bound": BOUND}
        | feature_coords(names, len(dims) - 1),
        attrs={
            "cells": int(used.sum()),
            "left_out": cells - int(used.sum()),
            "repeating": repeating_cells(columns),
            "cycles": times,
            "divide_by": divide_by,
            "estimator": "deviations from each cell's own mean, products summed over cells",
            "scales": ", ".join(f"{n}: {s}" for n, s in zip(names, scales, strict=True)),
            "seed": seed,
            **interval_words("percentile bootstrap interval", confidence),
        },
    )


def _model_curves(
    ds: xr.Dataset,
    names: Sequence[str],
    scales: Sequence[str],
    device: DeviceParameters | None,
    times: int,
    max_lag: int,
    divide_by: str,
) -> tuple[F64, F64]:
    """Exact correlations within a cell, and as the estimator sees them; (lags, v, v), NaN where there is no law."""
    device = device_of(ds, device)
    indices = model_indices(names, scales, ds, device)
    model = np.full((max_lag + 1, len(names), len(names)), np.nan)
    expected = model.copy()
    known = [n for n, i in enumerate(indices) if i is not None]
    if device is None or not known:
        return model, expected
    chosen = [i for i in indices if i is not None]
    correlation = memory_of(device, times)
    products = lag_products.expected_products(correlation, times, max_lag) * population_moments(device).alike
    exact = lag_products.ratios(products, times, divide_by)
    whole = np.zeros((max_lag + 1, 4, 4))
    whole[: correlation.shape[0]] = correlation[: max_lag + 1]
    for target, source in ((model, whole), (expected, exact)):
        target[np.ix_(range(max_lag + 1), known, known)] = source[:, chosen][:, :, chosen]
    return model, expected


def memory_of(device: DeviceParameters, times: int) -> F64:
    """Exact correlations of the features within a cell, up to `times` - 1 lags or until they have died away.

    Parameters
    ----------
    device : DeviceParameters
    times : int
        Number of cycles.

    Returns
    -------
    numpy.ndarray
        Shape (lags, 4, 4).
    """
    lags = 256
    while True:
        curve = stationary.feature_autocorrelation(device, min(lags, times) - 1)
        if lags >= times or np.abs(curve[-device.order :]).max() < DEAD:
            return curve
        lags *= 4


def feature_coords(names: Sequence[str], count: int) -> dict[str, Any]:
    """Coordinates that name the features along one or two dimensions.

    Parameters
    ----------
    names : sequence of str
    count : int
        Number of dimensions, 1 or 2.

    Returns
    -------
    dict
        By the names of the dimensions, for `xarray.Dataset`.
    """
    words = ("feature", "feature_other")[:count]
    return {word: (word, list(names), {"long_name": "feature", "units": "1"}) for word in words}
