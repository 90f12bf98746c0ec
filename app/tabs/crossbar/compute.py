"""The crossbar: its lines solved at a bias, a map of all cells, the line currents beside those of ideal lines."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import param

import synaptogen_core as sc
from app.settings.limits import reach_of
from app.settings.sections import Choices, ReadSettings, Request, TabOptions
from app.settings.words import in_labels
from app.tabs.crossbar.disturb import Group, groups_of
from app.tabs.crossbar.inputs import INPUTS, MAX_TEXT, input_vector
from app.tabs.crossbar.lines import lines_of
from app.tabs.crossbar.sizes import Sizes, range_for, sizes_of, worst_cell
from app.work.runs import Run
from synaptogen_core.array.write_disturb import switching_probability, would_switch
from synaptogen_core.crossbar.circuit.bias import Bias, bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.readout.converters import Adc, Dac
from synaptogen_core.crossbar.readout.error_budget import error_budget, nominal_conductances
from synaptogen_core.crossbar.readout.line_noise import LineNoise
from synaptogen_core.crossbar.readout.read import IDEAL, Periphery, are_ideal
from synaptogen_core.crossbar.solver.solve import LineSolution, solve_lines
from synaptogen_core.exchange.circuits.files import switching_netlist
from synaptogen_core.exchange.circuits.netlist import netlist
from synaptogen_core.schema import STATE_NAMES

USES = frozenset({"read", "cells", "lines"})
SCHEMES = {
    "Read: input on all lines": "all", "One row, rest at 0 V": "row", "V/2": "half", "V/3": "third",
    "Rest floating": "floating",
}  # fmt: skip
QUANTITIES = {
    "Cell voltage": "voltage", "Cell current": "cell_current", "Current lost to lines": "lost",
    "Disturb probability": "disturb", "Read current, cell by cell": "current", "Conductance": "conductance",
    "State": "state", "Cycle count": "cycle_count",
}  # fmt: skip
NETLIST_CELLS = 256 * 256  # ngspice takes minutes from 128 x 128 on
BUDGET_CELLS = 512 * 512  # of larger arrays the budget would take seconds


class Options(TabOptions):
    quantity = param.Selector(default="voltage", objects=QUANTITIES, label="Map of", doc="What the map shows.")
    scheme = param.Selector(default="all", objects=SCHEMES, label="Bias scheme",
                            doc="Voltages of all lines. All but the first are for the followed cell.")  # fmt: skip
    write = param.Number(1.5, bounds=(-1.5, 1.5), step=0.01, label="Write voltage",
                         doc="Voltage intended for the selected cell; positive RESETs, negative SETs.")  # fmt: skip
    along = param.Selector(default="rows", objects={"Rows": "rows", "Columns": "columns"}, label="Drive",
                           doc="Lines that the input voltages are on; the others are held at 0 V.")  # fmt: skip
    pattern = param.Selector(default="uniform", objects=INPUTS, label="Input", doc="Voltages of the driven lines.")
    amplitude = param.Number(
        0.2, bounds=(0.01, 0.6), step=0.01, label="Input voltage", doc="Voltage of an active line."
    )
    line = param.Integer(0, bounds=(0, 1023), label="Active line", doc="The one driven line, counted from 0.")
    ones = param.Integer(50, bounds=(0, 100), label="Ones", doc="Share of the lines that carry a 1, on average.")
    bits_seed = param.Integer(0, bounds=(0, 9999), label="Seed of the bits", doc="Chooses the random bits.")
    own = param.String("0.2, 0.1, 0.2, 0", label="Voltages",
                       doc=f"Voltages of the lines, starting with the first, separated by commas or line breaks; "
                           f"further lines are at 0 V. At most {MAX_TEXT:,} characters.")  # fmt: skip
    UNITS: ClassVar[dict[str, str]] = {"write": "V", "amplitude": "V", "ones": "%"}
    LOOKS = frozenset({"quantity"})

    def fit_array(self, rows: int, columns: int) -> None:
        """A line that is driven lies in the array."""
        last = (rows if self.along == "rows" else columns) - 1
        self.param.line.softbounds = (0, max(last, 1))  # of one line there is no choice
        self.line = min(self.line, last)

    def active(self) -> tuple[str, ...]:
        reading = {"along", "pattern", "amplitude", "line", "ones", "bits_seed", "own"}
        hidden = {"write"} if self.scheme == "all" else reading
        hidden |= {"line"} if self.pattern != "one" else set()
        hidden |= {"ones", "bits_seed"} if self.pattern != "bits" else set()
        hidden |= {"own"} if self.pattern != "own" else {"amplitude"}
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
    current: float  # read alone, A
    conductance: float  # S
    state: str
    cycle_count: int
    outlier: bool
    voltage: float  # across it at the bias, V
    through: float  # its current at the bias, A
    disturb: float  # probability that the voltage switches it, a cycle on


@dataclass(frozen=True)
class Result:
    quantity: str
    values: np.ndarray  # (rows, columns): A, V, S, probability, state code, or count
    span: tuple[float, float]  # of the colours, SI; holds 99.8 % of the cells
    beyond: int  # cells outside it
    scheme: str
    along: str
    input: np.ndarray  # (driven lines,), V; NaN of floating lines
    output: np.ndarray  # currents of the other lines, A
    driver: np.ndarray  # what each driver delivers, A
    ideal: np.ndarray  # the outputs without line resistance, A
    power: float  # that the terminals deliver together, W
    digits: Digits | None
    cells: tuple[Cell, ...]
    wanted: float  # voltage that the chosen cell of a write scheme is meant to see, V
    groups: tuple[Group, ...]  # what the cells of a write scheme see; none of a read
    budget: dict[str, float] | None  # errors by cause, over the RMS of the ideal product
    residual: float  # of Kirchhoff's law, over the largest line current
    unreachable: int
    ideal_lines: bool
    u_read: float
    noise: bool
    sizes: Sizes | None  # what the worst-case cell of a write sees
    worst: tuple[int, int]  # that cell
    fitted: tuple[float, float]  # a range for the ADC, µA


@dataclass(frozen=True, eq=False)
class Solved:
    """All that the chosen map does not change: from the solver, the write disturb and the error budget."""

    held: Bias
    volts: np.ndarray  # of the driven lines, V
    ideal_lines: bool
    solution: LineSolution
    ideal: LineSolution
    maps: dict[str, np.ndarray]
    groups: tuple[Group, ...]
    budget: dict[str, float] | None
    sizes: Sizes | None


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """The solved array at its bias: the chosen map, and both families of line currents."""
    read, solved = request.read, solve(run, request, options)
    held, solution, maps = solved.held, solved.solution, solved.maps
    values = maps[options.quantity]
    values = values.astype(np.float32) if values.dtype == np.float64 else values
    low, high = (0.0, 1.0) if options.quantity == "disturb" else span(values, options.quantity)
    along = options.get("along", "rows")
    output, driver = sides(solution, along)
    return Result(
        quantity=options.quantity,
        values=values,
        span=(low, high),
        beyond=int(np.count_nonzero((values < low) | (values > high))),
        scheme=options.scheme,
        along=along,
        input=solved.volts,
        output=output,
        driver=driver,
        ideal=sides(solved.ideal, along)[0],
        power=float(np.nansum(held.word * solution.word_current) - np.nansum(held.bit * solution.bit_current)),
        digits=digitise(output, read),
        cells=tuple(describe(run.cells, maps, cell) for cell in request.cells),
        wanted=options.get("write", 0.0),
        groups=solved.groups,
        budget=solved.budget,
        residual=solution.residual,
        unreachable=solution.unreachable,
        ideal_lines=solved.ideal_lines,
        u_read=read.u_read,
        noise=read.noise,
        sizes=solved.sizes,
        worst=worst_cell(*run.cells.shape, request.lines.ends),
        fitted=range_for(output),
    )


def solve(run: Run, request: Request, options: Choices) -> Solved:
    """The lines at their bias; kept, so that another map, or another cell followed in a read, solves nothing anew."""
    of_bias = Choices({name: value for name, value in options.items() if name != "quantity"})
    key = ("crossbar", of_bias, request.read, request.lines, None if options.scheme == "all" else request.cells[0])
    return run.keep(key, lambda: _solve(run, request, options), arrays_of)


def arrays_of(solved: Solved) -> list[np.ndarray]:
    return [*solved.maps.values(), *vars(solved.solution).values(), *vars(solved.ideal).values()]


def _solve(run: Run, request: Request, options: Choices) -> Solved:
    cells, read = run.cells, request.read
    held, volts = bias_of(cells.shape, request, options)
    lines = lines_of(request.lines)
    ideal_lines = are_ideal(lines)
    solution = solve_lines(cells, held, lines)
    ideal = solution if ideal_lines else solve_lines(cells, held, IDEAL)
    seen = np.nan_to_num(solution.cell_voltage)
    chance = switching_probability(cells, seen)
    maps = {
        "voltage": solution.cell_voltage, "cell_current": solution.cell_current, "disturb": chance,
        "lost": ideal.cell_current - solution.cell_current, "current": run.read_map(read),
        "conductance": cells.conductance(read.u_read), "state": cells.state(),
        "cycle_count": cells.cycle_count().astype(np.float32),
    }  # fmt: skip
    reads = options.scheme == "all"
    groups = () if reads else groups_of(request.cells[0], maps["voltage"], chance, would_switch(cells, seen))
    budget = budget_of(cells, options, lines, request) if reads and options.get("along", "rows") == "rows" else None
    sizes = sizes_of(cells, options, request.lines)
    return Solved(held, volts, ideal_lines, solution, ideal, maps, groups, budget, sizes)


def netlist_of(run: Run, request: Request) -> str:
    """The solved array as text for a circuit simulator.

    Raises
    ------
    ValueError
        If it has more cells than a simulator can do anything with.
    """
    rows, columns = run.cells.shape
    if rows * columns > NETLIST_CELLS:
        raise ValueError(f"netlist: must have at most {NETLIST_CELLS:,} cells (got {rows * columns:,}); choose fewer")
    held, _ = bias_of(run.cells.shape, request, request.of_tab("crossbar"))
    return netlist(run.cells, held, lines_of(request.lines))


def switching_files(run: Run, request: Request) -> dict[str, str]:
    """The array as cells that switch, the bias as one pulse: a netlist and its module by their names.

    Raises
    ------
    ValueError
        If it has more cells than a simulator can do anything with, or a device that no module can hold.
    """
    held, _ = bias_of(run.cells.shape, request, request.of_tab("crossbar"))
    text, module = switching_netlist(run.cells, held, lines_of(request.lines))
    return {"array.cir": text, "array.va": module}


def bias_of(shape: tuple[int, int], request: Request, options: Choices) -> tuple[Bias, np.ndarray]:
    """The terminals' voltages, and those of the driven lines [V] as the page shows them."""
    if options.scheme != "all":
        row, column = request.cells[0]
        held = bias(shape, options.scheme, options.write, row=row, column=column, selector=request.lines.selector)
        return held, held.word
    volts = input_vector(options, shape[0] if options.along == "rows" else shape[1], reach_of(request))
    if request.read.dac:
        volts = Dac(request.read.dac_bits, 0.0, request.read.dac_high).convert(volts)
    if options.along == "rows":
        return Bias(volts, np.zeros(shape[1])), volts
    return Bias(np.zeros(shape[0]), -volts), volts  # so that the cells see the same sign from both sides


