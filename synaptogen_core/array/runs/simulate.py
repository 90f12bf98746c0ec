"""simulate: CellArray + PulseTrain -> Dataset. A run is a transaction: all of it is carried out, or nothing changes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray, check_cells
from synaptogen_core.array.runs import dataset, recording
from synaptogen_core.array.runs.cost import PROBE_CELLS, Beside, Estimate, alike, measured
from synaptogen_core.array.runs.cost import of as estimate_of
from synaptogen_core.array.runs.executor import Run
from synaptogen_core.array.runs.recording import Recording, Timetable, with_reads
from synaptogen_core.array.trains.pulse_train import PulseTrain, check_train
from synaptogen_core.device.model.read_noise import BANDWIDTH
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.device.retention.traps import Traps
from synaptogen_core.errors import BudgetError, RangeWarning
from synaptogen_core.progress import Cancel, Progress, Shown, check_callbacks, shown

BUDGET = 4 * 2**30  # bytes
PULSES = 48  # of a measurement of what reading takes


def simulate(
    cells: CellArray,
    train: PulseTrain,
    *,
    record: str | Iterable[str] = ("features",),
    every: str | int = "cycle",
    select: ArrayLike | None = None,
    read_voltage: float | None = None,
    bandwidth: float | None = None,
    advance: bool = True,
    progress: Shown = None,
    cancel: Cancel | None = None,
    budget: int = BUDGET,
    threads: int | None = None,
) -> xr.Dataset:
    """Apply a pulse train to an array and record what was asked for.

    Parameters
    ----------
    cells : CellArray
        Advanced to the end of the train; as before if the run fails or is cancelled.
    train : PulseTrain
    record : str or iterable of str
        Any of "features" (the vector in force when each cycle begins), "conductance" (at `read_voltage`), "current" (at
        the applied voltage), "state", "cycle_count", "voltage".
    every : "cycle" or int
        Record all but the features after the last pulse of each cycle, or after every so many pulses.
    select : array, optional
        The cells to record: flat numbers (n,), pairs of row and column (n, 2), or a mask (rows, columns). Default: all.
    read_voltage : float, optional
        At which conductance is recorded [V]; without it, the device's `u_0`, 0.2 V of the published one.
    bandwidth : float, optional
        Bandwidth of read noise on recorded conductances and currents [Hz]; default: no noise.
    advance : bool
        False leaves the cells as they are, and simulates only those that are recorded.
    progress : bool or callable, optional
        True shows a bar, in a terminal or a notebook; a callable is called now and then with the share that is done,
        0 to 1.
    cancel : callable or threading.Event, optional
        Looked at now and then; if true, the run ends with `Cancelled`.
    budget : int
        Memory that the run may use [bytes].
    threads : int, optional
        Default: as many as the process has processors.

    Returns
    -------
    xarray.Dataset
        Features (cycle, row, column); other quantities (cycle, row, column) or (pulse, row, column); with `select` the
        dimension `cell` takes the place of row and column. Units stand at each variable; the attribute `settings` holds
        everything that `repeat` needs. Four attributes say what should be known first (`notes` makes sentences of
        them): `largest_voltage`, applied or read at, and `measured_voltage`, up to which the device was measured [V];
        `cells_switched`, the recorded cells that switched at least once; and `cells_stuck`, those that neither the
        lowest nor the highest voltage of the train would switch any more. A cell draws new features only when its RESET
        begins; with pulses of fixed height, one that draws a U_SET or U_RESET beyond them is left there for good. That
        happens to .7 % of the published device's cells within 1,000 cycles of +-1.5 V.

    Raises
    ------
    ValueError, TypeError
        If an argument breaks its rule.
    BudgetError
        If the run needs more memory than `budget`.
    Cancelled
        If `cancel` said so.
    """
    _check(cells, train)
    wish = recording.request(cells, record, every, select, read_voltage, bandwidth)
    with shown(progress, "simulate") as tell:
        return simulate_recording(
            cells, train, wish, advance=advance, progress=tell, cancel=cancel, budget=budget, threads=threads
        )


def simulate_recording(
    cells: CellArray,
    train: PulseTrain,
    wish: Recording,
    *,
    advance: bool = True,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    budget: int = BUDGET,
    threads: int | None = None,
) -> xr.Dataset:
    """`simulate` with what is to be recorded as one checked record.

    Parameters
    ----------
    cells : CellArray
    train : PulseTrain
    wish : Recording
        What is recorded.
    advance, progress, cancel, budget, threads
        As of `simulate`.

    Returns
    -------
    xarray.Dataset
        As of `simulate`.

    Raises
    ------
    BudgetError
        If the run would not fit into the budget.
    Cancelled
        If `cancel` said so; the cells are as before.
    """
    checks.flag("advance", advance)
    table = Timetable(with_reads(train, cells), wish)
    recorded = cells.size if wish.select is None else wish.select.size
    needed = recorded * (table.bytes_per_cell() + 2) + (cells.nbytes if advance else 0)
    if needed > checks.number("budget", budget):
        raise BudgetError(
            f"budget: the run must fit into {budget / 1e6:,.0f} MB (needs {needed / 1e6:,.0f} MB); "
            "record fewer quantities, select fewer cells, record less often, shorten the train, or raise the budget"
        )
    with cells.transaction() as work:
        run = _executed(work, table, wish, bool(advance), threads, progress, cancel, stacklevel=5)
        result = dataset.build(run)
        if run.state is not None:
            work.take_over(run.state, work.reads + run.reads, run.ages)
    return result


def apply_train(
    cells: CellArray,
    train: PulseTrain,
    *,
    progress: Shown = None,
    cancel: Cancel | None = None,
    threads: int | None = None,
) -> None:
    """Apply a pulse train to an array and record nothing: what `simulate` does to the cells, without its Dataset.

    Parameters
    ----------
    cells : CellArray
        Advanced to the end of the train; as before if the run fails or is cancelled.
    train : PulseTrain
    progress, cancel, threads
        As for `simulate`.

    Raises
    ------
    ValueError, TypeError
        If an argument breaks its rule.
    Cancelled
        If `cancel` said so.

    Examples
    --------
    >>> import synaptogen_core as sc
    >>> cells = sc.CellArray((2, 2), sc.load_device("hennen2024"), seed=7)
    >>> sc.apply_train(cells, sc.PulseTrain.cycling(cycles=1000))
    >>> cells.cycle_count().tolist()
    [[1000, 1000], [1000, 1000]]
    """
    _check(cells, train)
    nothing = Recording((), "cycle", None, cells.device.u_0, 0.0)
    train = with_reads(train, cells)
    with cells.transaction() as work, shown(progress, "apply") as tell:
        run = _executed(work, Timetable(train, nothing), nothing, True, threads, tell, cancel, stacklevel=4)
        if run.state is not None:
            work.take_over(run.state, work.reads, run.ages)


def _executed(
    cells: CellArray,
    table: Timetable,
    wish: Recording,
    advance: bool,
    threads: int | None,
    progress: Progress | None,
    cancel: Cancel | None,
    stacklevel: int,
) -> Run:
    _check_threads(threads)
    check_callbacks(progress, cancel)
    run = Run(cells, table, wish, advance, threads)
    cells.warn_range(run.largest_voltage, stacklevel=stacklevel)
    if run.timed:
        cells.warn_law(stacklevel=stacklevel)
    run.execute(progress, cancel)
    return run


def estimate_cost(
    cells: CellArray,
    train: PulseTrain,
    *,
    record: str | Iterable[str] = ("features",),
    every: str | int = "cycle",
    select: ArrayLike | None = None,
    read_voltage: float | None = None,
    bandwidth: float | None = None,
    advance: bool = True,
    threads: int | None = None,
) -> Estimate:
    """Time and memory of `simulate` with the same arguments, before it starts.

    The time comes from short measurements on this machine: what a call, a cell, a pulse, a value and a byte take, made
    once for each kind of device and of value, and what the train's own random voltages take.

    Parameters
    ----------
    cells, train, record, every, select, read_voltage, bandwidth, advance, threads
        As for `simulate`.

    Returns
    -------
    Estimate
        Seconds and bytes.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    """
    _check(cells, train)
    wish = recording.request(cells, record, every, select, read_voltage, bandwidth)
    checks.flag("advance", advance)
    _check_threads(threads)
    train = recording.with_reads(train, cells)
    timed, values = train.ends is not None, tuple(name for name in wish.quantities if name != "features")
    made = (alike(cells.device), cells.engine, cells.retention, cells.traps)
    beside = Beside(
        call=_beside(*made, wait=timed)[0],
        read=_beside(*made, values, wish.bandwidth > 0, timed)[1] if values else 0.0,
        wait=_beside(*made, wait=True)[1] if timed else 0.0,
    )
    return estimate_of(cells, train, wish, advance, threads, beside)


@lru_cache(maxsize=64)
def _beside(
    device: DeviceParameters,
    engine: str,
    retention: RetentionLaw | None,
    traps: Traps | None,
    values: tuple[str, ...] = (),
    noisy: bool = False,
    wait: bool = False,
) -> tuple[float, float]:
    """Seconds of a run with next to nothing to do; and, beside switching, of one thread for a cell and a pulse."""
    u, noise = 0.1 * device.valid_range, BANDWIDTH if noisy else None
    wanted: dict[str, Any] = {"record": values, "every": 1, "bandwidth": noise} if values else {}

    def once(size: int, pulses: int, **options: Any) -> float:
        cells = CellArray((1, size), device, seed=0, engine=engine, retention=retention, traps=traps)
        train = PulseTrain.cycling(pulses // 2).timed(1e-6) if wait else PulseTrain.identical(pulses, u)
        begin = time.perf_counter()
        simulate(cells, train, threads=1, **options)
        return time.perf_counter() - begin

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RangeWarning)  # nobody looks at these cells
        call = min(once(1, 2) for _ in range(3))
        whole = min(once(PROBE_CELLS, PULSES, **wanted) for _ in range(3))
    known = measured(engine, device)
    each = ((whole - call) / PROBE_CELLS - known.fresh) / PULSES  # no difference of two runs: other work makes it 0
    return call, max(0.0, each - (known.cycle / 2 if wait else known.idle))


def fresh_cells(settings: Mapping[str, Any]) -> CellArray:
    """The cells of a run as they were before it, if they were fresh.

    Parameters
    ----------
    settings : mapping
        Of the run, as `dataset.settings_of` returns them.

    Returns
    -------
    CellArray

    Raises
    ------
    ValueError
        If the run began with used cells.
    """
    if settings["start"] != "fresh":
        raise ValueError("cells: must be given for a Dataset that began with used cells (got none); use load_cells")
    rows, columns = settings["shape"]
    return CellArray(
        (rows, columns),
        DeviceParameters.from_dict(settings["device"]),
        seed=settings["seed"],
        start=settings["history"],
        first_cell=settings["first_cell"],
        retention=RetentionLaw.from_dict(settings["retention"]) if "retention" in settings else None,
        traps=Traps.from_dict(settings["traps"]) if "traps" in settings else None,
    )


def repeat(ds: xr.Dataset, cells: CellArray | None = None, **options: Any) -> xr.Dataset:
    """Make a Dataset again from its own attributes; all but the time of creation is equal to the last bit.

    Parameters
    ----------
    ds : xarray.Dataset
        From `simulate`, or from a file.
    cells : CellArray, optional
        The cells as they were before, for a Dataset that began with used cells (see `save_cells`).
    **options
        `progress`, `cancel`, `budget` or `threads` of `simulate`.

    Returns
    -------
    xarray.Dataset
        Of the same values and attributes.

    Raises
    ------
    ValueError
        If the settings are missing, of another version, or the given cells are not those of the Dataset.
    """
    settings = dataset.settings_of(ds)
    if settings["start"] == "fresh" or cells is None:
        cells = fresh_cells(settings)
    elif cells.state_hash() != settings["state_hash"]:
        raise ValueError(
            f"cells: must be in the state {settings['state_hash']} (got {cells.state_hash()}); load the right ones"
        )
    train, wish = dataset.train_of(settings, ds), dataset.recording_of(settings, ds, cells)
    return simulate_recording(cells, train, wish, advance=settings["advance"], **options)


def _check(cells: CellArray, train: PulseTrain) -> None:
    check_cells(cells)
    check_train(train)


def _check_threads(threads: int | None) -> None:
    if threads is not None:
        checks.whole("threads", threads, 1, 1024)
