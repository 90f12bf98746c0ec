"""I-V loops as an instrument would give them: sweeps of simulated cells in the layout of a measurement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.measurement import measurement
from synaptogen_core.schema import FEATURE_NAMES


def measured_loops(
    device: sc.DeviceParameters,
    *,
    devices: int = 4,
    cycles: int = 50,
    seed: int = 0,
    u_min: float = -1.5,
    u_max: float = 1.5,
    points: int | None = None,
    step: float | None = None,
    noise: float = 0.0,
    bandwidth: float | None = None,
    series_resistance: float = 0.0,
    set_sign: int = -1,
    limit: float | None = None,
    reset_first: bool = False,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Loops 0 -> u_min -> 0 -> u_max -> 0 of some cells, and what is true of them.

    `noise` [A] is white and added to the current, `bandwidth` [Hz] that of the model's own read noise. The instrument
    sees the voltage over the cell and `series_resistance` [ohm]; with `set_sign` 1 its leads are exchanged; `limit`
    [A] is the instrument's at SET. With `reset_first` each loop begins half a sweep later: 0 -> u_max -> 0 -> u_min.

    Returns
    -------
    loops, truth : xarray.Dataset
        Two measurements with the same records, devices called "0", "1", ...; the second holds the four features in
        force at each record's SET. The rule switches at the first voltage beyond a threshold, up to a step late.
    """
    cells = sc.CellArray((1, devices), device, seed=seed)
    train = sc.PulseTrain.iv_sweep(cycles=cycles + reset_first, u_min=u_min, u_max=u_max, points=points, step=step)
    ds = sc.simulate(cells, train, record=("features", "current", "voltage"), every=1, bandwidth=bandwidth)
    volts = ds["voltage"].values.reshape(ds.sizes["pulse"], -1)[:, 0].astype(float)
    current = ds["current"].values[:, 0].astype(float)  # (pulse, device)
    current += noise * np.random.default_rng(seed).standard_normal(current.shape)
    if limit is not None:
        current = np.maximum(current, -limit)
    period = volts.size // (cycles + reset_first)
    first = int(np.flatnonzero(volts[:period] < 0)[-1]) + 1 if reset_first else 0
    kept = slice(first, first + cycles * period)
    shift = int(reset_first)  # a loop that begins with the RESET of vector n goes on with vector n + 1
    current = current[kept].T.ravel()
    voltage = np.tile(volts[kept], devices) + series_resistance * current
    index, number = np.repeat(np.arange(devices), cycles), np.tile(np.arange(cycles), devices)
    labels = [str(k) for k in range(devices)]
    counts = np.full(index.size, period)
    loops = measurement(
        index, number, labels=labels, loops=(-set_sign * voltage, -set_sign * current, counts), source="simulation"
    )
    features = {name: ds[name].values[shift : cycles + shift, 0].T.ravel() for name in FEATURE_NAMES}
    return loops, measurement(index, number, labels=labels, features=features, source="simulation")


def real_loops(folder: Path) -> xr.Dataset:
    """The 100 measured loops of one device."""
    table = pd.read_csv(folder / "hennen_ivtools_loops.csv.gz")
    counts = table.groupby("cycle").size()
    loops = table["V"].to_numpy(), table["I"].to_numpy(), counts.to_numpy()
    return measurement(np.zeros(len(counts), int), counts.index, labels=["hennen"], loops=loops)


def real_endurance(folder: Path) -> xr.Dataset:
    """Two resistances of one long endurance test, "long:778", and of 19 short ones."""
    table = pd.read_csv(folder / "stanford_mit_endurance_RHRS_RLRS.csv.gz")
    names = np.where(table["file"].str.contains("many"), "short:", "long:") + table["device"].astype(str)
    labels, index = np.unique(names.to_numpy(str), return_inverse=True)
    features = {"r_hrs": table["R_HRS"].to_numpy(), "r_lrs": table["R_LRS"].to_numpy()}
    return measurement(index, table["readpoint"], labels=list(labels), features=features)