def sides(solution: LineSolution, along: str) -> tuple[np.ndarray, np.ndarray]:
    """Currents of the output lines and of the driven lines [A]."""
    pair = (solution.bit_current, solution.word_current)
    return pair if along == "rows" else pair[::-1]


def span(values: np.ndarray, quantity: str) -> tuple[float, float]:
    """A range of colours in which a few extreme cells, a thousandth at each end, do not drown the others.

    States and cycle counts are few, and voltages bounded by the drivers: their range is whole.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    if quantity in ("state", "cycle_count", "voltage"):
        return float(known.min()), float(known.max())
    some = known[:: max(1, known.size // 100_000)]
    low, high = (float(q) for q in np.quantile(some, [0.001, 0.999]))
    return low, high


def digitise(output: np.ndarray, read: Choices) -> Digits | None:
    """Codes of the output currents; None without an ADC."""
    adc = adc_of(read)
    if adc is None:
        return None
    half, seen = adc.step / 2, output + adc.offset
    clipped = int(np.count_nonzero((seen < adc.low - half) | (seen > adc.high + half)))
    current = adc.convert(output)
    error = float(np.sqrt(np.mean((current - output) ** 2)))
    return Digits(adc.code(output), current, adc.step, 2**adc.bits - 1, adc.low, adc.high, clipped, error)


def adc_of(read: Choices) -> Adc | None:
    """The chosen converter."""
    if not read.adc:
        return None
    with in_labels(ReadSettings, low="adc_low", high="adc_high"):
        return Adc(read.adc_bits, read.adc_low * 1e-6, read.adc_high * 1e-6, read.adc_offset * 1e-6)


def budget_of(cells: sc.CellArray, options: Choices, lines: Lines, request: Request) -> dict[str, float] | None:
    """What each cause alone does to the product of input and conductances; None of arrays too large for that."""
    read, volts = request.read, input_vector(options, cells.rows, reach_of(request))
    if cells.size > BUDGET_CELLS or not volts.any():
        return None
    periphery = Periphery(
        dac=Dac(read.dac_bits, 0.0, read.dac_high) if read.dac else None,
        noise=LineNoise(read.bandwidth * 1e6) if read.noise else None,
        adc=adc_of(read),
    )
    budget = error_budget(cells, nominal_conductances(cells), volts, lines, periphery, seed=request.array.seed)
    return budget.relative()


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
        voltage=float(maps["voltage"][at]),
        through=float(maps["cell_current"][at]),
        disturb=float(maps["disturb"][at]),
    )
