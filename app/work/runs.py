"""Request -> Run: makes the device, the train and fresh cells, simulates within the memory budget of a page."""

from __future__ import annotations

import copy
import logging
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
import xarray as xr

import synaptogen_core as sc
from app.settings import session_file
from app.settings.sections import Choices, Request, Settings
from app.work.cache import LruCache
from app.work.trains import make_train
from synaptogen_core.array.tally import notes
from synaptogen_core.progress import Progress
from synaptogen_core.schema import FEATURE_NAMES

BUDGET = int(float(os.environ.get("SYNAPTOGEN_PAGE_MB", "256")) * 1e6)  # what the pictures of one page may hold
KEPT = 128_000_000  # bytes that tabs may keep of each run: a solved crossbar and a staircase of the largest arrays
LEVEL_KINDS = {"staircase", "identical", "random", "table", "lab"}  # partial RESETs: what each pulse leaves matters
LONG = 20_000  # pulses of the Pulse lab: after more of them only the features are kept, or few cells would fit

LOG = logging.getLogger("synaptogen.app")
T = TypeVar("T")

RUNS = LruCache(int(float(os.environ.get("SYNAPTOGEN_CACHE_MB", "150")) * 1e6))


@dataclass(frozen=True)
class Sample:
    """Which cells the recorded data hold: all, or every `step`-th in row order, as the budget allows."""

    count: int
    of: int
    step: int

    @property
    def text(self) -> str:
        """A sentence for the page; empty when nothing was left out."""
        if self.step == 1:
            return ""
        return (
            f"Pictures show one cell in {self.step}, evenly in row order ({self.count:,} of {self.of:,}): all of them "
            f"would take more than the page's {BUDGET / 1e6:.3g} MB. Maps and downloads hold all cells."
        )

    def select(self) -> np.ndarray | None:
        """Flat indices of the recorded cells, or None for all."""
        return None if self.step == 1 else np.arange(0, self.of, self.step)


