"""Conductance levels of a pulse train read after each pulse: how they overlap, how many can be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from app.settings.sections import Choices
from app.work.binning import span
from app.work.runs import Run
from synaptogen_core.analysis import statistics_api

BINS = 160
MOST_VALUES = 20_000_000  # of all levels: sorting more takes seconds
MOST_LEVELS = 101
NO_LEVELS = (
    "Levels are read after each pulse: choose the train “RESET staircase after SET”, or identical pulses, "
    "random voltages or a table."
)
NO_CYCLES = "Each pulse of this train comes once only, so it makes {count} levels: take {most} pulses or fewer."


@dataclass(frozen=True)
class Levels:
    """One row a level, in the order of the pulses in a cycle."""

    step: np.ndarray
    voltage: np.ndarray  # V; NaN where cells or cycles see different voltages
    median: np.ndarray  # S
    lower: np.ndarray  # quantiles
    upper: np.ndarray
    distinguishable: np.ndarray  # bool
    edges: np.ndarray  # (BINS + 1,), S
    density: np.ndarray  # (levels, BINS): 1/S
    pair: np.ndarray  # (levels - 1, 2): positions of neighbours in the order of their medians
    threshold: np.ndarray  # (levels - 1,): best between them, S
    bit_error_rate: np.ndarray  # at the best threshold
    curves: np.ndarray  # (levels - 1, BINS + 1): bit error rate of a threshold at each edge
    tail: float
    cells: int
    cycles: int
    note: str = ""  # instead of pictures

    @property
    def window_ratio(self) -> float:
        """Of the level with the largest median to the one with the smallest, between their tails."""
        return float(self.lower[self.median.argmax()] / self.upper[self.median.argmin()])


def levels_of(run: Run, options: Choices) -> Levels:
    if "conductance" not in run.data:
        return nothing(NO_LEVELS)
    steps = np.unique(run.data["pulse_step"].values)
    if steps.size > MOST_LEVELS:
        return nothing(NO_CYCLES.format(count=steps.size, most=MOST_LEVELS))
    data = thinned(run.data)
    tail = float(options.tail) / 100
    found = statistics_api.staircase_levels(data, probabilities=(tail, 1 - tail), replicates=100)
    low, high = span(data["conductance"].values.reshape(-1), 1e-4)
    shares, edges = shares_of(data, steps, (max(low, 0.0), high))
    pair = np.searchsorted(steps, np.stack([found["lower_step"].values, found["upper_step"].values], axis=1))
    voltage = found["voltage"].values if "voltage" in found.coords else np.full(steps.size, np.nan)
    return Levels(
        steps, voltage, found["median_level"].values, found["lower"].values, found["upper"].values,
        found["distinguishable"].values, edges,
        shares / np.diff(edges), pair, found["threshold"].values, found["bit_error_rate"].values, rates(shares, pair),
        tail, int(np.prod(data["conductance"].shape[1:])), data.sizes["pulse"] // steps.size,
    )  # fmt: skip


def thinned(data: xr.Dataset) -> xr.Dataset:
    """At most `MOST_VALUES` values: of the first cycles."""
    cells = int(np.prod(data["conductance"].shape[1:]))
    per_cycle = int(data["pulse_step"].values.max()) + 1
    cycles = max(1, MOST_VALUES // (cells * per_cycle))
    return data.isel(pulse=slice(0, cycles * per_cycle)) if cycles * per_cycle < data.sizes["pulse"] else data


def shares_of(data: xr.Dataset, steps: np.ndarray, ends: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Share of each level's values in each bin, and the edges; the outermost bins hold what lies beyond."""
    conductance, step_of = data["conductance"].values, data["pulse_step"].values
    shares = np.empty((steps.size, BINS))
    edges = np.linspace(*ends, BINS + 1)
    for i, step in enumerate(steps):
        values = conductance[step_of == step]
        shares[i] = np.histogram(np.clip(values, *ends), BINS, ends)[0] / values.size
    return shares, edges


def rates(shares: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """Bit error rate between neighbours of a threshold at each edge."""
    below = np.pad(np.cumsum(shares, axis=1), ((0, 0), (1, 0)))
    lower, upper = pair.T
    return 0.5 * (1 - below[lower] + below[upper])


def nothing(note: str) -> Levels:
    none, empty = np.empty(0), np.empty((0, 0))
    pair = np.empty((0, 2), int)
    return Levels(none, none, none, none, none, none, none, empty, pair, none, none, empty, 0.05, 0, 0, note)
