"""How it is measured: interleaved, in samples long enough for the clock, reported as medians."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contestants import Contestant

SAMPLE_SECONDS = 0.2
SETTLE = 0.1  # s: threads of the linear algebra that the one before has used spin on for some hundredths of a second

START_UP = {
    "ours": "import synaptogen_core as sc; cells = sc.CellArray((256, 256), sc.load_device('hennen2024'), seed=1); "
    "cells.features()",  # which makes the cells: ours come into being when they are first needed
    "peer": "from synaptogen.synaptogen import CellArrayCPU; cells = CellArrayCPU(2**16)",
}
FIRST_CYCLE = {
    "ours": START_UP["ours"] + "; cells.apply_voltage(-1.5); cells.apply_voltage(1.5); cells.read(0.2)",
    "peer": START_UP["peer"].replace("import", "import applyVoltage, Iread,")
    + "; applyVoltage(cells, -1.5); applyVoltage(cells, 1.5); Iread(cells, 0.2)",
}


@dataclass(frozen=True)
class Rate:
    """Operations per second: the median of the samples, and the slowest and fastest one."""

    name: str
    median: float
    slowest: float
    fastest: float


def race(contestants: Sequence[Contestant], samples: int) -> list[Rate]:
    """Measure all in turn, `samples` times, so that a change of the machine's load meets them alike."""
    loops = []
    for contestant in contestants:
        contestant.run()  # compiled, allocated and in the cache before the clock runs
        loops.append(max(1, math.ceil(SAMPLE_SECONDS / max(seconds(contestant, 1), 1e-9))))
    rates: list[list[float]] = [[] for _ in contestants]
    for sample in range(samples):
        for k in range(len(contestants)):
            turn = (k + sample) % len(contestants)  # nobody always follows the same neighbour
            contestant = contestants[turn]
            time.sleep(SETTLE)
            rates[turn].append(contestant.operations * loops[turn] / seconds(contestant, loops[turn]))
    return [
        Rate(contestant.name, statistics.median(rate), min(rate), max(rate))
        for contestant, rate in zip(contestants, rates, strict=True)
    ]


def seconds(contestant: Contestant, loops: int) -> float:
    """Wall-clock seconds of `loops` runs."""
    start = time.perf_counter()
    for _ in range(loops):
        contestant.run()
    return time.perf_counter() - start


def start_up(programs: dict[str, str], samples: int) -> dict[str, float]:
    """Median seconds of a new Python process, interleaved; the first, which fills the disk cache, is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(samples + 1):
        for name, program in programs.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in taken.items()}
