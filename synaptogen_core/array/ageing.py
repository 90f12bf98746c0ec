"""When cells were switched, how old they are, and what a read finds of them at that age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.engines import choose
from synaptogen_core.array.threads import each_block
from synaptogen_core.device.model.state import State
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.retention import jumps, telegraph
from synaptogen_core.device.retention.clock import Clock
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.device.retention.traps import Traps
from synaptogen_core.types import F32, U32, Bools

Ns = NDArray[np.int64]
BLOCK = 1 << 14


@dataclass(frozen=True, eq=False)
class Ages:
    """Of n cells; its arrays are not written to any more. What `due` and `seen` hold follows from the rest.

    Attributes
    ----------
    clock : Clock
    born : ndarray of int64, shape (n,)
        Array time of the last switching event [ns]; 0 for one that never switched.
    births : ndarray of uint32, shape (n,)
        Switching events so far, as far as the clock tells them apart.
    due : ndarray of int64, shape (n,)
        Age at which the next jump comes [ns]; 0 where it is not known yet.
    seen : ndarray of float32, shape (n,)
        Mixing variable that a read finds until then.
    """

    clock: Clock
    born: Ns
    births: U32
    due: Ns
    seen: F32

    @classmethod
    def new(cls, r: F32) -> Ages:
        """Of cells of which nothing is known but what was programmed, `r`, at the beginning of time."""
        zeros = np.zeros(r.size, np.int64)
        return cls(Clock(), zeros, np.zeros(r.size, np.uint32), zeros, r.copy())

    @classmethod
    def empty(cls, size: int, clock: Clock) -> Ages:
        """Memory for the ages of so many cells, to be `put` by block.

        Parameters
        ----------
        size : int
        clock : Clock

        Returns
        -------
        Ages
        """
        born, due = np.empty(size, np.int64), np.empty(size, np.int64)
        return cls(clock, born, np.empty(size, np.uint32), due, np.empty(size, np.float32))

    def put(self, where: slice, part: Ages) -> None:
        """Write the ages of some cells, while these are still being made.

        Parameters
        ----------
        where : slice
        part : Ages
        """
        for name, array in self.arrays().items():
            array[where] = getattr(part, name)

    def take(self, where: Any) -> Ages:
        """Of some cells, on arrays of its own.

        Parameters
        ----------
        where : slice or ndarray of int
            Of the n cells.

        Returns
        -------
        Ages
        """
        return Ages(self.clock, **{name: np.array(array[where]) for name, array in self.arrays().items()})

    def rectangle(self, shape: tuple[int, int], rows: slice, columns: slice) -> Ages:
        """Of a rectangle of cells, as `State.rectangle`.

        Parameters
        ----------
        shape : tuple of two int
        rows, columns : slice

        Returns
        -------
        Ages
        """
        inside = {name: array.reshape(shape)[rows, columns].copy().ravel() for name, array in self.arrays().items()}
        return Ages(self.clock, **inside)

    def arrays(self) -> dict[str, Any]:
        """The arrays by name; not copies."""
        return {name: getattr(self, name) for name in ("born", "births", "due", "seen")}

    def switched(self, where: Bools, r: F32) -> Ages:
        """The same after some cells switched now.

        Parameters
        ----------
        where : ndarray of bool, shape (n,)
            Which.
        r : ndarray of float32, shape (n,)
            Mixing variable as programmed.

        Returns
        -------
        Ages
        """
        if not where.any():
            return self
        now = self.clock.time
        born, births = self.born, self.births
        again = where & (born != now)
        if again.any():
            born, births = np.where(again, now, born), births + again.astype(np.uint32)
        return replace(
            self, born=born, births=births, due=np.where(where, 0, self.due), seen=np.where(where, r, self.seen)
        )

    def read(
        self,
        engine: str,
        seed: int,
        cell: NDArray[np.uint64],
        r: F32,
        law: RetentionLaw,
        device: DeviceParameters,
        threads: int | None = None,
    ) -> Ages:
        """The same with `seen` as it is now.

        Parameters
        ----------
        engine : str
            Who computes.
        seed : int
        cell : ndarray of uint64, shape (n,)
            Addresses.
        r : ndarray of float32, shape (n,)
            Mixing variable as programmed.
        law : RetentionLaw
        device : DeviceParameters
        threads : int, optional
            Default: as many as there are processors.

        Returns
        -------
        Ages
            This one, if no jump is due.
        """
        age = self.clock.ages(self.born, law)
        if not (self.due <= age).any():
            return self
        due, seen = self.due.copy(), self.seen.copy()
        numbers, twin = jumps.numbers(law, device), choose.engine(engine).name == "numba"

        def work(block: slice) -> None:
            relax(seed, cell[block], self.births[block], r[block], age[block], due[block], seen[block], numbers, twin)

        each_block(cell.size, BLOCK, work, threads)
        return replace(self, due=due, seen=seen)


def relax(
    seed: int,
    cell: NDArray[np.uint64],
    births: U32,
    r: F32,
    age: Ns,
    due: Ns,
    seen: F32,
    law: jumps.Numbers,
    twin: bool,
) -> None:
    """Bring the cells whose jump is due up to their age, `due` and `seen` in place.

    Parameters
    ----------
    seed : int
    cell, births, r, age, due, seen
        Of n cells; see `Ages` and `jumps.relaxed`.
    law : jumps.Numbers
    twin : bool
        Whether compiled code computes.
    """
    if twin:
        from synaptogen_core.array.engines.compiled.retention import relaxation

        relaxation.relax(seed, cell, births, r, age, due, seen, law)
        return
    here = np.flatnonzero(due <= age)
    seen[here], due[here] = jumps.relaxed(seed, cell[here], births[here], r[here], age[here], law)


def flickering(
    engine: str,
    seed: int,
    cell: NDArray[np.uint64],
    r: F32,
    time: int | Ns,
    traps: Traps,
    device: DeviceParameters,
    threads: int | None = None,
) -> F32:
    """The mixing variable that a read finds, with the traps as they are at a time.

    Parameters
    ----------
    engine : str
        Who computes.
    seed : int
    cell : ndarray of uint64, shape (n,)
        Addresses.
    r : ndarray of float32, shape (n,)
        Without traps.
    time : int, or ndarray of int64, shape (n,)
        Of the array [ns].
    traps : Traps
    device : DeviceParameters
    threads : int, optional
        Default: as many as there are processors.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    numbers, twin = telegraph.numbers(traps, device), choose.engine(engine).name == "numba"
    found, now = np.empty_like(r), np.broadcast_to(np.asarray(time, np.int64), r.shape)

    def work(block: slice) -> None:
        if twin:
            from synaptogen_core.array.engines.compiled.retention import telegraph as compiled

            compiled.flickering(seed, cell[block], r[block], found[block], now[block].copy(), numbers)
        else:
            found[block] = telegraph.flickering(seed, cell[block], r[block], now[block], numbers)

    each_block(cell.size, BLOCK, work, threads)
    return found


