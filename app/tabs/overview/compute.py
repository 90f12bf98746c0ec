"""The overview's numbers: histograms, HRS against LRS, loops of some cells, the read map."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

import synaptogen_core as sc
from app.settings.sections import Choices, Request, TabOptions
from app.work.binning import Density, Histogram, density, histogram
from app.work.runs import Run
from synaptogen_core.schema import FEATURES

USES = frozenset({"read", "cells"})
LOOPS = 64  # loops drawn at most
POINTS = 120  # voltages a loop


class Options(TabOptions):
    """The overview has no choices of its own."""


@dataclass(frozen=True)
class Loops:
    """I-V loops one after the other as one line, with NaN after each: voltage [V], current [A]."""

    voltage: np.ndarray
    current: np.ndarray


@dataclass(frozen=True)
class Chosen:
    """A cell followed on every tab: its cycles and its first loop."""

    cell: tuple[int, int]
    r_lrs: np.ndarray
    r_hrs: np.ndarray
    loop: Loops


@dataclass(frozen=True)
class Result:
    histograms: dict[str, Histogram]
    window: Density  # x: R_LRS [ohm]; y: log10 of R_HRS [ohm]
    loops: Loops
    loop_count: int
    chosen: tuple[Chosen, ...]
    read_map: np.ndarray  # A, (row, column)
    u_read: float
    noise: bool
    sample: str


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """All the pictures of the tab."""
    values = {f.name: run.values(f.name) for f in FEATURES}
    others = first_cells(run)
    curves = loops(run, [*others, *request.cells])
    r_lrs, r_hrs = (run.of_cells(request.cells, name) for name in ("r_lrs", "r_hrs"))
    return Result(
        histograms={f.name: histogram(values[f.name], log=f.scale == "log") for f in FEATURES},
        window=density(values["r_lrs"].ravel(), np.log10(values["r_hrs"].ravel()), 120, 90),
        loops=joined(curves[: len(others)]),
        loop_count=len(others),
        chosen=tuple(
            Chosen(cell, r_lrs[:, i], r_hrs[:, i], curves[len(others) + i]) for i, cell in enumerate(request.cells)
        ),
        read_map=run.read_map(request.read),
        u_read=request.read.u_read,
        noise=request.read.noise,
        sample=run.sample.text,
    )


def first_cells(run: Run) -> list[tuple[int, int]]:
    """The first cells in row order, as (row, column)."""
    return [divmod(i, run.request.array.columns) for i in range(min(LOOPS, run.cells.size))]


def loops(run: Run, cells: list[tuple[int, int]]) -> list[Loops]:
    """The first loop of each cell."""
    limit = run.device.valid_range
    train = sc.PulseTrain.iv_sweep(cycles=1, u_min=-limit, u_max=limit, points=POINTS)
    data = run.simulate_cells(cells, train, record=("current",), every=1)
    voltage = train.pulses.voltage
    return [Loops(voltage, current) for current in data["current"].values.T]


def joined(curves: list[Loops]) -> Loops:
    """Many loops as one line with gaps."""
    gap = np.full(1, np.nan, np.float32)
    return Loops(
        np.concatenate([part for loop in curves for part in (loop.voltage, gap)]),
        np.concatenate([part for loop in curves for part in (loop.current, gap)]),
    )
