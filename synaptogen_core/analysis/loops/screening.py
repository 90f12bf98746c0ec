"""What is to be said of a measured device before anything is averaged: does it switch, does it last, does it drift."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.analysis.loops import drift as tests
from synaptogen_core.array.blas import one_thread
from synaptogen_core.measurement import device_starts, is_measurement
from synaptogen_core.schema import DEVICE_STATES, FEATURE_NAMES, VARIABLES, feature
from synaptogen_core.types import F64, Bools

STATE = {code: number for number, (code, _) in enumerate(DEVICE_STATES)}
FEWEST = 5  # good cycles that make a device worth a mean and a spread
NO_WINDOW = 1.5  # R_HRS / R_LRS below which there is no memory, whatever the device once had
REST = 0.25  # of the logarithm of its open window: a device of ratio 16 is closed below 2, one of 10,000 below 10
OPEN = 0.9  # quantile of a device's ratios that is its open window: a device that dies early has it too
BAD_SHARE = 0.8  # of the cycles at the end of life
DRIFT_Q = 0.01  # below which a trend or a jump is said: the share of those said that may be false
WORN = 8  # bad cycles in a row, or as much evidence: chance failures do not come so


def screen_devices(features: xr.Dataset, *, drift: bool = True) -> xr.Dataset:
    """State of each measured device, and tests for trend and jump of its features.

    A cycle is *bad* if its features could not be extracted; if its window is closed: R_HRS / R_LRS below 1.5, or its
    logarithm below a quarter of that of the device's own open window (the 90 % quantile of its ratios); or if it
    repeats two or more features of the cycle before to the last digit and no other: the cell did not switch. A device

    - never switches, if it has fewer than 5 good cycles, and for each good one at least 4 bad ones;
    - has too few cycles, if it has fewer than 5 good ones otherwise;
    - is worn out, if from some cycle to the end of the record at least 80 % are bad, with evidence of 8 bad cycles in a
      row (each good one among them takes away 4);
    - is healthy otherwise, some bad cycles notwithstanding.

    Parameters
    ----------
    features : xarray.Dataset
        A measurement with some of the four features; without both resistances only failures can be bad.
    drift : bool
        False leaves out the tests.

    Returns
    -------
    xarray.Dataset
        On ``device``: ``state`` (number of `schema.DEVICE_STATES`), ``cycles``, ``failed`` (bad ones) and
        ``first_bad_cycle``, the number of the cycle from which a device is worn out, else -1. On ``(device, feature)``:
        ``trend``, the change over the record, and ``jump``, that at cycle ``jump_at``, both in standard deviations over
        cycles (of log10 for `r_hrs`); ``trend_p``, ``jump_p``, how often a device without drift would show as much
        (`analysis.drift`); and ``trend_q``, ``jump_q``, the same for the many devices and features of the table: take
        all below q, and a share q of them is false (Benjamini and Hochberg 1995). The good cycles before the first bad
        one are tested; NaN and -1 where these are fewer than 32, or never differ. The attribute `drift_q` is the q
        below which a device is said to drift or to jump.

    Raises
    ------
    ValueError
        If the Dataset is no measurement or has no features.
    """
    names = [name for name in FEATURE_NAMES if is_measurement(features) and name in features]
    if not names:
        raise ValueError("features: must be a measurement with features (got none); extract them from loops first")
    starts = device_starts(features)
    devices = starts.size - 1
    bad, good = bad_cycles(features)
    cycle = features["cycle"].values
    state, worn_at = np.zeros(devices, np.int8), np.full(devices, -1, np.int64)
    for k in range(devices):
        own = slice(starts[k], starts[k + 1])
        state[k], worn = _state(bad[own], good[own])
        if worn >= 0:
            worn_at[k] = cycle[own][worn]
    counted = {
        "state": (state, "state of the device"),
        "cycles": (np.diff(starts), "cycles measured"),
        "failed": (np.add.reduceat(np.append(bad, False), starts[:-1]) * (np.diff(starts) > 0), "bad cycles"),
        "first_bad_cycle": (worn_at, "cycle from which the device is worn out, or -1"),
    }
    data: dict[str, Any] = {
        name: ("device", values, {"long_name": words, "units": "1"}) for name, (values, words) in counted.items()
    }
    data["state"][2].update(
        flag_values=list(range(len(DEVICE_STATES))), flag_meanings=" ".join(code for code, _ in DEVICE_STATES)
    )
    coords = {
        "device": ("device", features["device"].values, copy.deepcopy(VARIABLES["device"])),
        "feature": ("feature", names, {"long_name": "feature", "units": "1"}),
    }
    report = xr.Dataset(data, coords, attrs={"data_hash": str(features.attrs.get("data_hash", "")), "drift_q": DRIFT_Q})
    return with_drift(features, report) if drift else report


def with_drift(features: xr.Dataset, report: xr.Dataset) -> xr.Dataset:
    """What `screen_devices` without drift has said of a measurement, and the tests for drift.

    Parameters
    ----------
    features : xarray.Dataset
        A measurement.
    report : xarray.Dataset
        What `screen_devices` returned for it, without drift.

    Returns
    -------
    xarray.Dataset
        A copy of `report`, with the tests.
    """
    names, starts = [str(name) for name in report["feature"].values], device_starts(features)
    first_bad = report["first_bad_cycle"].values[features["device_index"].values]
    _, good = bad_cycles(features)
    return report.assign(
        _drift(features, names, good & ((first_bad < 0) | (features["cycle"].values < first_bad)), starts)
    )


def usable_records(features: xr.Dataset, report: xr.Dataset, *, until_worn_out: bool = False) -> Bools:
    """Which records may be averaged: those of healthy devices that did not fail and hold a number, shape (records,).

    With `until_worn_out` those of worn-out devices before their first bad cycle, too: their features may have drifted.

    Parameters
    ----------
    features : xarray.Dataset
        A measurement.
    report : xarray.Dataset
        What `screen_devices` returned for it.
    until_worn_out : bool
        Take the good start of worn-out devices, too.

    Returns
    -------
    ndarray of bool, shape (records,)
        True: may be averaged.

    Raises
    ------
    TypeError
        If an argument is something else.
    """
    checks.instance("features", features, xr.Dataset, "give a measurement")
    if not isinstance(report, xr.Dataset) or "state" not in report:
        raise TypeError(f"report: must come from screen_devices (got {type(report).__name__}); give what it returned")
    names = [name for name in FEATURE_NAMES if name in features]
    index = features["device_index"].values
    usable = np.asarray(report["state"].values[index] == STATE["healthy"])
    if until_worn_out:
        before = features["cycle"].values < report["first_bad_cycle"].values[index]
        usable = usable | (before & (report["state"].values[index] == STATE["worn_out"]))
    if "failure" in features:
        usable = usable & (features["failure"].values == 0)
    return usable & _known(features, names)


def bad_cycles(features: xr.Dataset) -> tuple[Bools, Bools]:
    """Which records are bad and which are good, shape (records,) each; neither, where no number says so."""
    names = [name for name in FEATURE_NAMES if name in features]
    index = features["device_index"].values
    known = _known(features, names)
    bad = features["failure"].values > 0 if "failure" in features else np.zeros(index.size, bool)
    if "r_hrs" in features and "r_lrs" in features:
        high, low = features["r_hrs"].values, features["r_lrs"].values
        both = (high > 0) & (low > 0) & np.isfinite(high) & np.isfinite(low)
        ratio = np.full(index.size, np.nan)
        ratio[both] = np.log(high[both]) - np.log(low[both])
        starts = device_starts(features)
        for k in range(starts.size - 1):
            own = slice(starts[k], starts[k + 1])
            there = ratio[own][both[own]]
            if there.size:
                bound = max(np.log(NO_WINDOW), REST * float(np.quantile(there, OPEN)))
                bad[own] |= both[own] & (ratio[own] < bound)
        bad |= known & ~both & ((high <= 0) | (low <= 0))
    bad |= _repeated(features, names, index)
    return bad, known & ~bad


def _known(features: xr.Dataset, names: list[str]) -> Bools:
    return np.asarray(np.isfinite(np.stack([features[name].values for name in names])).any(axis=0))


def _repeated(features: xr.Dataset, names: list[str], index: NDArray[np.int32]) -> Bools:
    """Which records hold the same numbers as the one before, at least two of them."""
    table = np.stack([features[name].values for name in names])
    same, known = np.zeros(table.shape, bool), np.isfinite(table)
    same[:, 1:] = (table[:, 1:] == table[:, :-1]) & (index[1:] == index[:-1])
    return np.asarray((same.sum(axis=0) >= 2) & (same == known).all(axis=0))


def _state(bad: Bools, good: Bools) -> tuple[int, int]:
    """State of one device, and the record from which it is worn out, or -1."""
    if good.sum() < FEWEST:
        dead = bad.any() and bad.sum() >= good.sum() * BAD_SHARE / (1 - BAD_SHARE)
        return STATE["never_switches" if dead else "too_few"], -1
    evidence = bad - good * BAD_SHARE / (1 - BAD_SHARE)
    to_the_end = np.cumsum(evidence[::-1])[::-1]
    at = int(to_the_end.argmax())
    return (STATE["worn_out"], at) if to_the_end[at] >= WORN else (STATE["healthy"], -1)


def _drift(features: xr.Dataset, names: list[str], tested: Bools, starts: NDArray[np.intp]) -> dict[str, Any]:
    devices, cycle = starts.size - 1, features["cycle"].values
    series, places, cycles = [], [], []
    for f, name in enumerate(names):
        column = features[name].values
        with np.errstate(divide="ignore", invalid="ignore"):
            column = np.log10(column) if feature(name).scale == "log" else column
        usable = tested & np.isfinite(column)
        for k in range(devices):
            own = slice(starts[k], starts[k + 1])
            values = column[own][usable[own]]
            spread = values.std() if values.size >= tests.FEWEST else 0.0
            if spread > 1e-12 * np.abs(values).max(initial=0.0):
                series.append((values - values.mean()) / spread)
                cycles.append(cycle[own][usable[own]])
                places.append((k, f))
    with one_thread():
        found = tests.drift(series)
    at = tuple(np.array(places, dtype=np.intp).reshape(-1, 2).T)
    jump_cycle = np.array([c[j] for c, j in zip(cycles, found.jump_at, strict=True)], dtype=np.int64)
    words = {
        "trend": (found.trend, "change over the record, in standard deviations over cycles"),
        "trend_p": (found.trend_p, "p-value of the trend"),
        "trend_q": (_many(found.trend_p), "p-value of the trend, for many devices and features"),
        "jump": (found.jump, "change at the jump, in standard deviations over cycles"),
        "jump_p": (found.jump_p, "p-value of the jump"),
        "jump_q": (_many(found.jump_p), "p-value of the jump, for many devices and features"),
    }
    data: dict[str, Any] = {}
    for name, (values, sentence) in words.items():
        table = np.full((devices, len(names)), np.nan)
        table[at] = values
        data[name] = (("device", "feature"), table, {"long_name": sentence, "units": "1"})
    table = np.full((devices, len(names)), -1, np.int64)
    table[at] = jump_cycle
    data["jump_at"] = (("device", "feature"), table, {"long_name": "first cycle after the jump, or -1", "units": "1"})
    return data


def _many(p: F64) -> F64:
    """The smallest share of false alarms (Benjamini and Hochberg 1995) at which each of many tests would be one."""
    order = np.argsort(-p)  # from the largest
    scaled = np.clip(p[order], 0.0, 1.0) * (p.size / np.arange(p.size, 0, -1))
    q = np.empty_like(p)
    q[order] = np.minimum.accumulate(scaled)
    return np.minimum(q, 1.0)
