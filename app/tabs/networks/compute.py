"""Networks: handwritten digits on a chip made of the page's device: how good, what costs it, and learning around it."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import param

from app.settings.sections import Choices, Request, TabOptions
from app.tabs.networks import growing
from app.tabs.networks.chips import (
    Answer,
    Done,
    asked,
    chip_of,
    judged,
    kept,
    marked,
    over_time,
    size_of,
    tolerance_of,
)
from app.tabs.networks.growing import Curve, Loop
from app.work.runs import Run
from synaptogen_core import Cancelled
from synaptogen_core.crossbar.programming.settings import OUTCOMES
from synaptogen_core.networks import accuracy_budget, evaluate

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
PAUSE = 0.15  # s: before the causes are worked out, what is there is painted, and a control may be moved further
MAPS = {
    "Target": "target", "Programmed": "programmed", "Effective, behind the lines": "effective",
    "Error of programming": "error", "Pulses": "pulses", "Outcome": "outcome",
}  # fmt: skip


FILES = ("own", "images")  # of the user's


class Options(TabOptions):
    show = param.Selector(default="budget", objects=SHOWS, label="Show", doc="What is worked out beside the accuracy.")
    hidden = param.Integer(
        32, bounds=(4, 128), label="Hidden units", doc="Of the network with one hidden layer, trained here."
    )
    tile = param.Selector(default=64, objects={f"{n} × {n}": n for n in (16, 32, 64, 128)}, label="Tile",
                          doc="Rows and columns of an array with its own lines and ADCs.")  # fmt: skip
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
                               doc="Targets for which cells and lines together give the weights.")  # fmt: skip
    seed = param.Integer(0, bounds=(0, 9999), label="Chip",
                         doc="0: made of the page's own cells, row by row; another number: other cells.")  # fmt: skip
    own = param.Parameter(None, doc="The user's own network; no link can hold it.")
    images = param.Parameter(None, doc="The user's own images and labels; no link can hold them.")
    over = param.Selector(default="ohm", objects=CURVES, label="Over", doc="The setting on the horizontal axis.")
    layer = param.Selector(default=0, objects={"First": 0, "Second": 1}, label="Layer", doc="Whose cells are shown.")
    map = param.Selector(default="programmed", objects=MAPS, label="Map of", doc="What the map of the cells shows.")
    UNITS: ClassVar[dict[str, str]] = {"ohm": "Ω", "tolerance": "%"}
    LOOKS = frozenset({"show", "over", "layer", "map"})

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in super().names() if name not in FILES)

    def watched(self) -> tuple[str, ...]:
        return (*self.names(), *FILES)

    def choices(self) -> Choices:
        return Choices(dict(super().choices()) | {name: getattr(self, name) for name in FILES})

    def active(self) -> tuple[str, ...]:
        off = set() if self.show == "curve" else {"over"}
        off |= {"hidden"} if self.own is not None else set()
        off |= set() if self.verify else {"tolerance"}
        off |= set() if self.adc else {"full_range"}
        return tuple(name for name in self.names() if name not in off)


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
    confusion: np.ndarray  # (classes, classes) images
    images: np.ndarray  # (images, rows, columns), grey
    classes: tuple[str, ...]
    trained_on: int  # images
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
    own_images: str  # names of the user's files; empty: handwritten digits
    colours: int  # of an image
    more: bool  # whether the curve or the training goes on
    answer: Answer


@dataclass(frozen=True, eq=False)
class Grown:
    """A chip as it is shown, and what is worked out beside its accuracy, as far as it has come."""

    done: Done
    budget: Any = None
    curve: Curve | None = None
    loop: Loop | None = None
    more: bool = False


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """Program a network into a chip of the page's device, and judge it."""
    network, data = asked(options)
    done = kept(run, request, options, "chip", lambda: judged(run, request, options, cancel))
    grown = {"loop": _loop, "budget": _budget, "curve": _curve}[options.show](run, request, options, done, cancel)
    if cancel.is_set():
        raise Cancelled("networks: cancelled by the caller")
    analog, ds, budget = grown.done.analog, grown.done.found, grown.budget
    number = min(options.layer, len(analog.layers) - 1)
    layer, programming = analog.layers[number], analog.layers[number].programming
    values = {
        "target": layer.targets, "programmed": lambda: layer.cells.conductance(layer.matrix.u),
        "effective": layer.matrix.matrix, "error": lambda: programming["error"].values,
        "pulses": lambda: programming["pulses"].values, "outcome": lambda: programming["outcome"].values,
    }[options.map]()  # fmt: skip
    cells = sum(each.cells.size for each in analog.layers)
    first_cell = sum(each.cells.size for each in analog.layers[:number]) if options.seed == 0 else -1
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
        curve=grown.curve,
        loop=grown.loop,
        confusion=ds.confusion.values,
        images=data.pictures(),
        classes=data.classes,
        trained_on=len(data.training[0]),
        true=ds.true.values,
        found=ds.predicted.values,
        meant=ds.float_predicted.values,
        quantity=options.map,
        values=np.asarray(values, np.float32),
        outcomes=OUTCOMES,
        tile=options.tile,
        weights=tuple(analog.weights(kind)[number].ravel() for kind in ("target", "programmed", "effective")),
        first=first_cell,
        columns=run.cells.columns,
        size=run.cells.size,
        marks=tuple(marked(request.cells, first_cell, run.cells.columns, layer)),
        own=options.own.name if options.own is not None else "",
        own_images=data.name,
        colours=data.colours,
        more=grown.more,
        answer=Answer(network, analog.network, analog.stages()),
    )


def _loop(run: Run, request: Request, options: Choices, done: Done, cancel: threading.Event) -> Grown:
    """A copy of the chip learns, an epoch a call."""
    data = asked(options)[1]

    def begin() -> growing.Training:
        return growing.Training(done.analog, data.training, size_of(done.analog))

    training = kept(run, request, options, "loop", begin)
    more = training.grow().more
    before, after = float(done.found.accuracy), math.nan
    if not more:
        analog = training.analog
        done = Done(analog, kept(run, request, options, "after", lambda: evaluate(analog, *data.test)))
        after = float(done.found.accuracy)
    return Grown(done, loop=training.loop(before, after), more=more)


def _budget(run: Run, request: Request, options: Choices, done: Done, cancel: threading.Event) -> Grown:
    """Nothing, then the causes."""
    test = asked(options)[1].test

    def begin() -> growing.Growing[Any]:
        return growing.later(lambda: accuracy_budget(done.analog, *test), size_of(done.analog))

    causes = kept(run, request, options, "budget", begin)
    if causes.found and causes.more:
        cancel.wait(PAUSE)
    if not cancel.is_set():
        causes.grow()
    return Grown(done, (causes.found or (None,))[-1], more=causes.more)


def _curve(run: Run, request: Request, options: Choices, done: Done, cancel: threading.Event) -> Grown:
    """Accuracies over a setting, a point a call; over the time at once."""
    network, data = asked(options)
    if options.over == "time":
        curve = kept(run, request, options, "curve time", lambda: over_time(done.analog, data.test, cancel))
        return Grown(done, curve=curve)
    values, how = POINTS[options.over], {"tolerance": tolerance_of(options), "compensate": options.compensate}
    chip = chip_of(run, request, options)
    points = kept(
        run, request, options, f"curve {options.over}",
        lambda: growing.points(network, chip, data.training, data.test, options.over, values, how),
    )  # fmt: skip
    more = points.grow().more
    return Grown(done, curve=growing.curve(points, options.over, values), more=more)
