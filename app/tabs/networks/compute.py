"""Networks: handwritten digits on a chip made of the page's device: how good, what costs it, and learning around it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import param

from app.settings.sections import Choices, Request, TabOptions
from app.work.runs import Run
from synaptogen_core import load_retention
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.networks import (
    AnalogNetwork,
    Chip,
    Mapping,
    accuracy_budget,
    accuracy_over_time,
    calibrate,
    compensate_lines,
    evaluate,
    program,
    sweep_chips,
    train_in_the_loop,
)
from synaptogen_core.networks.example import digits

USES = frozenset({"read"})
SHOWS = {"Where the errors come from": "budget", "Accuracy over one setting": "curve", "Training in the loop": "loop"}
CURVES = {
    "Line resistance": "ohm", "ADC bits": "adc_bits", "Tile": "tile", "Cycle-to-cycle spread": "c2c",
    "Device-to-device spread": "d2d", "Verify tolerance": "tolerance",
    "Time since programming": "time",
}  # fmt: skip
POINTS = {
    "ohm": (0.0, 2.0, 5.0, 10.0, 20.0), "adc_bits": (2, 3, 4, 5, 6, 8), "tile": (16, 32, 64, 128),
    "c2c": (0.0, 1.0, 2.0, 3.0), "d2d": (0.0, 1.0, 2.0, 3.0), "tolerance": (0.01, 0.05, 0.1, 0.2, 0.4),
}  # fmt: skip
TIMES = np.arange(-2.0, 9.0)  # decimal logarithms of seconds
LAW = "stanford-b"
SEEDS = 3  # chips of a curve's band
EPOCHS = 10
MAPS = {
    "Target": "target", "Programmed": "programmed", "Effective, behind the lines": "effective",
    "Error of programming": "error", "Pulses": "pulses",
}  # fmt: skip
CHIP = ("hidden", "tile", "ohm", "adc", "full_range", "verify", "tolerance", "pairs", "compensate", "seed")


class Options(TabOptions):
    show = param.Selector(default="budget", objects=SHOWS, label="Show", doc="What is worked out beside the accuracy.")
    hidden = param.Integer(32, bounds=(4, 128), label="Hidden units", doc="Of the network 64-hidden-10, trained here.")
    tile = param.Selector(default=64, objects={f"{n} × {n}": n for n in (16, 32, 64, 128)}, label="Tile",
                          doc="Rows and columns of an array with lines and ADCs of its own.")  # fmt: skip
    ohm = param.Number(5.0, bounds=(0.0, 50.0), step=0.5, label="Line resistance",
                       doc="Of a segment of word and bit lines between two cells (Ω).")  # fmt: skip
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
    seed = param.Integer(0, bounds=(0, 9999), label="Chip", doc="Seed of the chip: another number is another chip.")
    over = param.Selector(default="ohm", objects=CURVES, label="Over", doc="The setting on the horizontal axis.")
    layer = param.Selector(default=0, objects={"First": 0, "Second": 1}, label="Layer", doc="Whose cells are shown.")
    map = param.Selector(default="programmed", objects=MAPS, label="Map of", doc="What the map of the cells shows.")

    def active(self) -> tuple[str, ...]:
        off = set() if self.show == "curve" else {"over"}
        off |= set() if self.verify else {"tolerance"}
        off |= set() if self.adc else {"full_range"}
        return tuple(name for name in self.names() if name not in off)


@dataclass(frozen=True)
class Curve:
    """Accuracies of several chips over a setting."""

    over: str
    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chips: int
    note: str = ""


@dataclass(frozen=True)
class Loop:
    """Training in the loop, epoch by epoch; epoch 0 is the chip as it came."""

    loss: np.ndarray
    accuracy: np.ndarray
    pulses: np.ndarray  # a cell
    before: float  # accuracy on the test images
    after: float


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
    values: np.ndarray  # (rows, columns) S, relative error or pulses
    tile: int
    weights: tuple[np.ndarray, np.ndarray, np.ndarray]  # target, programmed, effective; flat
    answer: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # outputs, float and chip, of an image of 64 pixels


@dataclass(frozen=True, eq=False)
class Done:
    """A chip, and what judged it."""

    analog: AnalogNetwork
    found: Any


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """Program digits into a chip of the page's device, and judge it."""
    network, training, test = digits(options.hidden)
    done = kept(run, request, options, "chip", lambda: _judged(run, request, options, cancel))
    analog, loop = done.analog, None
    if options.show == "loop":
        trained = kept(run, request, options, "loop", lambda: _trained(done, training, test, cancel))
        analog, loop = trained.analog, trained.found
        done = Done(analog, kept(run, request, options, "after", lambda: evaluate(analog, *test)))
    budget = None
    if options.show == "budget":
        budget = kept(run, request, options, "budget", lambda: accuracy_budget(analog, *test))
    curve = None
    if options.show == "curve":
        key = f"curve {options.over}"
        curve = kept(run, request, options, key, lambda: (
            _over_time(analog, test, cancel) if options.over == "time"
            else _curve(run, request, options, network, training, test, cancel)
        ))  # fmt: skip
    ds = done.found
    layer = analog.layers[options.layer]
    programming = layer.programming
    values = {
        "target": layer.targets, "programmed": lambda: layer.cells.conductance(layer.matrix.u),
        "effective": layer.matrix.matrix, "error": lambda: programming["error"].values,
        "pulses": lambda: programming["pulses"].values,
    }[options.map]()  # fmt: skip
    cells = sum(each.cells.size for each in analog.layers)
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
        tile=options.tile,
        weights=tuple(analog.weights(kind)[options.layer].ravel() for kind in ("target", "programmed", "effective")),
        answer=lambda image: (network.forward(image[None])[0], analog.forward(image[None])[0]),
    )


