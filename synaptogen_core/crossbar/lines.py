"""Currents and voltages of a crossbar whose lines have resistance: exact, for linear cells and for true I-V curves.

Unknowns are the drops of the nodes' voltages against their own line's terminal, so that nothing cancels where lines are
good. Newton's method outside (one step for linear cells), the linear network inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.array.blocks import each_block
from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar import elements
from synaptogen_core.crossbar.elements import Elements
from synaptogen_core.crossbar.kernel_lines import bit_imbalance, word_imbalance
from synaptogen_core.crossbar.network import Network, Wires
from synaptogen_core.crossbar.paths import unreachable
from synaptogen_core.crossbar.schemes import Bias
from synaptogen_core.crossbar.wiring import Lines
from synaptogen_core.errors import ConvergenceError

F64 = NDArray[np.float64]
TOLERANCE = 1e-9  # of the largest line current: a larger residual is an error
AIM = 1e-12  # of the largest current: where the iterations stop
NOTHING = 1e-100  # A
MOST_STEPS = 80  # of Newton's method
INNER = 1e-3  # a step of Newton's method need not be more exact, where the curves bend
LARGEST_MOVE = 0.4  # V of a cell in one step
HALVINGS = 8
APART = 1e-6  # V between two solutions that are not one
SMALL = 1 << 17  # cells: below, vectors are solved side by side


@dataclass(frozen=True, eq=False)
class LineSolution:
    """What a crossbar does at a bias: m rows, n columns, with `vectors` in front if the bias has several.

    Parameters
    ----------
    word_current : ndarray, shape (..., m)
        Current that the terminals of each word line send into the array [A]; 0 for floating lines.
    bit_current : ndarray, shape (..., n)
        Current that each bit line sends into its terminals [A].
    residual : float
        Kirchhoff's law: the largest current that is missing at a node, in parts of the largest line current.
    word_voltage, bit_voltage : ndarray, shape (..., m, n)
        Voltages of the nodes at each cell [V]; NaN at nodes that have no path to a driven terminal.
    cell_voltage, cell_current : ndarray, shape (..., m, n)
        Voltage across each cell [V], word line minus bit line, and its current [A]; NaN where a node has no path.
        Behind a select transistor that is off, a cell sees 0 V.
    unreachable : int
        Number of nodes without a path.
    newton_steps, steps : int
        Steps of Newton's method and of the linear solver, all vectors together.
    """

    word_current: F64
    bit_current: F64
    residual: float
    word_voltage: F64
    bit_voltage: F64
    cell_voltage: F64
    cell_current: F64
    unreachable: int
    newton_steps: int
    steps: int


class _One(NamedTuple):
    """The solution for one vector."""

    word_drop: F64
    bit_drop: F64
    current: F64
    residual: float
    newton_steps: int
    steps: int


def solve_lines(cells: CellArray | ArrayLike, bias: Bias, lines: Lines | None = None) -> LineSolution:
    """Solve a crossbar with its lines.

    Parameters
    ----------
    cells : CellArray, or array of shape (rows, columns)
        Cells with their true I(r, U) as they are now, or conductances of linear cells [S].
    bias : Bias
        Voltages of the lines; `bias.word` of shape (vectors, rows) for several reads.
    lines : Lines, optional
        Default: ``Lines()``.

    Returns
    -------
    LineSolution

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule, or shapes do not fit.
    ConvergenceError
        If Kirchhoff's law cannot be met, or more than one solution meets it: cells whose current falls with the
        voltage, behind lines of too much resistance. It names the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from synaptogen_core.crossbar.schemes import read_bias
    >>> read = solve_lines(np.array([[1e-3]]), read_bias([1.0], 1), Lines(source=500, sense=500))
    >>> round(float(read.bit_current[0]), 9)
    0.0005
    """
    lines = Lines() if lines is None else lines
    if not isinstance(bias, Bias):
        raise TypeError(f"bias: must be a Bias (got {type(bias).__name__}); make one with bias() or read_bias()")
    if not isinstance(lines, Lines):
        raise TypeError(f"lines: must be Lines (got {type(lines).__name__}); give Lines(...)")
    lines.faults.check(*bias.shape)
    network = Crossbar(elements.of(cells, bias, lines.faults), Wires.of(lines, bias), bias)
    vectors = np.atleast_2d(bias.word)
    found: list[_One | None] = [None] * len(vectors)

    def solve(block: slice) -> None:
        for k in range(block.start, block.stop):
            found[k] = network.solve(vectors[k])

    each_block(len(vectors), 1, solve, None if network.size < SMALL else 1)
    return network.solution([one for one in found if one is not None])


def effective_conductance(
    conductance: ArrayLike, lines: Lines | None = None, conducting: ArrayLike | None = None
) -> F64:
    """What an array of linear cells does through its lines, as one matrix: each further read is one small product.

    ``bit_current = voltages @ effective_conductance(...)``, with voltages on the word lines and bit lines at 0 V.

    Parameters
    ----------
    conductance : array, shape (rows, columns)
        Of the cells [S].
    lines : Lines, optional
        Default: ``Lines()``.
    conducting : array of bool, shape (rows,), optional
        Rows whose select transistors are on; default: there are none.

    Returns
    -------
    ndarray, shape (rows, columns)
        Current of each bit line for 1 V on each word line [S].

    Raises
    ------
    TypeError, ValueError
        As `solve_lines`.
    """
    if isinstance(conductance, CellArray):
        raise TypeError("conductance: must be numbers (got CellArray); give cells.conductance()")
    g = elements.conductances(conductance)
    rows, columns = g.shape
    on = None if conducting is None else np.asarray(conducting)
    unit = _unit_currents(g, Bias(np.zeros(rows), np.zeros(columns), on), Lines() if lines is None else lines)
    return unit


def _unit_currents(g: F64, bias: Bias, lines: Lines) -> F64:
    """Drive the lines of the smaller family one by one; what drives there and flows here may be exchanged."""
    rows, columns = g.shape
    lines.faults.check(rows, columns)
    network = Crossbar(elements.of(g, bias, lines.faults), Wires.of(lines, bias), bias)
    result = np.empty(g.shape)

    def solve(block: slice) -> None:
        for k in range(block.start, block.stop):
            if rows <= columns:
                one = network.solve(np.eye(1, rows, k)[0])
                result[k] = network.line_currents(one, np.eye(1, rows, k)[0], bias.bit)[1]
            else:
                one = network.solve(np.zeros(rows), np.eye(1, columns, k)[0])
                result[:, k] = -network.line_currents(one, np.zeros(rows), np.eye(1, columns, k)[0])[0]

    each_block(min(rows, columns), 1, solve, None if network.size < SMALL else 1)
    return result


class Crossbar:
    """Cells and wires at the floating lines of a bias, ready for many vectors."""

    def __init__(self, cells: Elements, wires: Wires, bias: Bias) -> None:
        self.cells, self.wires, self.bias = cells, wires, bias
        self.size = cells.on.size
        self._linear = Network(wires, cells.conductance) if cells.linear else None

    # ------------------------------------------------------------------------------------------------ one vector
    def solve(self, word: F64, bit: F64 | None = None) -> _One:
        """Drops of all nodes, to the aim; an error where Kirchhoff's law stays unmet."""
        at_bit = self.bias.bit if bit is None else bit
        return self.solve_terminals(np.nan_to_num(word)[:, None], np.nan_to_num(at_bit)[None, :])

    def solve_terminals(self, at_word: F64, at_bit: F64) -> _One:
        """The same from the voltages [V] of the terminals behind each cell, of shapes that go with (m, n)."""
        shape = self.cells.on.shape
        full = np.zeros(shape), np.zeros(shape)
        ends = (at_word.max(), at_word.min(), at_bit.max(), at_bit.min(), 0.0)
        if self._surely_unique(float(max(ends) - min(ends))):
            return self._newton(at_word, at_bit, *full)
        free_word, free_bit = self.wires.free(shape)
        dead = np.where(free_word, -at_word, 0.0), np.where(free_bit, -at_bit, 0.0)
        return self._only_one(at_word, at_bit, (full, dead))

    def _only_one(self, at_word: F64, at_bit: F64, starts: tuple[tuple[F64, F64], ...]) -> _One:
        """From lines at full voltage and from lines without: an error if that ends at two states, or nowhere."""
        found, errors = [], []
        for start in starts:
            try:
                found.append(self._newton(at_word, at_bit, *start))
            except ConvergenceError as error:
                errors.append(error)
        if not found:
            raise errors[0]
        volts = [(at_word - at_bit) + one.word_drop - one.bit_drop for one in found]
        apart = np.abs(volts[0] - volts[-1]) * self.cells.on
        i, j = np.unravel_index(int(np.argmax(apart)), apart.shape)
        if apart[i, j] > APART:
            raise ConvergenceError(
                f"cells: more than one state meets Kirchhoff's law (cell ({i}, {j}) at {volts[0][i, j]:.3g} V or at "
                f"{volts[1][i, j]:.3g} V: its current falls with the voltage); lower the voltage or the line resistance"
            )
        return found[0]

    def _newton(self, at_word: F64, at_bit: F64, word_drop: F64, bit_drop: F64) -> _One:
        now = self._state(at_word, at_bit, word_drop, bit_drop)
        newton = steps = 0
        while now.worst > max(AIM * now.scale, NOTHING) and newton < MOST_STEPS:
            network = self._linear or Network(self.wires, now.slope)
            least = AIM * now.scale / 8
            to_word, to_bit, inner = network.solve(
                -now.at_word, -now.at_bit, least if self._linear else max(least, INNER * now.worst)
            )
            steps, newton = steps + inner, newton + 1
            better = self._move(now, at_word, at_bit, to_word, to_bit)
            if better is None:
                break
            now = better
        residual = now.worst / now.scale if now.scale else now.worst
        if now.worst > max(TOLERANCE * now.scale + self._rounding(now), NOTHING):
            i, j = self._worst_cell(now)
            raise ConvergenceError(
                f"cells: found no currents that meet Kirchhoff's law (off by {residual:.1g} of the largest line "
                f"current, most at cell ({i}, {j}) with {now.volts[i, j]:.3g} V across it); "
                "lower the voltage or the line resistance"
            )
        return _One(now.word_drop, now.bit_drop, now.current, residual, newton, steps)

    def _rounding(self, now: _State) -> float:
        """What rounding alone may leave at a node [A]."""
        stiffest = max(float(g[np.isfinite(g)].max(initial=0.0)) for g in (self.wires.word, self.wires.bit))
        largest = max(float(np.abs(drop).max()) for drop in (now.word_drop, now.bit_drop))
        return 8 * float(np.finfo(np.float64).eps) * stiffest * largest

    def _worst_cell(self, now: _State) -> tuple[int, int]:
        missing = np.abs(now.at_word) + np.abs(now.at_bit)
        i, j = np.unravel_index(int(np.argmax(missing)), missing.shape)
        return int(i), int(j)

    def _surely_unique(self, amplitude: float) -> bool:
        """Whether nothing can fall: then the currents rise with the voltages, and only one set meets Kirchhoff's law.

        Else a sum along each line decides: with slopes of at least -s behind a line resistance R, ``sum 2 s R < 1``
        keeps the energy of the network convex.
        """
        least = self.cells.least_slope(amplitude)
        if least is None:
            return True
        fall = np.maximum(-least, 0.0)
        if not fall.any():
            return True
        paths = self.wires.path_resistances(fall.shape)
        with np.errstate(invalid="ignore"):
            sums = [np.where(fall > 0, 2 * fall * r, 0.0).sum(axis=axis) for r, axis in zip(paths, (1, 0), strict=True)]
        return bool(max(float(total.max()) for total in sums) < 1)

    def _move(self, now: _State, at_word: F64, at_bit: F64, to_word: F64, to_bit: F64) -> _State | None:
        """A step, damped until Kirchhoff's law is met better; None if that never comes."""
        if self._linear:
            share = 1.0
        else:
            largest = float(np.abs(to_word - to_bit).max())
            share = min(1.0, LARGEST_MOVE / largest) if largest > 0 else 1.0
        for _ in range(HALVINGS):
            new = self._state(at_word, at_bit, now.word_drop + share * to_word, now.bit_drop + share * to_bit)
            if new.worst < now.worst:
                return new
            share /= 2
        return None

    def _state(self, at_word: F64, at_bit: F64, word_drop: F64, bit_drop: F64) -> _State:
        """What stands at given drops: currents, slopes, and what is missing at each node."""
        volts = (at_word - at_bit) + word_drop - bit_drop
        current, slope = self.cells.evaluate(volts)
        off_word, off_bit = current.copy(), -current
        if self.wires.word_leak is not None:
            off_word += self.wires.word_leak * (at_word + word_drop)
        if self.wires.bit_leak is not None:
            off_bit += self.wires.bit_leak * (at_bit + bit_drop)
        scale = float(max(np.abs(off_word.sum(axis=1)).max(), np.abs(off_bit.sum(axis=0)).max()))
        if self.wires.bit_feed is not None:
            off_bit += self.wires.bit_feed * bit_drop
        worst = max(
            word_imbalance(self.wires.word, self.wires.ideal_word, word_drop, off_word),
            bit_imbalance(self.wires.bit, self.wires.ideal_bit, bit_drop, off_bit),
        )
        return _State(word_drop, bit_drop, volts, current, slope, off_word, off_bit, worst, scale)

    # ------------------------------------------------------------------------------------------------ what is told
    def line_currents(self, one: _One, word: F64, bit: F64) -> tuple[F64, F64]:
        """Of all terminals of each line [A]: what its cells take, and what leaks to ground."""
        into, out = one.current.sum(axis=1), one.current.sum(axis=0)
        if self.wires.word_leak is not None:
            into = into + (self.wires.word_leak * (np.nan_to_num(word)[:, None] + one.word_drop)).sum(axis=1)
        if self.wires.bit_leak is not None:
            out = out - (self.wires.bit_leak * (np.nan_to_num(bit)[None, :] + one.bit_drop)).sum(axis=0)
        return np.where(np.isnan(word), 0.0, into), np.where(np.isnan(bit), 0.0, out)

    def solution(self, found: list[_One]) -> LineSolution:
        """All vectors together."""
        dark = unreachable(self.cells.on, self.wires)
        vectors = np.atleast_2d(self.bias.word)
        currents = [self.line_currents(one, v, self.bias.bit) for one, v in zip(found, vectors, strict=True)]
        word = np.nan_to_num(vectors)[:, :, None] + np.stack([one.word_drop for one in found])
        bit = np.nan_to_num(self.bias.bit) + np.stack([one.bit_drop for one in found])
        current = np.stack([one.current for one in found])
        if dark is not None:
            word[:, dark[0]] = bit[:, dark[1]] = np.nan
            current[:, dark[0] | dark[1]] = np.nan
        across = word - bit
        if self.bias.conducting is not None:
            across[:, ~self.bias.conducting] = 0.0
        lead = self.bias.word.shape[:-1]

        def shaped(arrays: F64) -> F64:
            return arrays.reshape(*lead, *arrays.shape[1:])

        return LineSolution(
            word_current=shaped(np.stack([into for into, _ in currents])),
            bit_current=shaped(np.stack([out for _, out in currents])),
            residual=max(one.residual for one in found),
            word_voltage=shaped(word),
            bit_voltage=shaped(bit),
            cell_voltage=shaped(across),
            cell_current=shaped(current),
            unreachable=0 if dark is None else int(sum(mask.sum() for mask in dark)),
            newton_steps=sum(one.newton_steps for one in found),
            steps=sum(one.steps for one in found),
        )


class _State(NamedTuple):
    """Where Newton's method stands."""

    word_drop: F64
    bit_drop: F64
    volts: F64
    current: F64
    slope: F64
    at_word: F64  # [A] missing at each node
    at_bit: F64
    worst: float
    scale: float
