"""What a fit found, for people at a terminal; and the question where the columns of a file are unclear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from rich.console import Console
from rich.table import Table
from rich.text import Text

from synaptogen_core.cli import tables
from synaptogen_core.cli.console import printable, say
from synaptogen_core.counts import counted
from synaptogen_core.exchange.measurements.columns import TableLayout
from synaptogen_core.report import summary

if TYPE_CHECKING:
    from synaptogen_core.analysis.fitting.fit import Fit
    from synaptogen_core.analysis.validation.validate import Validation

STYLES = {"good": "bold green", "not good": "bold red", "not known": "bold", "good for some": "bold yellow"}
WIDEST = 8  # columns of a file shown
ROWS = 5


def show(console: Console, fit: Fit, validation: Validation | None, measured: xr.Dataset) -> None:
    """Print what was measured, the key numbers with their intervals, the verdict, and what to be careful with.

    Parameters
    ----------
    console : rich.console.Console
    fit : Fit
    validation : Validation or None
        None: the fit was not judged.
    measured : xarray.Dataset
        As it was given, with failed cycles.
    """
    facts = [("device", f"{fit.device.name}, hash {fit.device.hash}")]
    facts += [(row.label.lower(), row.text) for row in summary.facts(fit, measured)]
    facts += [(f"  {words}", counted(n, "cycle")) for words, n in summary.failures(measured)]
    tables.pairs(console, ((word, printable(text)) for word, text in facts))
    console.print(_numbers(fit), markup=False)
    if validation is not None:
        whole, *findings = summary.verdict(validation)
        sign = Text(f"{summary.MARKS[whole.mark]} ", STYLES[whole.mark])
        console.print(Text("\nverdict ", "bold"), sign, Text(whole.value), sep="")
        table = Table.grid(padding=(0, 2))
        for row in findings:
            sign = Text(f"{summary.MARKS[row.mark]} {row.mark}", STYLES[row.mark])
            table.add_row(sign, Text(f"{row.label}. {row.value}"))
        console.print(table)
    for title, sentences in (("be careful with", fit.warnings), ("assumed, not fitted", fit.assumed)):
        if sentences:
            console.print(Text(f"\n{title}", "bold"))
            table = Table.grid(padding=(0, 1))
            for sentence in sentences:
                table.add_row("-", Text(printable(sentence)))
            console.print(table)


def show_numbers(console: Console, numbers: xr.Dataset) -> None:
    """Print how far the device is from the measurement in numbers that matter for its use.

    Parameters
    ----------
    console : rich.console.Console
    numbers : xarray.Dataset
        From `compare_numbers`.
    """
    console.print(Text("\nin numbers ", "bold"), Text(numbers.attrs["uses"]), sep="")
    table = Table.grid(padding=(0, 2))
    for row in summary.compared(numbers):
        table.add_row(Text(summary.MARKS[row.mark], STYLES[row.mark]), Text(row.label), Text(row.text))
    console.print(table)


@contextmanager
def reading_shown(measured: xr.Dataset) -> Iterator[None]:
    """If a measurement is refused, print to stderr how it was read: often that is the reason.

    Parameters
    ----------
    measured : xarray.Dataset
        From `load_measurements`.

    Raises
    ------
    ValueError
        As it was raised within; what is said of `ds` there is said of the file.
    """
    try:
        yield
    except ValueError as error:
        if not str(error).startswith("ds: "):  # of an option
            raise
        for note in json.loads(measured.attrs["notes"]):
            say(f"read as: {note}")
        raise ValueError(f"{measured.attrs['source']}: {str(error).removeprefix('ds: ')}") from error


def show_question(layout: TableLayout) -> None:
    """Print to stderr the first rows of a file with what each column is taken for, and what must be told."""
    console = Console(stderr=True, highlight=False)
    console.print(Text(f"{printable(layout.name)}: the first rows, and what they are taken for"), soft_wrap=True)
    table = Table(box=None)
    shown = range(min(WIDEST, len(layout.columns)))
    for k in shown:
        table.add_column(Text(printable(layout.columns[k])), overflow="fold")
    guesses = layout.guesses or layout.roles
    perhaps = [f"perhaps {guess}" if guess else "?" for guess in guesses]
    taken = [f"= {r} {u}".rstrip() if r else p for r, u, p in zip(layout.roles, layout.units, perhaps, strict=True)]
    table.add_row(*(Text(taken[k]) for k in shown))
    if any(layout.reasons):
        table.add_row(*(Text(printable(layout.reasons[k])) for k in shown), style="dim")
    for row in layout.rows[:ROWS]:
        table.add_row(*(Text(printable(row[k])[:24]) for k in shown if k < len(row)))
    console.print(table)
    if len(layout.columns) > WIDEST:
        rest = ", ".join(layout.columns[WIDEST:40])
        console.print(Text(f"further columns: {printable(rest)}"))


def _numbers(fit: Fit) -> Table:
    """Typical device, shares, conduction: the numbers that people look for; all stand in the report."""
    ds = fit.estimates
    confidence = f"{100 * float(ds.attrs['confidence']):g} %"
    table = Table(title="\nkey numbers", title_justify="left", title_style="bold", box=None, header_style="bold")
    for heading in ("", "estimate", f"{confidence} interval", "unit", ""):
        table.add_column(heading, justify="right" if heading not in ("", "unit") else "left")
    for n in summary.numbers(ds):
        if n.is_key:
            ends = f"{n.lower:.4g} to {n.upper:.4g}" if np.isfinite(n.lower + n.upper) else ""
            words = n.label.replace(summary.MEDIAN, ", median device")
            table.add_row(words, f"{n.value:.4g}", ends, n.unit, "" if n.origin == "fitted" else n.origin)
    return table
