"""`synaptogen inspect`: what a file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import xarray as xr

from synaptogen_core.array.runs.dataset import settings_of
from synaptogen_core.array.tally import notes
from synaptogen_core.cli import console as speech
from synaptogen_core.cli import tables
from synaptogen_core.exchange import inspection
from synaptogen_core.exchange.api import load_cells, load_dataset, load_device, load_train
from synaptogen_core.schema import cell_dims

SAMPLE = 64 * 2**20  # bytes of values that the statistics are made of


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Dataset, saved cells, a device or a pulse train.")],
    python: Annotated[bool, typer.Option("--python", help="Only the Python text that makes it again.")] = False,
    settings: Annotated[bool, typer.Option("--settings", help="Only the settings of a run, as JSON.")] = False,
) -> None:
    """Say what a file holds: settings, sizes, hash, the Python text that makes it again, and statistics.

    For example:

        synaptogen inspect run.nc

        synaptogen inspect run.zarr --python > again.py
    """
    kind = inspection.kind_of(file)
    if (python or settings) and kind != "dataset":
        raise ValueError(f"{file}: must be a Dataset for --python and --settings (got {kind}); leave the option out")
    console = speech.out()
    if kind == "dataset":
        _dataset(file, python, settings)
    elif kind == "cells":
        tables.show_cells(console, load_cells(file), str(file))
    elif kind == "device":
        tables.show_device(console, load_device(file))
    elif kind == "train":
        tables.show_train(console, load_train(file), str(file))
    else:
        rows = inspection.lines_of(file) - 1
        tables.pairs(console, [("file", f"{file}: a table of features"), ("lines", f"{rows:,}, one a cycle and cell")])


def _dataset(file: Path, python: bool, settings: bool) -> None:
    with load_dataset(file, lazy=True) as ds:
        if python or settings:
            typer.echo(ds.attrs["python" if python else "settings"].rstrip("\n"))
            return
        part, words = _sample(ds)
        tables.show_dataset(speech.out(), ds, _described(file, ds, words), part.load())
        speech.tell("\npython\n" + ds.attrs["python"].rstrip("\n"))


def _described(file: Path, ds: xr.Dataset, sample: str) -> dict[str, Any]:
    made = settings_of(ds)
    rows, columns = made["shape"]
    noise = f"{made['bandwidth']:g} Hz" if made["bandwidth"] else "none"
    return {
        "file": f"{file}: a Dataset of simulate, {inspection.size_of(file) / 1e6:,.1f} MB ({ds.nbytes / 1e6:,.1f} MB "
        "unpacked)",
        "array": f"{rows} x {columns} cells, seed {made['seed']}, {made['start']}, history {made['history']}",
        "device": f"{ds.attrs['device']}, hash {ds.attrs['device_hash']}",
        "recorded": f"{', '.join(made['record'])}; every {made['every']}",
        "read": f"at {made['read_voltage']:g} V, noise bandwidth {noise}",
        "cells at start": made.get("state_hash", ""),
        "made": f"{ds.attrs.get('created', '')} by synaptogen lab {ds.attrs.get('synaptogen_version', '')}, "
        f"streams {made['stream_version']}",
        "references": ds.attrs.get("references", ""),
        "to be known": "\n".join(notes(ds)),
        "statistics of": sample,
    }


def _sample(ds: xr.Dataset) -> tuple[xr.Dataset, str]:
    """Whole cells, as many as SAMPLE holds: cells are independent, so the first ones are as good as any."""
    axis = cell_dims(ds)[0]
    length = ds.sizes[axis]
    fitting = max(1, min(length, int(SAMPLE * length / max(1, ds.nbytes))))
    words = "all cells" if fitting == length else f"the first {fitting:,} of {length:,} {axis}s"
    return ds.isel({axis: slice(0, fitting)}), words
