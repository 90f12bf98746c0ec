"""What waiting takes: a million cells, an hour after 10 ms, then ten years. `python -m benchmarks.retention`."""

from __future__ import annotations

import time
import warnings

import synaptogen_core as sc

WAITS = (("10 ms", 0.01), ("1 h", 3600.0), ("10 years", 3.156e8))


def main(side: int = 1000) -> None:
    warnings.simplefilter("ignore")
    cells = sc.CellArray((side, side), sc.load_device("hennen2024"), seed=7, retention=sc.load_retention("stanford-b"))
    small = cells.part(slice(0, 1))
    for one in (small, cells):
        one.apply_voltage(-1.5)
        one.apply_voltage(1.1)
        one.wait(0.001)
        one.mixing()
    for words, seconds in WAITS:
        begin = time.perf_counter()
        cells.wait(seconds)
        cells.mixing()
        print(f"{side * side:,} cells, {words} more: {time.perf_counter() - begin:.2f} s")


if __name__ == "__main__":
    main()
