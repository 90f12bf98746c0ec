"""What a fit found, for people at a terminal; and the question where the columns of a file are unclear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from rich.console import Console
from rich.table import Table
from rich.text import Text

from synaptogen_core.cli import tables
from synaptogen_core.exchange.measurements.columns import TableLayout
from synaptogen_core.report import page
from synaptogen_core.schema import DEVICE_STATES, FAILURES

if TYPE_CHECKING:
    from synaptogen_core.analysis.fitting.fit import Fit
    from synaptogen_core.analysis.validation.validate import Validation

STYLES = {"good": "bold green", "not good": "bold red", "not known": "bold", "good for some": "bold yellow"}
KEY_CURVES = ("η", "Umax")
MEDIAN = ", 50 %"
WIDEST = 8  # columns of a file shown
ROWS = 5


def show(console: Console, fit: Fit, validation: Validation | None, measured: xr.Dataset) -> None:
    """Print what was measured, the key numbers with their intervals, the verdict, and what to be careful with."""
    tables.pairs(console, ((word, printable(text)) for word, text in _facts(fit, measured)))
    console.print(_numbers(fit), markup=False)
    if validation is not None:
        sign, words, text = page.summary(validation)
        console.print(Text("\nverdict ", "bold"), Text(f"{sign} ", STYLES[words]), Text(text), sep="")
        table = Table.grid(padding=(0, 2))
        for finding in validation.verdict[:-1]:
            sign, words = page.SIGNS[finding.good]
            table.add_row(Text(f"{sign} {words}", STYLES[words]), Text(f"{finding.about}. {finding.text}"))
        console.print(table)
    for title, sentences in (("be careful with", fit.warnings), ("assumed, not fitted", fit.assumed)):
        if sentences:
            console.print(Text(f"\n{title}", "bold"))
            table = Table.grid(padding=(0, 1))
            for sentence in sentences:
                table.add_row("-", Text(printable(sentence)))
            console.print(table)


def show_question(layout: TableLayout) -> None:
    """Print to stderr the first rows of a file with what each column is taken for, and what must be told."""
    console = Console(stderr=True, highlight=False)
    console.print(Text(f"{printable(layout.name)}: the first rows, and what they are taken for"), soft_wrap=True)
    table = Table(box=None)
    shown = range(min(WIDEST, len(layout.columns)))
    for k in shown:
        table.add_column(Text(printable(layout.columns[k])), overflow="fold")
    table.add_row(*(Text(f"= {layout.roles[k]} {layout.units[k]}".rstrip() if layout.roles[k] else "?") for k in shown))
    for row in layout.rows[:ROWS]:
        table.add_row(*(Text(printable(row[k])[:24]) for k in shown if k < len(row)))
    console.print(table)
    if len(layout.columns) > WIDEST:
        rest = ", ".join(layout.columns[WIDEST:40])
        console.print(Text(f"further columns: {printable(rest)}"))


def printable(text: str) -> str:
    """Text from a file as a terminal may have it: without what would steer it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _facts(fit: Fit, measured: xr.Dataset) -> list[tuple[str, str]]:
    devices, used = fit.devices, fit.features
    state = devices["state"].values
    facts = [
        ("device", f"{fit.device.name}, hash {fit.device.hash}"),
        ("fitted to", f"{measured.attrs.get('source', '')}, data hash {fit.data_hash}"),
        ("devices", f"{state.size:,} measured, {used.sizes['device']:,} used"),
    ]
    states = list(zip(np.bincount(state), DEVICE_STATES, strict=False))[1:]
    facts += [(f"  {words}", f"{n:,}") for n, (_, words) in states if n]
    failed = int(devices["failed"].sum())
    facts.append(("cycles", f"{measured.sizes['record']:,} measured, {used.sizes['record']:,} used, {failed:,} failed"))
    if "failure" in measured:
        counts = np.bincount(measured["failure"].values, minlength=len(FAILURES))
        facts += [(f"  {words}", f"{n:,}") for (_, words), n in list(zip(FAILURES, counts, strict=True))[1:] if n]
    orders, count = fit.orders.attrs, fit.components.attrs["chosen"]
    largest = int(fit.orders["order"].max())
    facts += [
        ("order", f"{orders['chosen']} ({orders['criterion']} suggests {orders['suggested']} of 1 to {largest})"),
        ("components", f"{count} of devices"),
    ]
    return facts


def _numbers(fit: Fit) -> Table:
    """Typical device, shares, conduction: the numbers that people look for; all stand in the report."""
    ds = fit.estimates
    confidence = f"{100 * float(ds.attrs['confidence']):g} %"
    table = Table(title="\nkey numbers", title_justify="left", title_style="bold", box=None, header_style="bold")
    for heading in ("", "estimate", f"{confidence} interval", "unit", ""):
        table.add_column(heading, justify="right" if heading not in ("", "unit") else "left")
    groups, labels = ds["group"].values, ds["label"].values
    single = "quantile" not in groups
    for k, (group, label) in enumerate(zip(groups, labels, strict=True)):
        typical = group == ("mean" if single else "quantile") and (single or str(label).endswith(MEDIAN))
        if not (typical or group == "weight" or (group == "curve" and label in KEY_CURVES)):
            continue
        low, high = float(ds["lower"][k]), float(ds["upper"][k])
        ends = f"{low:.4g} to {high:.4g}" if np.isfinite(low + high) else ""
        unit = str(ds["units"].values[k])
        words = str(label).replace(MEDIAN, ", median device")
        origin = str(ds["origin"].values[k])
        table.add_row(
            words,
            f"{float(ds['value'][k]):.4g}",
            ends,
            "" if unit == "1" else unit,
            "" if origin == "fitted" else origin,
        )
    return table