def kept(run: Run, request: Request, options: Choices, what: str, make: Callable[[], Any]) -> Any:
    """What differs by the chip's own settings alone is made once."""
    of_chip = tuple(options.get(name) for name in CHIP)
    return run.keep(("networks", what, of_chip, request.read), make, lambda found: ())


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
        seed=options.seed,
    )


def tolerance_of(options: Choices) -> float | None:
    return options.tolerance / 100 if options.verify else None


def _judged(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Done:
    network, training, test = digits(options.hidden)
    chip = chip_of(run, request, options)
    targets = compensate_lines(network, chip, cancel=cancel).targets if options.compensate else None
    analog = program(network, chip, tolerance_of(options), targets=targets, cancel=cancel)
    full = [layer.readout.ranges for layer in analog.layers]
    analog = calibrate(analog, training[0])
    if options.adc and options.full_range:
        readouts = [replace(la.readout, ranges=ends) for la, ends in zip(analog.layers, full, strict=True)]
        analog = analog.with_readouts(readouts, analog.calibration)
    return Done(analog, evaluate(analog, *test))


def _trained(done: Done, training: Any, test: Any, cancel: threading.Event) -> Done:
    analog = done.analog.copy()
    log = train_in_the_loop(analog, *training, epochs=EPOCHS, cancel=cancel)
    after = float((analog.predict(test[0]) == test[1]).mean())
    pulses = log["pulses"].values / log.attrs["cells"]
    loop = Loop(log["loss"].values, log["accuracy"].values, pulses, float(done.found.accuracy), after)
    return Done(analog, loop)


def _curve(
    run: Run, request: Request, options: Choices, network: Any, training: Any, test: Any, cancel: threading.Event
) -> Curve:
    seeds = [options.seed + k for k in range(SEEDS)]
    ds = sweep_chips(
        network, chip_of(run, request, options), training[0], *test, over=options.over, values=POINTS[options.over],
        seeds=seeds, tolerance=tolerance_of(options), compensate=options.compensate, cancel=cancel,
    )  # fmt: skip
    found = ds["accuracy"].values
    return Curve(
        options.over, np.array(POINTS[options.over], float), found.mean(axis=1), found.min(axis=1), found.max(axis=1),
        SEEDS,
    )  # fmt: skip


def _over_time(analog: AnalogNetwork, test: Any, cancel: threading.Event) -> Curve:
    """Accuracy of the chip while its cells forget, with the interval of so many test images."""
    law = load_retention(LAW)
    ds = accuracy_over_time(analog, law, 10.0**TIMES, *test, cancel=cancel)
    low, high = ds["accuracy_interval"].transpose("bound", "time").values
    return Curve("time", TIMES, ds["accuracy"].values, low, high, 1, law.label)
