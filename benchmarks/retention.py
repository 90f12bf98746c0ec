"""What waiting takes: a million cells, an hour after 10 ms, then ten years; and what reads take beside plain ones.

`python -m benchmarks.retention`.
"""

from __future__ import annotations

import time
import warnings

import numpy as np

import synaptogen_core as sc

WAITS = (("10 ms", 0.01), ("1 h", 3600.0), ("10 years", 3.156e8))
READS = 10


def main(side: int = 1000) -> None:
    warnings.simplefilter("ignore")
    device, law = sc.load_device("hennen2024"), sc.load_retention("stanford-b")
    cells, plain = (sc.CellArray((side, side), device, seed=7, retention=one) for one in (law, None))
    trapped = sc.CellArray((side, side), device, seed=7, retention=law, traps=sc.retention.Traps.stanford_a())
    small = [one.part(slice(0, 1)) for one in (cells, trapped)]
    for one in (*small, cells, plain, trapped):
        one.apply_voltage(-1.5)
        one.apply_voltage(1.1)
        if one.retention:
            one.wait(0.001)
        if one is not trapped:
            one.mixing()
    for words, seconds in WAITS:
        begin = time.perf_counter()
        cells.wait(seconds)
        cells.mixing()
        taken_now = time.perf_counter() - begin
        print(f"{side * side:,} cells, {words} more: {taken_now:.2f} s; {jumps_so_far(cells):.2f} jumps a cell so far")
    taken = {}
    for words, one in (("without a law", plain), ("with a law", cells)) * 3:
        begin = time.perf_counter()
        for _ in range(READS):
            one.read(0.2)
        taken[words] = min(taken.get(words, 1e9), (time.perf_counter() - begin) / READS)
    ratio = taken["with a law"] / taken["without a law"]
    print(f"a read: {1e3 * taken['without a law']:.1f} ms without a law, {ratio:.2f} times that with one")
    begin = time.perf_counter()
    trapped.read(0.2)
    print(f"a read with {trapped.traps.mean_number:.0f} traps a cell: {time.perf_counter() - begin:.2f} s")


def jumps_so_far(cells: sc.CellArray) -> float:
    """Jumps that a cell has made on average, by the law."""
    law = cells.retention
    g = np.clip(cells.conductance().ravel(), law.conductance[0], law.conductance[-1])
    return float((np.interp(g, law.conductance, law.rate) * np.log1p(cells.age().ravel() / law.t0)).mean())


if __name__ == "__main__":
    main()
