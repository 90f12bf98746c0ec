"""What an array remembers, and how that changes: whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.array.ageing import Ages
from synaptogen_core.array.identity import Identity
from synaptogen_core.array.threads import each_block
from synaptogen_core.device.model.state import State
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.device.retention.traps import Traps

FRESH_BLOCK = 8192
ALL = slice(None)


@dataclass(frozen=True)
class Memory:
    """All that an array remembers, in one record: it is exchanged in one step, which nothing can interrupt."""

    state: State | None = None  # None before it is first needed
    reads: int = 0
    fresh: bool = True
    ages: Ages | None = None  # None while no time has passed


class Transactional(Identity):
    """An array with a memory, its parts and copies, and the doors of all that changes it; parameters of `CellArray`."""

    def __init__(
        self,
        shape: tuple[int, int],
        device: DeviceParameters,
        seed: int,
        order: int | None,
        start: str,
        engine: str,
        first_cell: int,
        retention: RetentionLaw | None = None,
        traps: Traps | None = None,
    ) -> None:
        super().__init__(shape, device, seed, order, start, engine, first_cell, retention, traps)
        self._memory = Memory()
        self._working = False  # inside a transaction: nobody sees these cells before it ends
        self._own: State | None = None  # memory that this transaction has made, and may write to
        self._lent = 0  # open transactions, which look at this memory
        self._warned = False
        self._law_warned = False

    @property
    def fresh(self) -> bool:
        """Whether nothing has been applied yet and no noisy read was made, so that seed and numbers say all."""
        return self._memory.fresh

    @property
    def reads(self) -> int:
        """Noisy reads made so far."""
        return self._memory.reads

    # ---- other arrays of the same cells

    def copy(self) -> Self:
        """An independent copy: the same cells from here on. `copy.copy` and `copy.deepcopy` do the same."""
        return self.part()

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.copy()

    def part(self, rows: slice = ALL, columns: slice = ALL) -> Self:
        """A rectangle as an array of its own: an independent copy, whose cells go on as they would here.

        Parameters
        ----------
        rows, columns : slice
            Neighbouring ones, as ``slice(first, end)``; default: all. The cells of some columns alone do not follow
            each other in number, so that the part counts as used: it is not made again of the seed alone.

        Returns
        -------
        CellArray
            Of that rectangle.

        Raises
        ------
        TypeError, ValueError
            If one is no slice, or empty.
        """
        top, end = checks.span("rows", rows, self.rows)
        left, right = checks.span("columns", columns, self.columns)
        twin = self._twin(working=False)
        twin._shape = (end - top, right - left)
        twin._first_cell = self._first_cell + top * self.columns + left
        if right - left < self.columns and end - top > 1:
            inside = self._state.rectangle(self._shape, slice(top, end), slice(left, right))
            ages = (
                None
                if self._memory.ages is None
                else self._memory.ages.rectangle(self._shape, slice(top, end), slice(left, right))
            )
            twin._memory = replace(self._memory, state=inside, fresh=False, ages=ages)
        else:
            first = top * self.columns + left
            where = slice(first, first + twin.size)
            known = None if self.fresh else self._state.take(where)
            ages = None if self._memory.ages is None else self._memory.ages.take(where)
            twin._memory = replace(self._memory, state=known, ages=ages)
        return twin

    def blank(self) -> Self:
        """The same array before anything was applied, without any memory of it: small, to be sent about."""
        twin = self._twin(working=False)
        twin._memory = Memory()
        return twin

    # ---- the doors of all that changes cells

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        """Change cells all at once, or not at all.

        The block gets a twin of the cells to work on. At its end the cells become what the twin is, in one step; if it
        ends by an exception, Ctrl-C among them, they stay as they were, bit for bit. The twin takes memory of its own
        when it is first changed. What is done to the cells themselves meanwhile is lost.

        Examples
        --------
        >>> import synaptogen_core as sc
        >>> cells = sc.CellArray((2, 2), sc.load_device("hennen2024"), seed=7)
        >>> with cells.transaction() as work:
        ...     work.apply_voltage(-1.5)
        ...     cells.state().max()
        ...
        np.uint8(0)
        >>> cells.state().max()
        np.uint8(2)
        """
        twin = self._twin(working=True)
        self._lent += 1
        try:
            yield twin
        finally:
            self._lent -= 1
            twin._own = None  # whoever keeps the twin works on memory of its own from here on
        self._warned, self._law_warned, self._memory = twin._warned, twin._law_warned, twin._memory

    def take_over(self, state: State, reads: int, ages: Ages | None = None) -> None:
        """Take a new state of these cells in one step: it is theirs from now on, and they are used ones.

        Parameters
        ----------
        state : State
            Of all cells.
        reads : int
            Noisy reads made so far.
        ages : Ages, optional
            Where time has passed; default: as before.
        """
        self._own = state if self._working and state is not self._memory.state else self._own
        self._memory = Memory(state, reads, fresh=False, ages=ages or self._memory.ages)

    # ---- the state itself, for those who compute with it

    @property
    def stored(self) -> State | None:
        """The state where it lies, None before it is first needed; only to be read."""
        return self._memory.state

    @property
    def ages(self) -> Ages | None:
        """When the cells were switched; None while no time has passed; only to be read."""
        return self._memory.ages

    def view(self, block: slice) -> State:
        """The state of some cells where it lies, refusing to be written to.

        Parameters
        ----------
        block : slice
            Numbers of the cells in this array.

        Returns
        -------
        State
            No copy.
        """
        return self._state.view(block, writeable=False)

    def take(self, block: slice | NDArray[np.integer]) -> State:
        """An independent copy of the state of some cells, by their numbers in this array.

        Parameters
        ----------
        block : slice, or ndarray of int, shape (n,)
            Numbers of the cells in this array.

        Returns
        -------
        State
            Of n cells.
        """
        return self.born(block) if self.stored is None else self.stored.take(block)

    def _twin(self, working: bool) -> Self:
        """Another array with the same memory."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._working, twin._own, twin._lent = working, None, 0
        return twin

    @property
    def _state(self) -> State:
        state = self._memory.state
        if state is None:
            state = State.empty(self.size, self._device.slots)
            each_block(self.size, FRESH_BLOCK, lambda block: state.put(block, self.born(block)))
            self._memory = replace(self._memory, state=state)
        return state
