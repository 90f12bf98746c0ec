"""The crossbar: a map of all cells, and the line currents of an ideal read for a chosen input vector."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import param

import synaptogen_core as sc
from app.runs import Run
from app.settings import Choices, Request, TabOptions
from synaptogen_core.schema import STATE_NAMES

USES = frozenset({"read", "cells"})
INPUTS = {
    "Uniform": "uniform", "One line": "one", "Alternating": "alternating", "Ramp": "ramp", "Random bits": "bits",
}  # fmt: skip
QUANTITIES = {
    "Read current": "current", "Conductance": "conductance", "State": "state", "Cycle count": "cycle_count",
}  # fmt: skip


class Options(TabOptions):
    quantity = param.Selector(default="current", objects=QUANTITIES, label="Map of", doc="What the map shows.")
    along = param.Selector(default="rows", objects={"Rows": "rows", "Columns": "columns"}, label="Drive",
                           doc="Lines that the input voltages are on; the others are held at 0 V.")  # fmt: skip
    pattern = param.Selector(default="uniform", objects=INPUTS, label="Input", doc="Voltages of the driven lines.")
    amplitude = param.Number(0.2, bounds=(0.01, 0.6), step=0.01, label="Input voltage", doc="Of an active line.")
    line = param.Integer(0, bounds=(0, 1023), label="Active line", doc="The one driven line, counted from 0.")
    ones = param.Integer(50, bounds=(0, 100), label="Ones", doc="Share of the lines that carry a 1, on average.")
    bits_seed = param.Integer(0, bounds=(0, 9999), label="Seed of the bits", doc="Chooses the random bits.")

    def active(self) -> tuple[str, ...]:
        hidden = {"line"} if self.pattern != "one" else set()
        hidden |= {"ones", "bits_seed"} if self.pattern != "bits" else set()
        return tuple(name for name in self.names() if name not in hidden)


@dataclass(frozen=True)
class Digits:
    """What an ADC makes of the output currents."""

    code: np.ndarray  # (outputs,)
    current: np.ndarray  # of the codes, A
    step: float  # between two codes, A
    top: int  # last code
    low: float  # A
    high: float  # A
    clipped: int  # outputs beyond the range
    error: float  # root mean square of what digitising changes, A


@dataclass(frozen=True)
class Cell:
    """A followed cell at the end of the train."""

    row: int
    column: int
    current: float  # as the map has it, A
    conductance: float  # S
    state: str
    cycle_count: int
    outlier: bool


@dataclass(frozen=True)
class Result:
    quantity: str
    values: np.ndarray  # (rows, columns): A, S, state code, or count
    span: tuple[float, float]  # of the colours, SI; holds 99.8 % of the cells
    beyond: int  # cells outside it
    along: str
    input: np.ndarray  # (driven lines,), V
    output: np.ndarray  # currents of the other lines, A
    driver: np.ndarray  # what each driver delivers, A
    power: float  # that the drivers deliver together, W
    digits: Digits | None
    cells: tuple[Cell, ...]
    u_read: float
    noise: bool


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """The map, and both families of line currents."""
    cells, read = run.cells, request.read
    maps = {"current": run.read_map(read), "conductance": cells.conductance(read.u_read), "state": cells.state(),
            "cycle_count": cells.cycle_count().astype(np.float32)}  # fmt: skip
    values = maps[options.quantity]
    low, high = span(values, 0.0 if options.quantity in ("state", "cycle_count") else 0.001)
    volts = input_vector(options, cells.rows if options.along == "rows" else cells.columns)
    output = sc.ideal_read(cells, volts, along=options.along)
    driver = delivered(cells, volts, options.along)
    return Result(
        quantity=options.quantity,
        values=values,
        span=(low, high),
        beyond=int(np.count_nonzero((values < low) | (values > high))),
        along=options.along,
        input=volts,
        output=output,
        driver=driver,
        power=float(driver @ volts),
        digits=digitise(output, read),
        cells=tuple(describe(cells, maps, cell) for cell in request.cells),
        u_read=read.u_read,
        noise=read.noise,
    )


def span(values: np.ndarray, beyond: float) -> tuple[float, float]:
    """A range of colours in which a few extreme cells, a share `beyond` at each end, do not drown the others."""
    if not beyond:
        return float(values.min()), float(values.max())
    some = values.reshape(-1)[:: max(1, values.size // 100_000)]
    low, high = (float(q) for q in np.quantile(some, [beyond, 1 - beyond]))
    return low, high


def input_vector(options: Choices, lines: int) -> np.ndarray:
    """Voltages of the driven lines [V], (lines,)."""
    volts, on = np.zeros(lines), options.amplitude
    if options.pattern == "uniform":
        volts[:] = on
    elif options.pattern == "one":
        volts[min(options.line, lines - 1)] = on
    elif options.pattern == "alternating":
        volts[::2] = on
    elif options.pattern == "ramp":
        volts[:] = on * np.arange(1, lines + 1) / lines
    else:
        drawn = np.random.default_rng(options.bits_seed).random(lines)
        volts[drawn < options.ones / 100] = on
    return volts


def delivered(cells: sc.CellArray, volts: np.ndarray, along: str) -> np.ndarray:
    """Current that each driver sends into its line [A]: the sum over the cells on that line."""
    grid = np.broadcast_to(volts[:, None] if along == "rows" else volts, cells.shape)
    return np.asarray(cells.current(grid).sum(axis=1 if along == "rows" else 0, dtype=np.float64))


def digitise(output: np.ndarray, read: Choices) -> Digits | None:
    """Codes of the output currents; None without an ADC."""
    if not read.adc:
        return None
    adc = sc.Adc(read.adc_bits, read.adc_low * 1e-6, read.adc_high * 1e-6)
    half = adc.step / 2
    clipped = int(np.count_nonzero((output < adc.low - half) | (output > adc.high + half)))
    current = adc.convert(output)
    error = float(np.sqrt(np.mean((current - output) ** 2)))
    return Digits(adc.code(output), current, adc.step, 2**adc.bits - 1, adc.low, adc.high, clipped, error)


def describe(cells: sc.CellArray, maps: dict[str, np.ndarray], at: tuple[int, int]) -> Cell:
    """One followed cell in numbers."""
    return Cell(
        row=at[0],
        column=at[1],
        current=float(maps["current"][at]),
        conductance=float(maps["conductance"][at]),
        state=STATE_NAMES[maps["state"][at]],
        cycle_count=int(maps["cycle_count"][at]),
        outlier=bool(cells.outlier()[at]),
    )
