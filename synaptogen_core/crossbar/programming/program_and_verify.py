"""Program and verify: bring every cell to a target conductance by pulses, with a read after each.

The model's partial RESET ends on a curve that belongs to the cycle: where the staircase of one cycle stops depends on
its last voltage alone, not on the steps before (Hennen et al. 2024). So a long stride does no harm as long as it stays
above the target, and only a SET, which is abrupt, leads back up.
"""

from __future__ import annotations

import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray, check_cells
from synaptogen_core.crossbar.programming import outcomes
from synaptogen_core.crossbar.programming.settings import check_after, check_settings, check_target
from synaptogen_core.crossbar.programming.staircase import Reach, Reader, Verification
from synaptogen_core.progress import Cancel, Progress, check_callbacks


def program_and_verify(
    cells: CellArray,
    target: ArrayLike,
    *,
    tolerance: float = 0.05,
    max_pulses: int = 200,
    u_set: float | None = None,
    u_start: float | None = None,
    u_stop: float | None = None,
    step: float | None = None,
    u_read: float | None = None,
    bandwidth: float = 0.0,
    delay: float = 0.0,
    reach: Reach | None = None,
    verify: Reader | None = None,
    after: ArrayLike | None = None,
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
    u_set : float, optional
        Voltage of a SET pulse [V], below zero. Default: as far as the device was measured; -1.5 V for the packaged one.
    u_start, u_stop : float, optional
        The first RESET voltage and the largest one [V]. Default: a third of that range, and all of it; 0.5 and 1.5 V.
    step : float, optional
        Shortest step of a staircase [V]; shorter ones are taken where the tolerance asks for them. Default: 1/75 of the
        range; 0.02 V.
    u_read : float, optional
        Read voltage [V], not zero. Default: that of the device's resistances, 0.2 V for the packaged one.
    bandwidth : float
        Bandwidth of the reads [Hz]; 0 for reads without noise. With noise, the cell is judged by what was read.
    delay : float
        Time between a pulse and the read that verifies it [s]; cells with a retention law relax meanwhile.
    reach : callable, optional
        Given the cells and the wanted voltages (rows, columns), returns those that reach the cells. Default: the same.
        A cell that has reached its target is not watched any more, whatever the pulses for others do to it.
    verify : callable, optional
        Given the cells, the read voltage, the bandwidth and the numbers of the cells at work, returns their
        conductances as they are read [S]; see `verify_through`. Default: reads without lines.
    after : array of shape (rows, columns), optional
        Go on from where each cell is: the ``last_voltage`` of the Dataset that programmed it, the largest RESET voltage
        since its last SET [V]. A cell above its target goes on down its staircase from there, which takes a pulse or
        two; one below it begins with a SET, and so do those of NaN. Default: every attempt begins with a SET.
    progress : callable, optional
        Called after each round with the share that is done, 0 to 1.
    cancel : callable or threading.Event, optional
        Looked at before each round; if true, the call ends with `Cancelled`.

    Returns
    -------
    xarray.Dataset
        Over (row, column): target and reached conductance [S] (the latter without noise), its relative error, pulses in
        all and SET pulses among them, the last voltage (the largest RESET voltage since the last SET [V], NaN of cells
        that were not pulsed), and the outcome, whose names are in `OUTCOMES`.

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
    wanted = check_target(target, check_cells(cells).shape)
    checks.called("reach", reach)
    checks.called("verify", verify)
    seen = None if after is None else check_after(after, cells.shape).ravel()
    check_callbacks(progress, cancel)
    reached = cells.device.valid_range
    defaults = {"u_set": -reached, "u_start": reached / 3, "u_stop": reached, "step": reached / 75}
    given = {"u_set": u_set, "u_start": u_start, "u_stop": u_stop, "step": step}
    volts = {name: defaults[name] if value is None else value for name, value in given.items()}
    u_read = cells.device.u_0 if u_read is None else u_read
    settings = check_settings(tolerance, max_pulses, **volts, u_read=u_read, bandwidth=bandwidth, delay=delay)
    if settings.delay:
        cells.needs_law()
    cells.warn_range(max(-settings.u_set, settings.u_stop, abs(settings.u_read)), stacklevel=3)
    with cells.transaction() as pulsed:
        work = Verification(pulsed, wanted.ravel(), settings, verify, seen)
        work.run(reach, progress, cancel)
        return outcomes.build(cells, work, wanted, reach)
