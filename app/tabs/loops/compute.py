"""I-V loops: many cycles of the followed cells, one cycle of many cells; median, band and thresholds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import param
import xarray as xr

import synaptogen_core as sc
from app.settings.sections import Choices, Request, TabOptions
from app.work import trains
from app.work.runs import Run
from synaptogen_core.device.model import conduction
from synaptogen_core.device.model.float32 import constants
from synaptogen_core.errors import Cancelled
from synaptogen_core.schema import HRS, LRS

USES = frozenset({"cells"})
RECORD = ("features", "conductance", "current", "state")


class Options(TabOptions):
    scale = param.Selector(default="linear", objects={"Linear": "linear", "Log |I|": "log"}, doc="Current axis.")
    show = param.Selector(
        default="both", objects={"Loops": "loops", "Median and band": "band", "Both": "both"},
        doc="Single loops, their median and band at each voltage, or both.",
    )  # fmt: skip
    band = param.Selector(default="90", objects={"25–75 %": "50", "5–95 %": "90", "1–99 %": "98"},
                          doc="Share of the loops that the band holds at each voltage.")  # fmt: skip
    marks = param.Boolean(True, label="Thresholds", doc="A triangle where each loop SETs and where it RESETs.")
    loops = param.Integer(100, bounds=(1, 200), label="Loops drawn", doc="How many loops each picture draws at most.")
    first_cycle = param.Integer(0, bounds=(0, 9999), label="From cycle", doc="First cycle drawn; counted from 0.")
    u_min = param.Number(-1.5, bounds=(-1.8, -0.1), step=0.05, label="SET end", doc="Negative end of the sweep.")
    u_max = param.Number(1.5, bounds=(0.1, 1.8), step=0.05, label="RESET end", doc="Positive end of the sweep.")
    points = param.Integer(200, bounds=(20, 500), step=10, label="Points a loop", doc="Voltages in each sweep.")
    UNITS: ClassVar[dict[str, str]] = {"u_min": "V", "u_max": "V"}


@dataclass(frozen=True)
class Marks:
    """Where loops switch; each array (switchings,)."""

    voltage: np.ndarray  # threshold, V
    current: np.ndarray  # just before, A
    resistance: np.ndarray  # of the state that is left, static at 0.2 V, ohm
    row: np.ndarray
    column: np.ndarray
    cycle: np.ndarray


@dataclass(frozen=True)
class Bundle:
    """Loops that belong together. Lines are made of whole loops with NaN after each."""

    voltage: np.ndarray  # (loops * (points + 2),), V
    current: np.ndarray  # A
    level: np.ndarray  # voltage along one sweep (points + 1,), V
    median: np.ndarray  # current (points + 1,), A
    low: np.ndarray
    high: np.ndarray
    turns: tuple[int, ...]  # positions in `level` at which the sweep turns, with both ends: four ways
    set_marks: Marks
    reset_marks: Marks
    count: int


@dataclass(frozen=True)
class Extent:
    """Currents of a picture with a margin, A: of a linear axis, and of a logarithmic one."""

    low: float
    high: float
    smallest: float
    largest: float


@dataclass(frozen=True)
class Result:
    cells: tuple[tuple[int, int], ...]
    followed: tuple[Bundle, ...]  # cycles of each followed cell
    many: Bundle  # one cycle of many cells
    outliers: tuple[np.ndarray, np.ndarray]  # those of `many` that belong to the outlier population: voltage, current
    outlier_count: int
    first_loops: tuple[tuple[np.ndarray, np.ndarray], ...]  # of the followed cells in that cycle: voltage, current
    cycles_extent: Extent
    many_extent: Extent
    first_cycle: int
    asked_cycle: int  # beyond the last one where the run is shorter
    of_cycles: int
    of_cells: int
    scale: str
    show: str
    band: str
    marks: bool
    ends: tuple[float, float]  # of the sweep, V
    valid_range: float  # V


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """Sweep fresh copies of the cells through the run's first cycles and then through loops."""
    first = min(options.first_cycle, run.cycles - 1)
    count = min(options.loops, run.cycles - first)
    before = run_train(run, first)
    followed = sweep(run, list(request.cells), before, options, count)
    tail = (100 - int(options.band)) / 200
    if cancel.is_set():
        raise Cancelled
    data = sweep(run, spread(run, options.loops), before, options, 1)
    many = bundle(run, data, range(data.sizes["cell"]), 1, first, tail)
    outlier = data["outlier"].values
    loop = many.level.size + 1
    bundles = tuple(bundle(run, followed, [i], count, first, tail) for i in range(len(request.cells)))
    first_loops = tuple((b.voltage[:loop], b.current[:loop]) for b in bundles)
    return Result(
        cells=request.cells,
        followed=bundles,
        many=many,
        outliers=tuple(v.reshape(-1, loop)[outlier].ravel() for v in (many.voltage, many.current)),
        outlier_count=int(outlier.sum()),
        first_loops=first_loops,
        cycles_extent=extent(bundles),
        many_extent=extent([many, *bundles]),
        first_cycle=first,
        asked_cycle=options.first_cycle,
        of_cycles=run.cycles,
        of_cells=run.cells.size,
        scale=options.scale,
        show=options.show,
        band=options.band,
        marks=options.marks,
        ends=(options.u_min, options.u_max),
        valid_range=run.device.valid_range,
    )


