"""Cells by their numbers: what is done to a few takes as long as a few. For those who compute: they have checked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.engines import choose
from synaptogen_core.array.engines.interface import Pulses
from synaptogen_core.array.threads import each_block, share
from synaptogen_core.array.waiting import Waiting
from synaptogen_core.device.model import conduction
from synaptogen_core.device.model.state import FIXED
from synaptogen_core.types import F32, Ints

LEAST = 16384  # cells worth a thread


class Chosen(Waiting):
    """An array some of whose cells are pulsed and read; parameters of `CellArray`."""

    def state_of(self, where: Ints) -> NDArray[np.uint8]:
        """State codes of some cells, as `state`.

        Parameters
        ----------
        where : ndarray of int, shape (k,)
            Numbers of the cells.

        Returns
        -------
        ndarray of uint8, shape (k,)
        """
        return self._state.code[where]

    def mixing_of(self, where: Ints) -> F32:
        """Mixing variables r of some cells, as `mixing`.

        Parameters
        ----------
        where : ndarray of int, shape (k,)
            Numbers of the cells.

        Returns
        -------
        ndarray of float32, shape (k,)
        """
        return self._found()[where]

    def current_of(self, where: Ints, u: F32) -> F32:
        """Currents of some cells without noise [A], as `current`.

        Parameters
        ----------
        where : ndarray of int, shape (k,)
            Numbers of the cells.
        u : ndarray of float32, shape (k,)
            [V].

        Returns
        -------
        ndarray of float32, shape (k,)
        """
        return choose.engine(self._engine).between(self.mixing_of(where), *conduction.curves(u, self._constants))

    def conductance_of(self, where: Ints, u: float) -> F32:
        """Static conductances of some cells at one voltage [S], as `conductance`.

        Parameters
        ----------
        where : ndarray of int, shape (k,)
            Numbers of the cells.
        u : float
            [V].

        Returns
        -------
        ndarray of float32, shape (k,)
        """
        curves = conduction.conductance_curves(np.array([u], np.float32), self._constants)
        return choose.engine(self._engine).between(self.mixing_of(where), *curves)

    def can_pulse_some(self) -> bool:
        """Whether `pulse_some` may write: inside a transaction that has memory of its own, while no time has passed."""
        return self._working and self._state is self._own and not self._lent and self.ages is None

    def pulse_some(self, where: Ints, u: F32) -> None:
        """Apply a voltage to each of some cells, and none to the others; only where `can_pulse_some`.

        Parameters
        ----------
        where : ndarray of int, shape (k,)
            Numbers of the cells, each once.
        u : ndarray of float32, shape (k,)
            [V].
        """
        engine, state, pulse = choose.engine(self._engine), self._state, Pulses.unrecorded(u[None, :])
        some = state.take(where)

        def advance(block: slice) -> None:
            engine.advance(some, some, block, self._seed, pulse.of_block(block), {}, self._constants)

        each_block(where.size, share(where.size, LEAST), advance)
        for name, array in state.arrays().items():
            if name not in FIXED:  # those may be other arrays' memory, too
                array[..., where] = getattr(some, name)
        self.take_over(state, self.reads)
