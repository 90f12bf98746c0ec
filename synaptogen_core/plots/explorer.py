"""Several pictures of the same cells whose selections are linked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import numpy as np
import pandas as pd
import xarray as xr

from synaptogen_core.plots.cells import per_cell
from synaptogen_core.plots.look import COMPONENTS, axis, is_log, sized
from synaptogen_core.schema import FEATURE_NAMES, cell_dims

PAIRS = (("r_lrs", "u_reset"), ("r_hrs", "u_set"))


def cell_table(ds: xr.Dataset, *, of: str = "median") -> pd.DataFrame:
    """One line per cell: its place, one number per feature in the unit of its axis, component and outlier flag.

    Parameters
    ----------
    ds : xarray.Dataset
        Of `simulate`.
    of : {"median", "mean", "std", "last"}
        Number of each cell over its cycles.

    Returns
    -------
    pandas.DataFrame
    """
    dims = cell_dims(ds)
    shape = tuple(ds.sizes[dim] for dim in dims)
    place = np.indices(shape).reshape(len(shape), -1)
    columns: dict[str, Any] = dict(zip(dims, place, strict=True))
    if "row" not in columns and "row" in ds:
        columns |= {"row": ds["row"].values, "column": ds["column"].values}
    columns |= {name: per_cell(ds, name, of) for name in FEATURE_NAMES if name in ds}
    columns |= {name: ds[name].values.ravel() for name in ("component", "outlier") if name in ds}
    return pd.DataFrame(columns)


def explore(
    ds: xr.Dataset, pairs: Sequence[tuple[str, str]] = PAIRS, *, of: str = "median", histogram: str | None = "r_lrs"
) -> Any:
    """Scatter plots, a map of the array and a histogram: a box or lasso in one lights the same cells in all.

    Parameters
    ----------
    ds : xarray.Dataset
        Of `simulate`, with rows and columns.
    pairs : sequence of pairs of str
        Features across and up of each scatter plot.
    of : {"median", "mean", "std", "last"}
        Number of each cell over its cycles.
    histogram : str, optional
        The feature of the histogram; None for none.

    Returns
    -------
    holoviews.Layout
        With linked selections; live in a notebook or on a page. Written to a file, it shows the pictures without the
        links.
    """
    table = cell_table(ds, of=of)
    data = hv.Dataset(
        table, [name for name in table if name not in FEATURE_NAMES], [n for n in FEATURE_NAMES if n in table]
    )
    pictures: list[Any] = []
    tools = ["box_select", "lasso_select", "hover"]
    for x, y in pairs:
        points = hv.Points(data, [axis(x, ds, key=x), axis(y, ds, key=y)])
        pictures.append(sized(points, tools=tools, size=4, color=COMPONENTS[0], logx=is_log(x), logy=is_log(y)))
    if {"row", "column"} <= set(table):
        places = hv.Points(data, [hv.Dimension(("column", "Column")), hv.Dimension(("row", "Row"))])
        pictures.append(sized(places, tools=tools, size=4, marker="square", color=COMPONENTS[0], invert_yaxis=True))
    if histogram is not None:
        bars = hv.operation.histogram(data, dimension=histogram, num_bins=60, normed=False)
        pictures.append(sized(bars.redim(**{histogram: axis(histogram, ds, key=histogram)}), tools=["xbox_select"]))
    return hv.link_selections.instance()(hv.Layout(pictures).cols(2))
