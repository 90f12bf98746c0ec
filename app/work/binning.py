"""What several tabs compute: histograms and densities of many values, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ENDS = 50_000  # values that say where a picture ends
BLOCK = 1 << 15  # points that are counted at a time


@dataclass(frozen=True)
class Histogram:
    """Shares of the values in bins; `outside` of them lie beyond the outermost edges."""

    edges: np.ndarray  # (bins + 1,), SI
    share: np.ndarray  # (bins,), sums to 1 - outside
    outside: float
    count: int
    quantiles: tuple[float, float, float]  # 5 %, 50 %, 95 %, SI


@dataclass(frozen=True)
class Density:
    """How many points lie in each pixel: counts (height, width), first row at y[0]."""

    counts: np.ndarray
    x: tuple[float, float]
    y: tuple[float, float]


def span(values: np.ndarray, beyond: float = 1e-3) -> tuple[float, float]:
    """A range that holds all but a share `beyond` of the values at each end, with a margin."""
    some = values[:: max(1, values.size // ENDS)]  # the ends of a picture need no more
    low, high = (float(q) for q in np.quantile(some, [beyond, 1 - beyond]))
    margin = 0.05 * (high - low) or abs(low) * 1e-3 or 1e-12
    return low - margin, high + margin


def histogram(values: np.ndarray, *, log: bool = False, bins: int = 60, within: np.ndarray | None = None) -> Histogram:
    """Histogram over the range that holds 99.8 % of the values, or of those of `within`; bins of equal width, in log10
    if `log`. All of it is read off the values in order: sorting once takes a fifth of the time of counting and of
    searching for quantiles.
    """
    ordered = np.sort(values, axis=None)
    ends = ordered if within is None else within.reshape(-1)
    low, high = span(np.log10(ends[:: max(1, ends.size // ENDS)]) if log else ends)
    edges = np.linspace(low, high, bins + 1)
    edges = 10**edges if log else edges
    below = np.searchsorted(ordered, edges.astype(ordered.dtype), "left")
    below[-1] = np.searchsorted(ordered, ordered.dtype.type(edges[-1]), "right")
    counts = np.diff(below)
    quantiles = quantile(ordered, 0.05), quantile(ordered, 0.5), quantile(ordered, 0.95)
    return Histogram(edges, counts / ordered.size, float(1 - counts.sum() / ordered.size), ordered.size, quantiles)


def quantile(ordered: np.ndarray, share: float) -> float:
    """Of values in order, between two of them in proportion."""
    place = share * (ordered.size - 1)
    below = int(place)
    above = min(below + 1, ordered.size - 1)
    return float(ordered[below] + (place - below) * (float(ordered[above]) - float(ordered[below])))


def density(
    x: np.ndarray,
    y: np.ndarray,
    width: int,
    height: int,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
) -> Density:
    """Count points in pixels, however many there are: some at a time, which the processor can keep near. Without a
    range it is the one that holds nearly all.
    """
    x, y, outside = x.ravel(), y.ravel(), width * height
    x_range, y_range = x_range or span(x), y_range or span(y)
    counts = np.zeros(outside + 1, np.intp)
    for first in range(0, x.size, BLOCK):
        part = slice(first, first + BLOCK)
        column = (x[part] - x_range[0]) * (width / (x_range[1] - x_range[0]))
        row = (y[part] - y_range[0]) * (height / (y_range[1] - y_range[0]))
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        pixel = np.where(inside, np.floor(row) * width + np.floor(column), outside)
        counts += np.bincount(pixel.astype(np.intp), minlength=outside + 1)
    return Density(counts[:outside].reshape(height, width).astype(np.float32), x_range, y_range)
