"""What a retention fit is worth: truths found again in simulated tables, and the coverage of its intervals.

`python -m benchmarks.retention_fit [tables] [births] [first seed]` for simulated tables; of measured ones, what a law
that is fitted to all but the last times holds of these: `python -m benchmarks.retention_fit TABLE.csv ...`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from synaptogen_core.analysis.fitting_api import fit_retention, validate_retention
from synaptogen_core.analysis.retention.validate import KINDS
from synaptogen_core.durations import duration
from synaptogen_core.exchange.measurements.retention_table import load_retention_table
from tests.analysis.made_retention import NOISE, TRUTH, table

TIMES = (0.0, 0.01, 0.1, 1.0, 4.0, 1e5)  # s
NAMES = ("spread", "rate", "mean", "reversible")


def main(tables: int = 40, births: int = 1500, first: int = 100) -> None:
    truth = np.array([TRUTH.spread[0], TRUTH.rate[0], TRUTH.mean[0], NOISE])
    values, held, grown, begin = [], [], 0, time.perf_counter()
    for seed in range(first, first + tables):
        found = fit_retention(table(TIMES, births, seed), levels=1, resamples=12, seed=seed).estimates.isel(level=0)
        values.append([float(found[name]) for name in NAMES])
        low, high = ([float(found[name + end]) for name in NAMES] for end in ("_low", "_high"))
        grown += bool(found["flicker"] > 0)
        held.append((low <= truth) & (truth <= high))
    mean, sd, share = np.mean(values, axis=0), np.std(values, axis=0, ddof=1), np.mean(held, axis=0)
    seconds = (time.perf_counter() - begin) / tables
    print(f"{tables} tables of {births:,} births and {len(TIMES)} times, {seconds:.1f} s a fit")
    print(f"a reversible part that grows, where there is none: in {grown} of them")
    for name, t, m, s, h in zip(NAMES, truth, mean, sd, share, strict=True):
        scale = 1.0 if name == "rate" else 1e6
        print(
            f"{name:>10}: truth {t * scale:.3f}, mean {m * scale:.3f}, sd {s * scale:.3f}, 95 % intervals hold {h:.0%}"
        )


def measured(file: str) -> None:
    begin = time.perf_counter()
    found = validate_retention(fit_retention(load_retention_table(file), resamples=0))
    print(f"{Path(file).name}, {time.perf_counter() - begin:.0f} s")
    scores = ", ".join(f"{law} {float(one):.3f}" for law, one in zip(KINDS, found.held_out.values, strict=True))
    print(f"births held back, log-likelihood an increment in uS: {scores}")
    for law, of_law in zip(found.coverage.law.values, found.coverage, strict=True):
        for level in of_law:
            shares = " ".join(f"{c:.0%}: {s:.1%}" for c, s in zip(level.interval.values, level.values, strict=True))
            print(f"{law:>9}, {float(level.level) * 1e6:5.1f} uS, last time held back, {shares}")
    for t, (value, low, high) in zip(found.two_time.time.values, found.two_time.values, strict=True):
        print(f"two-time ratio to {duration(t)}: {value:.2f} ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    if all(word.isdigit() for word in sys.argv[1:]):
        main(*map(int, sys.argv[1:]))
    else:
        for word in sys.argv[1:]:
            measured(word)
