"""The overview's numbers: histograms, HRS against LRS, loops of some cells, the read map."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

import synaptogen_core as sc
from app.results.common import Density, Histogram, density, histogram
from app.runs import Run
from app.settings import Choices, Request, TabOptions
from synaptogen_core.schema import FEATURES

USES = frozenset({"read", "cells"})
LOOPS = 64  # loops drawn at most
POINTS = 120


class Options(TabOptions):
    """The overview has no choices of its own."""


@dataclass(frozen=True)
class Result:
    histograms: dict[str, Histogram]
    window: Density  # R_LRS (x) against R_HRS (y), both log10 ohm
    chosen: list[tuple[np.ndarray, np.ndarray]]  # of each followed cell: r_lrs, r_hrs of its cycles
    cells: tuple[tuple[int, int], ...]
    loops: tuple[np.ndarray, np.ndarray]  # voltage, current: loops with NaN between them
    chosen_loops: list[tuple[np.ndarray, np.ndarray]]
    read_map: np.ndarray  # A, (row, column)
    u_read: float
    sample: str


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """All the pictures of the tab."""
    values = {f.name: run.values(f.name) for f in FEATURES}
    histograms = {f.name: histogram(values[f.name], log=f.scale == "log") for f in FEATURES}
    window = density(np.log10(values["r_lrs"]).ravel(), np.log10(values["r_hrs"]).ravel(), 160, 120)
    chosen = [run.of_cells([c], "r_lrs")[:, 0] for c in request.cells], [
        run.of_cells([c], "r_hrs")[:, 0] for c in request.cells
    ]
    return Result(
        histograms, window, list(zip(*chosen, strict=True)), request.cells,
        loops(run, first_cells(run)), [loops(run, [c]) for c in request.cells],
        run.read_map(request.read), request.read.u_read, run.sample.text,
    )  # fmt: skip


def first_cells(run: Run) -> list[tuple[int, int]]:
    columns = run.request.array.columns
    return [divmod(i, columns) for i in range(min(LOOPS, run.cells.size))]


def loops(run: Run, cells: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """The first loop of each cell as one line: (voltage, current), NaN after each loop."""
    train = sc.PulseTrain.iv_sweep(cycles=1, u_min=-1.5, u_max=1.5, points=POINTS)
    data = run.simulate_cells(cells, train, record=("current",), every=1)
    current = np.pad(data["current"].values.T.reshape(len(cells), -1), ((0, 0), (0, 1)), constant_values=np.nan)
    voltage = np.append(train.pulses.voltage, np.nan)
    return np.tile(voltage, len(cells)), current.ravel()
