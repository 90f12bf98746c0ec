"""The overview's numbers: the response to the train, the read map, histograms, HRS against LRS, loops of some cells."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

import synaptogen_core as sc
from app.settings.sections import Choices, Request, TabOptions
from app.settings.segments import of_settings
from app.work.binning import Density, Histogram, density, histogram
from app.work.runs import Run
from app.work.trains import joined as one_train
from app.work.trains import pieces
from synaptogen_core.schema import FEATURES

USES = frozenset({"read", "cells"})
LOOPS = 64  # loops drawn at most
POINTS = 120  # voltages a loop
PULSES = 60  # of the response, at least: whole passages through the train
MOST_PULSES = 20_000  # that are simulated for it
DRAWN = 1200  # pulses that are drawn at most


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
class Response:
    """The followed cells through the first pulses of the train."""

    pulse: np.ndarray  # numbers of the drawn pulses
    voltage: np.ndarray  # V; of the last followed cell where each has its own
    own: bool  # whether the cells see different voltages
    conductance: np.ndarray  # (chosen cell, pulse), S
    of: int  # pulses of the whole train


@dataclass(frozen=True)
class Result:
    response: Response
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
        response=response(run, request, cancel),
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


def response(run: Run, request: Request, cancel: threading.Event) -> Response:
    """Voltage of each pulse and conductance after it, of the followed cells. The run itself keeps no single pulses."""
    segments, repeats = of_settings(run.request.train)
    parts = pieces(segments)
    length = sum(map(len, parts))
    passes = min(repeats, max(1, -(-PULSES // length)))
    if passes * length > MOST_PULSES:
        none = np.empty(0)
        return Response(none, none, False, np.empty((0, 0)), length * repeats)
    data = run.simulate_cells(
        request.cells, passes * one_train(parts), record=("conductance", "voltage"), every=1, cancel=cancel
    )
    shown = np.unique(np.linspace(0, passes * length - 1, min(DRAWN, passes * length)).astype(int))
    return Response(
        pulse=shown, voltage=data["voltage"].values[shown, -1],
        own=any(source.per_cell for part in parts for source in part.sources),
        conductance=data["conductance"].values[shown].T, of=length * repeats,
    )  # fmt: skip


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
