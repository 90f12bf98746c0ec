"""Program and verify: bring every cell to a target conductance by pulses, with a read after each.

The model's partial RESET ends on a curve that belongs to the cycle: where the staircase of one cycle stops depends on
its last voltage alone, not on the steps before (Hennen et al. 2024). So a long stride does no harm as long as it stays
above the target, and only a SET, which is abrupt, leads back up.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray, check_cells
from synaptogen_core.device.model.read_noise import READ_VOLTAGE
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.progress import CELLS_KEPT, Cancel, Progress, Work, check_callbacks
from synaptogen_core.schema import HRS, IRS, LRS, U_RESET, VARIABLES
from synaptogen_core.types import F64
from synaptogen_core.version import __version__

Reach = Callable[[CellArray, F64], ArrayLike]

OUTCOMES = (
    "not programmed",
    "reached",
    "pulse limit",
    "does not SET",
    "does not RESET",
    "target above its LRS",
    "target below its HRS",
    "RESET too weak",
)
LEFT_ALONE, REACHED, PULSE_LIMIT, NO_SET, NO_RESET, ABOVE_LRS, BELOW_HRS, WEAK_RESET = range(len(OUTCOMES))
GOES_ON = (PULSE_LIMIT, ABOVE_LRS, BELOW_HRS, WEAK_RESET)  # another cycle may do better
MAX_PULSES = 1_000_000
SAFETY = 1.2  # strides are planned for a conductance that falls so much faster than that of a nominal cell
STEP_BACK = 0.15  # V: below the voltage at which an attempt went too far, the next one begins; cycles differ
QUANTILES = (0.05, 0.5, 0.95, 1.0)


@dataclass(frozen=True)
class Settings:
    """How to program; see `program_and_verify`."""

    tolerance: float
    max_pulses: int
    u_set: float
    u_start: float
    u_stop: float
    step: float
    u_read: float
    bandwidth: float


def program_and_verify(
    cells: CellArray,
    target: ArrayLike,
    *,
    tolerance: float = 0.05,
    max_pulses: int = 200,
    u_set: float = -1.5,
    u_start: float = 0.5,
    u_stop: float = 1.5,
    step: float = 0.02,
    u_read: float = READ_VOLTAGE,
    bandwidth: float = 0.0,
    reach: Reach | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> xr.Dataset:
    """Bring cells to their target conductances: partial RESET in a staircase of pulses, a read after each.

    All cells at once, each with its own voltage. A round is one pulse for every cell still at work (0 V for the
    others) and one read. An attempt begins with a SET; then rising voltages RESET the cell, in long strides while it is
    far above its target. One that fell below it tries again, from closer by and in finer steps; one whose LRS (or HRS)
    lies on the wrong side of the target draws a new one by cycling. What was read decides; only that a cell would not
    leave its state (no SET, no RESET) is known from the state itself, and ends its attempts.

    Parameters
    ----------
    cells : CellArray
        Changed by the pulses; as before if the call fails or is cancelled.
    target : float, or array of shape (rows, columns)
        Conductances at `u_read` [S], above zero; NaN leaves a cell alone.
    tolerance : float
        Largest relative distance from the target, between 0 and 1.
    max_pulses : int
        For each cell.
    u_set : float
        Voltage of a SET pulse [V], below zero.
    u_start, u_stop : float
        The first RESET voltage and the largest one [V].
    step : float
        Shortest step of a staircase [V]; shorter ones are taken where the tolerance asks for them.
    u_read : float
        Read voltage [V], not zero.
    bandwidth : float
        Bandwidth of the reads [Hz]; 0 for reads without noise. With noise, the cell is judged by what was read.
    reach : callable, optional
        Given the cells and the wanted voltages (rows, columns), returns those that reach the cells. Default: the same.
        A cell that has reached its target is not watched any more, whatever the pulses for others do to it.
    progress : callable, optional
        Called after each round with the share that is done, 0 to 1.
    cancel : callable or threading.Event, optional
        Looked at before each round; if true, the call ends with `Cancelled`.

    Returns
    -------
    xarray.Dataset
        Over (row, column): target and reached conductance [S] (the latter without noise), its relative error, pulses in
        all and SET pulses among them, and the outcome, whose names are in `OUTCOMES`.

    Raises
    ------
    ValueError, TypeError
        If an argument breaks its rule.
    Cancelled
        If `cancel` said so.

    Examples
    --------
    >>> import synaptogen_core as sc
    >>> from synaptogen_core.crossbar.programming.program_and_verify import program_and_verify
    >>> cells = sc.CellArray((2, 2), sc.load_device("hennen2024"), seed=7)
    >>> ds = program_and_verify(cells, 100e-6)
    >>> bool((abs(ds.error) <= 0.05).all())
    True
    """
    wanted = _target(target, check_cells(cells).shape)
    checks.called("reach", reach)
    check_callbacks(progress, cancel)
    settings = _settings(tolerance, max_pulses, u_set, u_start, u_stop, step, u_read, bandwidth)
    cells.warn_range(max(-settings.u_set, settings.u_stop, abs(settings.u_read)), stacklevel=3)
    with cells.transaction() as pulsed:
        work = Verification(pulsed, wanted.ravel(), settings)
        work.run(reach, progress, cancel)
        return _dataset(cells, work, wanted, reach)


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


def verify_statistics(ds: xr.Dataset) -> dict[str, Any]:
    """Summary of a Dataset of `program_and_verify`.

    Returns
    -------
    dict
        "cells" that were at work; "reached", the number of those that some verify read found within the tolerance, and
        "share_reached"; "within_tolerance", the number of those whose true conductance, without read noise, lies within
        the tolerance at the end, and "share_within_tolerance". The second may be far smaller: a noisy read is taken for
        the truth, and the more reads, the more often one of them lies near the target by chance; and pulses for other
        cells go on after a cell has been left. A cell at the pulse limit may count in the second alone, where reads are
        noisy. Further "pulses" and "set_pulses" (quantiles over the cells at work, by probability), "rms_error"
        (relative, at the end, of those that were found at their target) and "failures" (number by reason, only those
        that occurred). Shares and quantiles of nothing are NaN.
    """
    if not isinstance(ds, xr.Dataset) or "outcome" not in ds or "pulses" not in ds:
        raise TypeError(f"ds: must come from program_and_verify (got {type(ds).__name__}); give what it returned")
    outcome = ds["outcome"].values.ravel()
    chosen = outcome != LEFT_ALONE
    reached = outcome == REACHED
    counts = np.bincount(outcome, minlength=len(OUTCOMES))
    cells, arrived = int(chosen.sum()), int(reached.sum())
    error = ds["error"].values.ravel()[reached]
    within = int(np.count_nonzero(within_tolerance(ds)))
    return {
        "cells": cells,
        "reached": arrived,
        "share_reached": arrived / cells if cells else float("nan"),
        "within_tolerance": within,
        "share_within_tolerance": within / cells if cells else float("nan"),
        "pulses": _quantiles(ds["pulses"].values.ravel()[chosen]),
        "set_pulses": _quantiles(ds["set_pulses"].values.ravel()[chosen]),
        "rms_error": float(np.sqrt(np.mean(error**2))) if arrived else float("nan"),
        "failures": {
            name: int(n) for k, (name, n) in enumerate(zip(OUTCOMES, counts, strict=True)) if n and k > REACHED
        },
    }


def within_tolerance(ds: xr.Dataset) -> NDArray[np.bool_]:
    """Whether the true conductance of each cell at work lies within the tolerance at the end; (rows, columns)."""
    g, target, tolerance = ds["reached"].values, ds["target"].values, ds.attrs["tolerance"]
    # as the verify read judges, so that a cell at the very edge is not taken for one that has moved
    inside = (g >= target * (1 - tolerance)) & (g <= target * (1 + tolerance))
    return np.asarray(inside & (ds["outcome"].values != LEFT_ALONE))


def _quantiles(values: NDArray[Any]) -> dict[float, float]:
    return {q: float(np.quantile(values, q)) if values.size else float("nan") for q in QUANTILES}


def _target(target: ArrayLike, shape: tuple[int, int]) -> F64:
    """Check at the door: conductances of our own, one a cell."""
    found = np.array(checks.numeric("target", target, "conductances", "give numbers in S"), dtype=np.float64)
    if found.ndim and found.shape != shape:
        raise ValueError(f"target: must be one number or have shape {shape} (got {found.shape}); give one a cell")
    bad = found[~np.isnan(found) & ~((found > 0) & np.isfinite(found))]
    if bad.size:
        raise ValueError(
            f"target: must be finite and above zero (got {bad.flat[0]:g} S); correct it; NaN leaves a cell alone"
        )
    return np.array(np.broadcast_to(found, shape))


def _settings(
    tolerance: object,
    max_pulses: object,
    u_set: object,
    u_start: object,
    u_stop: object,
    step: object,
    u_read: object,
    bandwidth: object,
) -> Settings:
    """Check at the checks."""
    wish = Settings(
        checks.number("tolerance", tolerance),
        checks.whole("max_pulses", max_pulses, 1, MAX_PULSES),
        checks.negative("u_set", u_set),
        checks.positive("u_start", u_start),
        checks.positive("u_stop", u_stop),
        checks.positive("step", step),
        checks.volts("u_read", u_read),
        checks.bandwidth(bandwidth),
    )
    if not 0 < wish.tolerance < 1:
        raise ValueError(f"tolerance: must be above 0 and below 1 (got {wish.tolerance:g}); 0.05 is five per cent")
    if not wish.u_start < wish.u_stop:
        raise ValueError(f"u_stop: must be above u_start, {wish.u_start:g} V (got {wish.u_stop:g} V); raise it")
    if not np.float32(wish.u_read) != 0:
        raise ValueError("u_read: must not be zero (got 0 V); a usual read voltage is 0.2 V")
    return wish


def _dataset(cells: CellArray, work: Verification, target: F64, reach: Reach | None) -> xr.Dataset:
    """The Dataset, before `cells` take their new state."""
    reached = work.conductance().reshape(cells.shape)
    flags = {
        "flag_values": list(range(len(OUTCOMES))),
        "flag_meanings": " ".join(name.replace(" ", "_") for name in OUTCOMES),
    }
    grid = ("row", "column")
    data = {
        "target": (grid, target, {"long_name": "target conductance at the read voltage", "units": "S"}),
        "reached": (grid, reached, {"long_name": "conductance at the read voltage after programming", "units": "S"}),
        "error": (grid, reached / target - 1, {"long_name": "relative distance from the target", "units": "1"}),
        "pulses": (grid, work.pulses.reshape(cells.shape), {"long_name": "pulses used", "units": "1"}),
        "set_pulses": (
            grid,
            work.set_pulses.reshape(cells.shape),
            {"long_name": "SET pulses among them", "units": "1"},
        ),
        "outcome": (
            grid,
            work.outcome.reshape(cells.shape),
            {"long_name": "outcome of programming", "units": "1", **flags},
        ),
    }
    coords = {
        "row": ("row", np.arange(cells.rows), dict(VARIABLES["row"])),
        "column": ("column", np.arange(cells.columns), dict(VARIABLES["column"])),
    }
    settings = asdict(work.settings) | {"reach": "as wanted" if reach is None else getattr(reach, "__name__", "own")}
    before = {
        "shape": list(cells.shape),
        "first_cell": cells.first_cell,
        "history": cells.start,
        "reads": cells.reads,
        "start": "fresh" if cells.fresh else "used",
        **({} if cells.fresh else {"state_hash": cells.state_hash()}),
        "device": cells.device.to_dict(),
    }
    attributes = {
        "title": f"Programming of {cells.rows} x {cells.columns} ReRAM cells",
        "device": cells.device.name,
        "device_hash": cells.device.hash,
        "seed": cells.seed,
        **settings,
        "settings": json.dumps({**settings, "seed": cells.seed, **before}, separators=(",", ":"), allow_nan=False),
        "synaptogen_version": __version__,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    return xr.Dataset(data, coords, attrs=attributes)
