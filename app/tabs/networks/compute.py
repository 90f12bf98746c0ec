"""Networks: handwritten digits on a chip made of the page's device: how good, what costs it, and learning around it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
import param

from app.settings.sections import Choices, Request, TabOptions
from app.tabs.networks import growing
from app.tabs.networks.growing import Curve, Loop
from app.tabs.networks.own import MOST_MB, Own
from app.work.runs import Run
from synaptogen_core import Cancelled, load_retention, load_weights
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.programming.settings import OUTCOMES
from synaptogen_core.durations import YEAR
from synaptogen_core.errors import FileError
from synaptogen_core.networks import (
    AnalogNetwork,
    Chip,
    Mapping,
    Network,
    accuracy_budget,
    accuracy_over_time,
    calibrate,
    compensate_lines,
    evaluate,
    program,
)
from synaptogen_core.networks.example import digits
from synaptogen_core.networks.hardware.analog import AnalogLayer
from synaptogen_core.networks.hardware.inference import Stage
from synaptogen_core.networks.hardware.inference import run as run_stages

USES = frozenset({"read", "cells"})
SHOWS = {"Where the errors come from": "budget", "Accuracy over one setting": "curve", "Training in the loop": "loop"}
CURVES = {
    "Line resistance": "ohm", "ADC bits": "adc_bits", "Tile": "tile", "Cycle-to-cycle spread": "c2c",
    "Device-to-device spread": "d2d", "Verify tolerance": "tolerance",
    "Time since programming": "time",
}  # fmt: skip
POINTS = {
    "ohm": (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0), "adc_bits": (2, 3, 4, 5, 6, 7, 8, 10),
    "tile": (16, 32, 48, 64, 96, 128), "c2c": (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0),
    "d2d": (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0), "tolerance": (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4),
}  # fmt: skip
TIMES = np.append(10.0 ** np.arange(-2.0, 9.0), 10 * YEAR)  # s
LAW = "stanford-b"
PAUSE = 0.15  # s: before the causes are worked out, what is there is painted, and a control may be moved further
MAPS = {
    "Target": "target", "Programmed": "programmed", "Effective, behind the lines": "effective",
    "Error of programming": "error", "Pulses": "pulses", "Outcome": "outcome",
}  # fmt: skip
CELLS = ("own", "hidden", "tile", "ohm", "verify", "tolerance", "pairs", "compensate", "seed")
CHIP = (*CELLS, "adc", "full_range")
LITTLE = 10_000  # bytes of a curve, or of a budget


class Options(TabOptions):
    show = param.Selector(default="budget", objects=SHOWS, label="Show", doc="What is worked out beside the accuracy.")
    hidden = param.Integer(32, bounds=(4, 128), label="Hidden units", doc="Of the network 64-hidden-10, trained here.")
    tile = param.Selector(default=64, objects={f"{n} × {n}": n for n in (16, 32, 64, 128)}, label="Tile",
                          doc="Rows and columns of an array with lines and ADCs of its own.")  # fmt: skip
    ohm = param.Number(5.0, bounds=(0.0, 50.0), step=0.5, label="Line resistance",
                       doc="Of a segment of word and bit lines between two cells.")  # fmt: skip
    adc = param.Selector(default=6, objects={"Ideal": 0, **{f"{n} bits": n for n in range(2, 11)}}, label="ADC",
                         doc="Resolution of the converters on the bit lines.")  # fmt: skip
    full_range = param.Boolean(False, label="Full ADC range",
                               doc="To the largest possible current. Off: calibrated on training images.")  # fmt: skip
    verify = param.Boolean(True, label="Verify", doc="Pulses until a read finds the target. Off: one SET, one RESET.")
    tolerance = param.Number(5.0, bounds=(0.5, 50.0), step=0.5, label="Tolerance",
                             doc="Largest distance from the target that a verify read accepts (%).")  # fmt: skip
    pairs = param.Selector(default="columns", objects={"In columns": "columns", "In rows": "rows"}, label="Pairs",
                           doc="Where the two cells of a signed weight lie.")  # fmt: skip
    compensate = param.Boolean(False, label="Compensate lines",
                               doc="Targets for which cells and lines together are as wanted.")  # fmt: skip
    seed = param.Integer(0, bounds=(0, 9999), label="Chip",
                         doc="0: made of the page's own cells, row by row; another number: other cells.")  # fmt: skip
    own = param.Parameter(None, doc="The user's own network; no link can hold it.")
    over = param.Selector(default="ohm", objects=CURVES, label="Over", doc="The setting on the horizontal axis.")
    layer = param.Selector(default=0, objects={"First": 0, "Second": 1}, label="Layer", doc="Whose cells are shown.")
    map = param.Selector(default="programmed", objects=MAPS, label="Map of", doc="What the map of the cells shows.")
    UNITS: ClassVar[dict[str, str]] = {"ohm": "Ω", "tolerance": "%"}

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in super().names() if name != "own")

    def watched(self) -> tuple[str, ...]:
        return (*self.names(), "own")

    def choices(self) -> Choices:
        return Choices(dict(super().choices()) | {"own": self.own})

    def active(self) -> tuple[str, ...]:
        off = set() if self.show == "curve" else {"over"}
        off |= {"hidden"} if self.own is not None else set()
        off |= set() if self.verify else {"tolerance"}
        off |= set() if self.adc else {"full_range"}
        return tuple(name for name in self.names() if name not in off)


@lru_cache(maxsize=8)
def network_of(own: Own) -> Network:
    """A network for the digits, of the weights in a file.

    Raises
    ------
    FileError, TypeError, ValueError
        If they are none, or do not take 64 pixels and give ten classes.
    """
    if len(own.content) > 1_000_000 * MOST_MB:
        raise ValueError(f"weights: must be at most {MOST_MB} MB (got {len(own.content) / 1e6:.0f}); give fewer")
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"weights{Path(own.name).suffix.lower()}"
        file.write_bytes(own.content)
        try:
            named = load_weights(file)
        except FileError as error:
            raise FileError(str(error).replace(str(file), own.name)) from None
    network = Network.from_weights(named)
    network.check_images(np.zeros((1, 64)))
    if len(network.classes) != 10:
        raise ValueError(f"weights: must give 10 classes for the digits (got {len(network.classes)}); correct them")
    return network


@dataclass(frozen=True, eq=False)
class Answer:
    """What both networks say to an image; of a chip only what reading takes, so that its cells need not be kept."""

    meant: Network
    network: Network
    stages: list[Stage]

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outputs, float and chip, of an image of 64 pixels."""
        return self.meant.forward(image[None])[0], run_stages(self.network, self.stages, image[None])[0]

    @property
    def nbytes(self) -> int:
        return sum(16 * stage.layout.rows * stage.layout.columns for stage in self.stages)


