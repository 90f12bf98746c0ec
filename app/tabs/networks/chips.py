"""Chips of the page's device, as the controls describe them: made once, judged, and kept as long as there is room."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from app.settings.sections import Choices, Request
from app.tabs.networks.data import Data, data_of, network_of
from app.tabs.networks.growing import Curve, Growing
from app.work.runs import Run
from synaptogen_core import load_retention
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.durations import YEAR
from synaptogen_core.networks import (
    AnalogNetwork,
    Chip,
    Mapping,
    Network,
    accuracy_over_time,
    calibrate,
    compensate_lines,
    evaluate,
    program,
)
from synaptogen_core.networks.hardware.analog import AnalogLayer
from synaptogen_core.networks.hardware.inference import Stage
from synaptogen_core.networks.hardware.inference import run as run_stages

T = TypeVar("T")
TIMES = np.append(10.0 ** np.arange(-2.0, 9.0), 10 * YEAR)  # s
LAW = "stanford-b"
CELLS = ("images", "own", "hidden", "tile", "ohm", "verify", "tolerance", "pairs", "compensate", "seed")
CHIP = (*CELLS, "adc", "full_range")
LITTLE = 10_000  # bytes of a curve, or of a budget


@dataclass(frozen=True, eq=False)
class Answer:
    """What both networks say to an image; of a chip only what reading takes, so that its cells need not be kept."""

    meant: Network
    network: Network
    stages: list[Stage]

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outputs, float and chip, of an image, all its pixels in a row."""
        return self.meant.forward(image[None])[0], run_stages(self.network, self.stages, image[None])[0]

    @property
    def nbytes(self) -> int:
        return sum(16 * stage.layout.rows * stage.layout.columns for stage in self.stages)


@dataclass(frozen=True, eq=False)
class Done:
    """A chip, and what judged it."""

    analog: AnalogNetwork
    found: Any


def asked(options: Choices) -> tuple[Network, Data]:
    """The network and its data."""
    return network_of(options.own, options.images, options.get("hidden", 32)), data_of(options.images)


def marked(cells: Sequence[tuple[int, int]], first: int, columns: int, layer: AnalogLayer) -> Iterator[tuple[int, int]]:
    """Where followed cells of the page lie in a layer."""
    for row, column in cells if first >= 0 else ():
        number = row * columns + column - first
        if 0 <= number < layer.cells.size:
            yield divmod(number, layer.layout.columns)


def kept(run: Run, request: Request, options: Choices, what: str, make: Callable[[], T]) -> T:
    """What differs by the chip's own settings alone is made once."""
    of_chip = tuple(options.get(name) for name in CHIP)
    return run.keep(("networks", what, of_chip, request.read), make, lambda found: (), size_of)


def size_of(found: object) -> int:
    """Bytes of what is kept: most of it the cells of chips."""
    if isinstance(found, AnalogNetwork):
        return sum(layer.cells.nbytes + 8 * layer.cells.size + layer.programming.nbytes for layer in found.layers)
    if isinstance(found, Done):
        return size_of(found.analog) + size_of(found.found)
    if isinstance(found, Growing):
        return found.held or LITTLE
    return int(getattr(found, "nbytes", LITTLE))


def chip_of(run: Run, request: Request, options: Choices) -> Chip:
    """The chip that the controls describe, of the page's device."""
    read = request.read
    return Chip(
        run.cells.device,
        Mapping(pairs_in=options.pairs),
        tile=(options.tile, options.tile),
        lines=Lines(options.ohm, options.ohm),
        adc_bits=options.adc or None,
        bandwidth=read.bandwidth * 1e6 if read.noise else 0.0,
        seed=request.array.seed + options.seed,
    )


def tolerance_of(options: Choices) -> float | None:
    return options.tolerance / 100 if options.verify else None


def judged(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Done:
    """The cells, once for all read-outs; then what reads them."""
    network, data = asked(options)
    chip = chip_of(run, request, options)
    key = "networks", "cells", tuple(options.get(name) for name in CELLS)
    cells = run.keep(key, lambda: _programmed(network, chip, options, cancel), lambda found: (), size_of)
    readouts = [replace(la.readout, adc_bits=chip.adc_bits, bandwidth=chip.bandwidth) for la in cells.layers]
    analog = AnalogNetwork(network, chip, cells.with_readouts(readouts, None).layers)
    full = [layer.readout.ranges for layer in analog.layers]
    analog = calibrate(analog, data.training[0])
    if options.adc and options.full_range:
        readouts = [replace(la.readout, ranges=ends) for la, ends in zip(analog.layers, full, strict=True)]
        analog = analog.with_readouts(readouts, analog.calibration)
    return Done(analog, evaluate(analog, *data.test))


def _programmed(network: Network, chip: Chip, options: Choices, cancel: threading.Event) -> AnalogNetwork:
    targets = compensate_lines(network, chip, cancel=cancel).targets if options.compensate else None
    analog = program(network, chip, tolerance_of(options), targets=targets, cancel=cancel)
    analog.stages()  # the matrices come along
    return analog


def over_time(analog: AnalogNetwork, test: Any, cancel: threading.Event) -> Curve:
    """Accuracy of the chip while its cells forget, with the interval of so many test images."""
    law = load_retention(LAW)
    ds = accuracy_over_time(analog, law, TIMES, *test, cancel=cancel)
    low, high = ds["accuracy_interval"].transpose("bound", "time").values
    span = float(TIMES[0]), float(TIMES[-1])
    return Curve("time", TIMES, ds["accuracy"].values, low, high, 1, span, law.label)
