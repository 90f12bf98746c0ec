"""Kirchhoff's law of a crossbar, solved by Newton's method: one step for linear cells, a few for true I-V curves.

Unknowns are the drops of the nodes' voltages against their own line's terminal, so that nothing cancels where lines are
good.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synaptogen_core.crossbar.circuit.bias import Bias
from synaptogen_core.crossbar.solver import reachability
from synaptogen_core.crossbar.solver.cells import Elements
from synaptogen_core.crossbar.solver.line_conductances import Wires
from synaptogen_core.crossbar.solver.network import Network
from synaptogen_core.crossbar.solver.sweeps import bit_imbalance, word_imbalance
from synaptogen_core.errors import ConvergenceError
from synaptogen_core.types import F64

TOLERANCE = 1e-9  # of the largest line current: a larger residual is an error
AIM = 1e-12  # of the largest current: where the iterations stop
STANDSTILL = 1e-9  # of the currents without any drop: where all lines float, so little is nothing
NOTHING = 1e-100  # A
MOST_STEPS = 80  # of Newton's method
INNER = 1e-3  # a step of Newton's method need not be more exact, where the curves bend
LARGEST_MOVE = 0.4  # V of a cell in one step
HALVINGS = 8
APART = 1e-6  # V between two solutions that are not one


class One(NamedTuple):
    """The solution for one vector."""

    word_drop: F64
    bit_drop: F64
    current: F64
    residual: float
    newton_steps: int
    steps: int


class Crossbar:
    """Cells and wires at the floating lines of a bias, ready for many vectors."""

    def __init__(self, cells: Elements, wires: Wires, bias: Bias) -> None:
        self.cells, self.wires, self.bias = cells, wires, bias
        self.size = cells.on.size
        self.dark = reachability.unreachable(cells.on, wires)
        if reachability.hangs_on_a_bridge(cells.on, wires):
            raise ValueError("faults: must leave every line a path besides its bridges (got one without); leave it out")
        self._linear = Network(wires, cells.conductance) if cells.linear else None

    # ------------------------------------------------------------------------------------------------ one vector
    def solve(self, word: F64, bit: F64 | None = None) -> One:
        """Drops of all nodes, to the aim; an error where Kirchhoff's law stays unmet.

        Parameters
        ----------
        word : ndarray of float64, shape (m,)
            Voltages of the word lines [V]; NaN floats.
        bit : ndarray of float64, shape (n,), optional
            Voltages of the bit lines [V]; by default those of the bias.

        Returns
        -------
        One

        Raises
        ------
        ConvergenceError
            If there is no solution that could be found, or more than one.
        """
        terminal_bit = self.bias.bit if bit is None else bit
        return self.solve_terminals(np.nan_to_num(word)[:, None], np.nan_to_num(terminal_bit)[None, :])

    def solve_terminals(self, terminal_word: F64, terminal_bit: F64) -> One:
        """The same from the voltages of the terminals behind each cell.

        Parameters
        ----------
        terminal_word, terminal_bit : ndarray of float64, shapes that broadcast to (m, n)
            Voltages [V].

        Returns
        -------
        One

        Raises
        ------
        ConvergenceError
            As `solve`.
        """
        shape = self.cells.on.shape
        full = np.zeros(shape), np.zeros(shape)
        ends = (terminal_word.max(), terminal_word.min(), terminal_bit.max(), terminal_bit.min(), 0.0)
        if self._surely_unique(float(max(ends) - min(ends))):
            return self._newton(terminal_word, terminal_bit, *full)
        free_word, free_bit = self.wires.free(shape)
        dead = np.where(free_word, -terminal_word, 0.0), np.where(free_bit, -terminal_bit, 0.0)
        return self._only_one(terminal_word, terminal_bit, (full, dead))

    def _only_one(self, terminal_word: F64, terminal_bit: F64, starts: tuple[tuple[F64, F64], ...]) -> One:
        """From lines at full voltage and from lines without: an error if that ends at two states, or nowhere."""
        found, errors = [], []
        for start in starts:
            try:
                found.append(self._newton(terminal_word, terminal_bit, *start))
            except ConvergenceError as error:
                errors.append(error)
        if not found:
            raise errors[0]
        volts = [(terminal_word - terminal_bit) + one.word_drop - one.bit_drop for one in found]
        apart = np.abs(volts[0] - volts[-1]) * self.cells.on
        i, j = np.unravel_index(int(np.argmax(apart)), apart.shape)
        if apart[i, j] > APART:
            raise ConvergenceError(
                f"cells: more than one state meets Kirchhoff's law (cell ({i}, {j}) at {volts[0][i, j]:.3g} V or at "
                f"{volts[1][i, j]:.3g} V: its current falls with the voltage); lower the voltage or the line resistance"
            )
        return found[0]

    def _newton(self, terminal_word: F64, terminal_bit: F64, word_drop: F64, bit_drop: F64) -> One:
        now = self._state(terminal_word, terminal_bit, word_drop, bit_drop)
        newton, steps, least_scale = 0, 0, STANDSTILL * now.scale
        while now.worst > AIM * (scale := max(now.scale, least_scale, NOTHING)) and newton < MOST_STEPS:
            network = self._linear or Network(self.wires, now.slope)
            least = AIM * scale / 8
            to_word, to_bit, inner = network.solve(
                -now.missing_word, -now.missing_bit, least if self._linear else max(least, INNER * now.worst)
            )
            steps, newton = steps + inner, newton + 1
            better = self._move(now, terminal_word, terminal_bit, to_word, to_bit, scale)
            if better is None:
                break
            now = better
        scale = max(now.scale, least_scale, NOTHING)
        residual = now.worst / scale
        if not self._met(now, scale):
            i, j = self._worst_cell(now)
            raise ConvergenceError(
                f"cells: found no currents that meet Kirchhoff's law (off by {residual:.1g} of the largest line "
                f"current, most at cell ({i}, {j}) with {now.volts[i, j]:.3g} V across it); "
                "lower the voltage or the line resistance"
            )
        return One(now.word_drop, now.bit_drop, now.current, residual, newton, steps)

    def _met(self, now: _State, scale: float) -> bool:
        """Whether Kirchhoff's law is met, or as well as rounding lets it be; `scale` is the largest current [A]."""
        return now.worst <= TOLERANCE * scale + self._rounding(now)

    def _rounding(self, now: _State) -> float:
        """What rounding alone may leave at a node [A]."""
        conductances = (self.wires.word, self.wires.bit, now.slope)
        stiffest = max(float(g[np.isfinite(g)].max(initial=0.0)) for g in conductances)
        largest = max(float(np.abs(drop).max()) for drop in (now.word_drop, now.bit_drop))
        return 8 * float(np.finfo(np.float64).eps) * stiffest * largest

    def _worst_cell(self, now: _State) -> tuple[int, int]:
        missing = np.abs(now.missing_word) + np.abs(now.missing_bit)
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

    def _move(
        self, now: _State, terminal_word: F64, terminal_bit: F64, to_word: F64, to_bit: F64, scale: float
    ) -> _State | None:
        """A step, damped until Kirchhoff's law is met better; None if that never comes.

        Where the current of a cell falls with its voltage, the step is none of Newton's, and Kirchhoff's law may have
        to be met worse at one node before it is met at all. What is missing at the nodes is the gradient of an energy
        (the co-content), which a step along positive slopes always lowers at first: as long as the law is not met,
        the longest step at whose end the energy still falls will do.
        """
        if self._linear:
            share = 1.0
        else:
            largest = float(np.abs(to_word - to_bit).max())
            share = min(1.0, LARGEST_MOVE / largest) if largest > 0 else 1.0
        most = max(
            float(np.abs(terminal_word - terminal_bit).max()), float(np.abs(now.volts).max())
        )  # no passive cell sees more
        falling = None
        for _ in range(HALVINGS):
            new = self._state(
                terminal_word, terminal_bit, now.word_drop + share * to_word, now.bit_drop + share * to_bit
            )
            if new.worst < now.worst:
                return new
            slope = float((new.missing_word * to_word + new.missing_bit * to_bit).sum())
            if falling is None and slope <= 0 and np.abs(new.volts).max() <= most:
                falling = new
            share /= 2
        return None if self._linear or self._met(now, scale) else falling

    def _state(self, terminal_word: F64, terminal_bit: F64, word_drop: F64, bit_drop: F64) -> _State:
        """What stands at given drops: currents, slopes, and what is missing at each node."""
        volts = (terminal_word - terminal_bit) + word_drop - bit_drop
        current, slope = self.cells.evaluate(volts)
        off_word, off_bit = current.copy(), -current
        self.wires.add_shorts((terminal_word, terminal_bit), (word_drop, bit_drop), (off_word, off_bit))
        scale = float(max(np.abs(off_word.sum(axis=1)).max(), np.abs(off_bit.sum(axis=0)).max()))
        if self.wires.bit_feed is not None:
            off_bit += self.wires.bit_feed * bit_drop
        worst = max(
            word_imbalance(self.wires.word, self.wires.ideal_word, word_drop, off_word),
            bit_imbalance(self.wires.bit, self.wires.ideal_bit, bit_drop, off_bit),
        )
        return _State(word_drop, bit_drop, volts, current, slope, off_word, off_bit, worst, scale)

    # ------------------------------------------------------------------------------------------------ what is told
    def line_currents(self, one: One, word: F64, bit: F64) -> tuple[F64, F64]:
        """Currents of all terminals of each line: what its cells take, and what goes through shorts.

        Parameters
        ----------
        one : One
        word, bit : ndarray of float64, shapes (m,) and (n,)
            Voltages of the lines [V]; NaN floats.

        Returns
        -------
        into, out : ndarray of float64, shapes (m,) and (n,)
            Currents [A]; 0 for floating lines.
        """
        off_word, off_bit = one.current.copy(), -one.current
        at = np.nan_to_num(word)[:, None], np.nan_to_num(bit)[None, :]
        self.wires.add_shorts(at, (one.word_drop, one.bit_drop), (off_word, off_bit))
        into, out = off_word.sum(axis=1), -off_bit.sum(axis=0)
        return np.where(np.isnan(word), 0.0, into), np.where(np.isnan(bit), 0.0, out)


class _State(NamedTuple):
    """Where Newton's method stands."""

    word_drop: F64
    bit_drop: F64
    volts: F64
    current: F64
    slope: F64
    missing_word: F64  # [A] at each node
    missing_bit: F64
    worst: float
    scale: float
