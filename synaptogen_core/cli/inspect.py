"""`synaptogen inspect`: what a file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import xarray as xr

from synaptogen_core.array.tally import notes
from synaptogen_core.cli import console as speech
from synaptogen_core.cli import tables
from synaptogen_core.exchange import inspection
from synaptogen_core.exchange.api import load_cells, load_dataset, load_device, load_train
from synaptogen_core.report.run import facts, sample_of, save_run_report


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Dataset, saved cells, a device or a pulse train.")],
    python: Annotated[bool, typer.Option("--python", help="Only the Python text that makes it again.")] = False,
    settings: Annotated[bool, typer.Option("--settings", help="Only the settings of a run, as JSON.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a page: settings, pictures, numbers, how to cite.", metavar="HTML")
    ] = None,
) -> None:
    """Say what a file holds: settings, sizes, hash, the Python text that makes it again, and statistics.

    For example:

        synaptogen inspect run.nc

        synaptogen inspect run.zarr --python > again.py

        synaptogen inspect run.nc --report run.html
    """
    kind = inspection.kind_of(file)
    if (python or settings or report) and kind != "dataset":
        others = "--python, --settings and --report"
        raise ValueError(f"{file}: must be a Dataset for {others} (got {kind}); leave the option out")
    console = speech.out()
    if kind == "dataset":
        _dataset(file, python, settings, report)
    elif kind == "cells":
        tables.show_cells(console, load_cells(file), str(file))
    elif kind == "device":
        tables.show_device(console, load_device(file))
    elif kind == "train":
        tables.show_train(console, load_train(file), str(file))
    else:
        rows = inspection.lines_of(file) - 1
        tables.pairs(console, [("file", f"{file}: a table of features"), ("lines", f"{rows:,}, one a cycle and cell")])


def _dataset(file: Path, python: bool, settings: bool, report: Path | None) -> None:
    with load_dataset(file, lazy=True) as ds:
        if python or settings:
            typer.echo(ds.attrs["python" if python else "settings"].rstrip("\n"))
            return
        if report is not None:
            save_run_report(ds, report)
            speech.tell(f"wrote {report}")
            return
        part, words = sample_of(ds)
        tables.show_dataset(speech.out(), ds, _described(file, ds, words), part.load())
        speech.tell("\npython\n" + ds.attrs["python"].rstrip("\n"))


def _described(file: Path, ds: xr.Dataset, sample: str) -> dict[str, Any]:
    sizes = f"{inspection.size_of(file) / 1e6:,.1f} MB ({ds.nbytes / 1e6:,.1f} MB unpacked)"
    return {
        "file": f"{file}: a Dataset of simulate, {sizes}",
        **{row.label: row.value for row in facts(ds)},
        "references": ds.attrs.get("references", ""),
        "to be known": "\n".join(notes(ds)),
        "statistics of": sample,
    }
