"""Fits side by side: the log score of later cycles, which none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.fitting.cycle_table import Panel, panel_of
from synaptogen_core.analysis.fitting.fit import Fit
from synaptogen_core.analysis.validation.held_out import PAST, TRAINED, inverse_shape, refit
from synaptogen_core.device import stationary
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.variations import levinson
from synaptogen_core.measurement import device_starts, from_simulation, is_measurement, select_records
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

WORST = -20.0  # log density of a value that a device cannot have
STEP = 1e-4  # of a slope, in the feature's own scale


def compare(fits: Sequence[Fit], data: xr.Dataset) -> xr.Dataset:
    """Compare fits by how well they predict: each is fitted anew to the first 70 % of every device's cycles.

    The score is the logarithm of the density that a fit gives to a later value, from the cycles before it and the
    device's own mean and spread in its first cycles: of log10 ohm for R_HRS, else of the feature's own unit.

    Parameters
    ----------
    fits : sequence of Fit
        From `fit` and `fit_extended`, two or more.
    data : xarray.Dataset
        A measurement with usable records, such as ``fit.features``.

    Returns
    -------
    xarray.Dataset
        On ``fit``: `name`, `format`, `score` a value, `gain` over the first fit, and its standard `error` over devices
        (NaN for one device).

    Raises
    ------
    TypeError, ValueError
        If something is of the wrong kind, or there is too little to hold cycles back.
    """
    if len(fits) < 2 or not all(isinstance(one, Fit) for one in fits):
        raise ValueError(f"fits: must be two fits or more (got {len(fits)}); see fit and fit_extended")
    checks.instance("data", data, xr.Dataset, "give a measurement")
    data = data if is_measurement(data) else from_simulation(data)
    starts, index = device_starts(data), data["device_index"].values
    early = np.arange(data.sizes["record"]) - starts[index] < TRAINED * np.diff(starts)[index]
    part, panel = select_records(data, early), panel_of(data)
    scores = np.array([device_scores(refit(one, part).device, panel) for one in fits])
    gain = scores - scores[0]
    count = gain.shape[1]
    error = gain.std(axis=1, ddof=1) / np.sqrt(count) if count > 1 else np.full(len(fits), np.nan)
    words = {"score": "log density of a later value", "gain": "score less that of the first fit",
             "error": "standard error of the gain over devices"}  # fmt: skip
    numbers = {"score": scores.mean(axis=1), "gain": gain.mean(axis=1), "error": error}
    found = {name: ("fit", numbers[name], {"long_name": text, "units": "1"}) for name, text in words.items()}
    found["name"] = ("fit", np.array([one.device.name for one in fits]), {"long_name": "name of the device"})
    found["format"] = ("fit", np.array([one.device.format for one in fits]), {"long_name": "format of the device"})
    return xr.Dataset(found)


def device_scores(device: DeviceParameters, panel: Panel) -> F64:
    """Mean log density of the later values of each device.

    Parameters
    ----------
    device : DeviceParameters
    panel : Panel

    Returns
    -------
    ndarray, shape (devices,)
    """
    place = np.arange(panel.device.size) - panel.starts[panel.device]
    late = place >= TRAINED * np.diff(panel.starts)[panel.device]
    total, number = np.zeros(panel.devices), np.zeros(panel.devices)
    lags = stationary.autocovariance(device, PAST)
    for j, i in enumerate(panel.features):
        own = panel.values[:, j]
        v, slope = _coordinate(device, i, own)
        known = Panel(np.where(late, np.nan, v)[:, None], panel.device, panel.starts, (i,), panel.step)
        mean, sd = (moment[panel.device, 0] for moment in known.moments)
        sd = np.maximum(sd, 1e-9)
        x, steep = inverse_shape(device, i, (v - mean) / sd), np.full(own.shape, np.nan)
        inside = np.isfinite(x)
        after, before = (inverse_shape(device, i, (v - mean) / sd + side) for side in (STEP, -STEP))
        steep[inside] = np.maximum((after - before)[inside] / (2 * STEP), 1e-6)
        weights, noise = levinson(lags[:, i, i])
        ahead = np.zeros(own.shape)
        for k, weight in enumerate(weights, start=1):
            past = np.where(np.isfinite(x), x, 0.0)
            ahead[k:] += weight * np.where(place[k:] >= k, past[:-k], 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            score = -0.5 * (x - ahead) ** 2 / noise - 0.5 * np.log(2 * np.pi * noise) + np.log(steep * slope / sd)
        counted = late & np.isfinite(own)
        score = np.where(np.isfinite(score), np.maximum(score, WORST), WORST)[counted]
        total += np.bincount(panel.device[counted], score, panel.devices)
        number += np.bincount(panel.device[counted], minlength=panel.devices)
    return np.asarray(total / np.maximum(number, 1))


def _coordinate(device: DeviceParameters, feature: int, own: F64) -> tuple[F64, F64]:
    """Values in the device's coordinate, and its slope there; NaN where there is none."""
    if device.extension is None:
        return own, np.ones(own.shape)
    coordinate: Coordinate = device.extension.coordinates[feature]
    step = STEP * float(np.nanstd(own))

    def at(values: F64) -> F64:
        v = coordinate.inverse(10.0**values if FEATURES[feature].scale == "log" else values)
        return np.where(np.isfinite(v), v, np.nan)

    return at(own), np.abs(at(own + step) - at(own - step)) / (2 * step)
