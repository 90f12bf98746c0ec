"""Targets that undo the lines: for which the effective matrix, not the cells, is what the weights ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.readout.effective_matrix import EffectiveMatrix
from synaptogen_core.crossbar.readout.matrix_products import Tile
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.networks.hardware.analog import places_and_lines
from synaptogen_core.networks.hardware.chip import Chip
from synaptogen_core.networks.hardware.mapping import Layout
from synaptogen_core.networks.hardware.programming import input_ranges, layouts_of, targets_of
from synaptogen_core.progress import Cancel, Progress, Work, check_callbacks
from synaptogen_core.types import F64


@dataclass(frozen=True, eq=False)
class Compensation:
    """Targets for `program`, and how well they do.

    Parameters
    ----------
    targets : tuple of ndarray of float64
        Conductances of each layer [S]; shape (rows, columns).
    before, after : tuple of float
        RMS error of each layer's effective weights, in parts of the weights' RMS, with the gain that suits them best:
        for the targets that the weights ask for, and for these.
    out_of_reach : tuple of float
        Share of each layer's cells whose target would lie above `Mapping.high`; they stay at it.
    """

    targets: tuple[F64, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    out_of_reach: tuple[float, ...]


def compensate_lines(
    network: Network,
    chip: Chip,
    *,
    steps: int = 3,
    inputs: ArrayLike | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Compensation:
    """Find conductances whose effective matrix behind the lines is proportional to the weights.

    A fixed point: each step solves the matrix of every tile and corrects each cell by what is missing, in parts of what
    arrives of it. The factor of proportion, one a layer, is what the lines leave of the signal on average; `calibrate`
    finds it again as the gain. Of a pair of cells one stays at `Mapping.low`.

    Parameters
    ----------
    network : Network
    chip : Chip
    steps : int
        Matrices are solved so many times, and once more for the result.
    inputs : array, shape (images, ...), optional
        As for `program`.
    progress, cancel
        As for `program`.

    Returns
    -------
    Compensation
        Its `targets` go to ``program(network, chip, targets=...)``.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    Cancelled
        If `cancel` said so.
    """
    checks.instance("network", network, Network, "give a Network")
    checks.instance("chip", chip, Chip, "give a Chip(...)")
    steps = checks.whole("steps", steps, 1, 100)
    check_callbacks(progress, cancel)
    work = Work(progress, cancel, "compensate_lines")
    ranges = input_ranges(network, chip, inputs)
    layouts = layouts_of(network, chip, ranges)
    wanted = targets_of(network, chip, layouts, ranges)
    sizes = [goal.size for goal in wanted]
    results = []
    for number, (layout, goal) in enumerate(zip(layouts, wanted, strict=True)):
        _, lines = places_and_lines(chip, number, layout)
        begin = sum(sizes[:number]) / sum(sizes)

        def done(share: float, begin: float = begin, size: float = sizes[number] / sum(sizes)) -> None:
            work.done(begin + share * size)

        results.append(_compensated(layout, goal, lines, chip.tile, steps, done))
    targets, before, after, out = zip(*results, strict=True)
    return Compensation(targets, before, after, out)


def _compensated(
    layout: Layout, goal: F64, lines: Sequence[Sequence[Lines]], tile: Tile, steps: int, done: Progress
) -> tuple[F64, float, float, float]:
    """Targets of one layer, its error before and after, and the share out of reach."""
    low, high = layout.mapping.low, layout.mapping.high
    signal = _signal(layout, goal)
    found, factor, errors = goal, None, []
    clipped = 0.0
    for step in range(steps + 1):
        effective = EffectiveMatrix(found, lines, tile=tile).matrix()
        is_now = _signal(layout, effective)
        best = float((is_now * signal).sum() / (signal**2).sum())
        errors.append(float(np.sqrt(((is_now / best - signal) ** 2).mean() / (signal**2).mean())))
        done((step + 1) / (steps + 1))
        if step == steps:
            break
        factor = best if factor is None else factor
        arrives = np.clip(effective / found, 0.02, 1.0)  # of a cell's current
        new = found + _of_cells(layout, factor * signal - is_now, goal) / arrives
        clipped = float((new > high * (1 + 1e-9)).mean())
        found = np.clip(new, low, high)
    return found, errors[0], errors[-1], clipped


def _signal(layout: Layout, conductances: F64) -> F64:
    """What counts of conductances: differences of pairs, or of each cell and its reference."""
    if layout.mapping.scheme == "offset":
        return layout.decode(conductances)
    return layout.differences(conductances)


def _of_cells(layout: Layout, missing: F64, goal: F64) -> F64:
    """What is missing of a signal, given to the cell of each pair that carries it; shape (rows, columns)."""
    found = np.zeros(goal.shape)
    if layout.mapping.scheme == "offset":
        found[:, layout.weight_columns()] = missing
        return found
    plus = layout.differences(goal) >= 0
    if layout.mapping.pairs_in == "rows":
        found[0::2], found[1::2] = np.where(plus, missing, 0), np.where(plus, 0, -missing)
    else:
        found[:, 0::2], found[:, 1::2] = np.where(plus, missing, 0), np.where(plus, 0, -missing)
    return found
