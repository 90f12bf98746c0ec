"""Runs of cycles in which a device that otherwise switches did not: how often they begin, how long they last."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import xarray as xr

from synaptogen_core.analysis.loops.screening import STATE, bad_cycles
from synaptogen_core.device.extension import Extension, Stuck
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.measurement import device_starts
from synaptogen_core.schema import FAILURES, VARIABLES
from synaptogen_core.types import Bools

CODES = {code: number for number, (code, _) in enumerate(FAILURES)}
FEWEST = 3  # runs, to be a part of a device
LONG = 3  # cycles without a window that are a run; fewer are the tail of a distribution
MOST_RATE = 0.25


class Runs(NamedTuple):
    """Of the devices that switch; high and low."""

    number: tuple[int, int]
    cycles: tuple[int, int]
    working: int  # cycles
    rows: Bools  # records in runs

    @property
    def sentence(self) -> str:
        """What was seen, or nothing."""
        if not sum(self.number):
            return ""
        parts = [
            f"{n:,} in the {state} resistance, of {cycles / n:.1f} cycles, once in {self.working / n:,.0f}"
            for n, cycles, state in zip(self.number, self.cycles, ("high", "low"), strict=True) if n
        ]  # fmt: skip
        return f"Runs of cycles in which a device did not switch, left out: {'; '.join(parts)}."

    @property
    def part(self) -> Stuck | None:
        """The part of a device, where there are runs enough."""
        if sum(self.number) < FEWEST:
            return None
        rate = np.minimum(np.array(self.number) / max(self.working, 1), MOST_RATE)
        return Stuck(rate, np.maximum(np.array(self.cycles) / np.maximum(self.number, 1), 1.0))


def runs_of(measured: xr.Dataset, states: xr.Dataset) -> Runs:
    """The runs of cycles without switching of a measurement: failed ones, or three and more without a window.

    Parameters
    ----------
    measured : xarray.Dataset
        Features, all that were measured.
    states : xarray.Dataset
        What `screen_devices` says of its devices; those that never switch, or no longer, are left out.
    """
    bad, good = bad_cycles(measured)
    starts = device_starts(measured)
    count, cycles, working, chosen = [0, 0], [0, 0], 0, np.zeros(bad.size, np.bool_)
    failure = measured["failure"].values if "failure" in measured else np.zeros(bad.size, np.int8)
    both = [measured[name].values for name in ("r_hrs", "r_lrs") if name in measured]
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.mean(np.log(both), axis=0) if both else np.full(bad.size, np.nan)
    for k in np.flatnonzero(states["state"].values == STATE["healthy"]):
        own = slice(starts[k], starts[k + 1])
        working += int(good[own].sum())
        usual = np.median(level[own][good[own] & np.isfinite(level[own])]) if good[own].any() else np.nan
        edges = np.flatnonzero(np.diff(np.concatenate([[False], bad[own], [False]]).astype(np.int8)))
        for first, last in edges.reshape(-1, 2):
            rows = np.arange(own.start + first, own.start + last)
            if rows.size < LONG and not (failure[rows] > 0).all():
                continue
            chosen[rows] = True
            seen = level[rows][np.isfinite(level[rows])]
            low = int(seen.mean() < usual if seen.size else (failure[rows] == CODES["no_reset"]).mean() > 0.5)
            count[low] += 1
            cycles[low] += rows.size
    return Runs((count[0], count[1]), (cycles[0], cycles[1]), working, chosen)


def set_aside(measured: xr.Dataset, runs: Runs) -> xr.Dataset:
    """The measurement in which cycles of runs have failed.

    Parameters
    ----------
    measured : xarray.Dataset
    runs : Runs
    """
    if not runs.rows.any():
        return measured
    known = measured["failure"].values if "failure" in measured else np.zeros(runs.rows.size, np.int8)
    code = np.where(runs.rows & (known == 0), CODES["closed_window"], known).astype(np.int8)
    return measured.assign(failure=("record", code, dict(VARIABLES["failure"])))


def with_runs(device: DeviceParameters, runs: Runs) -> Extension | None:
    """What a device of format 2 has beyond the published class, and the runs.

    Parameters
    ----------
    device : DeviceParameters
    runs : Runs
    """
    return None if device.extension is None else replace(device.extension, stuck=runs.part)


def without_runs(device: DeviceParameters) -> DeviceParameters:
    """The device as a measurement without its failed cycles shows it."""
    return device if device.extension is None or device.extension.stuck is None else device.vary(stuck=False)
