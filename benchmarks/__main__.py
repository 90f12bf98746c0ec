"""Print updates and reads per second beside the peer's, start-up time and bytes a cell."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks import crossbar, fitting
from benchmarks.clock import FIRST_CYCLE, START_UP, race, start_up
from benchmarks.cluster import workers
from benchmarks.contestants import (
    bytes_per_cell,
    copy_bandwidth,
    cycling,
    product,
    random_voltages,
    reading,
    sparse,
    threads,
)
from benchmarks.report import Report, rate_rows

QUICK = (1 << 12, 1 << 16, 1 << 20)
FULL = tuple(1 << k for k in range(12, 23, 2))
LARGE = 1 << 20  # where threads and workers are compared
SHARES = (0.01, 0.1, 0.5, 1.0)
RESULTS = Path(__file__).with_name("RESULTS.md")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="2^12, 2^14 ... 2^22 cells, more samples")
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of cells, powers of two")
    parser.add_argument("--samples", type=int, help="samples a figure (odd, so that the median is one of them)")
    parser.add_argument("--write", action="store_true", help=f"write the tables to {RESULTS.name}, too")
    options = parser.parse_args(arguments)
    sizes = options.sizes or (FULL if options.full else QUICK)
    samples = options.samples or (7 if options.full else 5)

    report = Report()
    for title, unit, job in (
        *((f"Full SET/RESET cycling, model order {p}", "M updates/s", cycling(p)) for p in (10, 1)),
        ("Random voltages, one a cell", "M updates/s", random_voltages),
        *((f"{100 * share:g} % of the cells switch", "M updates/s", sparse(share)) for share in SHARES),
        ("Reads with noise", "M reads/s", reading),
        ("Vector-matrix product", "M cells/s", product),
    ):
        rows = [row for size in sizes for row in rate_rows(size, race(job(size), samples))]
        report.table(title, ("cells", "what", unit, "range", "to the peer"), rows)
    large = min(LARGE, sizes[-1])
    rows = rate_rows(large, race(threads(large), samples))
    report.table("Limits: threads, and the arithmetic alone", ("cells", "what", "M updates/s", "range", "to it"), rows)
    with workers(large) as contestants:
        rows = rate_rows(large, race(contestants, min(samples, 3)))
    report.table(
        "Into one Zarr store: workers of a Dask cluster", ("cells", "what", "M updates/s", "range", "to it"), rows
    )
    side = min(1024, int(sizes[-1] ** 0.5))  # a smaller run has smaller crossbars, too
    rows = crossbar.solver_rows([min(side, 1 << k) for k in (7, 8)], samples)
    report.table(
        "Crossbar with lines, linear cells", ("cells", "lost to the lines", "ours (ms)", "badcrossbar (ms)", "to it"),
        rows,
    )  # fmt: skip
    rows = crossbar.further_rows(min(side, 128), samples)
    report.table("Further reads of a solved crossbar", ("what", "time"), rows)
    report.table(
        "Large crossbar", ("cells", "what", "ohm a segment", "s", "peak (GB)", "residual"), crossbar.large_rows(side)
    )
    report.table(
        "Fit of the published set's own cycles", ("devices x cycles", "time", "max |dA|", "in standard errors"),
        [fitting.round_trip_row() if options.full else fitting.round_trip_row(64, 600)],
    )  # fmt: skip
    report.table(
        "Intervals of 95 % that hold the truth", ("device", "devices x cycles", "numbers", "share", "count"),
        list(fitting.coverage_rows(options.full)),
    )  # fmt: skip
    report.table(
        "Right fits that a line of the verdict condemns", ("devices x cycles", "line", "share", "count", "told"),
        list(fitting.false_alarm_rows(fitting.REPEATS) if options.full else fitting.false_alarm_rows(1, ((1, 200),))),
    )  # fmt: skip
    copied = race(copy_bandwidth(), samples)[0]
    report.table("Limits: memory", ("what", "GB/s"), [(copied.name, f"{copied.median / 1e9:.2f}")])
    starts = {
        "start Python, import, 65,536 cells (s)": start_up(START_UP, samples),
        "the same, and one cycle and a read (s)": start_up(FIRST_CYCLE, samples),
        "state of a cell (bytes)": bytes_per_cell(),
    }
    rows = [(name, f"{pair['ours']:.3g}", f"{pair['peer']:.3g}") for name, pair in starts.items()]
    report.table("Start-up and memory", ("what", "ours", "peer"), rows)
    if options.write:
        report.write(RESULTS)


if __name__ == "__main__":
    main()
