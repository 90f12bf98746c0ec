"""One run: blocks of cells, each through the whole train while it lies in the cache, dealt to threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.ageing import Ages, Switches, flickering
from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.engines import choose
from synaptogen_core.array.engines.interface import Engine, Pulses, Records
from synaptogen_core.array.runs.recording import Recording, Timetable
from synaptogen_core.array.tally import Before, Tally
from synaptogen_core.array.threads import available_threads, blocks, each_block, share
from synaptogen_core.device.model import conduction, read_noise
from synaptogen_core.device.model.float32 import Constants, constants
from synaptogen_core.device.model.state import State
from synaptogen_core.device.retention.traps import Traps
from synaptogen_core.errors import Cancelled
from synaptogen_core.progress import CELLS_KEPT, Cancel, Progress, is_cancelled
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F32

LEAST = 1 << 17  # updates that are worth a block
TILES = 128  # cells: blocks are whole multiples of what compiled code takes at once
DTYPES = {"state": np.uint8, "cycle_count": np.uint32}


@dataclass
class Block:
    """Some cells on their way through the train."""

    source: State  # where they stand before the next pulse; only read if it is not the target
    target: State  # where they stand after it
    where: slice  # their place in both
    columns: slice  # their place in the record
    inside: slice | NDArray[np.intp] = field(default_factory=lambda: slice(None))  # which of them are recorded
    ages: Ages | None = None  # where time passes


@dataclass
class Run:
    """The work of one call of `simulate`; `cells` are only read."""

    cells: CellArray
    timetable: Timetable
    recording: Recording
    advance: bool
    threads: int | None = None
    state: State | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)  # (times, recorded cells) by variable name
    component: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    tally: Tally | None = None  # of the recorded cells, once it is carried out
    ages: Ages | None = None  # of all cells after the run, where time passes
    _progress: Progress | None = None
    _cancel: Cancel | None = None
    _thread: int = 0  # the caller's
    _stop: threading.Event = field(default_factory=threading.Event)
    _done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def simulated(self) -> NDArray[np.int64] | None:
        """Numbers of the cells that go through the train; None for all."""
        return None if self.advance else self.recording.select

    @property
    def largest_voltage(self) -> float:
        """Largest |U| that is applied, or at which conductance is read [V]."""
        return max(self.timetable.train.amplitude, self.recording.largest_voltage)

    @property
    def total(self) -> int:
        """Updates to make: cells times pulses."""
        chosen = self.simulated
        return (self.cells.size if chosen is None else chosen.size) * len(self.timetable.train)

    @property
    def timed(self) -> bool:
        """Whether the age of cells plays a part: time has passed, or does so in the train."""
        return self.cells.ages is not None or self.timetable.train.ends is not None

    def execute(self, progress: Progress | None, cancel: Cancel | None) -> None:
        """Run all blocks.

        Parameters
        ----------
        progress : callable, optional
            Called with the share that is done, 0 to 1.
        cancel : callable or threading.Event, optional
            Asked between blocks.

        Raises
        ------
        Cancelled
            If `cancel` said so; nothing has changed then.
        """
        self._progress, self._cancel, self._thread = progress, cancel, threading.get_ident()
        self.cells.count_reads(self.reads)
        if self.timetable.train.ends is not None:
            self.cells.needs_law()
        engine = choose.engine(self.cells.engine)
        chosen = self.simulated
        size = self.cells.size if chosen is None else chosen.size
        threads = self.threads or available_threads()
        length = share(size, LEAST // max(1, len(self.timetable.train)), threads)
        length = min(engine.block, -(-length // TILES) * TILES)
        self._allocate()
        self.tally = Tally(*self.timetable.train.extremes) if self.recording.quantities else None

        def work(block: slice) -> None:
            try:
                self._block(block, engine)
            except BaseException:
                self._stop.set()  # the others need not come to the end of their blocks
                raise

        each_block(size, length, work, threads, self._attend)
        self._attend()

    def _attend(self) -> None:
        """Look at the wish to stop, and say how far we are; on the caller's thread."""
        if is_cancelled(self._cancel):
            self._stop.set()
            raise Cancelled(f"simulate: cancelled by the caller; {CELLS_KEPT}")
        if self._progress is not None:
            self._progress(self._done / self.total)

    def _allocate(self) -> None:
        times, chosen = self.timetable, self.recording.select
        n = self.cells.size if chosen is None else chosen.size
        if times.features:
            for name in FEATURE_NAMES:
                self.arrays[name] = np.empty((times.cycles, n), np.float32)
        for name in times.values:
            self.arrays[name] = np.empty((times.times, n), DTYPES.get(name, np.float32))
        self.component = np.empty(n, np.uint8)
        if self.advance:
            before = self.cells.stored
            self.state = State.empty(self.cells.size, self.cells.device.slots) if before is None else before.successor()
            if self.timed:
                clock = self.cells.clock.later(self.timetable.train.node.duration)
                self.ages = Ages.empty(self.cells.size, clock)

    def _block(self, block: slice, engine: Engine) -> None:
        cells = self._staying(block) if self.state is None else self._advancing(block, self.state)
        self.component[cells.columns] = cells.source.component[cells.where][cells.inside]
        before = Before.of(cells.source, cells.where, cells.inside)
        size, pulses = block.stop - block.start, len(self.timetable.train)
        for part in self._parts(pulses, max(1, engine.piece // size)):
            if self._stop.is_set():
                return
            self._pulses(cells, part, engine, constants(self.cells.device))
            cells.source = cells.target
            with self._lock:
                self._done += size * (part.stop - part.start)
            if threading.get_ident() == self._thread:
                self._attend()
        if self.ages is not None and cells.ages is not None:
            self.ages.put(cells.where, cells.ages)
        if self.tally is not None:
            self.tally.add(before, cells.target, cells.where, cells.inside)

    def _parts(self, pulses: int, most: int) -> Iterator[slice]:
        """Pulses that are taken at once: where age plays a part, only as many as end at one time and record once."""
        if not self.timed and self.cells.traps is None:
            return blocks(pulses, most)
        return (slice(a, b) for first, last in pairwise(self._breaks) for a, b in _cut(first, last, most))

    @cached_property
    def _breaks(self) -> list[int]:
        table = self.timetable
        ends = np.zeros(len(table.train), np.int64) if table.train.ends is None else table.train.ends
        new = np.append(ends[1:] != ends[:-1], True) | (table.after >= 0)
        return [0, *(np.flatnonzero(new) + 1).tolist()]

    def _ages(self, cells: Block, block: slice | NDArray[np.int64]) -> Block:
        if self.timed:
            known = self.cells.ages
            r = cells.source.r[cells.where]
            cells.ages = Ages.new(r) if known is None else known.take(block)
        return cells

    def _advancing(self, block: slice, target: State) -> Block:
        """Cells that go from the array's state into the new one."""
        source, chosen = self.cells.stored, self.recording.select
        if source is None:
            source = target
            source.put(block, self.cells.born(block))
        if chosen is None:
            return self._ages(Block(source, target, block, block), block)
        low, high = np.searchsorted(chosen, (block.start, block.stop))
        columns = slice(int(low), int(high))
        return self._ages(Block(source, target, block, columns, chosen[low:high] - block.start), block)

    def _staying(self, block: slice) -> Block:
        """Copies of those cells that are recorded."""
        chosen = self.simulated
        numbers = block if chosen is None else chosen[block]
        state = self.cells.take(numbers)
        return self._ages(Block(state, state, slice(0, state.size), block), numbers)

    def _pulses(self, cells: Block, part: slice, engine: Engine, c: Constants) -> None:
        """Take one block of cells through some pulses and write down what is wanted."""
        train, table = self.timetable.train, self.timetable
        cell, columns, inside = cells.source.cell[cells.where], cells.columns, cells.inside
        volts = self._volts(cell, part)
        before, first_cycle, cycles = _local(table.before[part])
        after, first_time, times = _local(table.after[part])
        out: Records = {}
        if cycles:
            out["features"] = np.empty((4, cycles, cell.size), np.float32)
        if times:
            if "conductance" in table.values or "current" in table.values:
                out["r"] = np.empty((times, cell.size), np.float32)
            for name in ("state", "cycle_count"):
                if name in table.values:
                    out[name] = np.empty((times, cell.size), DTYPES[name])
        read = train.pulses.read[part]
        pulses = Pulses(volts, read, before, after)
        begun = None if cells.ages is None else Switches.of(cells.source, cells.where)
        engine.advance(cells.source, cells.target, cells.where, self.cells.seed, pulses, out, c)
        if begun is not None:
            self._aged(cells, begun, part, out)
        if self.cells.traps is not None and "r" in out:
            self._fluctuate(self.cells.traps, cell, part, out)
        for i, name in enumerate(FEATURE_NAMES if cycles else ()):
            self.arrays[name][first_cycle : first_cycle + cycles, columns] = out["features"][i][:, inside]
        if times:
            rows = slice(first_time, first_time + times)
            applied = volts[after >= 0]
            if "r" in out:
                self._electrical(out, applied, cell, first_time, c)
            out["voltage"] = np.broadcast_to(applied, (times, cell.size))
            for name in table.values:
                self.arrays[name][rows, columns] = out[name][:, inside]

    def _aged(self, cells: Block, begun: Switches, part: slice, out: Records) -> None:
        """Let the time of some pulses pass, and put what a read finds at their end in place of what was programmed."""
        law, ends = self.cells.needs_law(), self.timetable.train.ends
        state, ages = cells.target.view(cells.where), cells.ages or Ages.new(cells.target.r)
        if ends is not None:
            clock = self.cells.clock.later(int(ends[part.stop - 1]))
            ages = replace(ages, clock=clock)
        ages = ages.switched(begun.switched(state), state.r)
        if "r" in out:
            ages = ages.read(self.cells.engine, self.cells.seed, state.cell, state.r, law, self.cells.device, threads=1)
            out["r"][-1] = ages.seen
        cells.ages = ages

    def _fluctuate(self, traps: Traps, cell: NDArray[np.uint64], part: slice, out: Records) -> None:
        """Let a read at the end of some pulses find the traps as they are then."""
        told, ends = self.cells, self.timetable.train.ends
        now = told.clock.time + (0 if ends is None else int(ends[part.stop - 1]))
        out["r"][-1] = flickering(told.engine, told.seed, cell, out["r"][-1].copy(), now, traps, told.device, threads=1)

    def _volts(self, cell: NDArray[np.uint64], part: slice) -> F32:
        """Voltages of some pulses: (pulses, n), or (pulses, 1) where all cells get the same."""
        train = self.timetable.train
        if np.any(train.pulses.random[part] >= 0):
            return train.voltages(cell, part.start, part.stop)
        return train.pulses.voltage[part, None]

    def _electrical(self, out: Records, applied: F32, cell: NDArray[np.uint64], first: int, c: Constants) -> None:
        """Turn the mixing variable into conductance and current, with read noise if wanted."""
        r, bandwidth = out["r"], self.recording.bandwidth
        read_voltage = np.float32(self.recording.read_voltage)
        level = np.array([[read_voltage]], np.float32)
        wanted = self.timetable.values
        normals = None
        if bandwidth > 0:
            numbers = np.arange(len(r)) + (self.cells.reads + first)
            normals = read_noise.read_normals(cell, self.cells.seed, numbers)
        if "conductance" in wanted:
            g = choose.engine(self.cells.engine).between(r, *conduction.conductance_curves(level, c))
            if normals is not None and read_voltage != 0:
                g += normals * read_noise.noise_sd(g * read_voltage, g, bandwidth) / read_voltage
            out["conductance"] = g
        if "current" in wanted:
            i = conduction.current(r, applied, c)
            if normals is not None:
                i += normals * read_noise.noise_sd(i, conduction.conductance(r, applied, c), bandwidth)
            out["current"] = i

    @property
    def reads(self) -> int:
        """Noisy reads that the run makes."""
        return self.timetable.times if self.recording.bandwidth > 0 else 0


def _cut(first: int, last: int, most: int) -> list[tuple[int, int]]:
    """Pieces of at most so many."""
    return [(a, min(a + most, last)) for a in range(first, last, most)]


def _local(places: NDArray[np.int32]) -> tuple[NDArray[np.int32], int, int]:
    """Places counted from the first one that occurs; that first one; how many there are."""
    used = places[places >= 0]
    if used.size == 0:
        return places, 0, 0
    return np.where(places >= 0, places - used[0], -1).astype(np.int32), int(used[0]), int(used.size)
