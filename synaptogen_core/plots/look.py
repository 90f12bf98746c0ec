"""What every picture shares: the house's colours, axes with units, and clouds of points that stay quick."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh  # registers the backend that the options below are written for
import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core.analysis.columns import described
from synaptogen_core.palette import AXES
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

hv.renderer("bokeh").webgl = False  # drawing in a page without WebGL is quicker than setting it up

COMPONENTS = ("#0072B2", "#E69F00", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442")
MODEL = "#5b6570"  # what the model says exactly: quiet beside the data, on white and on black
RASTER_ABOVE = 20_000  # points: more are drawn as an image of their density
WIDTH, HEIGHT = 420, 320


def factor(name: str) -> float:
    """What the SI values of a variable are multiplied by before they are drawn."""
    return AXES.get(name, (1.0,))[0]


def scaled(name: str, values: ArrayLike) -> F64:
    """Values of a variable in the unit of its axis.

    Parameters
    ----------
    name : str
        Of the variable.
    values : array_like
        [SI].

    Returns
    -------
    ndarray of float64, of the same shape
    """
    return np.asarray(values, np.float64) * factor(name)


def axis(name: str, ds: xr.Dataset | None = None, *, key: str | None = None, prefix: str = "") -> hv.Dimension:
    """The axis of a variable: its label and unit.

    Parameters
    ----------
    name : str
        Of a feature, another variable, or a coordinate.
    ds : xarray.Dataset, optional
        Knows the long names of its own variables.
    key : str, optional
        Name of the dimension; axes of the same name move together. By default that of the variable.
    prefix : str
        In front of the label, such as "Median ".
    """
    if name in AXES:
        _, unit, label = AXES[name]
    else:
        label, unit = described(name, ds)
        unit = "" if unit == "1" else unit
    label = f"{prefix}{label}"
    return hv.Dimension(
        (key or f"{prefix.lower().replace(' ', '_')}{name}", label[:1].upper() + label[1:]), unit=unit or None
    )


def title(text: str) -> str:
    """A title that HoloViews shows as it is: it takes what stands in braces for a format, and names may hold some."""
    return text.replace("{", "{{").replace("}", "}}")


def is_log(name: str) -> bool:
    """Whether a variable is drawn on a logarithmic axis."""
    return any(feature.name == name and feature.scale == "log" for feature in FEATURES)


def sized(element: Any, **options: Any) -> Any:
    """An element in the house's size, with further options of the Bokeh backend."""
    return element.opts(width=WIDTH, height=HEIGHT, show_grid=True, **options)


def cloud(table: dict[str, Any], x: hv.Dimension, y: hv.Dimension, **options: Any) -> Any:
    """Points, or the image of their density where there are too many to draw one by one.

    Parameters
    ----------
    table : dict of ndarray, each (points,)
        Columns by the names of the axes; further columns can be seen on hover.
    x, y : holoviews.Dimension
    **options
        Of the points, for the Bokeh backend.

    Returns
    -------
    holoviews.Scatter or holoviews.Image
    """
    count = len(next(iter(table.values())))
    others = [name for name in table if name not in (x.name, y.name)]
    if count <= RASTER_ABOVE:
        return sized(hv.Scatter(table, x, [y, *others]), tools=["hover"], size=4, alpha=0.7, **options)
    from holoviews.operation.datashader import rasterize

    points = hv.Points((table[x.name], table[y.name]), [x, y])
    image = rasterize(points, dynamic=False, width=WIDTH, height=HEIGHT)
    return sized(
        image, cmap="Cividis", cnorm="log", clipping_colors={"NaN": "transparent"}, colorbar=True, tools=["hover"]
    )


def joined(x: F64, y: F64) -> tuple[F64, F64]:
    """The lines in the rows of `x` and `y`, (lines, points), as one with a gap after each.

    Parameters
    ----------
    x, y : ndarray of float64, shape (lines, points)

    Returns
    -------
    tuple of ndarray of float64, each (lines * (points + 1),)
        NaN in the gaps.
    """
    gap = np.full((len(x), 1), np.nan)
    return np.concatenate([x, gap], axis=1).ravel(), np.concatenate([y, gap], axis=1).ravel()