@dataclass(frozen=True)
class Result:
    accuracy: float
    interval: tuple[float, float]
    float_accuracy: float
    cells: int
    tiles: int
    pulses: float  # a cell
    unreached: int
    causes: tuple[str, ...]  # empty where they are not shown
    by_cause: np.ndarray
    intervals: np.ndarray  # (causes, 2)
    errors: np.ndarray  # (causes, layers)
    curve: Curve | None
    loop: Loop | None
    confusion: np.ndarray  # (10, 10) images
    images: np.ndarray  # (images, 64)
    true: np.ndarray
    found: np.ndarray  # class on the chip
    meant: np.ndarray  # class of the float network
    quantity: str
    values: np.ndarray  # (rows, columns) S, relative error, pulses, or positions in `outcomes`
    outcomes: tuple[str, ...]
    tile: int
    weights: tuple[np.ndarray, np.ndarray, np.ndarray]  # target, programmed, effective; flat
    first: int  # number of the layer's first cell on the page; below 0: the chip is of other cells
    columns: int  # of the page's array
    size: int  # of the page's array, in cells
    marks: tuple[tuple[int, int], ...]  # (row, column) of followed cells that lie in the layer
    own: str  # name of the user's network; empty: the one that was trained here
    more: bool  # whether the curve or the training goes on
    answer: Answer


@dataclass(frozen=True, eq=False)
class Done:
    """A chip, and what judged it."""

    analog: AnalogNetwork
    found: Any


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """Program digits into a chip of the page's device, and judge it."""
    network, training, test = asked(options)
    done = kept(run, request, options, "chip", lambda: _judged(run, request, options, cancel))
    analog, loop, budget, curve, more = done.analog, None, None, None, False
    if options.show == "loop":
        training_ = kept(
            run, request, options, "loop", lambda: growing.Training(done.analog, training, size_of(done.analog))
        )
        more = training_.grow().more
        before, after = float(done.found.accuracy), math.nan
        if not more:
            analog = training_.analog
            done = Done(analog, kept(run, request, options, "after", lambda: evaluate(analog, *test)))
            after = float(done.found.accuracy)
        loop = training_.loop(before, after)
    elif options.show == "budget":
        causes = kept(
            run,
            request,
            options,
            "budget",
            lambda: growing.later(lambda: accuracy_budget(analog, *test), size_of(analog)),
        )
        if causes.found and causes.more:
            cancel.wait(PAUSE)
        if not cancel.is_set():
            causes.grow()
        more, budget = causes.more, (causes.found or (None,))[-1]
    elif options.over == "time":
        curve = kept(run, request, options, "curve time", lambda: _over_time(analog, test, cancel))
    else:
        values, how = POINTS[options.over], {"tolerance": tolerance_of(options), "compensate": options.compensate}
        points = kept(
            run, request, options, f"curve {options.over}",
            lambda: growing.points(network, chip_of(run, request, options), training, test, options.over, values, how),
        )  # fmt: skip
        more, curve = points.grow().more, growing.curve(points, options.over, values)
    if cancel.is_set():
        raise Cancelled("networks: cancelled by the caller")
    ds = done.found
    layer = analog.layers[options.layer]
    programming = layer.programming
    values = {
        "target": layer.targets, "programmed": lambda: layer.cells.conductance(layer.matrix.u),
        "effective": layer.matrix.matrix, "error": lambda: programming["error"].values,
        "pulses": lambda: programming["pulses"].values, "outcome": lambda: programming["outcome"].values,
    }[options.map]()  # fmt: skip
    cells = sum(each.cells.size for each in analog.layers)
    first_cell = sum(each.cells.size for each in analog.layers[: options.layer]) if options.seed == 0 else -1
    return Result(
        accuracy=float(ds.accuracy),
        interval=(float(ds.accuracy_interval[0]), float(ds.accuracy_interval[1])),
        float_accuracy=float(ds.float_accuracy),
        cells=cells,
        tiles=sum(len(each.places) for each in analog.layers),
        pulses=analog.pulses / cells,
        unreached=int(sum((ds_.outcome.values > 1).sum() for ds_ in analog.programming)),
        causes=() if budget is None else tuple(str(cause) for cause in budget["cause"].values),
        by_cause=np.zeros(0) if budget is None else budget["accuracy"].values,
        intervals=np.zeros((0, 2)) if budget is None else budget["accuracy_interval"].values,
        errors=np.zeros((0, 2)) if budget is None else budget["layer_error"].values,
        curve=curve,
        loop=loop,
        confusion=ds.confusion.values,
        images=test[0],
        true=ds.true.values,
        found=ds.predicted.values,
        meant=ds.float_predicted.values,
        quantity=options.map,
        values=np.asarray(values, np.float32),
        outcomes=OUTCOMES,
        tile=options.tile,
        weights=tuple(analog.weights(kind)[options.layer].ravel() for kind in ("target", "programmed", "effective")),
        first=first_cell,
        columns=run.cells.columns,
        size=run.cells.size,
        marks=tuple(marked(request.cells, first_cell, run.cells.columns, layer)),
        own=options.own.name if options.own is not None else "",
        more=more,
        answer=Answer(network, analog.network, analog.stages()),
    )


