"""The loop of `program_and_verify`: pulse, read, judge, until no cell is at work any more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar.programming.settings import (
    ABOVE_LRS,
    BELOW_HRS,
    GOES_ON,
    LEFT_ALONE,
    NO_RESET,
    NO_SET,
    PULSE_LIMIT,
    REACHED,
    WEAK_RESET,
    Settings,
)
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.progress import CELLS_KEPT, Cancel, Progress, Work
from synaptogen_core.schema import HRS, IRS, LRS, U_RESET
from synaptogen_core.types import F64

Reach = Callable[[CellArray, F64], ArrayLike]

SAFETY = 1.2  # strides are planned for a conductance that falls so much faster than that of a nominal cell
STEP_BACK = 0.15  # V: below the voltage at which an attempt went too far, the next one begins; cycles differ


class Verification:
    """Cells on the way to their targets; all arrays have one entry a cell, row by row.

    Parameters
    ----------
    cells : CellArray
        They are pulsed.
    target : ndarray of float64, shape (n,)
        [S]; NaN leaves a cell alone.
    settings : Settings
    """

    def __init__(self, cells: CellArray, target: F64, settings: Settings) -> None:
        self.cells, self.target, self.settings = cells, target, settings
        self.rounds = 0
        self.active = np.flatnonzero(np.isfinite(target))
        self.at_work = self.active.size
        self.outcome = np.full(target.size, LEFT_ALONE, np.uint8)
        self.outcome[self.active] = PULSE_LIMIT  # what there is to say if the pulses run out now
        self.pulses = np.zeros(target.size, np.uint32)
        self.set_pulses = np.zeros(target.size, np.uint32)
        self.u = np.zeros(target.size)  # the next pulse, or the last one; 0 before the first
        self.start = np.full(target.size, settings.u_start)
        self.steepness = SAFETY * steepness(cells.device)
        self.step = np.full(target.size, min(settings.step, 2 * settings.tolerance / self.steepness))

    def run(self, reach: Reach | None, progress: Progress | None, cancel: Cancel | None) -> None:
        """Pulse and read until no cell is at work any more.

        Raises
        ------
        Cancelled
            If `cancel` said so.
        """
        work = Work(progress, cancel, "program_and_verify", CELLS_KEPT)
        limit = self.settings.max_pulses
        if self.at_work:
            self._judge()
        while self.active.size and self.rounds < limit:
            work.stop_if_asked()
            self._pulse(reach)
            self._judge()
            work.report(max(self.rounds / limit, 1 - self.active.size / self.at_work))

    def _pulse(self, reach: Reach | None) -> None:
        volts = np.zeros(self.target.size)
        volts[self.active] = self.u[self.active]
        grid = volts.reshape(self.cells.shape)
        self.cells.apply_voltage(grid if reach is None else reach(self.cells, grid))
        if self.settings.delay:
            self.cells.wait(self.settings.delay)
        self.rounds += 1
        self.pulses[self.active] += 1
        self.set_pulses[self.active] += self.u[self.active] < 0

    def _read(self) -> F64:
        """Conductances of all cells as they are read [S]."""
        u_read, bandwidth = self.settings.u_read, self.settings.bandwidth
        if bandwidth > 0:
            return self.cells.read(u_read, bandwidth).ravel() / np.float64(u_read)
        return self.conductance()

    def conductance(self) -> F64:
        """Conductances of all cells without noise [S]."""
        return self.cells.conductance(self.settings.u_read).ravel().astype(np.float64)

    def _judge(self) -> None:
        """Read, say what became of the cells at work, and choose the next pulse of those that stay at work."""
        here, wish = self.active, self.settings
        g, target, u = self._read()[here], self.target[here], self.u[here]
        code = self.cells.state().ravel()[here]
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
        verdict[~under & ~over] = REACHED
        self.outcome[here] = verdict

        self.start[here[missed]] = np.maximum(wish.u_start, u[missed] - STEP_BACK)
        self.step[here[missed]] /= 2
        with np.errstate(invalid="ignore", divide="ignore"):  # a noisy read may be below zero: not of one above target
            stride = np.maximum(self.step[here], np.log(g / target) / self.steepness)
        self.u[here] = np.select(
            [under & was_set, under | strongest | (u == 0), was_set],
            [wish.u_stop, wish.u_set, self.start[here]],
            np.minimum(u + stride, wish.u_stop),
        )
        self.active = here[np.isin(verdict, GOES_ON)]


def steepness(device: DeviceParameters) -> float:
    """Relative loss of conductance a volt where the RESET of a nominal cell begins: eta / (Umax - U_RESET) [1/V]."""
    room = device.u_max - device.population_mean[U_RESET]
    return float(device.eta / max(room, 0.1 * device.u_max))
