"""Measurements in NetCDF: our own, our simulations, and plain ones whose variables have names that are recognised.

HDF5's library is not made for hostile bytes: a few changed ones can make it loop for ever. So the file is read by a
process of its own, with little memory and little time, which returns plain arrays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core import measurement as measured
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files.damage import refused
from synaptogen_core.exchange.measurements.columns import (
    IN_ORDER,
    LABEL_ROLES,
    TableLayout,
    role_of,
    split_unit,
    understand,
)
from synaptogen_core.exchange.measurements.doubts import ask, notes_of
from synaptogen_core.exchange.measurements.formats import hdf5_child
from synaptogen_core.exchange.measurements.formats.apart import damaged, read_apart
from synaptogen_core.exchange.measurements.records import Records
from synaptogen_core.exchange.measurements.source import GZIP, Source, unpacked
from synaptogen_core.schema import FEATURE_NAMES, cell_dims

MAGIC = b"\x89HDF\r\n\x1a\n"
VALUE_BYTES, TIMES_FILE = 16 * 2**20, 3  # values may declare so much, and so many times the file's size
CHILD_BYTES = 64 * 2**20  # of addresses, most of which no memory stands behind
WHAT = "NetCDF-4"
ENTRIES = 1 << 16


def load(source: Source, columns: Mapping[str, str] | None, units: Mapping[str, str] | None) -> xr.Dataset:
    """The measurement in a file; see `measurements.load_measurements`.

    Parameters
    ----------
    source : Source
        The file, plain or packed with gzip.
    columns : mapping of str to str, optional
        Role -> name of a variable or dimension.
    units : mapping of str to str, optional
        Role -> unit of its numbers.

    Returns
    -------
    xarray.Dataset
        In the layout of `measurement`: SI units, one record a cycle.

    Raises
    ------
    FileError
        If it cannot be read, declares too much, contradicts itself, or leaves a question open.
    """
    source = _plain(source)
    listed = _ask_child(source)
    names = [v["name"] for v in listed["variables"]]
    attrs = listed["attrs"]
    try:
        if attrs.get("kind") == measured.KIND:
            wanted = ("device", "device_index", "cycle", *FEATURE_NAMES, "failure", "sample_count", *measured.RAGGED)
            return _own(source, _read(source, listed, [name for name in wanted if name in names]))
        if "schema_version" in attrs and any(name in names for name in FEATURE_NAMES):
            wanted = (*FEATURE_NAMES, "row", "column", "cycle", "cell")
            return _simulated(source, _read(source, listed, [name for name in wanted if name in names]))
        return _recognised(source, listed, columns, units)
    except FileError:
        raise
    except Exception as error:  # variables that contradict each other show in many ways
        raise refused(source.name, "hold measured cycles", error, "is it another file?") from error


def inspect(source: Source, columns: Mapping[str, str] | None, units: Mapping[str, str] | None) -> TableLayout:
    """What the variables of a file are taken for.

    Parameters
    ----------
    source : Source
        The file, plain or packed with gzip.
    columns : mapping of str to str, optional
        Role -> name of a variable or dimension.
    units : mapping of str to str, optional
        Role -> unit of its numbers.

    Returns
    -------
    TableLayout
        With the questions that are open.

    Raises
    ------
    FileError
        If it cannot be read, or `columns` and `units` name what is not there.
    """
    return _layout(source, _ask_child(_plain(source)), columns, units)


def _plain(source: Source) -> Source:
    """The file as it was before it was packed with gzip."""
    with source.raw() as stream:
        if stream.read(2) != GZIP:
            return source
    limit = 16 * 2**20 + 2 * source.size
    data = unpacked(source, limit + 1)
    if len(data) > limit:
        raise FileError(f"{source.name}: must unpack to at most {limit:,} bytes of NetCDF (got more); unpack it")
    return Source(source.name, data)


def _ask_child(source: Source, names: list[str] | None = None) -> dict[str, Any]:
    """What the file declares, and the values of the named variables."""
    most = VALUE_BYTES + TIMES_FILE * source.size
    memory = CHILD_BYTES + most + 2 * source.size
    with read_apart(source, str(hdf5_child.__file__), memory, [str(most), *(names or [])], WHAT) as out:
        answer: dict[str, Any] = json.loads(out.readline())
        for entry in answer["variables"] if names else []:
            dtype, count = np.dtype(entry["dtype"]), math.prod(entry["shape"])
            if dtype.hasobject or dtype.itemsize * count > most:
                raise damaged(source, WHAT, "more values than its size allows")
            entry["values"] = np.frombuffer(out.read(dtype.itemsize * count), dtype).reshape(entry["shape"])
    return answer


def _read(source: Source, listed: Mapping[str, Any], names: list[str]) -> xr.Dataset:
    """Some variables as a Dataset, if what they declare fits."""
    most = VALUE_BYTES + TIMES_FILE * source.size
    chosen = [v for v in listed["variables"] if v["name"] in names]
    declared = sum(v["itemsize"] * max(math.prod(v["shape"]), v["chunk"]) for v in chosen)
    if declared > most:
        raise FileError(
            f"{source.name}: must hold at most {most:,} bytes of values, {TIMES_FILE} times its size and "
            f"{VALUE_BYTES:,} (got {declared:,}); save it without compression, or split it"
        )
    other = [v["name"] for v in chosen if v["kind"] == "other"]
    if other:
        raise FileError(f"{source.name}: {other[0]} must hold numbers or text (got another kind); convert it")
    answer = _ask_child(source, [v["name"] for v in chosen])
    variables = {v["name"]: xr.Variable(v["dims"], v["values"], v["attrs"]) for v in answer["variables"]}
    return xr.decode_cf(xr.Dataset(variables, attrs=answer["attrs"]), decode_times=False)


def _own(source: Source, ds: xr.Dataset) -> xr.Dataset:
    """A measurement that was written with `to_netcdf`; all is checked again."""
    features = {name: ds[name].values.astype(np.float64) for name in FEATURE_NAMES if name in ds}
    for name, values in features.items():
        values[np.isinf(values)] = np.nan
        if name.startswith("r_") and (values <= 0).any():
            raise ValueError(f"{name} must be above 0 (got {values[values <= 0][0]:g}); leave such values empty")
    loops = None
    if "sample_count" in ds:
        counts = ds["sample_count"].values.astype(np.int64)
        if counts.size and (counts.min() < 0 or counts.max() > ds.sizes["sample"]):
            raise ValueError(
                f"sample_count must be 0 to {ds.sizes['sample']} (got {counts.min()} to {counts.max()}); "
                "count them again"
            )
        loops = (ds["voltage"].values, ds["current"].values, counts)
    failure = ds["failure"].values if "failure" in ds else None
    again = measured.measurement(
        ds["device_index"].values.astype(np.int64),
        ds["cycle"].values.astype(np.int64),
        labels=[str(label) for label in ds["device"].values.ravel()],
        features=features,
        failure=failure,
        loops=loops,
        source=str(ds.attrs.get("source", source.name)),
    )
    again.attrs["notes"] = str(ds.attrs.get("notes", json.dumps(["a measurement of this program"])))
    return again


def _simulated(source: Source, ds: xr.Dataset) -> xr.Dataset:
    cell_dims(ds)
    again = measured.from_simulation(ds)
    for name in FEATURE_NAMES:
        if name in again and not np.isfinite(again[name].values).all():
            raise ValueError(f"{name} must be finite in a simulation (got NaN or infinity); simulate it again")
    again.attrs["notes"] = json.dumps(["a simulation of this program, its features taken as measured"])
    return again


# --------------------------------------------------------------------------------------------------------- plain NetCDF


def _layout(
    source: Source, listed: Mapping[str, Any], columns: Mapping[str, str] | None, units: Mapping[str, str] | None
) -> TableLayout:
    """Variables as columns; a dimension that has a telling name, and no variable, is one, too."""
    variables = [v for v in listed["variables"] if v["kind"] != "other" and v["shape"]]
    names = [v["name"] for v in variables]
    stated = [str(v["attrs"].get("units", "")) for v in variables]
    taken = {role_of(split_unit(name)[0]) for name in names}
    for dim in dict.fromkeys(d for v in variables for d in v["dims"]):
        if dim not in names and role_of(dim) in (*LABEL_ROLES, "cycle") and role_of(dim) not in taken:
            names.append(dim)
            stated.append("")
    try:
        return understand(source.name, names, stated, columns, units)
    except ValueError as error:
        raise FileError(f"{source.name}: {error}") from None


def _recognised(
    source: Source,
    listed: Mapping[str, Any],
    columns: Mapping[str, str] | None,
    units: Mapping[str, str] | None,
) -> xr.Dataset:
    layout = _layout(source, listed, columns, units)
    ask(layout, layout.questions)
    roles = {role: name for name, role in zip(layout.columns, layout.roles, strict=True) if role not in ("", "time")}
    shapes = {v["name"]: dict(zip(v["dims"], v["shape"], strict=True)) for v in listed["variables"]}
    records = Records(layout, source.size, (columns or {}).get("cycle") == IN_ORDER, "entry")
    sizes: dict[str, int] = {}
    for name in roles.values():
        sizes |= shapes.get(name, {})
    main = shapes[roles[records.roles[0]]]
    if set(sizes) - set(main):
        extra = ", ".join(sorted(set(sizes) - set(main)))
        raise FileError(
            f"{source.name}: {roles[records.roles[0]]} must have all dimensions of the other columns (got it "
            f"without {extra}); give variables of one shape"
        )
    ds = _read(source, listed, [name for name in roles.values() if name in shapes])
    flat: dict[str, Any] = {}
    for role, name in roles.items():
        variable = ds[name] if name in ds.variables else xr.DataArray(np.arange(main[name]), dims=name)
        values = variable.transpose(*(dim for dim in main if dim in variable.dims)).values
        inner = [size if dim in variable.dims else 1 for dim, size in main.items()]
        flat[role] = np.broadcast_to(values.reshape(inner), tuple(main.values()))
    labels = [flat[role] for role in LABEL_ROLES if role in flat]
    numeric = [role for role in ("cycle", *records.roles) if role in flat]
    for role in numeric:
        if flat[role].dtype.kind not in "fiub":
            raise FileError(f"{source.name}: {roles[role]} must hold numbers (got text); convert it")
    count = math.prod(main.values())
    for start in range(0, count, ENTRIES):
        some = slice(start, start + ENTRIES)
        numbers = {role: flat[role].flat[some].astype(np.float64) for role in numeric}
        keep = np.ones(len(numbers[records.roles[0]]), bool)
        if records.loops:  # loops of unequal length are filled up with NaN
            keep = ~(np.isnan(numbers["voltage"]) & np.isnan(numbers["current"]))
        if keep.any():
            entries = (np.flatnonzero(keep) + start + 1).tolist()
            texts = [[str(label).strip() for label in array.flat[some][keep].tolist()] for array in labels]
            records.add({role: values[keep] for role, values in numbers.items()}, texts, entries)
    return records.finish(notes_of(layout))
