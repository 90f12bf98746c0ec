"""Runs that are larger than memory, written to a file part by part."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
import xarray as xr

from synaptogen_core.array import tally
from synaptogen_core.array.cells import CellArray, check_cells
from synaptogen_core.array.runs.recording import Recording, request
from synaptogen_core.array.runs.row_groups import Parts
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.datasets import datasets, feature_csv
from synaptogen_core.exchange.files import netcdf, text
from synaptogen_core.exchange.files.atomic import replacing
from synaptogen_core.exchange.runs.resumable import BUDGET, PIECES, check_room, fill
from synaptogen_core.exchange.runs.store import Store, changing
from synaptogen_core.progress import Cancel, Progress, Shown, shown

Write = Callable[[xr.Dataset, slice], None]


def simulate_to_file(
    cells: CellArray,
    train: PulseTrain,
    path: str | os.PathLike[str],
    *,
    record: str | Iterable[str] = ("features",),
    every: str | int = "cycle",
    read_voltage: float | None = None,
    bandwidth: float | None = None,
    budget: int = BUDGET,
    progress: Shown = None,
    cancel: Cancel | None = None,
    threads: int | None = None,
    scheduler: Any = None,
) -> None:
    """Simulate as `simulate` does, straight into a file, in bounded memory; all or nothing.

    The file holds what ``save_dataset(simulate(...))`` would write. The cells are left as they are.

    Parameters
    ----------
    cells, train, record, every, read_voltage, bandwidth, progress, cancel, threads
        As for `simulate`.
    path : str or path
        .nc, .zarr, .zarr.zip, or .csv (the features alone).
    budget : int
        Bytes that the parts of the Dataset may take at once; one row of the array at least.
    scheduler : str, distributed.Client or cluster, optional
        For Zarr: compute on a Dask cluster, as `simulate_to_zarr` does.

    Raises
    ------
    FileError
        If the suffix is another, the folder does not exist, a folder of other things or an unfinished run is in the
        way, or the file system refuses the write: full, read-only, name too long.
    ValueError, TypeError
        If an argument breaks its rule.
    Cancelled
        If `cancel` said so; nothing is written then.
    """
    wish = request(check_cells(cells), record, every, None, read_voltage, bandwidth)
    with shown(progress, "simulate") as tell:
        write_run(cells, train, path, wish, budget, tell, cancel, threads, scheduler)


def write_run(
    cells: CellArray,
    train: PulseTrain,
    path: str | os.PathLike[str],
    wish: Recording,
    budget: int = BUDGET,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    threads: int | None = None,
    scheduler: Any = None,
) -> None:
    """`simulate_to_file` with what is to be recorded as one checked record.

    Parameters
    ----------
    cells : CellArray
    train : PulseTrain
    path : str or path
    wish : Recording
        What is recorded.
    budget, progress, cancel, threads, scheduler
        As of `simulate_to_file`.

    Raises
    ------
    FileError
        If the path cannot be written, or does not go with the scheduler.
    Cancelled
        If `cancel` said so.
    """
    table = text.as_path(path).suffix.lower() == ".csv"
    kind = ".csv" if table else datasets.format_of(path, ".csv")
    datasets.check_target(path)
    if table:
        wish = replace(wish, quantities=("features",), every="cycle")
    zarr = kind in (".zarr", ".zarr.zip")
    if scheduler is not None and not zarr:
        raise FileError(f"{path}: must end in .zarr or .zarr.zip, for a cluster to write it (got {kind}); rename it")
    parts = Parts.of(cells, train, wish, budget=budget, pieces=1 if scheduler is None else PIECES)
    with replacing(path) as temporary:
        check_room(path, parts)
        if zarr:
            _write_zarr(parts, temporary, kind == ".zarr.zip", (progress, cancel, threads, scheduler))
            return
        with WRITERS[kind](parts, temporary) as write:
            for group in parts.groups:
                share = None if progress is None else parts.share(group, progress)
                write(parts.simulate(group, progress=share, cancel=cancel, threads=threads), slice(*group))


def _write_zarr(parts: Parts, path: Path, zipped: bool, how: tuple[Any, ...]) -> None:
    if not zipped:
        fill(Store(path, durable=False), parts, *how)
        return
    with tempfile.TemporaryDirectory(prefix=path.name, suffix=".tmp", dir=path.parent) as name:
        folder = Path(name) / "folder.zarr"
        fill(Store(folder, durable=False), parts, *how)
        datasets.zip_folder(folder, path)


@contextmanager
def _csv(parts: Parts, path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as stream:
        feature_csv.write_heading(stream)
        yield lambda ds, rows: feature_csv.write_lines(ds, stream)


@contextmanager
def _netcdf(parts: Parts, path: Path) -> Iterator[Write]:
    template = parts.template()
    encoding = datasets.netcdf_encoding(template, parts.rows)
    counted: list[Mapping[str, Any]] = []

    def put(file: h5netcdf.File, ds: xr.Dataset, rows: slice) -> None:
        counted.append(ds.attrs)
        for name, variable in changing(ds).items():
            place = tuple(rows if dimension == "row" else slice(None) for dimension in variable.dims)
            # NetCDF knows no bool: xarray keeps them as bytes with an attribute that says so
            values = variable.values.astype(np.int8) if variable.dtype == np.bool_ else variable.values
            file.variables[name][place] = values

    with netcdf.writing(path) as (do, _):
        do(lambda file: netcdf.lay_out(template, file, encoding))
        yield lambda ds, rows: do(lambda file: put(file, ds, rows))
        do(lambda file: file.attrs.update(tally.total(counted)))


WRITERS = {".csv": _csv, ".nc": _netcdf}
