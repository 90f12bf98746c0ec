"""`synaptogen device`: the packaged parameter sets, and checks of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from synaptogen_core.cli import console, tables
from synaptogen_core.counts import counted
from synaptogen_core.exchange.api import list_devices, load_device
from synaptogen_core.exchange.circuits.veriloga import save_veriloga

app = typer.Typer(
    help="Parameter sets: list the packaged ones, show one, check a file, export a circuit model.",
    no_args_is_help=False,
)
NAME = Annotated[str, typer.Argument(metavar="NAME", help="Packaged set or JSON file.")]


@app.command("list")
def list_() -> None:
    """List the packaged parameter sets."""
    table = Table("name", "hash", "order", "up to", "citation", box=None, header_style="bold")
    for name in list_devices():
        device = load_device(name)
        table.add_row(name, device.hash, str(device.order), f"{device.valid_range:g} V", device.citation)
    console.out().print(table)


@app.command()
def show(
    name: NAME,
    as_json: Annotated[bool, typer.Option("--json", help="All numbers, as save_device writes them.")] = False,
) -> None:
    """Show a parameter set: what it is, where it comes from, and how its population is distributed.

    For example:

        synaptogen device show hennen2024

        synaptogen device show mine.json --json
    """
    device = load_device(name)
    if as_json:
        typer.echo(json.dumps(device.to_dict(), indent=1, ensure_ascii=False))
        return
    tables.show_device(console.out(), device)


@app.command()
def check(name: NAME) -> None:
    """Check that a file holds the parameters of a device; exit code 0 if it does.

    Files that save_device wrote and files in the layout of the model's authors are both understood.
    """
    device = load_device(name)
    share = device.clipped_share()
    console.tell(
        f"{name}: good: {device.name}, hash {device.hash}, orders {', '.join(map(str, sorted(device.var)))}, "
        f"{counted(device.weights.size, 'component')}, {100 * share:.2g} % of the cells with a clipped spread"
    )


@app.command()
def export(
    name: NAME,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="File to write: NAME.va.")],
    veriloga: Annotated[bool, typer.Option("--veriloga", help="As a Verilog-A module.")] = False,
    cycles: Annotated[int, typer.Option(help="Switching cycles that the module holds.")] = 256,
) -> None:
    """Write a parameter set as a model for circuit simulators.

    For example:

        synaptogen device export hennen2024 cell.va --veriloga --cycles 64
    """
    if not veriloga:
        raise ValueError("--veriloga: must say what to write (got nothing); there is no other kind yet")
    module = save_veriloga(load_device(name), path, cycles=cycles)
    console.tell(
        f"{path}: module {module} with {counted(cycles, 'cycle')}; compile it with `openvaf-r {path}`, then load "
        f"{path.with_suffix('.osdi').name} in ngspice 46 (pre_osdi) or VACASK (load); its head says how"
    )
