"""A Dataset as one stream of bytes, such as a browser downloads."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import xarray as xr

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.datasets.datasets import save_dataset
from synaptogen_core.exchange.datasets.feature_csv import save_features_csv

FORMATS = ("nc", "zarr.zip", "csv")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that vanishes when the block ends; what goes wrong there is said without its name.

    Raises
    ------
    FileError
        If it is full, or cannot be written to.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="synaptogen-") as folder:
            yield Path(folder)
    except (FileError, OSError) as error:
        fault = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(fault, OSError):
            raise
        raise FileError(
            f"download: must fit into the temporary folder of the server (got: {fault.strerror or fault}); "
            "choose fewer cells or cycles, or have room made there"
        ) from fault


def dataset_stream(ds: xr.Dataset, kind: str) -> IO[bytes]:
    """Write a Dataset to a temporary file that has no name and vanishes when it is closed.

    Parameters
    ----------
    ds : xarray.Dataset
        What `simulate` returned.
    kind : {"nc", "zarr.zip", "csv"}
        NetCDF, zipped Zarr, or the table of features.

    Returns
    -------
    binary file
        At its beginning. The bytes are on the disk, not in memory.

    Raises
    ------
    ValueError
        If `kind` is another, or `ds` is not a Dataset of `simulate`.
    FileError
        If the temporary folder of the system is full, or cannot be written to.
    """
    if kind not in FORMATS:
        raise ValueError(f"kind: must be one of {', '.join(FORMATS)} (got {kind!r}); choose one of them")
    save = save_features_csv if kind == "csv" else save_dataset
    with temporary_folder() as folder:
        path = folder / f"run.{kind}"
        save(ds, path)
        stream = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        try:
            with path.open("rb") as file:
                shutil.copyfileobj(file, stream, 1 << 20)
        except BaseException:
            stream.close()
            raise
    stream.seek(0)
    return stream


def dataset_bytes(ds: xr.Dataset, kind: str) -> bytes:
    """Return the bytes of `dataset_stream`; for small Datasets.

    Parameters
    ----------
    ds : xarray.Dataset
        What `simulate` returned.
    kind : {"nc", "zarr.zip", "csv"}
        NetCDF, zipped Zarr, or the table of features.

    Returns
    -------
    bytes
        Of the whole file.

    Raises
    ------
    ValueError
        If `kind` is another, or `ds` is not a Dataset of `simulate`.
    FileError
        If the temporary folder of the system is full, or cannot be written to.
    """
    with dataset_stream(ds, kind) as stream:
        return stream.read()