def spread(run: Run, most: int) -> list[tuple[int, int]]:
    """At most so many cells, evenly spread over the array in row order."""
    size, columns = run.cells.size, run.request.array.columns
    count = min(most, size)
    return [divmod(i * size // count, columns) for i in range(count)]


def run_train(run: Run, cycles: int) -> sc.PulseTrain | None:
    """The run's own train up to a cycle; None for none. Loop n then has the thresholds that the run has in cycle n."""
    if cycles == 0:
        return None
    return trains.make_train(Choices({**run.request.train, "cycles": cycles}))


def sweep(
    run: Run, cells: list[tuple[int, int]], before: sc.PulseTrain | None, options: Choices, loops: int
) -> xr.Dataset:
    """Sweeps of some cells; the Dataset holds the pulses of `before` too."""
    train = sc.PulseTrain.iv_sweep(cycles=loops, u_min=options.u_min, u_max=options.u_max, points=options.points)
    return run.simulate_cells(cells, before + train if before else train, record=RECORD, every=1)


def bundle(run: Run, data: xr.Dataset, chosen: list[int] | range, loops: int, first: int, tail: float) -> Bundle:
    """Loops of some cells of `sweep`: `loops` of each, the last of the Dataset."""
    chosen = list(chosen)
    points = int(data["pulse_step"].values[-1]) + 1
    pulses = loops * points
    volts = np.concatenate([[0.0], data["voltage"].values[-points:]]).astype(np.float32)

    def by_loop(name: str) -> np.ndarray:  # (loops of all cells, points)
        values = data[name].values[-pulses:, chosen]
        return values.reshape(loops, points, -1).transpose(2, 0, 1).reshape(-1, points)

    current = np.pad(by_loop("current"), ((0, 0), (1, 0)))  # each loop begins at 0 V, 0 A
    low, median, high = np.quantile(current, [tail, 0.5, 1 - tail], axis=0).astype(np.float32)
    return Bundle(
        *lines(volts, current), volts, median, low, high, turns(volts),
        *switchings(run, data, chosen, loops, points, first), len(current),
    )  # fmt: skip


def lines(volts: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loops (loops, points) as one line each of voltages and currents, NaN after each loop."""
    together = np.pad(current, ((0, 0), (0, 1)), constant_values=np.nan)
    return np.tile(np.append(volts, np.float32(np.nan)), len(current)), together.ravel()


def extent(bundles: Sequence[Bundle]) -> Extent:
    """What the axis must show of loops and their thresholds, which lie between the points of a coarse sweep."""
    values = np.concatenate([part for b in bundles for part in (b.current, b.set_marks.current, b.reset_marks.current)])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    size = np.abs(values[values != 0])
    smallest, largest = (float(q) for q in np.quantile(size, [0.002, 1.0])) if size.size else (1e-9, 1e-3)
    margin = 0.05 * (high - low) or 1e-9
    return Extent(low - margin, high + margin, smallest / 1.3, largest * 1.3)


def turns(volts: np.ndarray) -> tuple[int, ...]:
    """Where the sweep 0 -> u_min -> 0 -> u_max -> 0 turns, both ends included."""
    low, high = int(volts.argmin()), int(volts.argmax())
    zero = low + int(np.abs(volts[low : high + 1]).argmin())
    return 0, low, zero, high, volts.size - 1


def switchings(
    run: Run, data: xr.Dataset, chosen: list[int], loops: int, points: int, first: int
) -> tuple[Marks, Marks]:
    """SETs and begins of RESET in the last `loops` loops: the thresholds in force there, and the currents at them."""
    pulses = loops * points
    start = data.sizes["pulse"] - pulses
    code = data["state"].values[:, chosen]
    code = np.concatenate([np.full((1, len(chosen)), HRS, code.dtype), code])  # new cells are in HRS
    conductance = data["conductance"].values[:, chosen]
    was, now = code[start : start + pulses], code[start + 1 :]
    cycle_of = data["pulse_cycle"].values[start:] - data["pulse_cycle"].values[start]
    columns, rows = data["column"].values[chosen], data["row"].values[chosen]
    c = constants(run.device)

    def marks(switched: np.ndarray, feature: str, before: str) -> Marks:
        pulse, cell = np.nonzero(switched)
        cycle = cycle_of[pulse]
        force = data[feature].values[-loops:, chosen]
        threshold = force[cycle, cell]
        index = start + pulse - 1
        g = np.where(index >= 0, conductance[np.maximum(index, 0), cell], 1 / data[before].values[0, chosen][cell])
        mixing = conduction.mixing_of_resistance((1 / g).astype(np.float32), c)
        at = conduction.current(mixing, threshold, c)
        return Marks(threshold, at, (1 / g).astype(np.float32), rows[cell], columns[cell], cycle + first)

    return marks((was != LRS) & (now == LRS), "u_set", "r_hrs"), marks((was == LRS) & (now != LRS), "u_reset", "r_lrs")
