"""What a retention fit is worth: truths found again in simulated tables, and the coverage of its intervals.

`python -m benchmarks.retention_fit [tables] [births] [first seed]`; measured tables: `synaptogen retention fit FILE`.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from synaptogen_core.analysis.fitting_api import fit_retention
from tests.analysis.made_retention import NOISE, TRUTH, table

TIMES = (0.0, 0.01, 0.1, 1.0, 4.0, 1e5)  # s
NAMES = ("spread", "rate", "mean", "reversible")


def main(tables: int = 40, births: int = 1500, first: int = 100) -> None:
    truth = np.array([TRUTH.spread[0], TRUTH.rate[0], TRUTH.mean[0], NOISE])
    values, held, begin = [], [], time.perf_counter()
    for seed in range(first, first + tables):
        found = fit_retention(table(TIMES, births, seed), levels=1, resamples=12, seed=seed).estimates.isel(level=0)
        values.append([float(found[name]) for name in NAMES])
        low, high = ([float(found[name + end]) for name in NAMES] for end in ("_low", "_high"))
        held.append((low <= truth) & (truth <= high))
    mean, sd, share = np.mean(values, axis=0), np.std(values, axis=0, ddof=1), np.mean(held, axis=0)
    seconds = (time.perf_counter() - begin) / tables
    print(f"{tables} tables of {births:,} births and {len(TIMES)} times, {seconds:.1f} s a fit")
    for name, t, m, s, h in zip(NAMES, truth, mean, sd, share, strict=True):
        scale = 1.0 if name == "rate" else 1e6
        print(
            f"{name:>10}: truth {t * scale:.3f}, mean {m * scale:.3f}, sd {s * scale:.3f}, 95 % intervals hold {h:.0%}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
