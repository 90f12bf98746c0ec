"""Fits side by side: the log score of later cycles, which none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.analysis.fitting.cycle_table import Panel, panel_of
from synaptogen_core.analysis.fitting.fit import Fit
from synaptogen_core.analysis.validation.held_out import PAST, TRAINED, first_cycles, inverse_shape, refit
from synaptogen_core.device import stationary
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.variations import levinson
from synaptogen_core.measurement import from_simulation, is_measurement
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64, Bools

WORST = -20.0  # log density of a value that a device cannot have
STEP = 1e-4  # of a slope, in the feature's own scale
FEW_DEVICES = 8  # below, errors come from stretches of cycles
STRETCHES, SHORTEST = 10, 8  # of a device's later cycles, and the cycles of one at least


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
        (of fewer than 8, over stretches of their cycles; NaN where these are too short); `units`, how many these are.

    Raises
    ------
    TypeError, ValueError
        If something is of the wrong kind, or there is too little to hold cycles back.
    """
    if len(checks.instance("fits", fits, Sequence, "give a list")) < 2 or not all(isinstance(one, Fit) for one in fits):
        raise ValueError(f"fits: must be two fits or more (got {len(fits)}); see fit and fit_extended")
    checks.instance("data", data, xr.Dataset, "give a measurement")
    data = data if is_measurement(data) else from_simulation(data)
    part, panel = first_cycles(data), panel_of(data)
    found = [scores(refit(one, part).device, panel) for one in fits]
    gains = [one.less(found[0]) for one in found]
    words = {"score": "log density of a later value", "gain": "score less that of the first fit",
             "error": "standard error of the gain over devices"}  # fmt: skip
    numbers = {"score": [one.mean for one in found], "gain": [one.mean for one in gains],
               "error": [one.error for one in gains]}  # fmt: skip
    made = {name: ("fit", np.array(numbers[name]), {"long_name": text, "units": "1"}) for name, text in words.items()}
    return xr.Dataset(
        made | {
            "units": ((), found[0].units.size, {"long_name": "devices, or stretches, behind the errors"}),
            "name": ("fit", np.array([one.device.name for one in fits]), {"long_name": "name of the device"}),
            "format": ("fit", np.array([one.device.format for one in fits]), {"long_name": "format of the device"}),
        }
    )  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """Log scores of values, or differences of such.

    Parameters
    ----------
    values : ndarray, shape (rows, f)
        NaN where nothing was predicted.
    unit : ndarray of int, shape (rows,)
        Which belong together: those of a device, or of a stretch of its cycles.
    """

    values: F64
    unit: NDArray[np.intp]

    def less(self, other: Scores) -> Scores:
        """The differences from others of the same values."""
        return Scores(self.values - other.values, self.unit)

    @property
    def units(self) -> F64:
        """Means, as far as there are any; shape (units,)."""
        known = np.isfinite(self.values)
        total = np.bincount(self.unit, np.where(known, self.values, 0.0).sum(axis=1))
        number = np.bincount(self.unit, known.sum(axis=1))
        return np.asarray(total[number > 0] / number[number > 0])

    @property
    def mean(self) -> float:
        """Over units."""
        return float(self.units.mean()) if self.units.size else float("nan")

    @property
    def error(self) -> float:
        """Standard error of the mean; NaN of fewer than 3 units."""
        units = self.units
        return float(units.std(ddof=1) / np.sqrt(units.size)) if units.size >= 3 else float("nan")


def scores(device: DeviceParameters, panel: Panel) -> Scores:
    """Log scores of the later values of each device, predicted from all before them.

    Parameters
    ----------
    device : DeviceParameters
    panel : Panel

    Returns
    -------
    Scores
        Of the panel's rows and features.
    """
    found = np.full(panel.values.shape, np.nan)
    late = is_late(panel)
    for j in range(len(panel.features)):
        one = prediction(device, panel, j)
        with np.errstate(divide="ignore", invalid="ignore"):
            score = -0.5 * one.surprise**2 - 0.5 * np.log(2 * np.pi * one.noise) + np.log(one.slope)
        counted = late & np.isfinite(panel.values[:, j])
        found[counted, j] = np.where(np.isfinite(score), np.maximum(score, WORST), WORST)[counted]
    return Scores(found, units_of(panel))


def is_late(panel: Panel) -> Bools:
    """Whether a row is one of the later 30 % of its device; shape (rows,)."""
    place = np.arange(panel.device.size) - panel.starts[panel.device]
    return np.asarray(place >= TRAINED * np.diff(panel.starts)[panel.device])


def units_of(panel: Panel) -> NDArray[np.intp]:
    """Devices, or, of few, stretches of their later cycles.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    ndarray of int, shape (rows,)
    """
    device = panel.device.astype(np.intp)
    if panel.devices >= FEW_DEVICES:
        return device
    place = np.arange(panel.device.size) - panel.starts[panel.device]
    length = np.diff(panel.starts)[panel.device]
    share = np.clip((place / length - TRAINED) / (1 - TRAINED), 0, 1 - 1e-9)
    pieces = np.clip((1 - TRAINED) * length // SHORTEST, 1, STRETCHES)
    return device * STRETCHES + (share * pieces).astype(np.intp)


class Prediction(NamedTuple):
    """Of one feature, shape (rows,) each; NaN where there is no value."""

    surprise: F64  # error of the prediction of x, in standard deviations
    slope: F64  # of x over the feature, in its own scale
    noise: float  # variance of the error


def prediction(device: DeviceParameters, panel: Panel, column: int) -> Prediction:
    """What a device expects of each value, from those before it and the first cycles' mean and spread.

    Parameters
    ----------
    device : DeviceParameters
    panel : Panel
    column : int
    """
    i, own, late = panel.features[column], panel.values[:, column], is_late(panel)
    place = np.arange(panel.device.size) - panel.starts[panel.device]
    v, slope = _coordinate(device, i, own)
    known = Panel(np.where(late, np.nan, v)[:, None], panel.device, panel.starts, (i,), panel.step)
    mean, sd = (moment[panel.device, 0] for moment in known.moments)
    sd = np.maximum(sd, 1e-9)
    x, steep = inverse_shape(device, i, (v - mean) / sd), np.full(own.shape, np.nan)
    inside = np.isfinite(x)
    after, before = (inverse_shape(device, i, (v - mean) / sd + side) for side in (STEP, -STEP))
    steep[inside] = np.maximum((after - before)[inside] / (2 * STEP), 1e-6)
    weights, noise = levinson(stationary.autocovariance(device, PAST)[:, i, i])
    ahead, past = np.zeros(own.shape), np.where(inside, x, 0.0)
    for k, weight in enumerate(weights, start=1):
        ahead[k:] += weight * np.where(place[k:] >= k, past[:-k], 0.0)
    return Prediction((x - ahead) / np.sqrt(noise), steep * slope / sd, float(noise))


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
