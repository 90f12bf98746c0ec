"""The numbers of a fit with their intervals, as a table in a file."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TextIO

import xarray as xr

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files import netcdf, text
from synaptogen_core.exchange.files.atomic import replacing

COLUMNS = ("group", "label", "value", "standard_error", "lower", "upper", "units", "origin")
SUFFIXES = (".csv", ".nc")


def save_estimates(estimates: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write the estimates of a fit with all their digits; all or nothing.

    Parameters
    ----------
    estimates : xarray.Dataset
        `Fit.estimates`.
    path : str or path
        File to write or to replace: .csv (one line a number, empty where there is no interval) or .nc (NetCDF).

    Raises
    ------
    FileError
        If the name has another suffix, its folder does not exist, or the file system refuses the write.
    """
    check_table(path)
    with replacing(path) as temporary:
        if Path(path).suffix.lower() == ".nc":
            netcdf.write(estimates, temporary)
            return
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            write_estimates(estimates, stream)


def write_estimates(estimates: xr.Dataset, stream: TextIO) -> None:
    """Write the lines of `save_estimates` in CSV to an open text stream.

    Parameters
    ----------
    estimates : xarray.Dataset
        `Fit.estimates`.
    stream : text file
        Open for writing; stays open.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in zip(*(estimates[name].values.tolist() for name in COLUMNS), strict=True):
        writer.writerow("" if value != value else value for value in row)


def check_table(path: str | os.PathLike[str]) -> None:
    """Refuse a name of a table that ends in neither .csv nor .nc.

    Raises
    ------
    FileError
        If the suffix is another one.
    """
    if text.as_path(path).suffix.lower() not in SUFFIXES:
        raise FileError(
            f"{path}: must end in {' or '.join(SUFFIXES)} (got {Path(path).suffix or 'no suffix'}); rename it"
        )
