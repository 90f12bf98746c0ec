"""Flat columns of a Dataset: a number of each cell, or a number of each cycle of each cell, by a name in text.

``r_hrs`` is the feature in each cycle; ``r_hrs.median``, ``.mean``, ``.std`` and ``.last`` are numbers of a cell over
its cycles; ``row``, ``column``, ``component``, ``outlier`` and ``state`` (at the end) are the cell's own;
``cycle`` counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.columns import series_of, time_dim
from synaptogen_core.schema import FEATURE_NAMES, FEATURES, cell_dims
from synaptogen_core.types import Bools

NUMBERS = ("median", "mean", "std", "last")
PLACES = ("row", "column", "component", "outlier", "state")
Column = np.ndarray[Any, Any]
Keep = Callable[[str, Callable[[], Any]], Any]


class CellTable:
    """The columns of one Dataset, each made when it is first asked for.

    Parameters
    ----------
    ds : xarray.Dataset
        Holds features on (cycle, row, column) or (cycle, cell).
    keep : callable, optional
        ``keep(name, make)`` returns what ``make()`` makes, from the second time on without making it. By default the
        table keeps its columns itself.

    Raises
    ------
    TypeError, ValueError
        If `ds` is no Dataset, or holds none of the four features over cycles.
    """

    def __init__(self, ds: xr.Dataset, keep: Keep | None = None):
        checks.instance("ds", ds, xr.Dataset, "give a Dataset of simulate, or one read back from a file")
        self.features = tuple(name for name in FEATURE_NAMES if name in ds)
        if not self.features or "cycle" not in ds.sizes:
            raise ValueError("ds: must hold features over cycles (got none of them); record=['features'] records them")
        self.ds = ds
        self.cycles = ds.sizes["cycle"]
        self.cells = int(np.prod([ds.sizes[dim] for dim in cell_dims(ds)]))
        self._kept: dict[str, Any] = {}
        self.keep = keep or self._keep

    def _keep(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all the columns."""
        of_cell = [f"{feature}.{number}" for feature in self.features for number in NUMBERS]
        own = [name for name in PLACES if name in self.ds.variables or (name in cell_dims(self.ds))]
        return (*self.features, "cycle", *of_cell, *own)

    def of_cycles(self, name: str) -> bool:
        """Whether a column has a number for each cycle.

        Parameters
        ----------
        name : str
            Of the column.

        Raises
        ------
        ValueError
            If there is no such column.
        """
        if name not in self.names:
            raise ValueError(f"quantity: must be one of {', '.join(self.names)} (got {name[:40]!r}); choose from these")
        return name == "cycle" or name in self.features

    def column(self, name: str) -> Column:
        """Numbers in SI.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        numpy.ndarray
            (cells,), or (cycles, cells) where there is one for each cycle; cells row by row.

        Raises
        ------
        ValueError
            If there is no such column.
        """
        if self.of_cycles(name):
            if name == "cycle":
                return np.broadcast_to(self.ds["cycle"].values[:, None], (self.cycles, self.cells))
            return np.asarray(series_of(self.ds, name))
        return np.asarray(self.keep(name, lambda: self._of_cells(name)))

    def _of_cells(self, name: str) -> Column:
        feature, _, number = name.partition(".")
        if number:
            return of_cell(np.asarray(series_of(self.ds, feature)), number)
        dims = cell_dims(self.ds)
        if name in dims:
            shape = tuple(self.ds.sizes[dim] for dim in dims)
            place = self.ds[name].values if name in self.ds.coords else np.arange(shape[dims.index(name)])
            places: Column = np.asarray(place)[np.indices(shape)[dims.index(name)].ravel()]
            return places
        times = time_dim(self.ds[name])
        own = self.ds[name] if times is None else self.ds[name].isel({times: -1})  # the state at the end
        return np.asarray(own.values).ravel()


def of_cell(series: Column, number: str) -> Column:
    """One number of each cell over its cycles; cycles without a value are left out.

    Parameters
    ----------
    series : ndarray, shape (cycles, cells)
    number : {"median", "mean", "std", "last"}

    Returns
    -------
    ndarray, shape (cells,)
    """
    if number == "last":
        return np.asarray(series[-1])
    whole = bool(np.isfinite(series).all())
    plain: dict[str, Any] = {"median": np.median, "mean": np.mean, "std": np.std}
    skipping: dict[str, Any] = {"median": np.nanmedian, "mean": np.nanmean, "std": np.nanstd}
    options = {} if number == "median" else {"dtype": np.float64}
    return np.asarray((plain if whole else skipping)[number](series, axis=0, **options))


def is_log(name: str) -> bool:
    """Whether a column is compared, and drawn, on a logarithmic scale.

    Parameters
    ----------
    name : str
        Of the column.
    """
    feature, _, number = name.partition(".")
    return number != "std" and any(f.name == feature and f.scale == "log" for f in FEATURES)


def on_scale(name: str, values: Any) -> Any:
    """Values of a column on its own scale: log10 where that is logarithmic; NaN where there is no logarithm.

    Parameters
    ----------
    name : str
        Of the column.
    values : array_like

    Returns
    -------
    ndarray, of the same shape
    """
    if not is_log(name):
        return np.asarray(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log10(values)


def usable(*columns: Column) -> Bools:
    """Where all columns are finite.

    Parameters
    ----------
    *columns : ndarray
        Of shapes that go together.

    Returns
    -------
    ndarray of bool
    """
    found = np.isfinite(columns[0])
    for column in columns[1:]:
        found = found & np.isfinite(column)
    return np.asarray(found)
