"""Numbers and pictures of forgetting: exact, of the law of technology C at 20 µS; the run plays no part."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

import numpy as np

import synaptogen_core as sc
from synaptogen_core.analysis.retention.characteristic import Jumps, moved
from synaptogen_core.analysis.retention.exact import jumps_at
from synaptogen_core.device.retention import jumps
from synaptogen_core.durations import YEAR

LAW, G = "stanford-c", 20e-6
YEARS = 10 * YEAR  # s
PATHS = 30
OF = "the law of technology C, exactly"


@lru_cache(maxsize=1)
def law() -> tuple[sc.RetentionLaw, Jumps]:
    """The law, and its jumps at the conductance of the lesson."""
    found = sc.load_retention(LAW)
    return found, jumps_at(found, G)


def e_folds(first: float, last: float) -> float:
    """Logarithmic time between two ages [s]."""
    t0 = law()[0].t0
    return math.log1p(last / t0) - math.log1p(first / t0)


def spread(seconds: float) -> float:
    """Standard deviation of what cells have moved since programming [µS]."""
    return 1e6 * law()[1].spread * math.sqrt(e_folds(0, seconds))


def still(first: float, last: float) -> float:
    """Share of the cells that hold to the last digit what they held (%)."""
    return 100 * math.exp(-law()[1].rate * e_folds(first, last))


def far(first: float, last: float, microsiemens: float) -> float:
    """Share of the cells that move further than that between two ages (%)."""
    there = moved(law()[1], e_folds(first, last))
    x = microsiemens * 1e-6
    return 100 * float(there.below(-x) + 1 - there.below(x))


def gaussian(first: float, last: float, microsiemens: float) -> float:
    """The same of a Gaussian walk of the same mean and spread (%)."""
    one, u = law()[1], e_folds(first, last)
    sd, mean = one.spread * math.sqrt(u) * math.sqrt(2), one.mean * u
    x = microsiemens * 1e-6
    return 50 * (math.erfc((x - mean) / sd) + math.erfc((x + mean) / sd))


# name -> kinds of its arguments, unit, title, and what computes it
NUMBERS: Mapping[str, tuple[tuple[str, ...], str, str, Callable[..., float]]] = {
    "forgetting_spread": (("seconds",), "µS", "spread of what cells have moved after {0}", spread),
    "forgetting_growth": (
        ("seconds", "seconds"), "×", "spread after {1} over that after {0}", lambda a, b: spread(b) / spread(a)
    ),
    "forgetting_still": (("seconds", "seconds"), "%", "share of cells that do not move between {0} and {1}", still),
    "forgetting_far": (
        ("seconds", "seconds", "microsiemens"), "%", "share of cells that move by more than {2} µS from {0} to {1}",
        far,
    ),
    "forgetting_promise": (
        ("seconds", "microsiemens"), "×", "cells further than {1} µS after {0}, over what a Gaussian promises",
        lambda t, x: far(0, t, x) / gaussian(0, t, x),
    ),
}  # fmt: skip


@cache
def staircases() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Times [s], 90 % band of the conductance (2, times), and cells as one line with gaps: times, conductances [S]."""
    one, _ = law()
    times = np.geomspace(1e-2, YEARS, 120)
    band = sc.retention.curve(one, G, times[::7], [0.05, 0.95]).values[0]
    numbers = jumps.numbers(one, sc.load_device("hennen2024"))
    cell, none, born = np.arange(PATHS, dtype=np.uint64), np.zeros(PATHS, np.uint32), np.full(PATHS, G)
    y = jumps.coordinate(born, one.corner)
    walks = [
        jumps.conductance(y + jumps.walk(1, cell, none, born, np.full(PATHS, int(t * 1e9)), numbers)[0], one.corner)
        for t in times
    ]
    path = np.vstack([np.repeat(walks, 2, axis=0)[:-1], np.full(PATHS, np.nan)])
    at = np.append(np.repeat(times, 2)[1:], np.nan)
    return times[::7], band, np.tile(at, PATHS), path.T.ravel()


@cache
def tails(seconds: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances [S], and the shares of cells beyond them (%): with jumps, and of a Gaussian walk."""
    x = np.linspace(0.1, 14, 140)
    return x * 1e-6, np.array([far(0, seconds, one) for one in x]), np.array([gaussian(0, seconds, one) for one in x])
