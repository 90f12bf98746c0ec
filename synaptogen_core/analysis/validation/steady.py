"""Steadiness, measured and simulated: devices that drift or jump, and first cycles that differ."""

from __future__ import annotations

import numpy as np
import xarray as xr

from synaptogen_core.analysis.fitting.assembly import repeated_measurement
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.loops.drift import FEWEST
from synaptogen_core.analysis.loops.screening import bad_cycles, screen_devices
from synaptogen_core.analysis.validation.rows import Row, difference
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.measurement import measurement
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

TESTED = 60  # devices of a simulation, about
MOST = 200
FIRST = 0.05  # of the cycles
FEWEST_DEVICES = 8


def drifting(device: DeviceParameters, report: xr.Dataset | None, panel: Panel, limit: float, seed: int) -> list[Row]:
    """Share of devices that drift or jump by more than their memory explains.

    Parameters
    ----------
    device : DeviceParameters
    report : xarray.Dataset or None
        What `screen_devices` said of the measurement, with tests for drift.
    panel : Panel
    limit : float
    seed : int
        Of the simulation.
    """
    if np.diff(panel.starts).max() <= FEWEST:
        return []
    some = panel if panel.devices <= MOST else panel.part(0, MOST)
    seen = _share(report if report is not None and "trend_q" in report else _screened(panel))
    if seen is None:
        return []
    repeats = max(1, -(-TESTED // some.devices))
    made = _share(_screened(repeated_measurement(device, some, repeats, seed)))
    if made is None:
        return []
    # one device more or less than was seen, at least: of none, too, the share is known no better
    error = float(np.sqrt(sum(((share * n + 0.5) / (n + 1)) * (1 - (share * n + 0.5) / (n + 1)) / (n + 1)
                              for share, n in (seen, made))))  # fmt: skip
    return [difference("steadiness", "share of devices that drift or jump", seen[0], made[0], error, (-limit, limit))]


def first_cycles(device: DeviceParameters, panel: Panel, limit: float, seed: int) -> list[Row]:
    """By how much the first 5 % of the cycles differ from the later half, in standard deviations.

    Parameters
    ----------
    device : DeviceParameters
    panel : Panel
    limit : float
    seed : int
        Of the simulation.
    """
    if panel.devices < FEWEST_DEVICES or FIRST * np.diff(panel.starts).min() < 2:
        return []
    seen, made = (_shift(one) for one in (panel, repeated_measurement(device, panel, 1, seed)))
    rows = []
    for i, one, other in zip(panel.features, seen.T, made.T, strict=True):
        error = np.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size)
        rows.append(
            difference(
                "break-in", f"first 5 % of cycles of {FEATURES[i].symbol} against the later half",
                float(one.mean()), float(other.mean()), float(error), (-limit, limit), "σ",
            )
        )  # fmt: skip
    return rows


def _shift(panel: Panel) -> F64:
    """Of each device, shape (devices, f)."""
    length = np.diff(panel.starts)[panel.device]
    place = np.arange(panel.device.size) - panel.starts[panel.device]
    first, later = place < FIRST * length, place >= length // 2
    early, (mean, sd) = (
        Panel(np.where(rows[:, None], panel.values, np.nan), panel.device, panel.starts, panel.features, 1).moments
        for rows in (first, later)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = (early[0] - mean) / sd
    return shift[np.isfinite(shift).all(axis=1)]


def failed_share(panel: Panel) -> float:
    """Share of the cycles in which devices did not switch, as `screen_devices` tells it.

    Parameters
    ----------
    panel : Panel
        Of which some devices tell enough.
    """
    bad, good = bad_cycles(_as_measured(panel.part(0, min(panel.devices, MOST))))
    return float(bad.sum() / max((bad | good).sum(), 1))


def _screened(panel: Panel) -> xr.Dataset:
    """Tests for drift of a panel's devices."""
    return screen_devices(_as_measured(panel))


def _as_measured(panel: Panel) -> xr.Dataset:
    """A panel in the layout of a measurement."""
    place = np.arange(panel.device.size) - panel.starts[panel.device]
    there = panel.present.any(axis=1)
    features = {}
    for i, column in zip(panel.features, panel.values.T, strict=True):
        features[FEATURES[i].name] = (10.0**column if FEATURES[i].scale == "log" else column)[there]
    labels = [str(k) for k in range(panel.devices)]
    return measurement(panel.device[there], place[there], labels=labels, features=features, hashed=False)


def _share(report: xr.Dataset) -> tuple[float, int] | None:
    """Of the devices that could be tested, and how many these are."""
    tested = np.isfinite(report["trend_q"].values).any(axis=1)
    if not tested.any():
        return None
    most = report.attrs["drift_q"]
    moving = ((report["trend_q"].values < most) | (report["jump_q"].values < most)).any(axis=1)
    return float(moving[tested].mean()), int(tested.sum())
