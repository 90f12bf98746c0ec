"""Time: how programmed cells forget, by a law measured on another device: exact curves, and cells that jump."""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import param

import synaptogen_core as sc
from app.settings.sections import Choices, Request, TabOptions
from app.tabs.time.measured import NEAR, Measured, Upload
from app.tabs.time.trace import Trace, trace
from app.work.runs import Run
from synaptogen_core.device.retention import jumps
from synaptogen_core.durations import YEAR
from synaptogen_core.errors import RangeWarning

USES = frozenset({"read", "cells"})
LAWS = {"Technology B (to 113 µS)": "stanford-b", "Technology C (to 35 µS)": "stanford-c"}
MOMENTS = {"1 s": 1.0, "1 h": 3600.0, "1 d": 86400.0, "10 years": 10 * YEAR}
TIMES = np.geomspace(1e-2, 10 * YEAR, 34)
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
PATHS = 30
G = (1.0, 200.0)
RATES = {"10 a second": 10.0, "100 a second": 100.0, "1000 a second": 1000.0}


class Options(TabOptions):
    law = param.Selector(default="stanford-b", objects=LAWS, label="Retention law",
                         doc="Measured on another device than the one the array is made of.")  # fmt: skip
    g_low = param.Number(20.0, bounds=G, step=1.0, label="Lower level", doc="Conductance at birth, at 0.2 V.")
    g_high = param.Number(60.0, bounds=G, step=1.0, label="Upper level", doc="Conductance at birth, at 0.2 V.")
    g_threshold = param.Number(40.0, bounds=G, step=0.5, label="Read threshold",
                               doc="A read above it counts as the upper level.")  # fmt: skip
    rate = param.Selector(default=100.0, objects=RATES, label="Reads", doc="Of one cell, from the end of the train on.")
    path_seed = param.Integer(0, bounds=(0, 9999), label="Seed of the cells", doc="Of the cells drawn as staircases.")
    table = param.ClassSelector(default=None, class_=Upload, doc="A measured table; no link can hold it.")
    UNITS: ClassVar[dict[str, str]] = {"g_low": "µS", "g_high": "µS", "g_threshold": "µS"}
    LOOKS = frozenset()

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in super().names() if name != "table")

    def watched(self) -> tuple[str, ...]:
        return (*self.names(), "table")

    def choices(self) -> Choices:
        return Choices({**super().choices(), "table": self.table})


@dataclass(frozen=True)
class Level:
    """One level: exact quantiles (quantile, time) and staircases as one line with gaps, both [S]."""

    g: float
    bands: np.ndarray
    path_time: np.ndarray  # s
    path: np.ndarray
    moved: float  # share of the staircases that jumped at all


@dataclass(frozen=True)
class Later:
    """The array some time after the end of its train."""

    moment: str
    change: np.ndarray  # (rows, columns): relative change of the read current
    moved: float  # share of the cells that jumped
    rms: float  # of the relative change


@dataclass(frozen=True)
class Years:
    """The array at all these times; `held`: what its cells held at the end of the train, median [S]."""

    moments: tuple[Later, ...]
    held: float
    next_event: float  # s


