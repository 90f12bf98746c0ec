"""Tables of retention that a known law makes, in memory and as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import synaptogen_core as sc
from synaptogen_core.device.retention import jumps
from synaptogen_core.device.retention.table import RetentionTable

TRUTH = sc.RetentionLaw("truth", [1e-5], [1e-6], [0.35], 6e-3, 1e-9)
NOISE = 0.25e-6  # S: of each read
MEASURED = (0.0, 0.01, 0.1, 1.0, 3.4, 1e5)  # s: times of the published tables of technology C


def table(times: list[float] | tuple[float, ...], n: int = 900, seed: int = 1, flicker: float = 0.0) -> RetentionTable:
    """Births at 50 uS that follow `TRUTH`, each read at all times; with flicker [S per root of an e-fold]."""
    numbers = jumps.numbers(TRUTH, sc.load_device("hennen2024"))
    cell, none, born = np.arange(n, dtype=np.uint64), np.zeros(n, np.uint32), np.full(n, 5e-5)
    rng = np.random.default_rng(seed)
    read = []
    for time in times:
        moved, _ = jumps.walk(seed, cell, none, born, np.full(n, int(time * 1e9)), numbers)
        read.append(born + moved + rng.normal(0, NOISE, n))
    if flicker:
        read = list(np.array(read) + slow(np.array(times), n, flicker, rng))
    birth = np.repeat(np.arange(n), len(times))
    return RetentionTable(birth, np.tile(times, n), np.array(read).T.ravel(), "simulated")


def slow(times: np.ndarray, n: int, flicker: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian processes of one time constant each, from t0 on, one in each half of an e-fold; shape (times, n) [S].

    Each has the variance flicker^2/4, so that the difference of two reads gains flicker^2 in each e-fold between them.
    """
    found = np.zeros((times.size, n))
    for tau in TRUTH.t0 * np.exp(np.arange(0, 25, 0.5)):
        z = rng.standard_normal(n)
        for k, step in enumerate(np.diff(times, prepend=times[0])):
            keep = np.exp(-step / tau)
            z = keep * z + np.sqrt(1 - keep**2) * rng.standard_normal(n)
            found[k] += flicker / 2 * z
    return found


def written(path: Path, made: RetentionTable) -> Path:
    """The table as the published ones are: addresses with gaps, SI units, times as measured, some reads missing."""
    rng = np.random.default_rng(0)
    lines = ["device,level,time_s,conductance_S"]
    for birth, time, g in zip(made.birth, made.time, made.conductance, strict=True):
        if rng.random() < 0.9 or time < 1:
            lines.append(f"{65536 + 2 * birth},{32 * g / 1e-4:.0f},{time * rng.uniform(0.98, 1.02):.5g},{g:.5g}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
