"""What a run will cost, before it starts: memory by counting, time by a short measurement on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.engines import choose
from synaptogen_core.array.engines.interface import Pulses
from synaptogen_core.array.runs.recording import Recording, Timetable
from synaptogen_core.array.threads import available_threads
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.device.model.float32 import constants
from synaptogen_core.device.model.state import State
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.durations import duration

PROBE_CELLS = 2048
PROBE_PULSES = 16
FRESH_BLOCKS = 8  # so many that they take new memory, page by page, as a large array does
IDLE = 4 / 15  # of Umax: nearer to 0 V hardly a cell switches
SHARE_OF_SECOND_THREAD = 0.85  # of what the first one does; benchmarks/RESULTS.md
PROBE_BYTES = 1 << 25
PROBE_VOLTAGES = (256, 64)  # cells, pulses
KINDS = 32  # of devices, whose costs are kept
_SEEN: dict[object, DeviceParameters] = {}


@dataclass(frozen=True)
class Estimate:
    """Cost of a run.

    Attributes
    ----------
    seconds : float
        Expected time [s], for compiled code that is warm.
    bytes : int
        Memory of the Dataset and of the new state [bytes].
    updates : int
        Cells times pulses.
    """

    seconds: float
    bytes: int
    updates: int

    def __str__(self) -> str:
        return f"{self.updates:,} updates, about {duration(self.seconds, 2)} and {self.bytes / 1e6:,.1f} MB"


@dataclass(frozen=True)
class Costs:
    """Seconds of one thread, for one cell."""

    fresh: float
    idle: float
    partial: float
    cycle: float


@dataclass(frozen=True)
class Beside:
    """Seconds that a run takes beside switching: for the call; of one thread, for a cell that is read, or waits."""

    call: float = 0.0
    read: float = 0.0
    wait: float = 0.0


def of(
    cells: CellArray, train: PulseTrain, recording: Recording, advance: bool, threads: int | None, beside: Beside
) -> Estimate:
    """The cost of `simulate` with these arguments.

    Parameters
    ----------
    cells : CellArray
    train : PulseTrain
    recording : Recording
    advance : bool
        Whether all cells are simulated, not only those that are recorded.
    threads : int or None
        As of `simulate`.
    beside : Beside
        What such a run takes beside switching.

    Returns
    -------
    Estimate
    """
    table = Timetable(train, recording)
    recorded = cells.size if recording.select is None else recording.select.size
    simulated = cells.size if advance else recorded
    memory = recorded * (table.bytes_per_cell() + 2) + (cells.nbytes if advance else 0)
    costs = measured(cells.engine, alike(cells.device))
    partial = partial_resets(train, cells.device.u_max)
    switching = min(table.cycles if not train.sources else max(table.cycles, len(train) // 2), len(train))
    idle = max(0, len(train) - partial - 2 * switching)
    each = costs.fresh + idle * costs.idle + partial * costs.partial + switching * costs.cycle + drawing(train)
    work = simulated * (each + beside.wait * (len(train) - table.times)) + recorded * table.times * beside.read
    workers = threads or available_threads()
    speed = 1 + SHARE_OF_SECOND_THREAD * (min(workers, -(-simulated // 64)) - 1)
    seconds = beside.call + work / speed + recorded * table.bytes_per_cell() * writing()
    return Estimate(seconds, memory, simulated * len(train))


def partial_resets(train: PulseTrain, u_max: float) -> int:
    """How many pulses go on with a RESET: those above all others since the last SET, and random ones.

    Parameters
    ----------
    train : PulseTrain
    u_max : float
        At which every cell is in full HRS [V].

    Returns
    -------
    int
    """
    volts, idle = train.pulses.voltage.astype(np.float64), IDLE * u_max
    random = np.isnan(volts)
    volts[random] = -u_max  # what comes after one may be above it
    sets = np.cumsum(volts < -idle)
    highest = np.maximum.accumulate(volts + 1e6 * sets)
    above = np.append(True, highest[1:] > highest[:-1])
    return int(np.count_nonzero(random | (above & (volts > idle) & (volts < u_max))))


@lru_cache(maxsize=1)
def writing() -> float:
    """Seconds a byte that is written down, with the page faults of new memory."""

    def once() -> float:
        source = np.ones(PROBE_BYTES >> 8, np.uint8)
        begin = time.perf_counter()
        target = np.empty((256, source.size), np.uint8)
        target[:] = source
        return (time.perf_counter() - begin) / PROBE_BYTES

    return min(once() for _ in range(3))


def drawing(train: PulseTrain) -> float:
    """Seconds of one thread to draw the random voltages of one cell; a voltage for all cells costs next to nothing."""
    number = sum(np.count_nonzero(train.pulses.random == k) for k, s in enumerate(train.sources) if s.per_cell)
    if not number:
        return 0.0
    cells, pulses = PROBE_VOLTAGES[0], min(PROBE_VOLTAGES[1], len(train))
    cell = np.arange(cells)

    def once() -> float:
        begin = time.perf_counter()
        train.voltages(cell, 0, pulses)
        return (time.perf_counter() - begin) / (cells * pulses)

    return float(number) * min(once() for _ in range(2))


def alike(device: DeviceParameters) -> DeviceParameters:
    """A device whose cells cost as much, the first that was seen with as much to compute: not to be measured again.

    Its numbers change the costs by less than one measurement differs from the next, and a slider changes them at each
    of its steps.
    """
    more = device.extension
    kind = device.order, device.gamma.shape, device.weights.size, device.hhrs.size, device.llrs.size, (
        more and (more.slots, *(c.scale for c in more.coordinates), *(part is None for part in (
            more.slow, more.break_in, more.stuck))))  # fmt: skip
    if len(_SEEN) > KINDS:
        _SEEN.clear()
    return _SEEN.setdefault(kind, device)


@lru_cache(maxsize=KINDS)
def measured(name: str, device: DeviceParameters) -> Costs:
    """Costs on this machine, measured once; takes some hundredths of a second.

    Parameters
    ----------
    name : str
        Of the engine.
    device : DeviceParameters

    Returns
    -------
    Costs
        [s] per cell and pulse, by kind of pulse.
    """
    engine, c = choose.engine(name), constants(device)
    cell = np.arange(min(PROBE_CELLS, engine.block), dtype=np.uint64)

    def run(volts: list[float]) -> float:
        state = engine.fresh_cells(cell, 0, "stationary", c)
        wave = np.array(volts, np.float32)[:, None]
        pulses = Pulses.unrecorded(wave)
        begin = time.perf_counter()
        engine.advance(state, state, slice(0, cell.size), 0, pulses, {}, c)
        return (time.perf_counter() - begin) / cell.size

    def fresh() -> float:
        begin = time.perf_counter()
        state = State.empty(FRESH_BLOCKS * cell.size, device.slots)
        for first in range(0, state.size, cell.size):
            state.put(slice(first, first + cell.size), engine.fresh_cells(cell, 0, "stationary", c))
        return (time.perf_counter() - begin) / state.size

    def best(values: list[float]) -> float:
        return min(values)

    end = device.valid_range
    run([-end, 0.6 * end, end])  # whatever happens at first use, compiling too, is not what a run costs
    idle = best([run([0.1 * end] * PROBE_PULSES) for _ in range(2)]) / PROBE_PULSES
    rising = (end * np.linspace(0.55, 0.85, PROBE_PULSES - 1)).tolist()
    partial = best([run([-end, *rising]) for _ in range(2)]) / PROBE_PULSES
    cycle = best([run([-end, end] * (PROBE_PULSES // 2)) for _ in range(2)]) / (PROBE_PULSES // 2)
    return Costs(fresh=best([fresh(), fresh()]), idle=idle, partial=partial, cycle=cycle)
