"""What a file holds, before it is loaded."""

from __future__ import annotations

import os
from pathlib import Path

import h5netcdf

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.datasets import cells, datasets, feature_csv
from synaptogen_core.exchange.datasets.unfinished import Marks
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.damage import refused

KINDS = ("dataset", "cells", "device", "train", "features")


def kind_of(path: str | os.PathLike[str]) -> str:
    """Say by its name and its first lines what a file seems to hold; that it really does, loading it will show.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    str
        "dataset" (`load_dataset`), "cells" (`load_cells`), "device" (`load_device`), "train" (`load_train`), or
        "features" (the table of `save_features_csv`).

    Raises
    ------
    FileError
        If there is no such file, or its suffix is none of .nc, .zarr, .zarr.zip, .json and .csv.
    """
    file = text.there(path)
    suffix = file.suffix.lower()
    if suffix == ".json":
        return "device"
    if suffix == ".csv":
        return "features" if _first_line(file) == feature_csv.HEADING else "train"
    if suffix not in (".nc", ".zarr", ".zip"):
        raise FileError(f"{path}: must end in .nc, .zarr, .zarr.zip, .json or .csv (got {suffix or 'no suffix'})")
    return "cells" if suffix == ".nc" and _saved_cells(file) else "dataset"


def unfinished(path: str | os.PathLike[str]) -> str:
    """How much of a run is done, in words, if this is the store of an unfinished one; else nothing."""
    marks = Marks(Path(path))
    return marks.share() if marks.there() else ""


def size_of(path: str | os.PathLike[str]) -> int:
    """Size on the disk, of a folder with all that is in it [bytes]."""
    file = Path(path)
    if file.is_dir():
        return sum(inner.stat().st_size for inner in file.rglob("*") if inner.is_file())
    return file.stat().st_size


def lines_of(path: str | os.PathLike[str]) -> int:
    """Number of lines in a text file."""
    with text.existing(path, "a table").open("rb") as stream:
        return sum(piece.count(b"\n") for piece in iter(lambda: stream.read(1 << 20), b""))


def _first_line(file: Path) -> str:
    with text.existing(file, "a table").open(encoding="utf-8", errors="replace") as stream:
        return stream.readline(4096).strip()


def _saved_cells(file: Path) -> bool:
    datasets.check_container(file, ".nc")
    try:
        with h5netcdf.File(file, "r") as content:
            return bool(content.attrs.get("format") == cells.FORMAT)
    except Exception as error:  # HDF5 raises what it likes for a damaged file
        raise refused(file, "be readable as NetCDF", error, "is it cut off?") from error
