"""Current against voltage."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.array.runs import dataset
from synaptogen_core.array.runs.simulate import fresh_cells, simulate
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.palette import COLORS
from synaptogen_core.plots.look import axis, joined, scaled, sized

POINTS = 400  # of a loop that is swept for the picture
LEAST = 20  # points of a recorded cycle that make a loop


def iv_loops(ds: xr.Dataset, *, cells: int = 64, cycles: int = 1, log: bool = False) -> hv.Curve:
    """I-V loops of cells of the Dataset, all as one line with gaps.

    Loops that were recorded (``record=["current", "voltage"]``) are drawn as they are. Otherwise fresh cells of the
    same seed are swept, as they were before the run: a Dataset of features holds no currents.

    Parameters
    ----------
    ds : xarray.Dataset
        Of `simulate`.
    cells : int
        At most so many cells, spread evenly over the array.
    cycles : int
        Of each cell.
    log : bool
        Draw the magnitude of the current on a logarithmic axis.

    Returns
    -------
    holoviews.Curve

    Raises
    ------
    TypeError, ValueError
        If `ds` holds neither sweeps nor the settings of a run with fresh cells.
    """
    checks.instance("ds", ds, xr.Dataset, "give a Dataset of simulate, or one read back from a file")
    most, count = checks.whole("cells", cells, 1, 10_000), checks.whole("cycles", cycles, 1, 10_000)
    swept = ds if _is_swept(ds) else _swept(ds, most, count)
    current = swept["current"].values.reshape(swept.sizes["pulse"], -1)  # (pulses, cells)
    voltage = np.broadcast_to(swept["voltage"].values.reshape(len(current), -1), current.shape)
    places = np.linspace(0, current.shape[1] - 1, min(most, current.shape[1])).astype(int)
    cycle = swept["pulse_cycle"].values
    rows = [(voltage[cycle == k][:, places].T, current[cycle == k][:, places].T) for k in np.unique(cycle)[:count]]
    lines = [joined(scaled("voltage", u), scaled("current", np.abs(i) if log else i)) for u, i in rows]
    u, i = (np.concatenate(parts) for parts in zip(*lines, strict=True))
    x, y = axis("voltage"), axis("current")
    if log:
        y, i = hv.Dimension(("magnitude", "|Current|"), unit="µA"), np.where(i > 0, i, np.nan)
    loops, owners = ("s" if count > 1 else "" for count in (len(rows), len(places)))
    words = f"{len(rows)} I-V loop{loops} of {len(places):,} cell{owners}"
    line = hv.Curve((u, i), x, y)
    return sized(line, color=COLORS["r_hrs"], alpha=max(0.15, 1 / np.sqrt(len(places))), logy=log, title=words)


def _is_swept(ds: xr.Dataset) -> bool:
    """Whether the currents of whole sweeps were recorded: some points per cycle, each with its voltage."""
    if not {"current", "voltage", "pulse_cycle"} <= set(ds.variables) or "pulse" not in ds["current"].dims:
        return False
    return bool(np.bincount(ds["pulse_cycle"].values).max() >= LEAST)


def _swept(ds: xr.Dataset, cells: int, cycles: int) -> xr.Dataset:
    """New sweeps of cells of the Dataset, as they were before the run."""
    fresh = fresh_cells(dataset.settings_of(ds))
    end = fresh.device.valid_range
    train = PulseTrain.iv_sweep(cycles, -end, end, points=POINTS)
    there = ds["cell"].values if "cell" in ds.dims else np.arange(fresh.size)
    chosen = there[np.unique(np.linspace(0, there.size - 1, min(cells, there.size)).astype(int))]
    return simulate(fresh, train, record=["current", "voltage"], every=1, select=chosen, advance=False)
