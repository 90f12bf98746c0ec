"""Tables for people: devices, Datasets, cells, trains. Statistics are loaded when first used: they take a second."""

from __future__ import annotations

from collections.abc import Iterable

import xarray as xr
from rich.console import Console
from rich.table import Table

import synaptogen_core as sc
from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.counts import counted
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.schema import FEATURES, HRS, IRS, LRS, STATE_NAMES, VARIABLES

PROBABILITIES = (0.01, 0.25, 0.5, 0.75, 0.99)


def pairs(console: Console, rows: Iterable[tuple[str, object]]) -> None:
    """Print names and values, leaving out what is empty.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    rows : iterable of (str, object)
        Name and value; None and the empty text are left out.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value not in ("", None):
            table.add_row(name, str(value))
    console.print(table, markup=False)


def _quantile_table(title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="bold")
    table.add_column("")
    for probability in PROBABILITIES:
        table.add_column("median" if probability == 0.5 else f"{100 * probability:g} %", justify="right")
    return table


def show_device(console: Console, device: DeviceParameters) -> None:
    """Print what a device is, and its population.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    device : DeviceParameters
        Its quantiles are those of the whole population.
    """
    pairs(
        console,
        [
            ("device", device.name),
            ("hash", device.hash),
            ("variations", "; ".join(str(change) for change in device.to_dict()["variations"])),
            ("order in force", f"{device.order} (the set has {', '.join(map(str, sorted(device.var)))})"),
            ("components", ", ".join(f"{100 * weight:.1f} %" for weight in device.weights)),
            ("outlier share", f"{100 * device.outlier_share:.3g} %"),
            ("full RESET", f"{device.u_max:g} V, eta {device.eta:g}"),
            ("measured up to", f"{device.valid_range:g} V"),
            ("resistance at", f"{device.u_0:g} V"),
            ("source", device.source),
            ("licence", device.licence),
            ("citation", device.citation),
        ],
    )
    table = _quantile_table("population")
    for feature in FEATURES:
        values = sc.statistics.population_quantiles(device, feature.name, PROBABILITIES).values
        table.add_row(f"{feature.symbol} ({feature.unit})", *(f"{value:.4g}" for value in values))
    console.print(table)


def show_dataset(console: Console, ds: xr.Dataset, described: dict[str, object], values: xr.Dataset) -> None:
    """Print what a Dataset holds; `values` are the cells that the statistics are made of.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    ds : xarray.Dataset
        Of `simulate`.
    described : mapping of str to object
        Names and values above the tables.
    values : xarray.Dataset
        The same, or a part of its cells and cycles, of which quantiles are taken.
    """
    pairs(console, described.items())
    table = Table("variable", "on", "size", "unit", "what", box=None, header_style="bold")
    for name in (known for known in VARIABLES if known in ds.data_vars):  # a Zarr folder has them in any order
        variable = ds[name]
        sizes = " x ".join(f"{size:,}" for size in variable.shape)
        unit = str(variable.attrs.get("units", ""))
        table.add_row(str(name), ", ".join(map(str, variable.dims)), sizes, unit, variable.attrs.get("long_name", ""))
    console.print(table, markup=False)
    recorded = [f for f in FEATURES if f.name in values]
    numbers = [name for name in ("conductance", "current") if name in values]
    if recorded or numbers:
        table = _quantile_table("values")
        found = sc.statistics.quantiles(values, [f.name for f in recorded] + numbers, PROBABILITIES)
        for name in [f.name for f in recorded] + numbers:
            unit = values[name].attrs.get("units", "")
            table.add_row(f"{name} ({unit})", *(f"{value:.4g}" for value in found[name].values))
        console.print(table)


def show_cells(console: Console, cells: CellArray, path: str) -> None:
    """Print what used cells are.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    cells : CellArray
        As loaded.
    path : str
        File that they come from.
    """
    codes = cells.state()
    share = ", ".join(f"{STATE_NAMES[code]} {100 * float((codes == code).mean()):.1f} %" for code in (HRS, IRS, LRS))
    counts = cells.cycle_count()
    pairs(
        console,
        [
            ("file", f"{path}: cells of save_cells"),
            ("array", f"{cells.rows} x {cells.columns} cells, seed {cells.seed}, start {cells.start}"),
            ("device", f"{cells.device.name}, hash {cells.device.hash}"),
            ("state hash", cells.state_hash()),
            ("states", share),
            ("cycles drawn", f"{int(counts.min()):,} to {int(counts.max()):,} a cell"),
            ("noisy reads", f"{cells.reads:,}"),
            ("clipped spread", f"{100 * cells.clipped_share():.2g} % of the cells"),
        ],
    )
    table = _quantile_table("features in force")
    found = xr.Dataset({name: (("cycle", "row", "column"), array[None]) for name, array in cells.features().items()})
    quantiles = sc.statistics.quantiles(found, None, PROBABILITIES)
    for feature in FEATURES:
        table.add_row(f"{feature.symbol} ({feature.unit})", *(f"{v:.4g}" for v in quantiles[feature.name].values))
    console.print(table)


def show_train(console: Console, train: PulseTrain, path: str) -> None:
    """Print what a pulse train is.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    train : PulseTrain
        As loaded.
    path : str
        File that it comes from.
    """
    volts = train.pulses.voltage
    pairs(
        console,
        [
            ("file", f"{path}: a pulse train"),
            ("pulses", f"{len(train):,} in {counted(train.cycles, 'cycle')}"),
            ("voltages", f"{float(volts.min()):g} to {float(volts.max()):g} V"),
            ("SET, RESET", f"{int((volts < 0).sum()):,} negative, {int((volts > 0).sum()):,} positive pulses"),
            ("python", train.to_python().replace("train.csv", path)),
        ],
    )
