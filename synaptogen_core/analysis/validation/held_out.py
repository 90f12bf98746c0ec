"""A fit tested on what it has not seen: the later cycles of each device, and other devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from synaptogen_core.analysis.fitting.assembly import repeated_measurement, simulated_measurement
from synaptogen_core.analysis.fitting.cycle_table import Panel, panel_of
from synaptogen_core.analysis.fitting.fit import Fit, fit
from synaptogen_core.analysis.staged.cycles import in_coordinates
from synaptogen_core.analysis.staged.fit_extended import fit_extended
from synaptogen_core.analysis.validation import distances as stats
from synaptogen_core.analysis.validation.rows import HALF
from synaptogen_core.counts import counted
from synaptogen_core.device import stationary
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.variations import levinson
from synaptogen_core.errors import reason_of
from synaptogen_core.measurement import device_starts, select_records
from synaptogen_core.progress import Work
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

TRAINED = 0.7  # of the cycles
FEWEST_LATER = 10  # cycles held back, of all devices: errors of fewer tell nothing, and no simulation how little
FEWEST_DEVICES = 16  # for a half of them to be worth a fit
SIMULATED = 200_000
LEAST_RISE = 1e-6
PAST = 10  # cycles from which a device of format 2 is predicted
GRID = np.linspace(-6.0, 6.0, 2401)  # where shapes are inverted


@dataclass(frozen=True)
class Refits:
    """A fit made anew of parts of its measurement, which then has the rest to be predicted.

    Attributes
    ----------
    early : Fit or None
        Of the first 70 % of every device's cycles; None where these are too few.
    half : Fit or None
        Of the devices of even number; None where these are too few.
    said : mapping of str to str
        Why there is none: "cycles", "devices".
    """

    early: Fit | None
    half: Fit | None
    said: Mapping[str, str]


def refits(whole: Fit, features: xr.Dataset, work: Work | None = None) -> Refits:
    """Fit parts of a measurement as the whole was.

    Parameters
    ----------
    whole : Fit
    features : xarray.Dataset
        The usable records of the measurement.
    work : Work, optional
    """
    early = half = None
    said = {"cycles": "", "devices": ""}
    try:
        early = refit(whole, first_cycles(features))
    except ValueError as error:
        said["cycles"] = _too_few(error)
    if work is not None:
        work.done(0.6)
    devices = features.sizes["device"]
    if devices < FEWEST_DEVICES:
        said["devices"] = f"of {counted(devices, 'device')}, no half can be held back"
        return Refits(early, half, said)
    try:
        half = refit(whole, select_records(features, features["device_index"].values % 2 == 0))
    except ValueError as error:
        said["devices"] = f"half of the devices are too few for a fit: {reason_of(error)}"
    return Refits(early, half, said)


def first_cycles(data: xr.Dataset) -> xr.Dataset:
    """The first 70 % of every device's cycles.

    Parameters
    ----------
    data : xarray.Dataset
        A measurement.
    """
    starts, index = device_starts(data), data["device_index"].values
    return select_records(data, np.arange(data.sizes["record"]) - starts[index] < TRAINED * np.diff(starts)[index])


def held_out(parts: Refits, features: xr.Dataset, seed: int, work: Work) -> xr.Dataset:
    """Two tests of fits of a part.

    *Later cycles*: a fit of the first 70 % of every device's cycles predicts each later cycle from those before.
    `skill` is the share of the variance that the prediction takes away; `skill_expected` what it takes away in a
    simulation of that fit, with as many cycles. A small measurement is simulated again and again, each time predicted
    with an autoregression of its own first cycles, so that what the fit does not know is expected, too. The interval is
    their scatter or that of resamples of the measurement, whichever is wider: where a fit expects too little, its
    simulations scatter too little as well. *Other devices*: a simulation of the fit of every second device against the
    others, `distance` and `expected` as in `distances.distances`.

    Parameters
    ----------
    parts : Refits
    features : xarray.Dataset
        The usable records of the measurement.
    seed : int
        Of simulations and resamples.
    work : Work

    Returns
    -------
    xarray.Dataset
        On ``feature`` and ``kind``; NaN, and a sentence in the attribute `cycles` or `devices`, where there is too
        little for the test.
    """
    panel = panel_of(features)
    names = [FEATURES[i].name for i in panel.features]
    nothing = np.full(len(names), np.nan)
    skill, low, high, expected = nothing, nothing, nothing, nothing
    said = dict(parts.said)
    if parts.early is not None:
        try:
            skill, low, high, expected = _later_cycles(parts.early, features, seed)
        except ValueError as error:
            said["cycles"] = _too_few(error)
    work.done(0.8)
    apart = xr.Dataset() if parts.half is None else _other_devices(parts.half, features, names, seed)
    words = ("share of variance predicted", "lower end", "upper end", "expected of the fit")
    values = (skill, low, high, expected)
    data = {
        name: ("feature", column, {"long_name": word, "units": "1"})
        for name, column, word in zip(
            ("skill", "skill_lower", "skill_upper", "skill_expected"), values, words, strict=True
        )
    }
    return xr.Dataset(data, {"feature": names}, attrs=said | apart.attrs).merge(apart)


def refit(whole: Fit, part: xr.Dataset) -> Fit:
    """The same kind of fit of a part.

    Parameters
    ----------
    whole : Fit
    part : xarray.Dataset
        Some of its records.
    """
    if whole.parts is not None:
        return fit_extended(part, **{**whole.again, "intervals": False})
    return fit(part, **{**whole.again, "components": None, "intervals": False})


def _predictor(device: DeviceParameters, chosen: list[int]) -> F64:
    """Autoregression matrices of x that predict; of format 2 each feature from its own past."""
    if device.extension is None:
        p = device.order
        return np.asarray(device.a[np.ix_(range(p), chosen, chosen)])
    lags = stationary.autocovariance(device, PAST)
    a = np.zeros((PAST, len(chosen), len(chosen)))
    for j, i in enumerate(chosen):
        a[:, j, j] = levinson(lags[:, i, i])[0]
    return a


def inverse_shape(device: DeviceParameters, feature: int, z: F64) -> F64:
    """Where the shape of a feature reaches standardised values.

    Parameters
    ----------
    device : DeviceParameters
    feature : int
    z : ndarray, any shape

    Returns
    -------
    ndarray, shape of `z`
        NaN where there is no value.
    """
    if device.extension is not None:
        reached = device.extension.coordinates[feature].shape.table.inverse(z)
        return np.asarray(np.clip(reached, GRID[0], GRID[-1]))  # one value beyond a flat tail must not outweigh all
    # from the middle outwards: a polynomial that turns back far out must not lift the rest
    shape, middle = np.polyval(device.gamma[feature], GRID), GRID.size // 2
    left = np.minimum.accumulate(shape[middle::-1])[::-1]
    rising = np.concatenate([left[:-1], np.maximum.accumulate(shape[middle:])]) + LEAST_RISE * GRID
    return np.asarray(np.where(np.isfinite(z), np.interp(z, rising, GRID), np.nan))


def _too_few(error: ValueError) -> str:
    return f"too few cycles to hold some back: {reason_of(error).removeprefix('ds: ')}"


def _later_cycles(trained: Fit, features: xr.Dataset, seed: int) -> tuple[F64, F64, F64, F64]:
    """Skill, its interval, and what is expected; each of shape (f,)."""
    panel = panel_of(features)
    ours = _errors(panel, trained.device, stats.borders_of(panel))
    skill = _skill(ours.sum(axis=1))
    later = int((panel.counts.min(axis=1) * (1 - TRAINED)).sum())
    if later < FEWEST_LATER or not np.isfinite(skill).all():
        order = PAST if trained.device.extension is not None else trained.device.order
        raise ValueError(
            f"ds: must hold at least {FEWEST_LATER} later cycles, each after {order} others without a gap (got "
            f"{'gaps' if later >= FEWEST_LATER else later}); measure more"
        )
    repeats = stats.repeats_for(panel, SIMULATED)
    if repeats:
        made = repeated_measurement(trained.device, panel, repeats, seed + 1)
        drawn = _skill(_errors(made, trained.device, made.starts[:: panel.devices], again=True))
        expected, error = drawn.mean(axis=0), drawn.std(axis=0)
    else:
        made = simulated_measurement(trained.device, panel, SIMULATED, seed + 1)
        expected, error = _skill(_errors(made, trained.device, stats.one_unit(made)).sum(axis=1)), 0.0
    resampled = np.nanstd(_skill(stats.weights_of(ours.shape[1], seed) @ ours), axis=0)
    half = HALF * np.sqrt(1 / TRAINED) * np.maximum(error, resampled)  # the first cycles, of the fit, are a sample, too
    return skill, skill - half, skill + half, expected


def _skill(errors: F64) -> F64:
    """Share of the variance predicted; shape (2, ..., f) to (..., f), NaN where there is nothing to predict."""
    return np.asarray(1 - errors[0] / np.where(errors[1] > 0, errors[1], np.nan))


def _errors(panel: Panel, device: DeviceParameters, borders: NDArray[np.intp], *, again: bool = False) -> F64:
    """Sums of squares of the errors of prediction, and of x itself, over the later cycles; shape (2, units, f).

    With `again`, each unit is predicted by an autoregression of its own earlier cycles, by least squares.
    """
    if device.extension is not None:
        panel = in_coordinates(panel, [device.extension.coordinates[i] for i in panel.features])
    length = np.diff(panel.starts)
    late = np.arange(panel.device.size) - panel.starts[panel.device] >= TRAINED * length[panel.device]
    chosen = list(panel.features)
    early = np.where(late[:, None], np.nan, panel.values)
    known = Panel(early, panel.device, panel.starts, panel.features, panel.step)
    mean, sd = known.moments
    x = np.full(panel.values.shape, np.nan)
    for i, feature in enumerate(chosen):
        with np.errstate(invalid="ignore", divide="ignore"):
            x[:, i] = inverse_shape(device, feature, (panel.values[:, i] - mean[panel.device, i]) / sd[panel.device, i])
    a = _predictor(device, chosen)
    p = len(a)
    windows = sliding_window_view(x, p + 1, axis=0)[:, :, ::-1]  # (rows - p, f, newest first)
    past = windows[:, :, 1:].transpose(0, 2, 1).reshape(windows.shape[0], -1)
    whole = np.isfinite(windows).all(axis=(1, 2))
    ahead = a.transpose(0, 2, 1).reshape(-1, len(chosen))
    error = np.full(x.shape, np.nan)
    for first, last in pairwise(borders):
        rows = slice(max(first, p), last)
        before = slice(rows.start - p, last - p)
        if again:
            learnt = whole[before] & ~late[rows]
            ahead = np.linalg.lstsq(past[before][learnt], x[rows][learnt], rcond=None)[0]
        error[rows] = x[rows] - past[before] @ ahead
    counted = late & np.isfinite(error).all(axis=1)
    squares = np.stack([np.where(counted[:, None], error, 0.0) ** 2, np.where(counted[:, None], x, 0.0) ** 2])
    return np.asarray(np.add.reduceat(squares, borders[:-1], axis=1))


def _other_devices(trained: Fit, features: xr.Dataset, names: Sequence[str], seed: int) -> xr.Dataset:
    """Distances of every second device from a simulation of the fit of the others."""
    panel = panel_of(select_records(features, features["device_index"].values % 2 == 1))
    made = simulated_measurement(trained.device, panel, SIMULATED, seed + 2)
    edges = stats.edges_of([panel, made])
    none = np.zeros(1, np.intp)  # no lag but 0
    seen = stats.sums_of(panel, panel.borders, edges, none)
    drawn = stats.sums_of(made, stats.one_unit(made), edges, none)
    found = stats.distances(names, seen, drawn, seed)
    found["expected"] = found["expected"] * np.sqrt(2.0)  # the other half, of which the fit was made, is a sample, too
    return found