def asked(options: Choices) -> tuple[Network, Any, Any]:
    """The network, training images with labels, and test images with labels."""
    network, training, test = digits(options.get("hidden", 32))
    return (network if options.own is None else network_of(options.own)), training, test


def marked(cells: Sequence[tuple[int, int]], first: int, columns: int, layer: AnalogLayer) -> Iterator[tuple[int, int]]:
    """Where followed cells of the page lie in a layer."""
    for row, column in cells if first >= 0 else ():
        number = row * columns + column - first
        if 0 <= number < layer.cells.size:
            yield divmod(number, layer.layout.columns)


def kept(run: Run, request: Request, options: Choices, what: str, make: Callable[[], Any]) -> Any:
    """What differs by the chip's own settings alone is made once."""
    of_chip = tuple(options.get(name) for name in CHIP)
    return run.keep(("networks", what, of_chip, request.read), make, lambda found: (), size_of)


def size_of(found: Any) -> int:
    """Bytes of what is kept: most of it the cells of chips."""
    if isinstance(found, AnalogNetwork):
        return sum(layer.cells.nbytes + 8 * layer.cells.size + layer.programming.nbytes for layer in found.layers)
    if isinstance(found, Done):
        return size_of(found.analog) + size_of(found.found)
    if isinstance(found, growing.Growing):
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


def _judged(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Done:
    """The cells, once for all read-outs; then what reads them."""
    network, training, test = asked(options)
    chip = chip_of(run, request, options)
    key = "networks", "cells", tuple(options.get(name) for name in CELLS)
    cells = run.keep(key, lambda: _programmed(network, chip, options, cancel), lambda found: (), size_of)
    readouts = [replace(la.readout, adc_bits=chip.adc_bits, bandwidth=chip.bandwidth) for la in cells.layers]
    analog = AnalogNetwork(network, chip, cells.with_readouts(readouts, None).layers)
    full = [layer.readout.ranges for layer in analog.layers]
    analog = calibrate(analog, training[0])
    if options.adc and options.full_range:
        readouts = [replace(la.readout, ranges=ends) for la, ends in zip(analog.layers, full, strict=True)]
        analog = analog.with_readouts(readouts, analog.calibration)
    return Done(analog, evaluate(analog, *test))


def _programmed(network: Network, chip: Chip, options: Choices, cancel: threading.Event) -> AnalogNetwork:
    targets = compensate_lines(network, chip, cancel=cancel).targets if options.compensate else None
    analog = program(network, chip, tolerance_of(options), targets=targets, cancel=cancel)
    analog.stages()  # the matrices come along
    return analog


def _over_time(analog: AnalogNetwork, test: Any, cancel: threading.Event) -> Curve:
    """Accuracy of the chip while its cells forget, with the interval of so many test images."""
    law = load_retention(LAW)
    ds = accuracy_over_time(analog, law, TIMES, *test, cancel=cancel)
    low, high = ds["accuracy_interval"].transpose("bound", "time").values
    span = float(TIMES[0]), float(TIMES[-1])
    return Curve("time", TIMES, ds["accuracy"].values, low, high, 1, span, law.label)
