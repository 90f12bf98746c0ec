"""`synaptogen bench`: how fast this machine is, measured in some seconds."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.table import Table

from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.engines import choose
from synaptogen_core.array.runs.cost import measured
from synaptogen_core.array.runs.simulate import estimate_cost, simulate
from synaptogen_core.array.threads import available_threads
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.cli import console as speech
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.durations import duration
from synaptogen_core.exchange.api import load_device

CYCLES = 20


def bench(
    cells: Annotated[int, typer.Option(help="Cells of the array.", min=64, max=1 << 24)] = 1 << 16,
    seconds: Annotated[float, typer.Option(help="Time for each figure [s].", min=0.01, max=600)] = 1.0,
    threads: Annotated[int | None, typer.Option(help="Default: as many as there are processors.")] = None,
    device: Annotated[str, typer.Option(help="Packaged set or JSON file.")] = "hennen2024",
) -> None:
    """Measure updates and reads per second on this machine, and how near the estimate of a run comes.

    One update is one voltage on one cell; one read is one noisy current of one cell. Medians of repeated runs. The
    comparison with other packages is in the repository: make bench.
    """
    chosen = load_device(device)
    console = speech.out()
    workers = threads or available_threads()
    speech.tell(
        f"{platform.machine()}, {workers} threads, engine {choose.engine('auto').name}, {cells:,} cells, "
        f"order {chosen.order}"
    )
    table = Table("what", "million/s", "slowest to fastest", box=None, header_style="bold")
    for name, operations, work in _jobs(cells, chosen, threads):
        rates = _rates(work, operations, seconds)
        table.add_row(name, f"{statistics.median(rates):,.1f}", f"{min(rates):,.1f} to {max(rates):,.1f}")
    console.print(table)
    speech.tell(_estimate_line(cells, chosen, threads))
    costs = measured("auto", chosen)
    parts = [f"{name} {1e9 * getattr(costs, name):.0f} ns" for name in ("fresh", "idle", "partial", "cycle")]
    speech.tell(f"model of the estimate, one cell on one thread: {', '.join(parts)}")


def _jobs(size: int, device: DeviceParameters, threads: int | None) -> list[tuple[str, int, Callable[[], object]]]:
    array = CellArray((1, size), device, seed=0)
    cycling = PulseTrain.cycling(CYCLES)
    steps = PulseTrain.staircase(CYCLES // 5, steps=9)
    pulses = len(cycling)

    def run(train: PulseTrain, record: str) -> Callable[[], object]:
        return lambda: simulate(array, train, record=record, threads=threads)

    def single() -> None:
        array.apply_voltage(-1.5)
        array.apply_voltage(1.5)

    return [
        ("updates, full cycling, features recorded", size * pulses, run(cycling, "features")),
        ("updates, full cycling, end state recorded", size * pulses, run(cycling, "state")),
        ("updates, RESET staircase", size * len(steps), run(steps, "state")),
        ("updates, voltage by voltage", 2 * size, single),
        ("reads with noise", size, lambda: array.read(0.2)),
    ]


def _rates(work: Callable[[], object], operations: int, seconds: float) -> list[float]:
    work()  # compiled, allocated and in the cache before the clock runs
    rates: list[float] = []
    end = time.perf_counter() + seconds
    while len(rates) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        work()
        rates.append(operations / (time.perf_counter() - begin) / 1e6)
    return rates


def _estimate_line(size: int, device: DeviceParameters, threads: int | None) -> str:
    array = CellArray((1, size), device, seed=0)
    train = PulseTrain.cycling(CYCLES)
    expected = estimate_cost(array, train, threads=threads).seconds
    begin = time.perf_counter()
    simulate(array, train, threads=threads)
    took = time.perf_counter() - begin
    return f"estimate of {CYCLES} cycles: {duration(expected)} expected, {duration(took)} taken"
