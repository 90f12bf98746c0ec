"""Device to device: the cells beside each other, in a plane of two features and on the array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import holoviews as hv
import numpy as np
import xarray as xr

from synaptogen_core.analysis import statistics_api as statistics
from synaptogen_core.analysis.columns import device_of, series_of
from synaptogen_core.counts import counted
from synaptogen_core.plots.features import chosen
from synaptogen_core.plots.look import COMPONENTS, MODEL, axis, cloud, is_log, joined, scaled, sized, title
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64

NUMBERS: dict[str, Callable[..., Any]] = {
    "median": np.nanmedian, "mean": np.nanmean, "std": np.nanstd, "last": lambda values, axis: values[-1],
}  # fmt: skip


def per_cell(ds: xr.Dataset, name: str, of: str = "median") -> F64:
    """One number per cell of a variable over cycles, in the unit of its axis, (cells,).

    Parameters
    ----------
    ds : xarray.Dataset
        Holds the variable.
    name : str
        On (cycle or pulse, row, column), or without the first.
    of : {"median", "mean", "std", "last"}
        Over cycles.

    Raises
    ------
    ValueError
        For another number.
    """
    if not isinstance(of, str) or of not in NUMBERS:
        raise ValueError(f"of: must be one of {', '.join(NUMBERS)} (got {of!r}); median is usual")
    if not {"cycle", "pulse"} & set(ds[name].dims):
        return scaled(name, ds[name].values).ravel()
    values = np.asarray(series_of(ds, name), np.float64)
    return scaled(name, NUMBERS[of](values, axis=0))


def device_to_device(ds: xr.Dataset, x: str = "r_lrs", y: str = "u_reset", *, of: str = "median") -> hv.Overlay:
    """Each cell as a point in the plane of two features; the ellipses hold 90 % of each component of the mixture.

    Parameters
    ----------
    ds : xarray.Dataset
        Holds both features.
    x, y : str
        The features.
    of : {"median", "mean"}
        Number of each cell over its cycles.

    Returns
    -------
    holoviews.Overlay
        Cells coloured by their component; dashed ellipses are outliers.

    Raises
    ------
    TypeError, ValueError
        For features that `ds` has not.
    """
    chosen(ds, [x, y])
    across, up = axis(x, ds, prefix=f"{of} "), axis(y, ds, prefix=f"{of} ")
    table: dict[str, Any] = {across.name: per_cell(ds, x, of), up.name: per_cell(ds, y, of)}
    options: dict[str, Any] = {}
    if "component" in ds:
        table["component"] = ds["component"].values.ravel().astype(int)
        table["color"] = np.array(COMPONENTS)[table["component"] % len(COMPONENTS)]
        options = {"color": "color"}
    picture = cloud(table, across, up, **options)
    device = device_of(ds)
    if device is not None and {x, y} <= set(FEATURE_NAMES) and of in ("median", "mean"):
        found = statistics.device_ellipses(device, x, y, of=(of, of))
        for odd, dash in ((False, "solid"), (True, "dashed")):
            some = found.isel(component=np.flatnonzero(found["outlier"].values == odd))
            line = joined(scaled(x, some["x"].values), scaled(y, some["y"].values))
            picture = picture * hv.Curve(line, across, up).opts(color=MODEL, line_dash=dash, line_width=1.5)
    words = counted(len(table[across.name]), "cell")
    return picture.opts(title=words, logx=is_log(x), logy=is_log(y), show_legend=False)


def array_map(ds: xr.Dataset, quantity: str = "r_lrs", *, of: str = "median") -> hv.Image:
    """A quantity of each cell as a map of the array, row 0 on top.

    Parameters
    ----------
    ds : xarray.Dataset
        With rows and columns.
    quantity : str
        A variable over cells, with cycles or pulses or without.
    of : {"median", "mean", "std", "last"}
        Number of each cell over its cycles.

    Returns
    -------
    holoviews.Image

    Raises
    ------
    TypeError, ValueError
        For a variable that `ds` has not, or chosen cells that make no map.
    """
    chosen(ds, [quantity])
    if not {"row", "column"} <= set(ds.sizes):
        raise ValueError("ds: must have rows and columns (got chosen cells); simulate without select=")
    rows, columns = ds.sizes["row"], ds.sizes["column"]
    values = per_cell(ds, quantity, of).reshape(rows, columns)
    shown = axis(quantity, ds, prefix=f"{of} ")
    edges = (-0.5, -0.5, columns - 0.5, rows - 0.5)
    across, up = hv.Dimension(("column", "Column")), hv.Dimension(("row", "Row"))
    image = hv.Image(values[::-1], [across, up], shown, bounds=edges)
    return sized(
        image, cmap="Cividis", colorbar=True, invert_yaxis=True, tools=["hover"],
        title=title(f"{shown.label} of each cell"),
        clabel=f"{shown.label} ({shown.unit})" if shown.unit else shown.label, logz=is_log(quantity) and of != "std",
    )  # fmt: skip
