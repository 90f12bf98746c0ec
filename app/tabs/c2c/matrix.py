"""The four features of all cycles against each other: clouds, histograms, correlations, and a box of chosen cycles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.work.binning import Density, density, span
from app.work.runs import Run
from synaptogen_core.analysis import statistics_api
from synaptogen_core.schema import FEATURE_NAMES, feature

PIXELS, BINS = 110, 60
STANDARD_RANGE = (-4.5, 4.5)


@dataclass(frozen=True)
class Brush:
    """A box: feature across and up, and its ends on the axes' own scale."""

    x: str
    y: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]


@dataclass(frozen=True)
class Matrix:
    """All on the features' own scales (log10 for r_hrs), or standardised."""

    ranges: dict[str, tuple[float, float]]
    clouds: dict[tuple[str, str], Density]  # (across, up)
    chosen: dict[tuple[str, str], Density]  # of the cycles in the box; empty without one
    edges: dict[str, np.ndarray]
    density: dict[str, np.ndarray]  # of each histogram
    chosen_density: dict[str, np.ndarray]  # the part of it in the box; empty without one
    correlation: np.ndarray  # (4, 4) estimate
    interval: np.ndarray  # (4, 4, 2)
    model: np.ndarray  # (4, 4)
    chosen_correlation: np.ndarray  # of the cycles in the box as they are; NaN without one
    brush: Brush | None
    share: float  # of the cycles in the box
    count: int


def matrix_of(run: Run, units: str, brush_text: str) -> Matrix:
    """Standardised: each cell about its own mu in its own sigma, so what is left is cycle to cycle; else all values."""
    standard = units == "standard"
    columns = {name: values_of(run, name, standard).reshape(-1) for name in FEATURE_NAMES}
    ranges = {n: STANDARD_RANGE if standard else span(v, 2e-4) for n, v in columns.items()}
    brush = read_brush(brush_text)
    some = {}
    if brush:
        inside = within(columns, brush)
        some = {name: values[inside] for name, values in columns.items()}
    count, taken = columns["r_hrs"].size, some["r_hrs"].size if some else 0
    edges = {name: np.linspace(*ranges[name], BINS + 1) for name in FEATURE_NAMES}
    correlation, interval, model = correlations(run, "cycle_to_cycle" if standard else "population")
    return Matrix(
        ranges, clouds_of(columns, ranges), clouds_of(some, ranges) if some else {}, edges,
        {name: heights(values, edges[name], count) for name, values in columns.items()},
        {name: heights(values, edges[name], count) for name, values in some.items()},
        correlation, interval, model, correlation_of(some, taken), brush, taken / count, count,
    )  # fmt: skip


def clouds_of(columns: dict[str, np.ndarray], ranges: dict[str, tuple[float, float]]) -> dict[tuple[str, str], Density]:
    pairs = [(a, b) for i, b in enumerate(FEATURE_NAMES) for a in FEATURE_NAMES[:i]]
    return {(a, b): density(columns[a], columns[b], PIXELS, PIXELS, ranges[a], ranges[b]) for a, b in pairs}


def heights(values: np.ndarray, edges: np.ndarray, count: int) -> np.ndarray:
    """Density of a histogram of some of `count` values."""
    return np.histogram(values, edges.size - 1, (edges[0], edges[-1]))[0] / (count * (edges[1] - edges[0]))


def values_of(run: Run, name: str, standard: bool) -> np.ndarray:
    """(cycle, recorded cell) on the feature's own scale; `standard`: each cell about its mu in units of its sigma."""
    chosen = run.sample.select()
    return standardised(run, name, run.values(name), slice(None) if chosen is None else chosen, standard)


def chosen_values(run: Run, cells: tuple[tuple[int, int], ...], name: str, standard: bool) -> np.ndarray:
    """The same of chosen cells, (cycle, chosen cell)."""
    flat = np.array([row * run.request.array.columns + column for row, column in cells])
    return standardised(run, name, run.of_cells(cells, name), flat, standard)


def standardised(run: Run, name: str, values: np.ndarray, cells: Any, standard: bool) -> np.ndarray:
    own = np.log10(values) if feature(name).scale == "log" else values
    if not standard:
        return own
    i = FEATURE_NAMES.index(name)
    if run.device.extension is not None:  # mu and sigma are of its coordinate
        own = run.device.extension.coordinates[i].inverse(values)
    mu, sigma = (part[i].ravel()[cells] for part in run.cells.device_vectors().values())
    return (own - mu) / sigma


def correlations(run: Run, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate, 95 % interval and model; NaN where there are too few cells."""
    if run.sample.count < 3:
        return np.full((4, 4), np.nan), np.full((4, 4, 2), np.nan), model_correlation(run, kind)
    found = statistics_api.correlations(run.data, device=run.device)
    return found[kind].values, found[f"{kind}_interval"].values, found[f"{kind}_model"].values


def model_correlation(run: Run, kind: str) -> np.ndarray:
    exact = statistics_api.population_moments(run.device)
    covariance = exact.within if kind == "cycle_to_cycle" else exact.total
    sd = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        return covariance / np.outer(sd, sd)


def correlation_of(columns: dict[str, np.ndarray], count: int) -> np.ndarray:
    """Correlations of the chosen cycles as they are."""
    if count < 3:
        return np.full((4, 4), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.corrcoef([columns[name] for name in FEATURE_NAMES])


def within(columns: dict[str, np.ndarray], brush: Brush) -> np.ndarray:
    x, y = columns[brush.x], columns[brush.y]
    (left, right), (bottom, top) = brush.x_range, brush.y_range
    return (x >= left) & (x <= right) & (y >= bottom) & (y <= top)


def read_brush(text: str) -> Brush | None:
    """A box from its text, ``r_hrs,u_set,-1.2,0.3,0,2``; None for an empty one.

    Raises
    ------
    ValueError
        If the text is not a box.
    """
    if not text:
        return None
    parts = text.split(",")
    try:
        left, right, bottom, top = (float(part) for part in parts[2:])
        if parts[0] in FEATURE_NAMES and parts[1] in FEATURE_NAMES and np.isfinite([left, right, bottom, top]).all():
            return Brush(parts[0], parts[1], (left, right), (bottom, top))
    except ValueError:
        pass
    raise ValueError(f"selected cycles: must be two features and four numbers (got “{text[:40]}”); draw the box again")
