"""Programming: program and verify, or a RESET staircase, on a copy of the array as the pulse train leaves it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import param

from app.settings.sections import Choices, Request, TabOptions
from app.settings.words import in_labels
from app.tabs.programming.methods import Stairs, Verified, staircase, verify
from app.work.runs import Run
from synaptogen_core.crossbar.programming.settings import OUTCOMES, REACHED
from synaptogen_core.schema import LRS, STATE_NAMES

USES = frozenset({"read", "lines", "cells"})
MOST_POINTS, MOST_FAILURES = 10_000, 4000  # drawn as dots; more are a density
WIDTH, HEIGHT, FEW = 150, 120, 40  # pixels of the density; so few targets stand apart
MOST_BARS = 50
METHODS = {"Program and verify": "verify", "RESET staircase": "staircase"}
TARGETS = {
    "Ramp over the columns": "ramp", "Uniform": "uniform", "Checkerboard": "checkerboard", "Random levels": "levels",
}  # fmt: skip
MAPS = {"Reached conductance": "reached", "Error": "error", "Outcome": "outcome", "Pulses used": "pulses"}
STAIR_MAPS = {"Voltage of the last pulse": "voltage", "Conductance": "conductance"}
G, U = (1.0, 1000.0), (0.1, 1.5)


class Options(TabOptions):
    method = param.Selector(default="verify", objects=METHODS,
                            doc="Pulses until a read finds the target; or one staircase for all.")  # fmt: skip
    map = param.Selector(default="reached", objects=MAPS, label="Map of", doc="What the map shows.")
    stair_map = param.Selector(default="voltage", objects=STAIR_MAPS, label="Map of", doc="What the map shows.")
    target = param.Selector(default="ramp", objects=TARGETS, label="Target", doc="Pattern of target conductances.")
    g_level = param.Number(100.0, bounds=G, step=1.0, label="Target level", doc="Conductance of all cells.")
    g_low = param.Number(20.0, bounds=G, step=1.0, label="Lowest target", doc="Where the pattern begins.")
    g_high = param.Number(200.0, bounds=G, step=1.0, label="Highest target", doc="Where the pattern ends.")
    levels = param.Integer(8, bounds=(2, 64), label="Levels", doc="Evenly spaced from the lowest to the highest.")
    level_seed = param.Integer(0, bounds=(0, 9999), label="Seed of the levels", doc="Chooses each cell's level.")
    tolerance = param.Number(5.0, bounds=(0.5, 50.0), step=0.5, doc="Largest distance from the target, ±.")
    max_pulses = param.Integer(100, bounds=(1, 1000), label="Pulse limit", doc="Maximum number of pulses per cell.")
    u_set = param.Number(-1.5, bounds=(-1.5, -0.1), step=0.01, label="SET pulse", doc="As the driver gives it.")
    u_start = param.Number(0.5, bounds=U, step=0.01, label="First RESET", doc="Pulse that a staircase begins with.")
    u_stop = param.Number(1.5, bounds=U, step=0.01, label="Last RESET", doc="Largest pulse of a staircase.")
    u_step = param.Number(0.02, bounds=(0.001, 0.2), step=0.001, label="Shortest step",
                          doc="Far above the target the steps are longer.")  # fmt: skip
    steps = param.Integer(21, bounds=(2, 100), label="Steps", doc="RESET pulses of the staircase.")
    through = param.Boolean(True, label="Through the lines",
                            doc="Line resistances weaken the pulses. Off: ideal pulses.")  # fmt: skip
    at_once = param.Selector(default="cell", objects={"Cell by cell": "cell", "Row by row": "row"}, label="Write order",
                             doc="The cells of a row share its word line if they are written together.")  # fmt: skip
    UNITS: ClassVar[dict[str, str]] = {
        "g_level": "µS", "g_low": "µS", "g_high": "µS", "tolerance": "%",
        "u_set": "V", "u_start": "V", "u_stop": "V", "u_step": "V",
    }  # fmt: skip
    LOOKS = frozenset({"map", "stair_map"})

    def active(self) -> tuple[str, ...]:
        hidden = {"level": {"g_level"}, "pattern": {"g_low", "g_high"}, "random": {"levels", "level_seed"}}
        off: set[str] = hidden["pattern"] if self.target == "uniform" else hidden["level"]
        off = off | (set() if self.target == "levels" else hidden["random"])
        if self.method == "verify":
            off |= {"stair_map", "steps"}
        else:
            off = {name for group in hidden.values() for name in group}
            off |= {"map", "target", "tolerance", "max_pulses", "u_step"}
        return tuple(n for n in self.names() if n not in off | (set() if self.through else {"at_once"}))


@dataclass(frozen=True)
class Points:
    """Cells as dots, failures last."""

    target: np.ndarray  # S
    reached: np.ndarray  # S
    outcome: np.ndarray
    row: np.ndarray
    column: np.ndarray


@dataclass(frozen=True)
class LevelCounts:
    """What a read without noise takes the programmed levels for."""

    targets: np.ndarray  # (levels,) S
    thresholds: np.ndarray  # (levels - 1,) S: midway between neighbours
    counts: np.ndarray  # (levels, levels) cells: rows as programmed, columns as read

    @property
    def wrong(self) -> int:
        """Cells that are taken for another level."""
        return int(self.counts.sum() - np.trace(self.counts))


@dataclass(frozen=True)
class Targets:
    """Target against reached, pulses needed, and the summary of program and verify."""

    points: Points  # all cells, or some that failed
    density: np.ndarray | None  # (HEIGHT, width) many cells that reached: number, relative to the largest of a target
    density_x: tuple[float, float]  # S
    x: tuple[float, float]  # of the picture, S
    y: tuple[float, float]
    edges: np.ndarray  # (bars + 1,) numbers of pulses
    reached_share: np.ndarray  # (bars,) of all cells
    failed_share: np.ndarray
    outcomes: tuple[tuple[str, int], ...]  # each that occurred, and its number of cells
    statistics: dict[str, Any]
    off: int  # cells that a read found at their target, and that do not lie within the tolerance at the end
    failed_rows: np.ndarray  # of the failures among the points
    tolerance: float
    limit: int
    wanted_limit: int
    levels: LevelCounts | None  # where cells are programmed to a few


@dataclass(frozen=True)
class Staircase:
    """Conductance after each pulse; entry 0 is the SET pulse."""

    volts: np.ndarray  # V
    mean: np.ndarray  # S
    low: np.ndarray  # 5 % of the cells
    high: np.ndarray  # 95 %
    followed: tuple[np.ndarray | None, ...]  # of each followed cell
    weakest: tuple[int, int, float]  # row, column, V: the cell that the last pulse reaches with least voltage
    strongest: tuple[int, int, float]
    median: float  # V
    not_set: int
    still_lrs: int


@dataclass(frozen=True)
class Cell:
    """A followed cell; `values` are None where its row is left out."""

    row: int
    column: int
    values: dict[str, Any] | None


@dataclass(frozen=True)
class Result:
    quantity: str
    values: np.ndarray  # (rows, columns) of the programmed rows: S, relative error, code, count or V
    first_row: int
    shape: tuple[int, int]  # of the array
    span: tuple[float, float]
    beyond: int
    cells: tuple[Cell, ...]
    targets: Targets | None
    stairs: Staircase | None
    outcomes: tuple[str, ...]  # names of the codes
    through: bool
    at_once: str
    selector: str
    u_read: float
    bandwidth: float  # of the verify reads, Hz


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """Program a copy of the cells, and what the pictures need of it."""
    read, verifies = request.read, options.method == "verify"
    with in_labels(Options, step="u_step"):
        done = verify(run, request, options, cancel) if verifies else staircase(run, request, options, cancel)
    quantity = options.map if verifies else options.stair_map
    values = map_of(done, quantity)
    low, high = colors_of(values, quantity, options)
    return Result(
        quantity=quantity,
        values=values,
        first_row=done.part.first,
        shape=run.cells.shape,
        span=(low, high),
        beyond=int(np.count_nonzero((values < low) | (values > high))),
        cells=tuple(describe(done, cell) for cell in request.cells),
        targets=targets_of(done, options) if isinstance(done, Verified) else None,
        stairs=stairs_of(done, request) if isinstance(done, Stairs) else None,
        outcomes=OUTCOMES,
        through=options.through,
        at_once=options.get("at_once", ""),
        selector=request.lines.selector,
        u_read=read.u_read,
        bandwidth=read.bandwidth * 1e6 if read.noise else 0.0,
    )


def map_of(done: Verified | Stairs, quantity: str) -> np.ndarray:
    if isinstance(done, Stairs):
        return done.last.astype(np.float32) if quantity == "voltage" else done.conductance[-1]
    maps = {"reached": done.reached, "error": done.reached / done.target - 1, "outcome": done.outcome,
            "pulses": done.pulses.astype(np.float32)}  # fmt: skip
    return maps[quantity]


def colors_of(values: np.ndarray, quantity: str, options: Choices) -> tuple[float, float]:
    """Range of the colours."""
    if quantity == "error":
        return -options.tolerance / 50, options.tolerance / 50
    if quantity == "outcome":
        return 0, len(OUTCOMES) - 1
    if quantity == "voltage":
        return float(values.min()), float(values.max())
    some = values.ravel()[:: max(1, values.size // 100_000)]
    low, high = (float(q) for q in np.quantile(some, [0.001, 0.999]))  # extreme cells must not drown the others
    return low, high


def describe(done: Verified | Stairs, cell: tuple[int, int]) -> Cell:
    at = cell[0] - done.part.first, cell[1]
    if not 0 <= at[0] < done.part.rows:
        return Cell(*cell, None)
    if isinstance(done, Stairs):
        first, last = (float(done.conductance[i][at]) for i in (0, -1))
        state = STATE_NAMES[done.state[at]]
        return Cell(*cell, {"set": first, "conductance": last, "voltage": float(done.last[at]), "state": state})
    target, reached = float(done.target[at]), float(done.reached[at])
    return Cell(*cell, {"target": target, "reached": reached, "error": reached / target - 1,
                        "pulses": int(done.pulses[at]), "outcome": OUTCOMES[done.outcome[at]]})  # fmt: skip


def targets_of(done: Verified, options: Choices) -> Targets:
    failed = done.outcome != REACHED
    everything = failed.size <= MOST_POINTS
    row, column = np.nonzero(failed)
    some = slice(None, None, max(1, -(-row.size // MOST_FAILURES)))
    row, column = row[some], column[some]
    if everything:
        row, column = (np.concatenate([a, b]) for a, b in zip(np.nonzero(~failed), (row, column), strict=True))
    x, y = sides(done.target), sides(done.reached, done.target)
    shares, of_image = (None, x) if everything else density(done, ~failed, x, y)
    error = np.abs(done.reached / done.target - 1)
    most = int(done.pulses.max())
    width = max(1, -(-(most + 1) // MOST_BARS))
    edges = np.arange(0, most + 1 + width, width) - 0.5
    bars = [np.histogram(done.pulses[chosen], edges)[0] / failed.size for chosen in (~failed, failed)]
    number = np.bincount(done.outcome.ravel(), minlength=len(OUTCOMES))
    return Targets(
        points=Points(
            done.target[row, column], done.reached[row, column], done.outcome[row, column],
            row + done.part.first, column,
        ),
        density=shares,
        density_x=of_image,
        x=x,
        y=y,
        edges=edges,
        reached_share=bars[0],
        failed_share=bars[1],
        outcomes=tuple((name, int(n)) for name, n in zip(OUTCOMES, number, strict=True) if n),
        statistics=done.statistics,
        off=int(np.count_nonzero(~failed & (error > options.tolerance / 100 * (1 + 1e-5)))),
        failed_rows=np.flatnonzero(done.outcome[row, column] != REACHED),
        tolerance=options.tolerance / 100,
        limit=done.limit,
        wanted_limit=options.max_pulses,
        levels=levels_of(done) if options.target in ("levels", "checkerboard") else None,
    )  # fmt: skip


def levels_of(done: Verified) -> LevelCounts | None:
    """The levels, and what each is taken for; nothing where there is one only."""
    targets, meant = np.unique(done.target, return_inverse=True)
    if targets.size < 2:
        return None
    thresholds = (targets[1:] + targets[:-1]) / 2
    place = meant.ravel() * targets.size + np.searchsorted(thresholds, done.reached.ravel())
    counts = np.bincount(place, minlength=targets.size**2).reshape(targets.size, targets.size)
    return LevelCounts(targets, thresholds, counts)


def density(
    done: Verified, chosen: np.ndarray, x: tuple[float, float], y: tuple[float, float]
) -> tuple[np.ndarray, tuple[float, float]]:
    """How many of the chosen cells ended where, the most frequent end of each target being 1; and the targets shown."""
    levels = np.unique(done.target)
    width = WIDTH
    if FEW <= levels.size <= WIDTH:  # evenly spaced: a column of pixels for each
        half = 0.5 * float(levels[-1] - levels[0]) / (levels.size - 1)
        width, x = levels.size, (float(levels[0]) - half, float(levels[-1]) + half)
    counts, _, _ = np.histogram2d(done.reached[chosen], done.target[chosen], (HEIGHT, width), (y, x))
    return (counts / np.maximum(counts.max(axis=0), 1)).astype(np.float32), x


def sides(*values: np.ndarray) -> tuple[float, float]:
    """A range that holds all values, with a margin."""
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    margin = 0.05 * (high - low) or 0.2 * high
    return low - margin, high + margin


def stairs_of(done: Stairs, request: Request) -> Staircase:
    cells = done.conductance.reshape(done.volts.size, -1)
    low, high = np.quantile(cells, [0.05, 0.95], axis=1)
    inside = [0 <= row - done.part.first < done.part.rows for row, _ in request.cells]
    weakest, strongest = (np.unravel_index(f(done.last), done.last.shape) for f in (np.argmin, np.argmax))
    return Staircase(
        volts=done.volts,
        mean=cells.mean(axis=1, dtype=np.float64),
        low=low,
        high=high,
        followed=tuple(
            done.conductance[:, row - done.part.first, column] if here else None
            for here, (row, column) in zip(inside, request.cells, strict=True)
        ),
        weakest=(int(weakest[0]) + done.part.first, int(weakest[1]), float(done.last[weakest])),
        strongest=(int(strongest[0]) + done.part.first, int(strongest[1]), float(done.last[strongest])),
        median=float(np.median(done.last)),
        not_set=done.not_set,
        still_lrs=int(np.count_nonzero(done.state == LRS)),
    )
