"""Two ways to program an array, on copies of its cells: program and verify, and a RESET staircase."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

import synaptogen_core as sc
from app.settings.sections import Choices, Request
from app.tabs.crossbar.lines import lines_of
from app.work.runs import Run
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.programming.outcomes import verify_statistics
from synaptogen_core.crossbar.programming.program_and_verify import program_and_verify
from synaptogen_core.crossbar.programming.pulse import through_lines
from synaptogen_core.errors import Cancelled
from synaptogen_core.schema import LRS

# Cells times pulses that a page may wait for: a few seconds.
T = TypeVar("T")
MOST_LINES, MOST_IDEAL = 3_000_000, 100_000_000
MOST_CELLS = 65_536  # through the lines
MOST_VALUES = 12_000_000  # conductances of a staircase that are kept
MAPS = ("map", "stair_map")  # options that only choose what is drawn


@dataclass(frozen=True)
class Part:
    """The rows that are programmed, and their lines; None: each cell sees the voltage that is meant for it."""

    first: int
    rows: int
    lines: Lines | None

    def of(self, cells: sc.CellArray) -> sc.CellArray:
        """A copy of these rows."""
        return cells.part(slice(self.first, self.first + self.rows))


@dataclass(frozen=True, eq=False)
class Verified:
    """What `program_and_verify` made of the cells of a part, (rows, columns)."""

    part: Part
    limit: int  # pulses that a cell was given at most
    target: np.ndarray  # S
    reached: np.ndarray  # S
    pulses: np.ndarray
    outcome: np.ndarray  # position in OUTCOMES
    statistics: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Stairs:
    """A staircase of all cells of a part; entry 0 of `volts` is the SET pulse."""

    part: Part
    volts: np.ndarray  # (1 + steps,), V
    conductance: np.ndarray  # (1 + steps, rows, columns) after each pulse, S
    last: np.ndarray  # (rows, columns): voltage across each cell when the last pulse arrives, V
    state: np.ndarray  # (rows, columns) at the end
    not_set: int  # cells that the SET pulse left in another state than LRS


def choose_part(run: Run, request: Request, options: Choices, most: int) -> Part:
    """As many rows as have at most so many cells: those farthest from the terminals of the bit lines.

    Rows are written one after the other and do not see each other; a part of them is an array whose leads are longer.
    """
    rows, columns = run.cells.shape
    count = min(rows, max(1, most // columns))
    lines = lines_of(request.lines) if options.through else None
    both = request.lines.ends == "both"
    if both:
        count = max(1 + (rows + 1) % 2, count - (rows - count) % 2)  # as many rows above as below
    first = (rows - count) // 2 if both else 0
    if lines is not None:
        lead = first if both else rows - count
        lines = replace(lines, sense=lines.sense + lead * lines.bit)
    return Part(first, count, lines)


def target_of(options: Choices, shape: tuple[int, int]) -> np.ndarray:
    """Target conductances of an array [S]."""
    if options.target == "uniform":
        return np.full(shape, options.g_level * 1e-6)
    low, high = options.g_low * 1e-6, options.g_high * 1e-6
    if options.target == "ramp":
        return np.broadcast_to(np.linspace(low, high, shape[1]), shape)
    if options.target == "checkerboard":
        odd = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 2
        return np.where(odd == 1, high, low)
    drawn = np.random.default_rng(options.level_seed).integers(options.levels, size=shape)
    return np.linspace(low, high, options.levels)[drawn]


def verify(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Verified:
    """Program and verify; from the cache if nothing that it depends on has changed."""
    return kept(run, request, options, cancel, _verify)


def staircase(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Stairs:
    """SET all cells, then RESET pulses of growing voltage; from the cache if nothing has changed."""
    return kept(run, request, options, cancel, _staircase)


def kept(
    run: Run,
    request: Request,
    options: Choices,
    cancel: threading.Event,
    work: Callable[[Run, Request, Choices, threading.Event], T],
) -> T:
    """Another map or another followed cell programs nothing anew."""
    of_pulses = Choices({name: value for name, value in options.items() if name not in MAPS})
    key = ("programming", of_pulses, request.read, request.lines if options.through else None)
    return run.keep(key, lambda: work(run, request, options, cancel), lambda done: vars(done).values())


def _verify(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Verified:
    part = choose_part(run, request, options, MOST_CELLS if options.through else run.cells.size)
    cells, read = part.of(run.cells), request.read
    target = target_of(options, run.cells.shape)[part.first : part.first + part.rows]
    limit = min(options.max_pulses, max(1, (MOST_LINES if options.through else MOST_IDEAL) // cells.size))
    data = program_and_verify(
        cells, target, tolerance=options.tolerance / 100, max_pulses=limit, u_set=options.u_set,
        u_start=options.u_start, u_stop=options.u_stop, step=options.u_step, u_read=read.u_read,
        bandwidth=read.bandwidth * 1e6 if read.noise else 0.0,
        reach=through_lines(part.lines, options.at_once) if part.lines else None, cancel=cancel,
    )  # fmt: skip
    target, reached = (data[name].values.astype(np.float32) for name in ("target", "reached"))
    return Verified(
        part, limit, target, reached, data["pulses"].values, data["outcome"].values, verify_statistics(data)
    )


def _staircase(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Stairs:
    if not options.u_start < options.u_stop:
        raise ValueError(f"u_stop: must be above u_start, {options.u_start:g} V (got {options.u_stop:g} V); raise it")
    volts = np.array([options.u_set, *np.linspace(options.u_start, options.u_stop, options.steps)])
    most = min(MOST_LINES // volts.size, MOST_CELLS) if options.through else MOST_VALUES // volts.size
    part = choose_part(run, request, options, most)
    cells = part.of(run.cells)
    through = through_lines(part.lines, options.at_once) if part.lines else None
    after, not_set = np.empty((volts.size, *cells.shape), np.float32), 0
    seen = np.empty(cells.shape)
    for i, u in enumerate(volts):
        if cancel.is_set():
            raise Cancelled("staircase: cancelled")
        seen = np.full(cells.shape, u)
        if through:
            seen = np.asarray(through(cells, seen))
        cells.apply_voltage(seen)
        after[i] = cells.conductance(request.read.u_read)
        if i == 0:
            not_set = int(np.count_nonzero(cells.state() != LRS))
    return Stairs(part, volts, after, seen, cells.state(), not_set)
