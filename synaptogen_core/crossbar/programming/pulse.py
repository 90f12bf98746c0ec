"""Programming through the lines: the voltage that reaches each cell drives the switching rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray, check_cells
from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.circuit.lines import PLACES, Faults, Lines
from synaptogen_core.crossbar.programming.series import seen_alone, series_resistances
from synaptogen_core.crossbar.readout.matrix_products import Tile, tiles_of
from synaptogen_core.crossbar.solver import cells as elements
from synaptogen_core.crossbar.solver.line_conductances import Wires
from synaptogen_core.crossbar.solver.newton import Crossbar
from synaptogen_core.crossbar.solver.solve import solve_lines
from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.types import F64, Ints

AT_ONCE = ("cell", "row")
SETTLED = 1500  # the measured range over it: a pulse whose voltages move less is over


@dataclass(frozen=True, eq=False)
class Pulse(Frozen):
    """A pulse that went through the lines.

    Parameters
    ----------
    first, last : ndarray, shape (rows, columns)
        Voltage across each cell when the pulse arrives, and when it ends [V]; cells without a path see 0 V.
    rounds : int
        How often voltages and states were found anew.
    settled : bool
        Whether the voltages had come to rest.
    residual : float
        Largest violation of Kirchhoff's law, in parts of the largest line current.
    """

    first: F64
    last: F64
    rounds: int
    settled: bool
    residual: float

    def __post_init__(self) -> None:
        freeze(self)


def pulse(cells: CellArray, bias: Bias, lines: Lines | None = None, *, rounds: int = 20) -> Pulse:
    """Apply one pulse to an array through its lines.

    The lines are solved with the cells as they are, each cell gets the voltage that reaches it, and what has switched
    changes the voltages: that is repeated until they rest. So a SET takes voltage from its neighbours, and a RESET that
    has begun goes on as its own current falls. The pulse rises at once; a slow edge is a series of growing pulses.
    Voltages come from iterations in float64: another processor may find other last bits, and, in some one of very many
    pulses, a threshold on the other side.

    Parameters
    ----------
    cells : CellArray
        It changes; it stays as it was if an error is raised.
    bias : Bias
        One vector.
    lines : Lines, optional
        Default: ``Lines()``.
    rounds : int
        At most so many rounds.

    Returns
    -------
    Pulse
        What the cells saw.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule, or shapes do not fit.
    ConvergenceError
        As `solve_lines`.

    Examples
    --------
    >>> import synaptogen_core as sc
    >>> from synaptogen_core.crossbar.circuit.bias import bias
    >>> cells = sc.CellArray((8, 8), sc.load_device("hennen2024"), seed=1)
    >>> done = pulse(cells, bias((8, 8), "row", -1.5, row=3), Lines(2.0, 2.0))
    >>> bool(-1.5 < done.first[3, 0] < done.first[3, 7] < 0)
    True
    """
    checks.whole("rounds", rounds, 1, 1000)
    if isinstance(bias, Bias) and bias.word.ndim != 1:
        raise ValueError("bias: must be one vector (got several); apply them one after the other")
    seen: list[F64] = []
    worst, settled = 0.0, False
    least = check_cells(cells).device.valid_range / SETTLED
    with cells.transaction() as work:
        while not settled and len(seen) < rounds:
            solution = solve_lines(work, bias, lines)
            volts, worst = np.nan_to_num(solution.cell_voltage), max(worst, solution.residual)
            settled = bool(seen) and float(np.abs(volts - seen[-1]).max()) < least
            seen.append(volts)
            if not settled:
                work.apply_voltage(volts)
    return Pulse(seen[0], seen[-1], len(seen), settled, worst)


def through_lines(
    lines: Lines, at_once: str = "cell", *, tile: Tile | None = None, boost: float | None = None
) -> Callable[[CellArray, F64], F64]:
    """Give `program_and_verify` the voltages that reach the cells through the lines.

    The chosen row's select transistors are on, all others off; its word line is at 0 V, and a bit line at the voltage
    that its cell is meant to see, with the opposite sign.

    Parameters
    ----------
    lines : Lines
        Cells may be open or shorted; faults of the lines are refused.
    at_once : {"cell", "row"}
        Whether one cell after the other is written, or all cells of a row together: first those to be SET, then those
        to be RESET. A whole row is quicker, and its currents share one word line.
    tile : tuple of two int, optional
        Rows and columns of a tile, each with lines of its own; default: the array is one.
    boost : float, optional
        Largest voltage at the terminals [V], if the drivers make up for what the lines take of a cell that is written
        alone: they know its series resistance from its place, and its I-V curve from the conductance that was read.
        Default: they give what is wanted.

    Returns
    -------
    callable
        (cells, wanted voltages) -> voltages across the cells, both (rows, columns) [V].

    Raises
    ------
    TypeError, ValueError
        If a line has a fault, `at_once` is neither, or `tile` is no pair of whole numbers.
    """
    if at_once not in AT_ONCE:
        raise ValueError(f"at_once: must be 'cell' or 'row' (got {at_once!r}); choose one of them")
    check_lines(lines)
    tile = None if tile is None else checks.pair("tile", tile, 2**20)
    if boost is not None and (at_once != "cell" or checks.number("boost", boost) <= 0):
        raise ValueError(f"boost: must be above 0 V, for cells written alone (got {boost!r}); leave it out for rows")

    def of_row(cells: CellArray, goal: F64) -> F64:
        found = np.zeros(cells.shape)
        nowhere = Bias(np.zeros(cells.rows), np.zeros(cells.columns))
        array, wires = elements.of(cells, nowhere, lines.faults), Wires.of_parts_in_turn(lines, cells.shape, at_once)
        for sign in (-1, 1):
            phase = np.where(np.sign(goal) == sign, goal, 0.0)
            rows = np.flatnonzero(phase.any(axis=1))
            if rows.size:
                part = Bias(nowhere.word[rows], nowhere.bit)
                one = Crossbar(array.take(rows), wires.take(rows), part).solve_terminals(
                    part.word[:, None], -phase[rows]
                )
                seen, before = phase[rows] + one.word_drop - one.bit_drop, found[rows]
                beside = (goal[rows] == 0) & (np.abs(seen) > np.abs(before))
                found[rows] = np.where((phase[rows] != 0) | beside, seen, before)
        return found

    def volts(cells: CellArray, wanted: F64) -> F64:
        lines.faults.check(*cells.shape)
        goal, found = np.asarray(wanted, np.float64), np.zeros(cells.shape)
        if alone is not None:
            where = np.flatnonzero(goal)
            seen = alone.at(cells, where, goal.ravel()[where])
            if seen is not None:
                found.ravel()[where] = seen
                return found
        places = list(tiles_of(cells.shape, tile))
        if len(places) == 1:
            return of_row(cells, goal)
        if lines.faults != Faults():
            raise ValueError("lines: must be without faults where rows of several tiles are written (got some); 'cell'")
        for place in places:
            if goal[place.rows, place.columns].any():
                found[place.rows, place.columns] = of_row(
                    cells.part(place.rows, place.columns), goal[place.rows, place.columns]
                )
        return found

    alone = Alone(lines, tile, boost) if at_once == "cell" else None
    return volts if alone is None else ThroughLines(volts, alone)


class Alone:
    """What reaches cells that are written one by one, each behind its own resistance.

    Parameters
    ----------
    lines : Lines
        Without faults of lines.
    tile : tuple of two int, optional
        As for `through_lines`.
    boost : float, optional
        As for `through_lines` [V].
    """

    def __init__(self, lines: Lines, tile: Tile | None, boost: float | None) -> None:
        self._lines, self._boost = lines, boost
        self._ohm = series_resistances(lines, tile)

    def at(self, cells: CellArray, where: Ints, wanted: F64) -> F64 | None:
        """Voltages across some cells; None where the equation of one cell alone does not tell them.

        Parameters
        ----------
        cells : CellArray
        where : ndarray of int, shape (k,)
            Numbers of the cells.
        wanted : ndarray of float64, shape (k,)
            [V].

        Returns
        -------
        ndarray of float64, shape (k,), or None
        """
        ohm = self._ohm(cells.shape)[where]
        if self._boost is not None:
            return _boosted(wanted, ohm * cells.current_of(where, wanted.astype(np.float32)), self._boost)
        return seen_alone(cells, wanted, ohm, self._lines.faults, where)


@dataclass(frozen=True, eq=False)
class ThroughLines:
    """Voltages that reach the cells; called as `through_lines` says, and quick where few of them are asked for.

    Parameters
    ----------
    whole : callable
        (cells, wanted voltages) -> voltages across the cells, both (rows, columns) [V].
    alone : Alone
    """

    whole: Callable[[CellArray, F64], F64]
    alone: Alone
    __name__ = "through_lines"

    def __call__(self, cells: CellArray, wanted: F64) -> F64:
        """What arrives at all cells of `wanted`; both of shape (rows, columns) [V]."""
        return self.whole(cells, wanted)


def _boosted(wanted: F64, lost: F64, most: float) -> F64:
    """What arrives from drivers that give `lost` more than is wanted, but at most `most` or what is wanted [V].

    Where the limit is reached, the same share of it arrives: less than in truth, as I(U) rises faster than U.
    """
    at_terminals = np.abs(wanted + lost)
    return np.asarray(wanted * np.minimum(1.0, np.maximum(most, np.abs(wanted)) / at_terminals))


def check_lines(lines: Lines) -> None:
    """Refuse lines that have a fault, through which one cannot write.

    Raises
    ------
    TypeError, ValueError
        If they are no Lines, or one is cut, grounded or bridged.
    """
    checks.instance("lines", lines, Lines, "give Lines(...)")
    broken = [name for name in PLACES if not name.endswith("cells") and getattr(lines.faults, name)]
    if broken:
        raise ValueError(f"lines: must have no faults here (got {', '.join(broken)}); leave the faulty lines out")
