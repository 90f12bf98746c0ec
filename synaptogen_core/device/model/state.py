"""What a cell remembers, for many cells: one array a quantity."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.schema import STATE_NAMES
from synaptogen_core.types import F32, U32

FIXED = ("cell", "component", "mu", "sigma")  # for a cell's whole life


@dataclass
class State:
    """State of n cells with an autoregression of order p. Cells run along the last axis.

    The vector x of cycle m stands in ``history[m % p]``: a draw overwrites the oldest and moves nothing. Of a device of
    format 2, more slots follow these p (`extended`).
    """

    cell: NDArray[np.uint64]  # (n,) address
    component: NDArray[np.uint8]  # (n,) of the mixture
    mu: F32  # (4, n); the first in log10 ohm
    sigma: F32  # (4, n)
    history: F32  # (slots, 4, n), slots = p or more
    count: U32  # (n,) cycles drawn so far
    features: F32  # (4, n): R_HRS [ohm], U_SET [V], R_LRS [ohm], U_RESET [V] in force
    code: NDArray[np.uint8]  # (n,) HRS, IRS or LRS
    r: F32  # (n,) mixing variable
    threshold: F32  # (n,) voltage above which RESET starts or goes on [V]
    slope: F32  # (n,) a of the transition curve [A V^-eta]
    floor: F32  # (n,) c of the transition curve [A]

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(self.r.size)

    @property
    def nbytes(self) -> int:
        """Memory [bytes]."""
        return sum(array.nbytes for array in self.arrays().values())

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name; not copies."""
        return {name: getattr(self, name) for name in NAMES}

    def copy(self) -> State:
        """An independent copy."""
        return State(**{name: array.copy() for name, array in self.arrays().items()})

    def take(self, where: slice | NDArray[np.integer]) -> State:
        """An independent copy of some cells."""
        if isinstance(where, slice):
            return self.view(where).copy()
        return State(**{name: array.take(where, axis=-1) for name, array in self.arrays().items()})

    def view(self, where: slice, *, writeable: bool = True) -> State:
        """Some cells where they are, not a copy.

        Parameters
        ----------
        where : slice
            Of the n cells.
        writeable : bool
            False: the arrays of the view are read-only.

        Returns
        -------
        State
            Its arrays share their memory with this one.
        """
        arrays = {name: array[..., where] for name, array in self.arrays().items()}
        if not writeable:
            for array in arrays.values():
                array.flags.writeable = False
        return State(**arrays)

    def rectangle(self, shape: tuple[int, int], rows: slice, columns: slice) -> State:
        """An independent copy of a rectangle of cells.

        Parameters
        ----------
        shape : tuple of two int
            Rows and columns in which the n cells lie, row by row.
        rows, columns : slice
            Which of them.

        Returns
        -------
        State
            The cells of the rectangle, row by row.
        """
        arrays = {}
        for name, array in self.arrays().items():
            inside = array.reshape(*array.shape[:-1], *shape)[..., rows, columns]
            arrays[name] = inside.copy().reshape(*array.shape[:-1], -1)
        return State(**arrays)

    def put(self, where: slice | NDArray[np.integer], part: State) -> None:
        """Write `part` over some cells.

        Parameters
        ----------
        where : slice, or ndarray of integers, shape (k,)
            Which of the n cells.
        part : State
            Of k cells and as many slots.
        """
        for name, array in self.arrays().items():
            array[..., where] = getattr(part, name)

    def digest(self, where: slice) -> bytes:
        """Hash of some cells."""
        digest = hashlib.sha256()
        for array in self.arrays().values():
            for row in array.reshape(-1, self.size):
                digest.update(row[where].data)
        return digest.digest()

    @classmethod
    def of(cls, arrays: Mapping[str, Any], size: int, slots: int, components: int) -> State:
        """Arrays that were saved, checked and copied.

        Parameters
        ----------
        arrays : mapping of str to array
            By the names of the fields, with their shapes, types and units.
        size : int
            Number of cells n.
        slots : int
            Of the history: order p of the autoregression, or more.
        components : int
            Number of mixture components of the device.

        Returns
        -------
        State

        Raises
        ------
        ValueError
            If one is missing or breaks its rule.
        """
        state = cls.empty(size, slots)
        for name, array in state.arrays().items():
            given = np.asarray(arrays.get(name))
            if given.shape != array.shape or given.dtype != array.dtype:
                raise ValueError(
                    f"cells: {name} must be {array.dtype} of shape {array.shape} (got {given.dtype}, {given.shape}); "
                    "save the cells again"
                )
            if array.dtype == np.float32 and np.isnan(given).any():  # what float32 does not hold is infinite
                raise ValueError(f"cells: {name} must be numbers (got NaN); save the cells again")
            limit = {"code": len(STATE_NAMES), "component": components}.get(name)
            if limit is not None and given.max() >= limit:
                raise ValueError(f"cells: {name} must be below {limit} (got {given.max()}); save the cells again")
            array[...] = given
        return state

    def successor(self) -> State:
        """Memory for the next state of the same cells, not yet filled; what never changes is shared with this one."""
        arrays = self.arrays()
        return State(**{name: array if name in FIXED else np.empty_like(array) for name, array in arrays.items()})

    @classmethod
    def empty(cls, size: int, slots: int) -> State:
        """Memory for `size` cells, not yet filled.

        Parameters
        ----------
        size : int
            Number of cells n.
        slots : int
            Of the history: order p of the autoregression, or more.

        Returns
        -------
        State
            Its numbers are whatever stood in the memory.
        """
        return cls(
            cell=np.empty(size, np.uint64),
            component=np.empty(size, np.uint8),
            mu=np.empty((4, size), np.float32),
            sigma=np.empty((4, size), np.float32),
            history=np.empty((slots, 4, size), np.float32),
            count=np.empty(size, np.uint32),
            features=np.empty((4, size), np.float32),
            code=np.empty(size, np.uint8),
            r=np.empty(size, np.float32),
            threshold=np.empty(size, np.float32),
            slope=np.empty(size, np.float32),
            floor=np.empty(size, np.float32),
        )


NAMES = tuple(field.name for field in fields(State))
BYTES_PER_CELL_WITHOUT_HISTORY = State.empty(1, 0).nbytes


def bytes_per_cell(slots: int) -> int:
    """Memory of one cell's state with so many slots of history [bytes]."""
    return BYTES_PER_CELL_WITHOUT_HISTORY + 16 * slots
