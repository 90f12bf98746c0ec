"""Measured cycles as a Dataset: what the readers make, feature extraction fills in and fitting takes.

One *record* is one cycle of one device. Records are sorted by device, then cycle; gaps are simply not there, a number
that is missing is NaN. Loops are ragged: the samples of record after record, `sample_count` of them each (a contiguous
ragged array in the words of the CF conventions).

=================  ===========  ===================================================================
`device`           (device)     labels, text
`device_index`     (record)     whose cycle it is
`cycle`            (record)     its number, as in the file
`r_hrs` ...        (record)     those of the four features that are known
`failure`          (record)     why a cycle has no features: a number of `schema.FAILURES`, 0 for none
`sample_count`     (record)     only with loops
`voltage`          (sample)     only with loops
`current`          (sample)     only with loops
=================  ===========  ===================================================================
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.schema import FAILURES, FEATURE_NAMES, SCHEMA_VERSION, VARIABLES, cell_dims

KIND = "measurement"
RAGGED = ("voltage", "current")
SAMPLES = 1 << 17  # looked at together
FEWEST_ONE_WAY, STRAY = 3, 0.1  # samples of a way; share of stray ones that noise of the voltage may turn round


def measurement(
    device: ArrayLike,
    cycle: ArrayLike,
    *,
    labels: Sequence[str],
    features: Mapping[str, ArrayLike] | None = None,
    failure: ArrayLike | None = None,
    loops: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
    source: str = "",
    hashed: bool = True,
) -> xr.Dataset:
    """Measured cycles as one Dataset.

    Parameters
    ----------
    device : array of int, shape (records,)
        Position of each record's device in `labels`.
    cycle : array of int, shape (records,)
        Number of the cycle; each pair of device and cycle once. Records may come in any order.
    labels : sequence of str
        Names of the devices.
    features : mapping of feature name to array, shape (records,), optional
        Any of `schema.FEATURE_NAMES` in ohm and V; NaN where it is missing.
    failure : array of int, shape (records,), optional
        Numbers of `schema.FAILURES`.
    loops : voltage, current, sample_count, optional
        Samples [V], [A] of all records one after the other in the order of the records, and how many each has.
    source : str
        Where the data come from.
    hashed : bool
        False leaves out the attribute `data_hash`: of a part it is computed when it is asked for.

    Returns
    -------
    xarray.Dataset
        As the head of this module says, records sorted, with attributes `kind`, `source` and `data_hash`.

    Raises
    ------
    ValueError
        If lengths differ, a device has no label, a cycle occurs twice or there is no record.
    """
    index = np.asarray(device, dtype=np.int32)
    number = np.asarray(cycle, dtype=np.int64)
    if index.ndim != 1 or index.shape != number.shape or not index.size:
        raise ValueError(
            f"device, cycle: must be one number each a record (got shapes {index.shape}, {number.shape}); give both"
        )
    if index.min() < 0 or index.max() >= len(labels):
        raise ValueError(f"device: must be positions in {len(labels)} labels (got {index.max()}); label every device")
    step = np.diff(index)
    sorted_already = bool(np.all((step > 0) | ((step == 0) & (np.diff(number) >= 0))))
    order = np.arange(index.size) if sorted_already else np.lexsort((number, index))
    index, number = index[order], number[order]
    twice = np.flatnonzero((np.diff(index) == 0) & (np.diff(number) == 0))
    if twice.size:
        at = int(twice[0])
        raise ValueError(
            f"cycle: must occur once a device (got cycle {number[at]} of device {labels[index[at]]!r} twice); "
            "number the cycles of each device"
        )
    data: dict[str, Any] = {}
    for name, values in (features or {}).items():
        if name not in FEATURE_NAMES:
            raise ValueError(f"features: must be some of {', '.join(FEATURE_NAMES)} (got {name!r}); rename it")
        data[name] = ("record", _each(name, values, np.float64, order), _attrs(name))
    if failure is not None:
        data["failure"] = ("record", _each("failure", failure, np.int8, order), _attrs("failure"))
    if loops is not None:
        data |= _ragged(loops, order, sorted_already)
    coords = {
        "device": ("device", np.asarray(labels, dtype=str), _attrs("device")),
        "device_index": ("record", index, _attrs("device_index") | {"instance_dimension": "device"}),
        "cycle": ("record", number, _attrs("cycle")),
    }
    ds = xr.Dataset(data, coords, attrs={"kind": KIND, "schema_version": SCHEMA_VERSION, "source": source})
    if hashed:
        ds.attrs["data_hash"] = data_hash(ds)
    return ds


def from_simulation(ds: xr.Dataset) -> xr.Dataset:
    """The features of a simulated Dataset as if they had been measured; cells are devices called "row,column".

    Parameters
    ----------
    ds : xarray.Dataset
        From `simulate`, with features.

    Returns
    -------
    xarray.Dataset
        In the layout of this module, one record a cell and cycle.

    Raises
    ------
    ValueError
        If the Dataset has no features.
    """
    checks.instance("ds", ds, xr.Dataset, "give a Dataset of simulate")
    names = [name for name in FEATURE_NAMES if name in ds]
    if not names:
        raise ValueError("ds: must hold features (got none of them); record them when you simulate")
    cells = cell_dims(ds)
    flat = ds[[*names]].stack(one=cells).transpose("one", "cycle")
    count, cycles = flat.sizes["one"], flat.sizes["cycle"]
    rows, columns = (np.asarray(flat[name].values) for name in ("row", "column"))
    return measurement(
        np.repeat(np.arange(count), cycles),
        np.tile(np.asarray(flat["cycle"].values), count),
        labels=[f"{r},{c}" for r, c in zip(rows, columns, strict=True)],
        features={name: flat[name].values.ravel() for name in names},
        source=f"simulation of {ds.attrs.get('device', 'a device')}, seed {ds.attrs.get('seed', '?')}",
    )


def is_measurement(ds: xr.Dataset) -> bool:
    """Whether a Dataset holds measured cycles in the layout of this module."""
    return isinstance(ds, xr.Dataset) and ds.attrs.get("kind") == KIND


def device_starts(ds: xr.Dataset) -> NDArray[np.intp]:
    """First record of each device, and the number of records; shape (devices + 1,)."""
    return np.searchsorted(ds["device_index"].values, np.arange(ds.sizes["device"] + 1)).astype(np.intp)


def sample_starts(ds: xr.Dataset) -> NDArray[np.intp]:
    """First sample of each record, and the number of samples; shape (records + 1,)."""
    return np.concatenate([[0], np.cumsum(ds["sample_count"].values)]).astype(np.intp)


def ways(voltage: NDArray[np.float64], count: NDArray[Any]) -> NDArray[np.intp]:
    """How many samples of each record go away from 0 V, and how many come back, on each side.

    Parameters
    ----------
    voltage : ndarray, shape (sample,)
        [V], one record after the other; NaN counts as neither.
    count : ndarray of int, shape (record,)
        Samples of each record.

    Returns
    -------
    ndarray of int, shape (2, 2, record)
        Side (V < 0, V > 0); way (out, back).
    """
    found = np.zeros((2, 2, count.size), np.intp)
    for place, owner, records in sample_blocks(count):
        v = voltage[place]
        step = np.diff(np.abs(v)) * (np.diff(owner) == 0)  # to the first of a record nothing goes
        for k, side in enumerate((v[1:] < 0, v[1:] > 0)):
            for n, way in enumerate((step > 0, step < 0)):
                found[k, n, records] += np.bincount(owner[1:][side & way], minlength=records.stop - records.start)
    return found


def sample_blocks(count: NDArray[Any]) -> Iterator[tuple[slice, NDArray[np.int64], slice]]:
    """All samples, some at a time: what is computed of them needs little memory.

    Parameters
    ----------
    count : ndarray of int, shape (record,)
        Samples of each record.

    Yields
    ------
    place : slice
        Of `SAMPLES` samples and one more, the first of the next block, so that differences are complete.
    owner : ndarray of int
        Record of each, counted from the first of `records`.
    records : slice
        The records that they belong to.
    """
    ends = np.cumsum(count)
    for first in range(0, int(ends[-1]) if count.size else 0, SAMPLES):
        last = min(first + SAMPLES + 1, int(ends[-1]))
        owner = np.searchsorted(ends, np.arange(first, last), side="right")
        yield slice(first, last), owner - owner[0], slice(int(owner[0]), int(owner[-1]) + 1)


def one_way(found: NDArray[np.intp]) -> NDArray[np.int8]:
    """Which sides of records were recorded one way only.

    Parameters
    ----------
    found : ndarray of int, shape (2, 2, record)
        As `ways` counts them.

    Returns
    -------
    ndarray of int8, shape (2, record)
        Side (V < 0, V > 0): 1 out only, -1 back only, 0 both ways or hardly at all.
    """
    few, many = found.min(axis=1), found.max(axis=1)
    alone = (many >= FEWEST_ONE_WAY) & (few <= STRAY * many)
    return np.where(alone, np.where(found[:, 0] > found[:, 1], 1, -1), 0).astype(np.int8)


def select_records(ds: xr.Dataset, keep: NDArray[np.bool_]) -> xr.Dataset:
    """The measurement with some of its records only; devices without a record are left out.

    Parameters
    ----------
    ds : xarray.Dataset
        In the layout of this module.
    keep : ndarray of bool, shape (records,)
        The records to keep.

    Returns
    -------
    xarray.Dataset
        In the same layout; devices are counted anew.
    """
    index = ds["device_index"].values[keep]
    present, renumbered = np.unique(index, return_inverse=True)
    loops = None
    if "sample_count" in ds:
        counts = ds["sample_count"].values
        samples = np.repeat(keep, counts)
        loops = (ds["voltage"].values[samples], ds["current"].values[samples], counts[keep])
    return measurement(
        renumbered,
        ds["cycle"].values[keep],
        labels=[str(label) for label in ds["device"].values[present]],
        features={name: ds[name].values[keep] for name in FEATURE_NAMES if name in ds},
        failure=ds["failure"].values[keep] if "failure" in ds else None,
        loops=loops,
        source=str(ds.attrs.get("source", "")),
        hashed=False,
    )


def data_hash(ds: xr.Dataset) -> str:
    """Hash of what was measured, 16 hexadecimal digits: labels, cycles, features, samples; no names of files.

    The attribute `data_hash`, where there is one: features that were extracted keep the hash of their loops.
    """
    if "data_hash" in ds.attrs:
        return str(ds.attrs["data_hash"])
    digest = hashlib.sha256("\n".join(map(str, ds["device"].values)).encode())
    for name in ("device_index", "cycle", *FEATURE_NAMES, "sample_count", *RAGGED):
        if name in ds.variables:
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(ds[name].values).data)
    return digest.hexdigest()[:16]


def failure_text(number: int) -> str:
    """The sentence of a failure."""
    return FAILURES[number][1]


def _each(name: str, values: ArrayLike, kind: type, order: NDArray[np.intp]) -> NDArray[Any]:
    array: NDArray[Any] = np.asarray(values, dtype=kind)
    if array.shape != order.shape:
        raise ValueError(f"{name}: must have one value a record, {order.size} (got shape {array.shape}); complete it")
    return array[order]


def _ragged(loops: tuple[ArrayLike, ArrayLike, ArrayLike], order: NDArray[np.intp], in_order: bool) -> dict[str, Any]:
    voltage, current = (np.array(values, dtype=np.float64) for values in loops[:2])
    counts = np.asarray(loops[2], dtype=np.int64)
    if counts.shape != order.shape or counts.min() < 0 or voltage.shape != (counts.sum(),):
        raise ValueError(
            f"loops: must have as many samples as their counts say, {counts.sum()} (got {voltage.size}); correct them"
        )
    if current.shape != voltage.shape:
        raise ValueError(f"current: must have one value a voltage, {voltage.size} (got {current.size}); complete it")
    if not in_order:
        starts = np.concatenate([[0], np.cumsum(counts)])
        lengths = counts[order]
        offsets = np.repeat(starts[order] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        take = offsets + np.arange(voltage.size)
        voltage, current, counts = voltage[take], current[take], lengths
    return {
        "sample_count": ("record", counts, _attrs("sample_count") | {"sample_dimension": "sample"}),
        "voltage": ("sample", voltage, _attrs("voltage")),
        "current": ("sample", current, _attrs("current")),
    }


def _attrs(name: str) -> dict[str, Any]:
    return copy.deepcopy(VARIABLES[name])