@dataclass(frozen=True)
class Result:
    times: np.ndarray  # s
    levels: tuple[Level, ...]
    threshold: float  # S
    jumping: np.ndarray  # probability of an error, mean of both levels, over time
    gaussian: np.ndarray
    early: tuple[float, float]  # of both laws after 1 s
    later: tuple[Later, ...]
    next_event: float  # s until the next jump in the array, after the last of these
    trace: Trace
    measured: Measured | None
    dots: tuple[tuple[np.ndarray, np.ndarray], ...]  # of each level: times [s], conductances [S] of reads
    beside: str  # what they are
    cells: tuple[tuple[int, int], ...]  # those that are followed
    label: str
    outside: str


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """Fan, read window, and the array of the run some time later."""
    law = sc.load_retention(options.law)
    low, high = sorted((options.g_low * 1e-6, options.g_high * 1e-6))
    if low == high:
        high = low * 1.01
    limit = min(max(options.g_threshold * 1e-6, low * 1.001), high * 0.999)
    wide = law.vary(jumps="gaussian")
    errors = [
        sc.retention.bit_error_rate(one, [low, high], [limit], TIMES, reversible=True).values.mean(axis=0)
        for one in (law, wide)
    ]
    levels = run.keep(
        ("time", options.law, low, high, options.path_seed), lambda: _levels(run, law, (low, high), options.path_seed),
        lambda found: (part for level in found for part in vars(level).values()),
    )  # fmt: skip
    second = int(np.argmin(np.abs(np.log(TIMES))))
    key = "time", options.law, request.read
    later = run.keep(
        (*key, "later"), lambda: _later(run, request, law), lambda found: (moment.change for moment in found.moments)
    )
    held = later.held * 1e6
    span = law.conductance[[0, -1]] * 1e6
    inside = span[0] <= held <= span[1]
    table = options.table.read() if options.table is not None else None
    dots = tuple(table.near(g) for g in (low, high)) if table is not None and table.good else ()
    some = "" if any(time.size for time, _ in dots) else "no "
    return Result(
        times=TIMES,
        levels=levels,
        threshold=limit,
        jumping=errors[0],
        gaussian=errors[1],
        early=(float(errors[0][second]), float(errors[1][second])),
        later=later.moments,
        next_event=later.next_event,
        trace=run.keep((*key, "trace", options.rate, request.cells[0]), lambda: trace(run, request, law, options.rate),
                       lambda found: vars(found).values()),
        measured=table,
        dots=dots,
        beside=f"your table: {some}births within {100 * NEAR:.0f} % of a level",
        cells=request.cells,
        label=law.label,
        outside="" if inside else (
            f"The cells of the array hold {held:.3g} µS (median); the law was measured at {span[0]:.3g} to "
            f"{span[1]:.3g} µS: its ends are held, an extrapolation."
        ),
    )  # fmt: skip


def _levels(run: Run, law: sc.RetentionLaw, at: tuple[float, float], seed: int) -> tuple[Level, ...]:
    bands = sc.retention.curve(law, at, TIMES, QUANTILES).values
    return tuple(_level(law, run, g, bands[k], seed, k) for k, g in enumerate(at))


def _level(law: sc.RetentionLaw, run: Run, g: float, bands: np.ndarray, seed: int, place: int) -> Level:
    """Cells of one level as staircases: where each stands at many times, so that a jump is a step."""
    times = np.geomspace(TIMES[0], TIMES[-1], 100)
    numbers = jumps.numbers(law, run.device)
    cell = np.arange(PATHS, dtype=np.uint64) + np.uint64(place * PATHS)
    births, born = np.zeros(PATHS, np.uint32), np.full(PATHS, g)
    walks = []
    for time in times:
        age = np.full(PATHS, int(time * 1e9), np.int64)
        moved, _ = jumps.walk(seed, cell, births, born, age, numbers)
        walks.append(jumps.conductance(jumps.coordinate(born, law.corner) + moved, law.corner))
    path = np.vstack([np.array(walks), np.full(PATHS, np.nan)])
    return Level(g, bands, np.tile(np.append(times, np.nan), PATHS), path.T.ravel(), float(np.mean(walks[-1] != g)))


def _later(run: Run, request: Request, law: sc.RetentionLaw) -> Years:
    """Read currents without noise at the end of the train, and some times later; the run's cells stay as they are."""
    cells = sc.CellArray.from_state({**run.cells.to_state(), "retention": law.to_dict()})
    before = cells.current(request.read.u_read).astype(float)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RangeWarning)  # the page says it
        for words, seconds in MOMENTS.items():
            cells.wait(seconds - cells.time)
            change = cells.current(request.read.u_read).astype(float) / before - 1
            moved, rms = float(np.mean(change != 0)), float(np.sqrt(np.mean(change**2)))
            found.append(Later(words, change.astype(np.float32), moved, rms))
    return Years(tuple(found), float(np.median(before / request.read.u_read)), cells.next_event())
