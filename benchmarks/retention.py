"""What waiting takes: a million cells, an hour after 10 ms, then ten years; and what reads take beside plain ones.

`python -m benchmarks.retention`. Each line is the shortest of several samples, by the clock and of the processor.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np

import synaptogen_core as sc
from synaptogen_core.durations import YEAR, duration

WAITS = (0.01, 3600.0, 10 * YEAR, 10 * YEAR)  # s
SAMPLES = 5
READS = 10


def main(side: int = 1000) -> None:
    warnings.simplefilter("ignore")
    device, law = sc.load_device("hennen2024"), sc.load_retention("stanford-b")
    cells, plain = (sc.CellArray((side, side), device, seed=7, retention=one) for one in (law, None))
    trapped = sc.CellArray((side, side), device, seed=7, retention=law, traps=sc.retention.Traps.stanford_a())
    for one in (cells, plain, trapped):
        one.apply_voltage(-1.5)
        one.apply_voltage(1.1)
    for warm in (cells.part(slice(0, 1)), trapped.part(slice(0, 1))):
        warm.wait(0.001)
        warm.read(0.2)
    print(f"load average {os.getloadavg()[0]:.1f}")
    for seconds in WAITS:
        begun, taken = cells, []
        for _ in range(SAMPLES):
            cells = begun.copy()
            taken.append(clocked(partial(waited, cells, seconds)))
        before, after = (jumps_so_far(one) for one in (begun, cells))
        print(f"{side * side:,} cells, {duration(seconds)} more: {shortest(taken)}; {after - before:.2f} jumps a cell")
    taken_by = {words: [] for words in ("without a law", "with a law")}
    for words, one in (("without a law", plain), ("with a law", cells)) * 3:
        taken_by[words] += [clocked(partial(one.read, 0.2)) for _ in range(READS)]
    for words, taken in taken_by.items():
        print(f"a read {words}: {shortest(taken)}")
    trapped.wait(1.0)
    trapped.mixing()
    taken = [clocked(partial(next_read, trapped)) for _ in range(SAMPLES)]
    print(f"a millisecond later, a read with {trapped.traps.mean_number:.0f} traps a cell: {shortest(taken)}")
    print(f"load average {os.getloadavg()[0]:.1f}")


def waited(cells: sc.CellArray, seconds: float) -> None:
    cells.wait(seconds)
    cells.mixing()


def next_read(cells: sc.CellArray) -> None:
    """At another time, when traps are otherwise; two reads at one time find them once."""
    cells.wait(1e-3)
    cells.read(0.2)


def clocked(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    begin = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begin[0], time.process_time() - begin[1]


def shortest(taken: list[tuple[float, float]]) -> str:
    wall, cpu = (1e3 * min(kind) for kind in zip(*taken, strict=True))
    return f"{wall:.3g} ms, {cpu:.3g} ms of the processor"


def jumps_so_far(cells: sc.CellArray) -> float:
    """Jumps that a cell has made on average, by the law."""
    law = cells.retention
    g = np.clip(cells.conductance().ravel(), law.conductance[0], law.conductance[-1])
    return float((np.interp(g, law.conductance, law.rate) * np.log1p(cells.age().ravel() / law.t0)).mean())


if __name__ == "__main__":
    main()
