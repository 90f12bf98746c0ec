"""CSV: features of all cycles and cells as one long table."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
import xarray as xr

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.atomic import replacing
from synaptogen_core.measurement import is_measurement
from synaptogen_core.schema import FAILURES, FEATURES, cell_dims

ROWS_AT_ONCE = 1 << 16
COLUMNS = {feature.name: f"{feature.name}_{feature.unit}" for feature in FEATURES}  # of features in every table
HEADING = ",".join(["cycle", "row", "column", *COLUMNS.values()])


def save_features_csv(ds: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write the four features of each cycle and cell as a long table; all or nothing.

    The columns are cycle, row, column, r_hrs_ohm, u_set_V, r_lrs_ohm and u_reset_V; nine digits give each float32 back.
    Of a measurement, those of `write_measured`.

    Parameters
    ----------
    ds : xarray.Dataset
        With the features, or a measurement; a lazily opened one is read piece by piece.
    path : str or path
        File to write or to replace, with the suffix .csv.

    Raises
    ------
    FileError, ValueError
        If the name has another suffix, the folder does not exist, or `ds` has no features.
    """
    check_csv(path)
    write = write_measured if is_measurement(ds) else write_features
    if not is_measurement(ds):
        _check_features(ds)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        write(ds, stream)


def write_features(ds: xr.Dataset, stream: TextIO) -> None:
    """Write the table of `save_features_csv` to an open text stream, piece by piece.

    Parameters
    ----------
    ds : xarray.Dataset
        With all features; a lazily opened one is read piece by piece.
    stream : text file
        Open for writing; stays open.

    Raises
    ------
    ValueError
        If `ds` lacks a feature.
    """
    _check_features(ds)
    write_heading(stream)
    write_lines(ds, stream)


def write_measured(ds: xr.Dataset, stream: TextIO) -> None:
    """Write the features of a measurement to an open text stream, one line a cycle, with all their digits.

    The columns are device, cycle, those of `save_features_csv` that there are, and failure: a code of `schema.FAILURES`
    where a cycle has no features. Of loops follow the confidence of each feature, and why one is empty.

    Parameters
    ----------
    ds : xarray.Dataset
        In the layout of `measurement`.
    stream : text file
        Open for writing; stays open.
    """
    names = [name for name in COLUMNS if name in ds]
    heading = ["device", "cycle", *(COLUMNS[name] for name in names)]
    columns = [ds["device"].values[ds["device_index"].values], *(ds[name].values for name in ("cycle", *names))]
    if "failure" in ds:
        heading.append("failure")
        codes = np.array([code if number else "" for number, (code, _) in enumerate(FAILURES)])
        columns.append(codes[ds["failure"].values])
    for name in names:
        if f"{name}_confidence" in ds:
            heading += [f"{name}_confidence", f"{name}_reason"]
            codes = np.array([code if number else "" for number, (code, _) in enumerate(FAILURES)])
            columns += [np.round(ds[f"{name}_confidence"].values, 3), codes[ds[f"{name}_reason"].values]]
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(heading)
    for row in zip(*(column.tolist() for column in columns), strict=True):
        writer.writerow("" if value != value else value for value in row)


def write_heading(stream: TextIO) -> None:
    """Write the first line of the table."""
    stream.write(HEADING + "\n")


def write_lines(ds: xr.Dataset, stream: TextIO) -> None:
    """Write the lines of a Dataset, or of one part of it.

    Parameters
    ----------
    ds : xarray.Dataset
        With all features.
    stream : text file
        Open for writing, behind `write_heading` or other lines.
    """
    for piece in _pieces(ds):
        stream.write(piece)


def _pieces(ds: xr.Dataset) -> Iterator[str]:
    cells = cell_dims(ds)
    if cells == ("cell",):
        row, column = ds["row"].values, ds["column"].values
    else:
        row, column = (grid.ravel() for grid in np.meshgrid(ds["row"], ds["column"], indexing="ij"))
    line = "%d,%d,%d,%.9g,%.9g,%.9g,%.9g\n"
    cycles_at_once = max(1, ROWS_AT_ONCE // max(1, row.size))
    for start in range(0, ds.sizes["cycle"], cycles_at_once):
        part = ds.isel(cycle=slice(start, start + cycles_at_once))
        count = part.sizes["cycle"]
        features = [part[f.name].transpose("cycle", *cells).values.ravel().tolist() for f in FEATURES]
        address = (np.repeat(part["cycle"].values, row.size), np.tile(row, count), np.tile(column, count))
        yield "".join(map(line.__mod__, zip(*(a.tolist() for a in address), *features, strict=True)))


def check_csv(path: str | os.PathLike[str]) -> None:
    """Refuse a name that does not end in .csv.

    Raises
    ------
    FileError
        If the suffix is another one.
    """
    if text.as_path(path).suffix.lower() != ".csv":
        raise FileError(f"{path}: must end in .csv (got {Path(path).suffix or 'no suffix'}); rename it")


def _check_features(ds: xr.Dataset) -> None:
    missing = [feature.name for feature in FEATURES if feature.name not in ds]
    if missing:
        raise ValueError(f"ds: must hold all features (missing {', '.join(missing)}); record them with simulate")
