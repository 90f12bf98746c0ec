"""Used cells on the disk: a run goes on from where another one ended."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core.array.cells import CellArray
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files import netcdf, text
from synaptogen_core.exchange.files.atomic import replacing
from synaptogen_core.exchange.files.damage import refused

FORMAT = "synaptogen_core cells 2"
WHAT = "cells that save_cells wrote"
ARRAYS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "cell": (("cell",), "number of the cell in the random streams", "1"),
    "component": (("cell",), "mixture component of the cell (device to device)", "1"),
    "mu": (("feature", "cell"), "centre of the features over cycles: log10 ohm, V, ohm, V", "1"),
    "sigma": (("feature", "cell"), "spread of the features over cycles: log10 ohm, V, ohm, V", "1"),
    "history": (("slot", "feature", "cell"), "normal scores of past cycles; that of cycle m in slot m % order", "1"),
    "count": (("cell",), "switching cycles drawn so far", "1"),
    "features": (("feature", "cell"), "features in force: ohm, V, ohm, V", "1"),
    "code": (("cell",), "resistance state: 0 high, 1 intermediate, 2 low", "1"),
    "r": (("cell",), "mixing variable of the two conduction curves", "1"),
    "threshold": (("cell",), "voltage above which RESET starts or goes on", "V"),
    "slope": (("cell",), "coefficient of the RESET transition curve, A V^-eta", "A"),
    "floor": (("cell",), "current that the RESET transition ends in", "A"),
}

TIMES: dict[str, tuple[tuple[str, ...], str, str]] = {  # only where time has passed
    "born": (("cell",), "array time of the last switching event", "ns"),
    "births": (("cell",), "switching events so far, as far as the clock distinguishes them", "1"),
}


def save_cells(cells: CellArray, path: str | os.PathLike[str]) -> None:
    """Write all that cells remember to a NetCDF file, from which `load_cells` makes them again bit for bit.

    Parameters
    ----------
    cells : CellArray
    path : str or path
        File to write or to replace, with the suffix .nc; all or nothing.

    Raises
    ------
    FileError
        If the name has another suffix, its folder does not exist, or the file system refuses the write.
    """
    _check_suffix(path)
    if not isinstance(cells, CellArray):
        raise TypeError(f"cells: must be a CellArray (got {type(cells).__name__}); a Dataset goes to save_dataset")
    state = cells.to_state()
    arrays = state.pop("arrays")
    variables = {}
    for name, array in arrays.items():
        dims, long_name, units = (ARRAYS | TIMES)[name]
        variables[name] = (dims, array, {"long_name": long_name, "units": units})
    attrs = {"format": FORMAT, "settings": json.dumps(state, allow_nan=False), "state_hash": cells.state_hash()}
    ds = xr.Dataset(variables, attrs=attrs)
    encoding: dict[Any, dict[str, Any]] = {name: {"_FillValue": None} for name in ds.variables}
    with replacing(path) as temporary:
        netcdf.write(ds, temporary, encoding)


def load_cells(path: str | os.PathLike[str], *, engine: str = "auto") -> CellArray:
    """Read cells that `save_cells` wrote.

    Parameters
    ----------
    path : str or path
    engine : {"auto", "numpy", "numba"}
        As for `CellArray`.

    Returns
    -------
    CellArray
        Which goes on exactly as the saved ones would.

    Raises
    ------
    FileError
        If there is no such file, or it is not what it says: the hash of its content is checked.
    """
    _check_suffix(path)
    file = text.existing(path, WHAT)
    try:
        with xr.open_dataset(file, engine="h5netcdf") as ds:
            attrs = dict(ds.attrs)
            arrays = {str(name): np.array(ds[name].values) for name in ds.variables}
    except Exception as error:  # HDF5 and xarray raise what they like for a damaged file
        raise refused(path, "be readable as NetCDF", error, "is it cut off?") from error
    if attrs.get("format") != FORMAT:
        raise FileError(f"{path}: must hold {WHAT} (got the format {attrs.get('format')!r}); give another file")
    settings = text.strict_json(str(attrs.get("settings", "")), str(path))
    try:
        _check_sizes(settings, arrays)
        cells = CellArray.from_state({**settings, "arrays": arrays}, engine=engine)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise refused(path, f"hold {WHAT}", error, "is it damaged?") from error
    if cells.state_hash() != attrs.get("state_hash"):
        raise FileError(
            f"{path}: must have the hash {attrs.get('state_hash')} (got {cells.state_hash()}); "
            "it was changed after saving"
        )
    return cells


def _check_suffix(path: str | os.PathLike[str]) -> None:
    if text.as_path(path).suffix.lower() != ".nc":
        raise FileError(f"{path}: must end in .nc (got {Path(path).suffix or 'no suffix'}); rename it")


def _check_sizes(settings: Any, arrays: dict[str, Any]) -> None:
    """Refuse a file that claims more cells than it holds, before memory is taken for them."""
    if not isinstance(settings, dict):
        raise ValueError(f"settings: must be an object (got {type(settings).__name__}); save the cells again")
    missing = [name for name in ARRAYS if name not in arrays]
    if missing:
        raise ValueError(f"arrays: must be complete (missing {', '.join(missing)}); save the cells again")
    rows, columns = settings["shape"]
    if rows * columns != arrays["r"].size:
        raise ValueError(f"shape: must have {arrays['r'].size} cells (got {rows} x {columns}); save the cells again")
