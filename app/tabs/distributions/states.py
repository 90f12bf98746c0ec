"""High against low resistance state: both distributions, the bit error rate of a read threshold, the window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.random import PCG64, Generator

from app.settings.sections import Choices
from app.work.binning import span
from app.work.runs import Run
from synaptogen_core.analysis import statistics_api
from synaptogen_core.device.model import conduction, read_noise
from synaptogen_core.device.model.float32 import constants
from synaptogen_core.schema import cell_dims

THRESHOLDS = 161
CURVE = 161
SAMPLE = 50_000  # values that decide where an axis ends
REACH = 2e-5  # share of the values beyond each end of the axis


@dataclass(frozen=True)
class State:
    """Density of one state per decade; its quantiles."""

    name: str  # r_hrs or r_lrs
    edges: np.ndarray  # (bins + 1,), ohm or ampere
    density: np.ndarray
    model_x: np.ndarray  # empty where the model has no exact curve
    model_y: np.ndarray
    quantiles: tuple[float, float, float]  # at the tail, median, at 1 - tail


@dataclass(frozen=True)
class Rate:
    """Bit error rate against the read threshold."""

    threshold: np.ndarray
    rate: np.ndarray
    interval: np.ndarray  # (n, 2)
    high_error: np.ndarray  # share of the state with the larger value on the wrong side
    low_error: np.ndarray
    model: np.ndarray  # empty where there is no exact curve
    best: float
    best_rate: float
    best_interval: tuple[float, float]


@dataclass(frozen=True)
class States:
    """Both states and what tells them apart; in ohm, or in ampere at the read voltage."""

    quantity: str  # "resistance" or "current"
    high: str  # which state has the larger value
    u_read: float
    noise: bool
    states: tuple[State, State]  # HRS, LRS
    x_range: tuple[float, float]
    window: tuple[float, float]  # between the tails of the two states; the second is the smaller one if they overlap
    rate: Rate
    tail: float
    window_ratio: tuple[float, float, float]  # with its interval
    median_ratio: tuple[float, float, float]
    count: int  # values of each state
    skipped: int


def states_of(run: Run, read: Choices, options: Choices) -> States:
    """Compare the states as `options.states_as` says."""
    tail = float(options.tail) / 100
    as_current = options.states_as == "current"
    data = currents(run, read) if as_current else run.data
    high, low = ("r_lrs", "r_hrs") if as_current else ("r_hrs", "r_lrs")
    found = statistics_api.memory_window(data, high, low, thresholds=thresholds(data, high, low), probability=tail)
    ends = axis_range(data)
    by_name = {name: state(run, data, name, ends, tail, exact=not as_current) for name in ("r_hrs", "r_lrs")}
    return States(
        options.states_as, high, read.u_read, as_current and read.noise,
        (by_name["r_hrs"], by_name["r_lrs"]), ends,
        (by_name[low].quantiles[2], by_name[high].quantiles[0]), rate(run, found, exact=not as_current), tail,
        with_interval(found, "window_ratio"), with_interval(found, "median_ratio"), data["r_hrs"].size,
        int(found.attrs["skipped"]),
    )  # fmt: skip


def currents(run: Run, read: Choices) -> xr.Dataset:
    """What a read of each state gives [A], once a cycle, with the noise of the settings; named as the resistances."""
    c = constants(run.device)
    volts = np.full(1, read.u_read, np.float32)
    chance = Generator(PCG64(run.request.array.seed))
    found = {}
    for name in ("r_hrs", "r_lrs"):
        resistance = run.data[name]
        r = conduction.mixing_of_resistance(resistance.values, c)
        current = conduction.current(r, volts, c)
        if read.noise:
            sd = read_noise.noise_sd(current, current / volts, read.bandwidth * 1e6)
            current += sd * chance.standard_normal(current.shape, dtype=np.float32)
        found[name] = (resistance.dims, current, {"long_name": f"read current in the {name[2:].upper()}", "units": "A"})
    dims = set(cell_dims(run.data))
    return xr.Dataset(found, coords={k: v for k, v in run.data.coords.items() if set(v.dims) <= dims | {"cycle"}})


def some(data: xr.Dataset, name: str) -> np.ndarray:
    values = data[name].values.reshape(-1)
    return values[:: max(1, values.size // SAMPLE)]


def axis_range(data: xr.Dataset) -> tuple[float, float]:
    values = [some(data, name) for name in ("r_hrs", "r_lrs")]
    low, high = zip(*(span(np.log10(v[v > 0]), REACH) for v in values), strict=True)
    return 10 ** min(low), 10 ** max(high)


def thresholds(data: xr.Dataset, high: str, low: str) -> np.ndarray:
    """Thresholds between the medians of the two states, and a little beyond, rising."""
    middle = sorted(float(np.median(some(data, name))) for name in (high, low))
    first, last = (max(m, 1e-30) for m in middle)
    return np.geomspace(first * 0.8, max(last, first * 1.01) * 1.25, THRESHOLDS)


def state(run: Run, data: xr.Dataset, name: str, ends: tuple[float, float], tail: float, exact: bool) -> State:
    found = statistics_api.histogram(data, name, 160, limits=ends, scale="log")
    probabilities = (tail, 0.5, 1 - tail)
    quantiles = statistics_api.quantiles(data, name, probabilities, scale="log")[name].values
    x = np.geomspace(*ends, CURVE) if exact else np.empty(0)
    y = statistics_api.population_curve(run.device, name, x, scale="log")["density"].values if exact else x
    edges = np.append(found["lower"].values, found["upper"].values[-1])
    first, middle, last = (float(q) for q in quantiles)
    return State(name, edges, found["density"].values, x, y, (first, middle, last))


def rate(run: Run, found: xr.Dataset, exact: bool) -> Rate:
    at = found["threshold"].values
    model = np.empty(0)
    if exact:
        curves = [statistics_api.population_curve(run.device, n, at) for n in ("r_hrs", "r_lrs")]
        high_below, low_below = (curve["cumulative_probability"].values for curve in curves)
        model = 0.5 * (high_below + 1 - low_below)
    low, high = found["best_bit_error_rate_interval"].values
    return Rate(
        at, found["bit_error_rate"].values, found["bit_error_rate_interval"].values, found["high_error"].values,
        found["low_error"].values, model, float(found["best_threshold"]), float(found["best_bit_error_rate"]),
        (float(low), float(high)),
    )  # fmt: skip


def with_interval(found: xr.Dataset, name: str) -> tuple[float, float, float]:
    low, high = found[f"{name}_interval"].values
    return float(found[name]), float(low), float(high)