@dataclass(frozen=True, eq=False)
class Run:
    """One finished simulation. Everything in it is read-only: it is shared by all pages."""

    request: Request
    device: sc.DeviceParameters
    train: sc.PulseTrain
    cells: sc.CellArray  # after the train; take `cells.copy()` before applying anything
    data: xr.Dataset  # features (cycle, row, column), or (cycle, cell) if sampled; conductance (pulse, ...) for levels
    sample: Sample
    seconds: float
    # what a tab has made of it beside its pictures; it ends with the run, as nothing of a user's own device may stay
    kept: LruCache = field(default_factory=lambda: LruCache(KEPT))

    def keep(
        self, key: Hashable, make: Callable[[], T], arrays: Callable[[T], Iterable[object]],
        more: Callable[[T], int] = lambda found: 0,
    ) -> T:  # fmt: skip
        """What a tab makes of this run, made once. Its `arrays` are read-only from then on: all pages share them.

        `more` are the bytes of what it holds beside them.
        """
        found: T | None = self.kept.get(key)
        if found is None:
            found = make()
            own = {id(array): array for array in arrays(found) if isinstance(array, np.ndarray)}
            for array in own.values():
                array.flags.writeable = False
            self.kept.put(key, found, sum(array.nbytes for array in own.values()) + more(found))
        return found

    @property
    def key(self) -> tuple[Choices, Choices, Choices]:
        return self.request.simulation

    @property
    def cycles(self) -> int:
        return self.data.sizes["cycle"]

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be known of the run before its numbers are believed, in sentences."""
        return notes(self.data)

    @property
    def size(self) -> int:
        """Bytes that the run holds."""
        return int(self.data.nbytes) + self.cells.nbytes

    def values(self, name: str) -> np.ndarray:
        """A recorded variable as (cycle or pulse, recorded cell), without a copy."""
        array = self.data[name].values
        return array.reshape(array.shape[0], -1)

    def per_cell(self, name: str) -> np.ndarray:
        """A variable without time (component, outlier) as (recorded cell,)."""
        return self.data[name].values.reshape(-1)

    def of_cells(self, cells: Sequence[tuple[int, int]], name: str) -> np.ndarray:
        """A feature of chosen cells (row, column), whether recorded or not, as (cycle, chosen cell)."""
        if self.sample.step == 1:
            rows, columns = zip(*cells, strict=True)
            return self.data[name].values[:, list(rows), list(columns)]
        return self.simulate_cells(cells, self.train)[name].values

    def read_map(self, read: Choices) -> np.ndarray:
        """The final read current [A] of all cells, (row, column): noisy if asked for, the same at every call."""
        reader = copy.copy(self.cells)  # shares the states, which a read leaves alone, and counts its reads by itself
        return reader.read(read.u_read, bandwidth=read.bandwidth * 1e6 if read.noise else 0.0)

    def simulate_cells(self, cells: Sequence[tuple[int, int]], train: sc.PulseTrain, **options: Any) -> xr.Dataset:
        """Chosen cells, new as they were before the run, through any train; dimension "cell" in the order given."""
        # Chance has an address: a cell simulated alone is the same cell.
        pairs, place = np.unique(np.array(cells), axis=0, return_inverse=True)
        data = sc.simulate(make_cells(self.request), train, select=pairs, advance=False, **options)
        return data.isel(cell=place)


def make_device(choices: Choices) -> sc.DeviceParameters:
    """The device with the chosen variations. Only what differs from its own numbers is a variation."""
    device = load_device(choices.device) if isinstance(choices.device, str) else choices.device
    share = round(100 * device.outlier_share, 1)
    # what a device does not have is not among the choices
    numbers = {"c2c": 1, "d2d": 1, "outlier_share": share, "order": device.order, "eta": device.eta,
               "u_max": device.u_max}  # fmt: skip
    changes = {name: choices.get(name, own) for name, own in numbers.items() if choices.get(name, own) != own}
    if "outlier_share" in changes:
        changes["outlier_share"] /= 100
    changes |= {
        name: False
        for name, chosen in (("autocorrelation", "memory"), ("correlations", "correlations"))
        if not choices.get(chosen, True)
    }
    if choices.shapes != "true":
        changes["shapes"] = choices.shapes
    return device.vary(**changes) if changes else device


@lru_cache(maxsize=8)
def load_device(name: str) -> sc.DeviceParameters:
    return sc.load_device(name)


def has_levels(request: Request, train: sc.PulseTrain) -> bool:
    """Whether the conductance after each pulse is recorded."""
    return request.train.kind in LEVEL_KINDS and (request.train.kind != "lab" or len(train) <= LONG)


def recording(request: Request, train: sc.PulseTrain) -> dict[str, Any]:
    """What a run of this kind records: `record` and `every` of simulate."""
    if has_levels(request, train):
        return {"record": ("features", "conductance"), "every": 1}
    return {"record": ("features",), "every": "cycle"}


def sample_for(request: Request, train: sc.PulseTrain) -> Sample:
    """How many cells fit: half the page's budget for the data, the other half for what is computed from them."""
    of = request.array.rows * request.array.columns
    bytes_a_cell = 4 * (len(FEATURE_NAMES) * train.cycles + (len(train) if has_levels(request, train) else 0))
    step = max(1, -(-of * bytes_a_cell // (BUDGET // 2)))
    return Sample(count=-(-of // step), of=of, step=step)


def make_cells(request: Request) -> sc.CellArray:
    """The fresh array that the settings describe."""
    a = request.array
    return sc.CellArray((a.rows, a.columns), make_device(request.device), seed=a.seed)


@dataclass(frozen=True)
class Estimate:
    """What a run would cost, before it starts."""

    seconds: float
    bytes: int


def estimate(request: Request) -> Estimate:
    """Time and memory of a run.

    Raises
    ------
    ValueError, TypeError
        If the settings contradict each other; the message is a sentence for the page.
    """
    train, cells = make_train(request.train), make_cells(request)
    core = sc.estimate_cost(cells, train, **recording(request, train), select=sample_for(request, train).select())
    return Estimate(core.seconds, core.bytes + cells.nbytes)


def run(request: Request, progress: Progress, cancel: threading.Event) -> Run:
    """Simulate fresh cells; blocks until done, so call it in a thread.

    Raises
    ------
    synaptogen_core.Cancelled
        If `cancel` was set.
    """
    started = time.perf_counter()
    train, cells = make_train(request.train), make_cells(request)
    sample = sample_for(request, train)
    data = sc.simulate(
        cells, train, **recording(request, train), select=sample.select(), progress=progress, cancel=cancel
    )
    for variable in data.variables.values():
        if isinstance(variable._data, np.ndarray):
            variable.values.flags.writeable = False  # shared by all pages
    seconds = time.perf_counter() - started
    LOG.info("run made", extra={"cells": cells.size, "cycles": train.cycles, "seconds": round(seconds, 3)})
    return Run(request, cells.device, train, cells, data, sample, seconds)


class Start(NamedTuple):
    """What a session simulates."""

    cells: sc.CellArray
    train: sc.PulseTrain
    recording: dict[str, Any]


def of_session(text: str, name: str) -> Start:
    """The fresh array, the train and what is recorded of a session; settings of tabs take no part.

    Raises
    ------
    ValueError, FileError
        If it is no session, or one of its settings cannot be used: then nothing is simulated instead.
    """
    saved, settings = session_file.read(text, name), Settings()
    own = {key: value for key, value in saved.settings.items() if "." not in key}
    dropped = session_file.apply(settings, saved._replace(settings=own))
    if dropped:
        raise ValueError(f"{name}: must hold settings of this version ({dropped[0].rstrip('.')}); correct the file")
    request = settings.request()
    train = make_train(request.train)
    return Start(make_cells(request), train, recording(request, train))
