"""Is this the Dataset of a simulation? Every rule with its sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core.array.runs.dataset import settings_of, train_of
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import shown
from synaptogen_core.exchange.files.damage import refused
from synaptogen_core.schema import FEATURE_NAMES, SCHEMA_VERSION, STATE_NAMES, VARIABLES, cell_dims

# Attributes that HDF5, NetCDF and xarray keep for themselves.
TAKEN = frozenset({"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates",
                   "_nc3_strict", "_NCProperties", "coordinates"})  # fmt: skip
TABLE_DIM = "train_entry"
KINDS = {"f": "floating-point numbers", "iu": "whole numbers", "b": "True and False"}
KIND_OF = {
    **dict.fromkeys((*FEATURE_NAMES, "conductance", "current", "voltage", "train_table", "time"), "f"),
    **dict.fromkeys(("outlier", "train_table_cycle_end"), "b"),
}


def check(ds: xr.Dataset, *, values: bool = True) -> None:
    """Check that a Dataset is what `simulate` returns, or a part of it.

    Parameters
    ----------
    ds : xarray.Dataset
    values : bool
        Look at the values, too; without it, only at what stands around them.

    Raises
    ------
    ValueError
        The first rule that is broken, in a sentence.
    """
    version = ds.attrs.get("schema_version")
    if version is None:
        raise ValueError("schema_version: must be among the attributes (got none); give a Dataset of simulate")
    if version != SCHEMA_VERSION:
        raise ValueError(f"schema_version: must be {SCHEMA_VERSION} (got {version}); use the release that wrote it")
    for name in map(str, ds.variables):
        _check_variable(name, ds[name])
        if values:
            _check_values(name, ds[name].values)
    _check_settings(ds)


def check_attributes(ds: xr.Dataset) -> None:
    """Check that every attribute can stand in a file, whatever its format: text, a number, or a list of either.

    Parameters
    ----------
    ds : xarray.Dataset

    Raises
    ------
    ValueError
        With the name of the first that cannot.
    """
    owners = [("", ds.attrs), *((f" of {name}", ds[name].attrs) for name in map(str, ds.variables))]
    for owner, attrs in owners:
        for key, value in attrs.items():
            if not _is_text(key) or not key or key in TAKEN:
                raise ValueError(
                    f"attribute{owner}: must have a name that files have free (got {shown(key)}); give it another name"
                )
            if not _stands(value):
                raise ValueError(
                    f"attribute {key!r}{owner}: must be text, a number or a list of them "
                    f"(got {shown(value)}); write it as text"
                )


def _is_text(value: object) -> bool:
    """Whether files hold it as text: UTF-8 without the letter that ends texts in C."""
    return type(value) is str and "\0" not in value and value.encode("utf-8", "replace").decode() == value


def _stands(value: Any) -> bool:
    """Whether all formats hold a value: text, a number, or several of one kind."""
    held = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(one, str) for one in held):
        return all(map(_is_text, held))
    numbers = [np.asarray(one) for one in held if isinstance(one, (int, float, np.number)) or one is value]
    return len(numbers) == len(held) and all(n.dtype.kind in "iuf" and n.dtype.itemsize <= 8 for n in numbers)


def _check_variable(name: str, variable: xr.DataArray) -> None:
    if name not in VARIABLES:
        raise ValueError(f"{name}: must be a variable of the schema (got an unknown one); drop it")
    cells = cell_dims(variable.to_dataset(name="any"))
    axes = [str(dim) for dim in variable.dims]
    if axes not in _dims_of(name, cells):
        allowed = " or ".join(f"({', '.join(dims)})" for dims in _dims_of(name, cells))
        raise ValueError(f"{name}: must have the dimensions {allowed} (got {', '.join(axes) or 'none'}); transpose it")
    kind = KIND_OF.get(name, "iu")
    if variable.dtype.kind not in kind:
        raise ValueError(f"{name}: must hold {KINDS[kind]} (got {variable.dtype}); take it from simulate again")
    units = variable.attrs.get("units")
    if units != VARIABLES[name]["units"]:
        raise ValueError(f"{name}: must have the units {VARIABLES[name]['units']} (got {units}); convert it back")


def _dims_of(name: str, cells: tuple[str, ...]) -> list[list[str]]:
    if name in FEATURE_NAMES:
        return [["cycle", *cells]]
    if name in ("component", "outlier"):
        return [[*cells]]
    if name in ("row", "column"):
        return [[name], ["cell"]]
    if name in ("cycle", "pulse", "cell"):
        return [[name]]
    if name in ("pulse_cycle", "pulse_step"):
        return [["pulse"]]
    if name == "time":
        return [["pulse"], ["cycle"]]
    if name == "train_durations":
        return [["train_duration"]]
    if name.startswith("train_table"):
        return [[TABLE_DIM]]
    recorded = [["cycle", *cells], ["pulse", *cells]]
    return [*recorded, ["pulse"]] if name == "voltage" else recorded


def _check_values(name: str, values: Any) -> None:
    if values.dtype.kind == "f" and np.isnan(values).any():  # a resistance that float32 does not hold is infinite
        raise ValueError(f"{name}: must be numbers (got NaN); is the file damaged?")
    if name == "state" and values.size and int(values.max()) >= len(STATE_NAMES):
        raise ValueError(f"state: must be below {len(STATE_NAMES)} (got {int(values.max())}); is the file damaged?")


def _check_settings(ds: xr.Dataset) -> None:
    settings = settings_of(ds)
    try:
        device = DeviceParameters.from_dict(settings["device"])
        rows, columns = (int(n) for n in settings["shape"])
        train_of(settings, ds)
    except (KeyError, AttributeError, IndexError, TypeError, ValueError) as error:
        raise ValueError(str(refused("settings", "describe a run", error, "is the file damaged?"))) from error
    if device.hash != ds.attrs.get("device_hash"):
        raise ValueError(
            f"device_hash: must be that of the device in the settings, {device.hash} "
            f"(got {ds.attrs.get('device_hash')}); the parameters were changed after the run"
        )
    limits = {"row": rows, "column": columns, "cell": rows * columns}
    for name, limit in limits.items():
        if name in ds.variables and ds[name].size and not 0 <= int(ds[name].min()) <= int(ds[name].max()) < limit:
            raise ValueError(f"{name}: must be from 0 to {limit - 1} (got {int(ds[name].max())}); is the file damaged?")
