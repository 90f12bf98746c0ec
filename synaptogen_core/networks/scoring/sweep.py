"""Many chips: every value of what differs with every seed, here or on a Dask cluster, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.errors import shown
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.networks.hardware.calibration import calibrate
from synaptogen_core.networks.hardware.chip import Chip
from synaptogen_core.networks.hardware.compensation import compensate_lines
from synaptogen_core.networks.hardware.programming import program
from synaptogen_core.progress import Cancel, Progress, Work, check_callbacks


def _with_ohm(chip: Chip, ohm: float) -> Chip:
    values = {name: getattr(chip.lines, name) for name in chip.lines.__dataclass_fields__}
    return replace(chip, lines=Lines(**values | {"word": ohm, "bit": ohm}))


SWEPT: dict[str, tuple[str, Callable[[Chip, float], Chip]]] = {
    "ohm": ("ohm", _with_ohm),
    "adc_bits": ("1", lambda chip, bits: replace(chip, adc_bits=int(bits))),
    "tile": ("1", lambda chip, side: replace(chip, tile=(int(side), int(side)))),
    "c2c": ("1", lambda chip, factor: replace(chip, device=chip.device.vary(c2c=factor))),
    "d2d": ("1", lambda chip, factor: replace(chip, device=chip.device.vary(d2d=factor))),
    "read_voltage": ("V", lambda chip, volts: replace(chip, read_voltage=volts)),
    "bandwidth": ("Hz", lambda chip, hertz: replace(chip, bandwidth=hertz)),
    "tolerance": ("1", lambda chip, tolerance: chip),
}


def sweep_chips(
    network: Network,
    chip: Chip,
    x: ArrayLike,
    x_test: ArrayLike,
    y_test: ArrayLike,
    *,
    over: str,
    values: Sequence[float],
    seeds: Sequence[int],
    tolerance: float | None = 0.05,
    compensate: bool = False,
    scheduler: str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> xr.Dataset:
    """Program, calibrate and judge a chip for every value and every seed.

    Parameters
    ----------
    network : Network
    chip : Chip
        What does not differ.
    x : array, shape (images, ...)
        Training images, which calibrate.
    x_test, y_test : array
        Test images, shape (images, ...), and their labels.
    over : str
        What differs: ohm (of a segment of all lines), adc_bits, tile (its side), c2c, d2d (factors on the spread),
        read_voltage, bandwidth, or tolerance (0: without verify).
    values : sequence of float
    seeds : sequence of int
        The chips.
    tolerance : float or None
        As for `program`.
    compensate : bool
        Whether targets undo the lines (`compensate_lines`).
    scheduler : str, optional
        Address of a Dask cluster, whose workers have this package; a chip is a task. Default: here, one after another.
    progress, cancel
        As for `program`.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` over (`over`, seed), ``float_accuracy``, and ``pulses`` a cell.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule; then no chip is made.
    Cancelled
        If `cancel` said so.
    """
    checks.instance("network", network, Network, "give a Network")
    checks.instance("chip", chip, Chip, "give a Chip")
    if not isinstance(over, str) or over not in SWEPT:
        raise ValueError(f"over: must be one of {', '.join(SWEPT)} (got {over!r}); choose one of them")
    for name, given in (("values", values), ("seeds", seeds)):
        if checks.numeric(name, given, "a row of numbers").ndim != 1:
            raise ValueError(f"{name}: must be a row of numbers (got {shown(given)}); give a list")
    if not len(values) or not len(seeds):
        raise ValueError("values: must be at least one, and seeds, too (got none); give some")
    check_callbacks(progress, cancel)
    images = network.check_images(x_test)
    labels = network.check_labels(y_test, len(images))
    training = network.check_images(x)[:: max(1, len(np.asarray(x)) // 256)]
    unit, made = SWEPT[over]
    tasks = [
        (network, replace(made(chip, checks.number("values", value)), seed=checks.whole("seeds", seed, 0)), training,
         images, labels, (value or None) if over == "tolerance" else tolerance, compensate)
        for value in values
        for seed in seeds
    ]  # fmt: skip
    work = Work(progress, cancel, "sweep_chips")
    results = _on_cluster(tasks, scheduler) if scheduler else _here(tasks, work)
    accuracy, pulses = (np.array(part).reshape(len(values), len(seeds)) for part in zip(*results, strict=True))
    meant = float((network.forward(images).argmax(axis=1) == labels).mean())
    data = {
        "accuracy": ((over, "seed"), accuracy, {"long_name": "accuracy on the chip", "units": "1"}),
        "pulses": ((over, "seed"), pulses, {"long_name": "pulses a cell", "units": "1"}),
        "float_accuracy": ((), meant, {"long_name": "accuracy of the float network", "units": "1"}),
    }
    coords = {over: (over, list(values), {"units": unit}), "seed": list(seeds)}
    return xr.Dataset(data, coords, {"title": f"Accuracy over {over}", "images": len(images)})


def judged(task: tuple[Any, ...]) -> tuple[float, float]:
    """Accuracy of one chip, and pulses a cell.

    Parameters
    ----------
    task : tuple
        Network, chip, training images, test images, positions of their classes, tolerance, whether to compensate.

    Returns
    -------
    accuracy, pulses : float
    """
    network, chip, training, images, labels, tolerance, compensate = task
    targets = compensate_lines(network, chip).targets if compensate else None
    analog = calibrate(program(network, chip, tolerance, targets=targets), training)
    right = analog.forward(images).argmax(axis=1) == labels
    return float(right.mean()), analog.pulses / sum(layer.cells.size for layer in analog.layers)


def _here(tasks: list[tuple[Any, ...]], work: Work) -> list[tuple[float, float]]:
    found = []
    for k, task in enumerate(tasks):
        work.stop_if_asked()
        found.append(judged(task))
        work.report((k + 1) / len(tasks))
    return found


def _on_cluster(tasks: list[tuple[Any, ...]], scheduler: str) -> list[tuple[float, float]]:
    from distributed import Client

    with Client(scheduler) as client:
        return list(client.gather(client.map(judged, tasks, pure=False)))
