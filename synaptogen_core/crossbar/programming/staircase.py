"""The loop of `program_and_verify`: pulse, read, judge, until no cell is at work any more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar.programming.pulse import ThroughLines
from synaptogen_core.crossbar.programming.settings import (
    ABOVE_LRS,
    BELOW_HRS,
    GOES_ON,
    LEFT_ALONE,
    LOST,
    NO_RESET,
    NO_SET,
    OUTCOMES,
    PULSE_LIMIT,
    REACHED,
    WEAK_RESET,
    Settings,
)
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.progress import CELLS_KEPT, Cancel, Progress, Work
from synaptogen_core.schema import HRS, IRS, LRS, U_RESET
from synaptogen_core.types import F64, Ints

ATTEMPTS = np.isin(np.arange(len(OUTCOMES)), GOES_ON)  # by outcome: whether a cell goes on
Reach = Callable[[CellArray, F64], ArrayLike]
Reader = Callable[[CellArray, float, float, Ints], F64]

SAFETY = 1.2  # strides are planned for a conductance that falls so much faster than that of a nominal cell
ARRIVES = 0.95  # share of a pulse: of one that loses more on the lines, nothing can be said of the cell
GAIN = 300  # the measured range over it: a pulse that arrives so much stronger than the last is worth another try
FEWER = 4  # times fewer cells of a row are pulsed together, after too little arrived
FEW_AT_WORK = 4  # times as many cells as are pulsed: then the others are left out of the pulse
STEP_BACK = 10  # the measured range over it: so far below where an attempt went too far, the next one begins


class Verification:
    """Cells on the way to their targets; all arrays have one entry a cell, row by row.

    Parameters
    ----------
    cells : CellArray
        They are pulsed.
    target : ndarray of float64, shape (n,)
        [S]; NaN leaves a cell alone.
    settings : Settings
    reader : callable, optional
        What reads the cells, given their numbers; default: reads without lines.
    after : ndarray of float64, shape (n,), optional
        Largest RESET voltage that each cell has seen since its last SET [V]; NaN: not known.
    """

    def __init__(
        self,
        cells: CellArray,
        target: F64,
        settings: Settings,
        reader: Reader | None = None,
        after: F64 | None = None,
    ) -> None:
        self.cells, self.target, self.settings, self.reader = cells, target, settings, reader
        self.rounds = 0
        self.pulsed: Ints | None = None  # cells of the last pulse: the only ones that 0 V could still do anything to
        self.active = np.flatnonzero(np.isfinite(target))
        self.at_work = self.active.size
        self.outcome = np.full(target.size, LEFT_ALONE, np.uint8)
        self.outcome[self.active] = PULSE_LIMIT  # what there is to say if the pulses run out now
        self.pulses = np.zeros(target.size, np.uint32)
        self.set_pulses = np.zeros(target.size, np.uint32)
        self.last = np.full(target.size, np.nan) if after is None else after.copy()
        # the next pulse, or the last one; 0 before the first: which a cell whose past is known goes on from
        self.u = np.where(self.last > 0, self.last, np.where(self.last == 0, settings.u_set, 0.0))
        self.stronger = np.ones(self.active.size, np.bool_)  # of the cells at work, than that before
        self.arrived = np.zeros(target.size)  # what the last pulse of a cell was on arrival
        self.start = np.full(target.size, settings.u_start)
        self.gain, self.step_back = (cells.device.valid_range / share for share in (GAIN, STEP_BACK))
        self.steepness = SAFETY * steepness(cells.device)
        self.step = np.full(target.size, min(settings.step, 2 * settings.tolerance / self.steepness))

    def run(self, reach: Reach | None, progress: Progress | None, cancel: Cancel | None) -> None:
        """Pulse and read until no cell is at work any more.

        Parameters
        ----------
        reach : callable or None
            Delivered voltages from applied ones, both [V]; None: all of it arrives.
        progress, cancel : optional
            As of `program_and_verify`.

        Raises
        ------
        Cancelled
            If `cancel` said so.
        """
        work = Work(progress, cancel, "program_and_verify", CELLS_KEPT)
        if self.at_work:
            self._judge()
        self._rounds(reach, work)
        parts, waiting = FEWER, self._waiting()
        while waiting.size and parts <= FEWER * self.cells.columns:
            before, turn = np.abs(self.arrived[waiting]), _rank_in_row(waiting // self.cells.columns) % parts
            for k in range(parts):
                self._begin_again(waiting[turn == k])
                self._rounds(reach, work)
            if not np.any((self.outcome[waiting] != LOST) | (np.abs(self.arrived[waiting]) > before + self.gain)):
                return
            parts, waiting = parts * FEWER, self._waiting()

    def _rounds(self, reach: Reach | None, work: Work) -> None:
        limit = self.settings.max_pulses
        end = self.rounds + limit - int(self.pulses[self.active].max(initial=0))
        while self.active.size and self.rounds < end:
            work.stop_if_asked()
            self._pulse(reach)
            self._judge()
            work.report(1.0 if self.rounds > limit else max(self.rounds / limit, 1 - self.active.size / self.at_work))

    def _waiting(self) -> Ints:
        return np.flatnonzero((self.outcome == LOST) & (self.pulses < self.settings.max_pulses))

    def _begin_again(self, some: Ints) -> None:
        """Fewer cells take less current, so that more arrives at each."""
        lrs = self.cells.state().ravel()[some] == LRS
        self.active, self.pulsed = some, None
        self.u[some] = np.where(lrs, self.settings.u_start, self.settings.u_set)
        self.arrived[some], self.outcome[some] = 0.0, PULSE_LIMIT

    def _pulse(self, reach: Reach | None) -> None:
        here, u = self.active, self.u[self.active]
        reached = self._pulse_few(reach, here, u)
        if reached is None:
            volts = np.zeros(self.target.size)
            volts[here] = u
            grid = volts.reshape(self.cells.shape)
            arrived = grid if reach is None else np.asarray(reach(self.cells, grid))
            self.cells.apply_voltage(arrived)
            reached = arrived.ravel()[here]
        if self.settings.delay:
            self.cells.wait(self.settings.delay)
        before, self.arrived[here] = np.abs(self.arrived[here]), reached
        self.stronger, self.pulsed = np.abs(reached) > before + self.gain, here
        self.rounds += 1
        self.pulses[here] += 1
        self.set_pulses[here] += u < 0
        self.last[here] = np.where(u < 0, 0.0, np.fmax(self.last[here], u))

    def _pulse_few(self, reach: Reach | None, here: Ints, u: F64) -> F64 | None:
        """Pulse them alone, with what arrives of `u` [V]; nothing is done, and None said, where all have to be."""
        some, cells = self.pulsed, self.cells
        alone = reach.alone if isinstance(reach, ThroughLines) else None
        if some is None or FEW_AT_WORK * some.size > cells.size or not cells.can_pulse_some():
            return None
        if reach is not None and alone is None:  # what arrives depends on all cells together
            return None
        reached = u if alone is None else alone.at(cells, here, u)
        if reached is not None:
            volts = np.zeros(some.size, np.float32)
            volts[np.searchsorted(some, here)] = reached  # cells rise by number, and those at work were pulsed before
            cells.pulse_some(some, volts)
        return reached

    def _read(self) -> F64:
        """Conductances of the cells at work as they are read [S]."""
        u_read, bandwidth = self.settings.u_read, self.settings.bandwidth
        if self.reader is not None:
            return self.reader(self.cells, u_read, bandwidth, self.active)
        if bandwidth > 0:
            return self.cells.read(u_read, bandwidth).ravel()[self.active] / np.float64(u_read)
        return self.cells.conductance_of(self.active, u_read).astype(np.float64)

    def conductance(self) -> F64:
        """Conductances of all cells without noise [S]."""
        return self.cells.conductance(self.settings.u_read).ravel().astype(np.float64)

    def _judge(self) -> None:
        """Read, say what became of the cells at work, and choose the next pulse of those that stay at work."""
        here, wish = self.active, self.settings
        g, target, u = self._read(), self.target[here], self.u[here]
        code = self.cells.state_of(here)
        lrs = code == LRS
        under, over = g < target * (1 - wish.tolerance), g > target * (1 + wish.tolerance)
        was_set, strongest = u < 0, u >= wish.u_stop
        missed = under & (u > 0) & ~strongest  # the staircase stepped over the target

        verdict = self.outcome[here]
        # The order carries meaning: of several that hold, the last one stands. What ends the attempts comes after what
        # lets them go on, and a cell within the tolerance is at its target, whatever else may be said of it.
        verdict[missed] = PULSE_LIMIT
        verdict[under & was_set & lrs] = ABOVE_LRS
        verdict[over & strongest & (code == HRS)] = BELOW_HRS
        verdict[over & strongest & (code == IRS)] = WEAK_RESET  # u_stop below Umax, or lost on the lines
        verdict[was_set & ((code == HRS) | (under & ~lrs))] = NO_SET  # one partly reset may still be on its way down
        verdict[(under | over) & strongest & lrs] = NO_RESET
        weak = np.abs(self.arrived[here]) < ARRIVES * np.abs(u)
        verdict[weak & ((verdict == NO_SET) | (verdict == NO_RESET)) & (self.pulses[here] > 0)] = LOST
        verdict[~under & ~over] = REACHED
        self.outcome[here] = verdict

        self.start[here[missed]] = np.maximum(wish.u_start, u[missed] - self.step_back)
        self.step[here[missed]] /= 2
        with np.errstate(invalid="ignore", divide="ignore"):  # a noisy read may be below zero: not of one above target
            stride = np.maximum(self.step[here], np.log(g / target) / self.steepness)
        again = (verdict == LOST) & self.stronger  # its neighbours have been RESET: more arrives now
        following = np.where(was_set, self.start[here], np.minimum(u + stride, wish.u_stop))
        following[under | strongest | (u == 0)] = wish.u_set
        following[under & was_set] = wish.u_stop
        following[again] = u[again]
        self.u[here] = following
        self.active = here[ATTEMPTS[verdict] | again]


def _rank_in_row(row: Ints) -> Ints:
    """How many of the cells before each lie in the same row; rows ascend."""
    return np.asarray(np.arange(row.size) - np.searchsorted(row, row))


def steepness(device: DeviceParameters) -> float:
    """Relative loss of conductance a volt where the RESET of a nominal cell begins: eta / (Umax - U_RESET) [1/V]."""
    room = device.u_max - device.population_mean[U_RESET]
    return float(device.eta / max(room, 0.1 * device.u_max))
