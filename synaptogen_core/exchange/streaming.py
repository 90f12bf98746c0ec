"""Runs that are larger than memory, written to a file part by part."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5netcdf
import numpy as np
import xarray as xr

from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.parts import Parts
from synaptogen_core.array.pulses import PulseTrain
from synaptogen_core.array.run import Cancel, Progress
from synaptogen_core.device.noise import READ_VOLTAGE
from synaptogen_core.exchange import datasets, tables
from synaptogen_core.exchange.atomic import replacing

MEMORY = 256 * 2**20  # bytes
Write = Callable[[xr.Dataset, slice], None]


def simulate_to_file(
    cells: CellArray,
    train: PulseTrain,
    path: str | os.PathLike[str],
    *,
    record: str | Iterable[str] = ("features",),
    every: str | int = "cycle",
    read_voltage: float = READ_VOLTAGE,
    bandwidth: float | None = None,
    memory: int = MEMORY,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    threads: int | None = None,
) -> None:
    """Simulate as `simulate` does, straight into a file, in bounded memory; all or nothing.

    The file holds what ``save_dataset(simulate(...))`` would write. The cells are left as they are.

    Parameters
    ----------
    cells, train, record, every, read_voltage, bandwidth, progress, cancel, threads
        As for `simulate`.
    path : str or path
        .nc, .zarr, .zarr.zip, or .csv (the features alone).
    memory : int
        Bytes that the parts of the Dataset may take at once; one row of the array at least.

    Raises
    ------
    FileError
        If the suffix is another, or the folder does not exist.
    ValueError, TypeError
        If an argument breaks its rule.
    Cancelled
        If `cancel` said so; nothing is written then.
    """
    table = Path(path).suffix.lower() == ".csv"
    kind = ".csv" if table else datasets.format_of(path)
    wanted = (record,) if isinstance(record, str) else tuple(record)
    parts = Parts.of(
        cells,
        train,
        memory=memory,
        record=("features",) if table else wanted,
        every=every,
        read_voltage=read_voltage,
        bandwidth=bandwidth,
    )
    with replacing(path) as temporary, WRITERS[kind](parts, temporary) as write:
        for group in parts.groups:
            share = None if progress is None else parts.share(group, progress)
            write(parts.simulate(group, progress=share, cancel=cancel, threads=threads), slice(*group))


@contextmanager
def _csv(parts: Parts, path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as stream:
        tables.write_heading(stream)
        yield lambda ds, rows: tables.write_lines(ds, stream)


@contextmanager
def _netcdf(parts: Parts, path: Path) -> Iterator[Write]:
    template = parts.template()
    template.to_netcdf(path, engine="h5netcdf", encoding=datasets.netcdf_encoding(template, parts.rows), compute=False)
    with h5netcdf.File(path, "a") as file:

        def write(ds: xr.Dataset, rows: slice) -> None:
            for name, variable in _with_rows(ds).items():
                place = tuple(rows if dimension == "row" else slice(None) for dimension in variable.dims)
                # NetCDF knows no bool: xarray keeps them as bytes with an attribute that says so
                values = variable.values.astype(np.int8) if variable.dtype == np.bool_ else variable.values
                file.variables[name][place] = values

        yield write


@contextmanager
def _zarr(parts: Parts, path: Path) -> Iterator[Write]:
    template = parts.template()
    encoding = datasets.zarr_encoding(template, parts.rows)
    template.to_zarr(path, mode="w", zarr_format=3, consolidated=False, encoding=encoding, compute=False)

    def write(ds: xr.Dataset, rows: slice) -> None:
        part = xr.Dataset(_with_rows(ds))
        part.to_zarr(path, region={"row": rows}, consolidated=False, write_empty_chunks=True)

    yield write
    datasets.consolidate(path)


@contextmanager
def _zarr_zip(parts: Parts, path: Path) -> Iterator[Write]:
    with tempfile.TemporaryDirectory(prefix=path.name, dir=path.parent) as name:
        folder = Path(name) / "folder.zarr"
        with _zarr(parts, folder) as write:
            yield write
        datasets.zip_folder(folder, path)


WRITERS = {".csv": _csv, ".nc": _netcdf, ".zarr": _zarr, ".zarr.zip": _zarr_zip}


def _with_rows(ds: xr.Dataset) -> dict[str, xr.Variable]:
    """The variables that differ from part to part."""
    return {str(name): array.variable for name, array in ds.data_vars.items() if "row" in array.dims}
