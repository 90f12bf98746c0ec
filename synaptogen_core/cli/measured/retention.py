"""`synaptogen retention`: what time does to cells, learnt from a measured table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from synaptogen_core.analysis.fitting_api import fit_retention, validate_retention
from synaptogen_core.cli import console
from synaptogen_core.exchange.api import list_retention, load_retention, save_retention
from synaptogen_core.exchange.measurements.retention_table import load_retention_table

app = typer.Typer(help="Retention laws: list the packaged ones, fit one to a measured table.", no_args_is_help=False)


@app.command("list")
def list_() -> None:
    """List the packaged retention laws."""
    table = Table("name", "hash", "measured", "licence", box=None, header_style="bold")
    for name in list_retention():
        law = load_retention(name)
        table.add_row(name, law.hash, law.measured, law.licence)
    console.out().print(table)


@app.command()
def fit(
    source: Annotated[Path, typer.Argument(metavar="TABLE", help="CSV: device, time, resistance or conductance.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="JSON file of the law to write.")] = None,
    levels: Annotated[int, typer.Option(help="Most groups of conductance at birth.")] = 7,
    resamples: Annotated[int, typer.Option(help="Times that births are drawn again for the intervals.")] = 8,
    validate: Annotated[
        bool, typer.Option(help="Hold out births and the last time, and report how well the law predicts them.")
    ] = True,
) -> None:
    """Fit a retention law to reads at times since programming.

    For example:

        synaptogen retention fit reads.csv -o mine.json
    """
    table = load_retention_table(source)
    name = output.stem if output else source.name.split(".")[0]
    found = fit_retention(table, name=name, levels=levels, resamples=resamples)
    shown = Table(
        "G (µS)", "s (µS)", "kappa", "m (µS)", "reversible (µS)", "flicker (µS)", box=None, header_style="bold"
    )
    for row in found.estimates.level.values:
        one = found.estimates.sel(level=row)
        cells = [f"{row * 1e6:.3g}"]
        for key, scale in (("spread", 1e6), ("rate", 1.0), ("mean", 1e6), ("reversible", 1e6), ("flicker", 1e6)):
            low, value, high = (float(one[key + end]) * scale for end in ("_low", "", "_high"))
            unknown = not found.identified and key != "spread"
            interval = "" if np.isnan(low) else f"\n{low:.2g} to {high:.2g}"
            cells.append("not identified" if unknown else f"{value:.3g}{interval}" if value else "none seen")
        shown.add_row(*cells)
    console.out().print(shown)
    for note in found.notes:
        console.tell(note)
    if validate and found.identified:
        for sentence in validate_retention(found).verdict:
            console.tell(sentence)
    if output:
        save_retention(found.law, output)
        console.tell(f"{output}: {found.law.label}")
