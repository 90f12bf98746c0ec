"""CSV: features of all cycles and cells as one long table, and pulse trains voltage by voltage."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np
import xarray as xr

from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.checks import MAX_PULSES
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.atomic import replacing
from synaptogen_core.schema import FAILURES, FEATURES, cell_dims

ROWS_AT_ONCE = 1 << 16
COLUMNS = {feature.name: f"{feature.name}_{feature.unit}" for feature in FEATURES}  # of features in every table
HEADING = ",".join(["cycle", "row", "column", *COLUMNS.values()])
FLAGS = {"0": False, "1": True, "false": False, "true": True}
MAX_TRAIN_BYTES = 2**30


def save_features_csv(ds: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write the four features of each cycle and cell as a long table; all or nothing.

    The columns are cycle, row, column, r_hrs_ohm, u_set_V, r_lrs_ohm and u_reset_V; nine digits give each float32 back.

    Parameters
    ----------
    ds : xarray.Dataset
        With the features; a lazily opened one is read piece by piece.
    path : str or path
        File to write or to replace, with the suffix .csv.

    Raises
    ------
    FileError, ValueError
        If the name has another suffix, the folder does not exist, or `ds` has no features.
    """
    check_csv(path)
    _check_features(ds)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        write_features(ds, stream)


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
    where a cycle has no features.

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


def load_train(path: str | os.PathLike[str]) -> PulseTrain:
    """Read a pulse train from a CSV file.

    Parameters
    ----------
    path : str or path
        Rows of one voltage [V] a pulse and, optionally, whether the pulse ends a cycle (0, 1, true or false; without
        this column the last pulse does). With a heading, the columns are found by their names `voltage_V` and
        `cycle_end`; without one, they come in this order. Separators are commas, semicolons or tabs, the decimal
        separator is the point; empty lines and lines that begin with # are skipped.

    Returns
    -------
    PulseTrain

    Raises
    ------
    FileError
        If there is no such file, or a line is not what it should be; the sentence names the line.
    """
    return train_from_text(text.read(path, "a CSV file of voltages", MAX_TRAIN_BYTES), str(path))


def train_from_text(content: str, name: str) -> PulseTrain:
    """Return the pulse train in a CSV text, as `load_train` reads it; `name` is for error sentences.

    Parameters
    ----------
    content : str
        All of the table, as `load_train` describes it.
    name : str
        Of its file, for the errors.

    Returns
    -------
    PulseTrain
        Of the kind "table".

    Raises
    ------
    FileError
        If a line is not what it should be; the sentence names it.
    """
    lines = _lines(content, name)
    first = next(lines, None)
    if first is None:
        raise FileError(f"{name}: must hold at least one voltage (got no line of numbers); give one line a pulse")
    number, cells = first
    width = len(cells)
    if not _is_number(cells[0]):
        return _train(lines, _heading(cells, number, name), width, name)
    if width > 2:
        raise FileError(f"{name}: must have a heading where there are more than two columns (got {width}); add one")
    return _train(chain([first], lines), (0, 1 if width > 1 else None), width, name)


def _train(
    lines: Iterator[tuple[int, list[str]]], columns: tuple[int, int | None], width: int, name: str
) -> PulseTrain:
    volts: list[float] = []
    ends: list[bool] = []
    for number, cells in lines:
        if len(cells) != width:
            raise FileError(f"{name}: line {number} must have {width} columns (got {len(cells)}); correct the line")
        if len(volts) == MAX_PULSES:
            raise FileError(f"{name}: must have at most {MAX_PULSES:,} pulses (got more); split the file")
        if not _is_number(cells[columns[0]]):
            raise FileError(f"{name}: line {number} must begin with a voltage (got {cells[columns[0]]!r}); correct it")
        volts.append(float(cells[columns[0]]))
        if columns[1] is not None:
            flag = FLAGS.get(cells[columns[1]].lower())
            if flag is None:
                got = cells[columns[1]]
                raise FileError(f"{name}: line {number} must have a cycle_end of 0 or 1 (got {got!r}); correct it")
            ends.append(flag)
    try:
        return PulseTrain.table(volts, ends if columns[1] is not None else None)
    except (ValueError, TypeError) as error:
        raise FileError(f"{name}: must hold a pulse train; {error}") from error


def save_train(train: PulseTrain, path: str | os.PathLike[str]) -> None:
    """Write the voltages and cycle ends of a train as a CSV file that `load_train` reads; all or nothing.

    Parameters
    ----------
    train : PulseTrain
        Without random voltages and read-only pulses.
    path : str or path
        File to write or to replace, with the suffix .csv.

    Raises
    ------
    ValueError
        If the train has random voltages or read-only pulses, which such a table cannot say.
    FileError
        If the name has another suffix than .csv, its folder does not exist, or the file system refuses the write.
    """
    check_csv(path)
    if train.sources or train.pulses.read.any():
        raise ValueError("train: must have neither random nor read-only pulses (got some); save its to_dict as JSON")
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        stream.write("voltage_V,cycle_end\n")
        for start in range(0, len(train), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            pairs = zip(train.pulses.voltage[some].tolist(), train.pulses.cycle_end[some].tolist(), strict=True)
            stream.write("".join(map("%.9g,%d\n".__mod__, pairs)))


def _lines(content: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Lines with their numbers, without empty ones and comments."""
    told = next((line for line in io.StringIO(content) if line.strip() and not line.lstrip().startswith("#")), "")
    separator = next((s for s in ("\t", ";") if s in told), ",")
    reader = csv.reader(io.StringIO(content), delimiter=separator)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and not stripped[0].startswith("#"):
                yield reader.line_num, stripped
    except csv.Error as error:
        raise FileError(f"{name}: must be CSV (got a fault in line {reader.line_num}: {error}); correct it") from None


def _heading(cells: list[str], number: int, name: str) -> tuple[int, int | None]:
    names = [cell.lower() for cell in cells]
    if "voltage_v" not in names:
        raise FileError(
            f"{name}: line {number} must have a voltage or the heading voltage_V (got {cells[0]!r}); add it"
        )
    return names.index("voltage_v"), names.index("cycle_end") if "cycle_end" in names else None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python reads 1_000 as a number


def check_csv(path: str | os.PathLike[str]) -> None:
    """Refuse a name that does not end in .csv."""
    if text.as_path(path).suffix.lower() != ".csv":
        raise FileError(f"{path}: must end in .csv (got {Path(path).suffix or 'no suffix'}); rename it")


def _check_features(ds: xr.Dataset) -> None:
    missing = [feature.name for feature in FEATURES if feature.name not in ds]
    if missing:
        raise ValueError(f"ds: must hold all features (missing {', '.join(missing)}); record them with simulate")
