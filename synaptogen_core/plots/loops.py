"""Current against voltage."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.runs import dataset
from synaptogen_core.array.runs.simulate import simulate
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.plots.look import COLORS, axis, joined, scaled, sized

POINTS = 400  # of a loop that is swept for the picture


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
        If `ds` holds neither currents nor the settings of its run.
    """
    checks.instance("ds", ds, xr.Dataset, "give a Dataset of simulate, or one read back from a file")
    most, count = checks.whole("cells", cells, 1, 10_000), checks.whole("cycles", cycles, 1, 10_000)
    swept = ds if {"current", "voltage", "pulse"} <= {*ds.variables, *ds.dims} else _swept(ds, most, count)
    current = swept["current"].values.reshape(swept.sizes["pulse"], -1)  # (pulses, cells)
    voltage = np.broadcast_to(swept["voltage"].values.reshape(len(current), -1), current.shape)
    places = np.linspace(0, current.shape[1] - 1, min(most, current.shape[1])).astype(int)
    cycle = swept["pulse_cycle"].values if "pulse_cycle" in swept else np.zeros(len(current), int)
    rows = [(voltage[cycle == k][:, places].T, current[cycle == k][:, places].T) for k in np.unique(cycle)[:count]]
    lines = [joined(scaled("voltage", u), scaled("current", np.abs(i) if log else i)) for u, i in rows]
    u, i = (np.concatenate(parts) for parts in zip(*lines, strict=True))
    x, y = axis("voltage"), axis("current")
    if log:
        y, i = hv.Dimension(("magnitude", "|Current|"), unit="µA"), np.where(i > 0, i, np.nan)
    title = (
        f"{len(rows)} I-V loop{'s' if len(rows) > 1 else ''} of {len(places):,} cell{'s' if len(places) > 1 else ''}"
    )
    line = hv.Curve((u, i), x, y)
    return sized(line, color=COLORS["r_hrs"], alpha=max(0.15, 1 / np.sqrt(len(places))), logy=log, title=title)


def _swept(ds: xr.Dataset, cells: int, cycles: int) -> xr.Dataset:
    """New sweeps of cells as they were before the run."""
    settings = dataset.settings_of(ds)
    rows, columns = settings["shape"]
    device = DeviceParameters.from_dict(settings["device"])
    fresh = CellArray((rows, columns), device, seed=settings["seed"], start=settings["history"], first_cell=settings["first_cell"])  # fmt: skip # noqa: E501
    end = min(1.5, device.valid_range)
    train = PulseTrain.iv_sweep(cycles, -end, end, points=POINTS)
    chosen = np.unique(np.linspace(0, fresh.size - 1, min(cells, fresh.size)).astype(int))
    return simulate(fresh, train, record=["current", "voltage"], every=1, select=chosen, advance=False)
