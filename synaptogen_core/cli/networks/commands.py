"""`synaptogen network`: a network on a chip, judged; and many chips, with what differs between them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import xarray as xr
from rich.table import Table

from synaptogen_core.cli import arguments, console
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import load_device
from synaptogen_core.exchange.networks.analog import save_network, save_table
from synaptogen_core.exchange.networks.images import load_images
from synaptogen_core.exchange.networks.weights import load_weights
from synaptogen_core.networks import AnalogNetwork, Chip, Mapping, Network, accuracy_budget, calibrate, evaluate
from synaptogen_core.networks.example import digits
from synaptogen_core.networks.hardware.compensation import compensate_lines
from synaptogen_core.networks.hardware.programming import program
from synaptogen_core.networks.scoring.sweep import SWEPT, sweep_chips

app = typer.Typer(help="Neural networks whose weights are programmed cells: evaluate one, or sweep many chips.")

IMAGES = "images"
Output = Annotated[Path, typer.Argument(metavar="OUTPUT", help="File to write: .nc, .zarr or .zarr.zip.")]
Weights = Annotated[
    Path | None, typer.Option(help="Your own weights, .npz or .safetensors. Default: digits, trained here.")
]
Data = Annotated[Path | None, typer.Option(help="Your own images: IDX, .npz, .csv or CIFAR .bin; with --weights.")]
Labels = Annotated[Path | None, typer.Option(help="IDX file of their labels.")]
Hidden = Annotated[int, typer.Option(help="Hidden units of the network for digits.", min=1, max=4096)]
Device = Annotated[str, typer.Option(help="Packaged set or JSON file.")]
Seeds = Annotated[str, typer.Option(help="Chips, by their seeds, with commas between.", metavar="SEEDS")]
TileOf = Annotated[str, typer.Option(help="Rows x columns of a tile.", metavar="ROWSxCOLUMNS")]
Ohm = Annotated[float, typer.Option(help="Resistance of a line's segment [ohm]; 0: ideal lines.", min=0)]
Bits = Annotated[int | None, typer.Option(help="Bits of the ADCs; without it, ideal ones.")]
Tolerance = Annotated[float, typer.Option(help="Of the verify reads; 0 programs without verify.", min=0, max=0.99)]
Pairs = Annotated[str, typer.Option(help="Where the cells of a pair lie: columns or rows.")]
Compensate = Annotated[bool, typer.Option("--compensate", help="Targets that undo the lines.")]
Force = Annotated[bool, typer.Option("--force", help="Replace OUTPUT if it is there.")]


@app.command()
def run(
    output: Output,
    weights: Weights = None,
    images: Data = None,
    labels: Labels = None,
    hidden: Hidden = 32,
    device: Device = "hennen2024",
    seed: Annotated[int, typer.Option(help="The chip.")] = 0,
    tile: TileOf = "128x128",
    ohm: Ohm = 0.0,
    adc_bits: Bits = None,
    tolerance: Tolerance = 0.05,
    pairs_in: Pairs = "columns",
    compensate: Compensate = False,
    chip_file: Annotated[
        Path | None, typer.Option(help="Write the programmed network, cell by cell, to this file, too.")
    ] = None,
    force: Force = False,
) -> None:
    """Program a network into a chip and evaluate it: accuracy, where its errors come from, weights.

    For example:

        synaptogen network run digits.nc --ohm 20 --tile 64x64 --adc-bits 5

        synaptogen network run mine.nc --weights mlp.npz --images t10k-images.gz --labels t10k-labels.gz
    """
    _check_output(output, force)
    network, (x, _), (x_test, y_test) = _problem(weights, images, labels, hidden)
    chip = _chip(device, seed, tile, ohm, adc_bits, pairs_in)
    analog = _programmed(network, chip, tolerance, compensate, x)
    ds = evaluate(analog, x_test, y_test)
    budget = accuracy_budget(analog, x_test, y_test)
    save_table(_with_weights(ds.merge(_renamed(budget)), analog), output)
    if chip_file is not None:
        save_network(analog, chip_file)
    low, high = ds["accuracy_interval"].values
    console.tell(
        f"{output}: accuracy {100 * ds['accuracy'].item():.1f} % ({100 * low:.1f} to {100 * high:.1f}, 95 % over "
        f"{x_test.shape[0]:,} images), float {100 * ds['float_accuracy'].item():.1f} %, seed {seed}"
    )
    table = Table("cause alone", "accuracy", "error of layers", box=None, header_style="bold")
    for k, cause in enumerate(budget["cause"].values):
        errors = ", ".join(f"{100 * e:.2g} %" for e in budget["layer_error"].values[k])
        table.add_row(str(cause), f"{100 * budget['accuracy'].values[k]:.1f} %", errors)
    console.out().print(table)


@app.command()
def sweep(
    output: Output,
    over: Annotated[str, typer.Option(help=f"What differs: {', '.join(SWEPT)}.")] = "ohm",
    values: Annotated[str, typer.Option(help="Its values, with commas between.")] = "0,5,10,20",
    seeds: Seeds = "0,1,2,3,4",
    weights: Weights = None,
    images: Data = None,
    labels: Labels = None,
    hidden: Hidden = 32,
    device: Device = "hennen2024",
    tile: TileOf = "128x128",
    ohm: Ohm = 0.0,
    adc_bits: Bits = None,
    tolerance: Tolerance = 0.05,
    pairs_in: Pairs = "columns",
    compensate: Compensate = False,
    scheduler: Annotated[
        str | None, typer.Option(help="Compute on a Dask cluster, such as tcp://host:8786; the same numbers.")
    ] = None,
    force: Force = False,
) -> None:
    """Evaluate many chips: every value with every seed.

    For example:

        synaptogen network sweep lines.nc --over ohm --values 0,5,10,20 --seeds 0,1,2,3,4 --tile 64x64
    """
    _check_output(output, force)
    network, (x, _), test = _problem(weights, images, labels, hidden)
    chip = _chip(device, 0, tile, ohm, adc_bits, pairs_in)
    ds = sweep_chips(
        network, chip, x, *test, over=over, values=_numbers("--values", values),
        seeds=[int(seed) for seed in _numbers("--seeds", seeds)], tolerance=tolerance or None, compensate=compensate,
        scheduler=scheduler,
    )  # fmt: skip
    save_table(ds, output)
    table = Table(over, "accuracy, mean", "lowest to highest chip", box=None, header_style="bold")
    for value, found in zip(ds[over].values, ds["accuracy"].values, strict=True):
        table.add_row(
            f"{value:g}", f"{100 * found.mean():.1f} %", f"{100 * found.min():.1f} to {100 * found.max():.1f}"
        )
    console.out().print(table)
    console.tell(f"{output}: float {100 * ds['float_accuracy'].item():.1f} %, {ds.sizes['seed']} chips a value")


def _problem(weights: Path | None, images: Path | None, labels: Path | None, hidden: int) -> Any:
    """The network, training images with labels, and test images with labels."""
    if weights is None:
        if images is not None:
            raise ValueError("--weights: must be given with --images (got none); a network that knows such images")
        return digits(hidden)
    if images is None:
        raise ValueError("--images: must be given with --weights (got none); give images with labels")
    network = Network.from_weights(load_weights(weights))
    x, y, _ = load_images(images, labels)
    if y is None:
        raise ValueError("--labels: must be given for these images (got none); give their IDX file")
    first = np.arange(len(x)) % 10 == 0  # a tenth calibrates, the rest is judged
    return network, (x[first], y[first]), (x[~first], y[~first])


def _chip(device: str, seed: int, tile: str, ohm: float, adc_bits: int | None, pairs_in: str) -> Chip:
    mapping = Mapping(pairs_in=pairs_in)
    return Chip(load_device(device), mapping, arguments.shape(tile), Lines(ohm, ohm), adc_bits=adc_bits, seed=seed)


def _programmed(network: Network, chip: Chip, tolerance: float, compensate: bool, x: Any) -> AnalogNetwork:
    targets = compensate_lines(network, chip).targets if compensate else None
    return calibrate(program(network, chip, tolerance or None, targets=targets), x)


def _renamed(budget: xr.Dataset) -> xr.Dataset:
    """By numbers instead of words, which Zarr has no type for; the words are in an attribute."""
    causes = np.arange(budget.sizes["cause"])
    named = budget.rename({name: f"{name}_by_cause" for name in budget.data_vars}).assign_coords(cause=causes)
    named["cause"].attrs.update(flag_values=causes.tolist(), flag_meanings=" ".join(budget["cause"].values))
    return named


def _with_weights(ds: xr.Dataset, analog: AnalogNetwork) -> xr.Dataset:
    """The Dataset with the weights of each layer, as they are meant, in the cells, and behind the lines."""
    found: dict[str, Any] = {}
    for kind in ("target", "programmed", "effective"):
        for k, matrix in enumerate(analog.weights(kind)):
            about = {"long_name": f"weights of layer {k}, {kind}", "units": "1"}
            found[f"weights_{kind}_{k}"] = ((f"input_{k}", f"output_{k}"), matrix, about)
    chip = replace(analog.chip, faults={})
    settings = {
        name: getattr(chip, name) for name in ("tile", "adc_bits", "dac_bits", "read_voltage", "bandwidth", "seed")
    }
    about = {"device": chip.device.name, "device_hash": chip.device.hash, "settings": json.dumps(settings)}
    return ds.assign(found).assign_attrs(about | {"ohm": chip.lines.word})


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise ValueError(f"{option}: must be numbers with commas between (got {text!r}); write 0,5,10") from None


def _check_output(output: Path, force: bool) -> None:
    if output.exists() and not force:
        raise FileError(f"{output}: must be a new name (got one that is there); choose another, or add --force")
