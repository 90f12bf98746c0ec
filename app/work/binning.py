"""What several tabs compute: histograms and densities of many values, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
    some = values[:: max(1, values.size // 50_000)]  # the ends of a picture need no more
    low, high = (float(q) for q in np.quantile(some, [beyond, 1 - beyond]))
    margin = 0.05 * (high - low) or abs(low) * 1e-3 or 1e-12
    return low - margin, high + margin


def histogram(values: np.ndarray, *, log: bool = False, bins: int = 60, within: np.ndarray | None = None) -> Histogram:
    """Histogram over the range that holds 99.8 % of the values, or of those of `within`; bins of equal width, in log10
    if `log`.
    """
    flat = values.reshape(-1)
    scaled = np.log10(flat) if log else flat
    ends = scaled if within is None else np.log10(within.reshape(-1)) if log else within.reshape(-1)
    low, high = span(ends)
    counts, edges = np.histogram(scaled, bins, (low, high))
    low, middle, high = (float(q) for q in np.quantile(flat, [0.05, 0.5, 0.95]))
    return Histogram(
        10**edges if log else edges, counts / flat.size, float(1 - counts.sum() / flat.size), flat.size,
        (low, middle, high),
    )  # fmt: skip


def density(x: np.ndarray, y: np.ndarray, width: int, height: int) -> Density:
    """Count points in pixels, however many there are (datashader)."""
    import datashader  # takes seconds to import: warmed at server start
    import pandas as pd

    x_range, y_range = span(x), span(y)
    canvas = datashader.Canvas(plot_width=width, plot_height=height, x_range=x_range, y_range=y_range)
    counts = canvas.points(pd.DataFrame({"x": x, "y": y}), "x", "y", agg=datashader.count())
    return Density(counts.values.astype(np.float32), x_range, y_range)
