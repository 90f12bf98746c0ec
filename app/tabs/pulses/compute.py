"""The pulse lab: what each segment of the train does to the cells, and how they answer pulse by pulse."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import param

import synaptogen_core as sc
from app.settings.limits import reach_of
from app.settings.reach import RANGE
from app.settings.sections import Choices, Request, TabOptions
from app.settings.segments import Segment, of_settings
from app.work.runs import Run, make_cells
from app.work.trains import joined, pieces
from synaptogen_core.schema import HRS, IRS, LRS

USES = frozenset({"cells"})
MOST_VALUES = 4_000_000  # conductances that are looked at
MOST_CELLS, FEWEST = 4096, 32
POINTS = 1500  # of a curve


class Options(TabOptions):
    which = param.Selector(default="first", objects={"First time": "first", "Last time": "last"}, label="Show the",
                           doc="Of repeated segments: with new cells, or after all the others.")  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """What one segment did."""

    first: int  # number of its first pulse among those shown
    last: int
    switched: float  # share of the cells that changed their state in it, once or more
    switched_error: float
    conductance: float  # mean after it, S
    conductance_error: float
    shares: tuple[float, float, float]  # of the cells in HRS, IRS and LRS after it


@dataclass(frozen=True)
class Result:
    segments: tuple[Segment, ...]
    repeats: int
    effects: tuple[Effect, ...]  # empty if the train is too long
    pulse: np.ndarray  # numbers of the shown pulses
    voltage: np.ndarray  # V; of a followed cell where each has its own
    own: bool  # whether the cells see different voltages
    band: np.ndarray  # (5, pulse): 5 %, 25 %, 50 %, 75 %, 95 % of the cells, S
    followed: np.ndarray  # (chosen cell, pulse), S
    names: tuple[tuple[int, int], ...]
    cells: int
    note: str
    factor: float  # how much further the device's pulses go than the published one's


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """One passage through the segments, on fresh cells or after all the others."""
    segments, repeats = of_settings(run.request.train)
    factor = reach_of(request) / RANGE
    parts = pieces(segments)
    length = sum(map(len, parts))
    passes = repeats if options.which == "last" else 1
    columns = run.request.array.columns
    followed = [row * columns + column for row, column in request.cells]
    count = min(MOST_CELLS, run.cells.size, MOST_VALUES // (length * passes))
    if count < min(FEWEST, run.cells.size):
        return nothing(segments, repeats, length * passes, factor)
    spread = np.arange(count) * run.cells.size // count
    chosen, place = np.unique([*followed, *spread], return_inverse=True)
    data = sc.simulate(
        make_cells(run.request), passes * joined(parts), record=("conductance", "state", "voltage"), every=1,
        select=chosen, advance=False, cancel=cancel,
    )  # fmt: skip
    shown = slice((passes - 1) * length, None)
    conductance, state = data["conductance"].values[shown], data["state"].values
    before = state[shown.start - 1][None] if shown.start else np.full((1, chosen.size), HRS, state.dtype)
    switched = np.diff(np.concatenate([before, state[shown]]), axis=0) != 0
    sample = place[len(followed) :]
    kept = thinned(length, parts)
    cells = place[: len(followed)]
    return Result(
        segments=segments, repeats=repeats,
        effects=tuple(effects(parts, switched[:, sample], conductance[:, sample], state[shown][:, sample])),
        pulse=kept, voltage=data["voltage"].values[shown][kept, cells[-1]],
        own=any(source.per_cell for part in parts for source in part.sources),
        band=np.quantile(conductance[kept][:, sample], [0.05, 0.25, 0.5, 0.75, 0.95], axis=1),
        followed=conductance[kept][:, cells].T, names=request.cells, cells=count, note="", factor=factor,
    )  # fmt: skip


def nothing(segments: tuple[Segment, ...], repeats: int, pulses: int, factor: float) -> Result:
    """A train that is too long to be looked at pulse by pulse."""
    none = np.empty(0)
    note = f"{pulses:,} pulses are too many to be followed one by one: show the first time, or take fewer."
    return Result(segments, repeats, (), none, none, False, np.empty((5, 0)), np.empty((0, 0)), (), 0, note, factor)


def effects(
    parts: Sequence[sc.PulseTrain], switched: np.ndarray, conductance: np.ndarray, state: np.ndarray
) -> list[Effect]:
    """Of each segment, from what was seen pulse by pulse; arrays (pulse, cell)."""
    found, first = [], 0
    for part in parts:
        last = first + len(part) - 1
        moved = float(switched[first : last + 1].any(axis=0).mean())
        after, n = conductance[last], conductance.shape[1]
        shares = [float((state[last] == code).mean()) for code in (HRS, IRS, LRS)]
        found.append(Effect(
            first, last, moved, float(np.sqrt(moved * (1 - moved) / n)), float(after.mean()),
            float(after.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan"),
            (shares[0], shares[1], shares[2]),
        ))  # fmt: skip
        first = last + 1
    return found


def thinned(length: int, parts: Sequence[sc.PulseTrain]) -> np.ndarray:
    """Numbers of the pulses that are drawn: all of a short train; of a long one, the ends of segments in any case."""
    if length <= POINTS:
        return np.arange(length)
    ends = np.cumsum([len(part) for part in parts]) - 1
    return np.unique(np.concatenate([np.linspace(0, length - 1, POINTS).astype(int), ends, ends[:-1] + 1]))