@dataclass(frozen=True, eq=False)
class Switches:
    """What tells that a cell has switched, on arrays of its own; of n cells."""

    code: NDArray[np.uint8]
    count: U32
    threshold: F32

    @classmethod
    def of(cls, state: State, where: slice = slice(None)) -> Switches:
        """Copy what can change.

        Parameters
        ----------
        state : State
        where : slice
            Its cells.

        Returns
        -------
        Switches
        """
        return cls(*(getattr(state, name)[where].copy() for name in ("code", "count", "threshold")))

    def switched(self, state: State, where: slice = slice(None)) -> Bools:
        """Which cells have switched since then, by one pulse or by many.

        A SET leads into LRS, and the way out of it is counted as a cycle; further RESET raises the threshold.

        Parameters
        ----------
        state : State
        where : slice
            The same cells in it.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        changed: Bools = self.code != state.code[where]
        changed |= self.count != state.count[where]
        changed |= self.threshold != state.threshold[where]
        return changed


def saved(ages: Ages) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plain values and arrays from which `loaded` makes them again."""
    return {"clock": [list(span) for span in ages.clock.spans]}, {
        "born": ages.born.copy(),
        "births": ages.births.copy(),
    }


def loaded(clock: object, arrays: Mapping[str, Any], r: F32) -> Ages:
    """Ages that `saved` described, checked.

    Parameters
    ----------
    clock : list of (float or None, int)
        Spans of the clock.
    arrays : mapping
        With ``born`` and ``births``.
    r : ndarray of float32, shape (n,)
        Mixing variable as programmed.

    Returns
    -------
    Ages

    Raises
    ------
    TypeError, ValueError
        If they do not fit.
    """
    ages = replace(Ages.new(r), clock=Clock.of(clock))
    given: dict[str, Any] = {}
    for name, kind in (("born", np.int64), ("births", np.uint32)):
        array = np.asarray(arrays.get(name))
        if array.shape != r.shape or array.dtype != kind:
            raise ValueError(f"cells: {name} must be {np.dtype(kind)} of shape {r.shape} (got others); save them again")
        given[name] = array.copy()
    if given["born"].min() < 0 or given["born"].max() > ages.clock.time:
        raise ValueError("cells: born must lie between 0 and the array's time (got others); save the cells again")
    return replace(ages, born=given["born"], births=given["births"])
