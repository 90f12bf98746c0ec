"""Who computes: the NumPy specification, or its compiled twin with the same bits."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.model import random_streams, read_noise, switching, variability
from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.device.model.state import FIXED, State
from synaptogen_core.types import F32

ENGINES = ("auto", "numpy", "numba")


@dataclass(frozen=True)
class Pulses:
    """Some pulses for one block of n cells, and what is to be written down on the way."""

    voltage: F32  # (pulses, n), or (pulses, 1) where all cells get the same [V]
    read: NDArray[np.bool_]  # (pulses,): leaves the states alone
    before: NDArray[np.int32]  # (pulses,): where the features go before the pulse, or -1
    after: NDArray[np.int32]  # (pulses,): where the other quantities go after the pulse, or -1


# As wanted: "features" (4, cycles, n) float32; "r" (times, n) float32, "state" uint8 and "cycle_count" uint32 like it
Records = dict[str, np.ndarray]


class Engine(Protocol):
    """What every engine can do."""

    name: str
    block: int  # cells that it likes to take at once
    piece: int  # updates after which it comes back to see whether to go on: some hundredths of a second
    may_fail: bool  # halfway through a block: it takes memory on its way

    def fresh_cells(self, cell: NDArray[np.uint64], seed: int, start: str, c: Constants) -> State:
        """New cells; see `variability.fresh_cells`."""

    def advance(
        self, source: State, target: State, where: slice, seed: int, pulses: Pulses, out: Records, c: Constants
    ) -> None:
        """Apply the pulses to the cells `where` of `source`, write them to the same place in `target`, and fill `out`.

        In place if `target` is `source`; else its successor. Threads may do this at the same time, each elsewhere.
        """

    def between(self, r: F32, low: F32, difference: F32) -> F32:
        """``low + r * difference``: current [A] or conductance [S] between two curves at the voltages of `low`."""

    def read(self, state: State, seed: int, number: int, u: F32, bandwidth: float, where: slice, c: Constants) -> F32:
        """Noisy currents [A] of some cells at `u` [V], shape (1,) or one a cell, in the array's read `number`."""


class NumpyEngine:
    """The specification, pulse by pulse."""

    name = "numpy"
    block = 4096
    piece = 1 << 16
    may_fail = True

    def fresh_cells(self, cell: NDArray[np.uint64], seed: int, start: str, c: Constants) -> State:
        """New cells."""
        return variability.fresh_cells(cell, seed, start, c)

    def between(self, r: F32, low: F32, difference: F32) -> F32:
        """Between two curves."""
        return low + r * difference

    def read(self, state: State, seed: int, number: int, u: F32, bandwidth: float, where: slice, c: Constants) -> F32:
        """Noisy currents of some cells."""
        return read_noise.noisy_current(state.r[where], state.cell[where], seed, number, u, bandwidth, c)

    def advance(
        self, source: State, target: State, where: slice, seed: int, pulses: Pulses, out: Records, c: Constants
    ) -> None:
        """Apply the pulses and fill `out`."""
        if target is not source:
            for name, array in target.arrays().items():
                if name not in FIXED:
                    array[..., where] = getattr(source, name)[..., where]
        state = target.view(where)
        for k, u in enumerate(pulses.voltage):
            if pulses.before[k] >= 0 and "features" in out:
                out["features"][:, pulses.before[k]] = state.features
            if not pulses.read[k]:
                drawing = switching.drawing_cells(state, u)
                count = state.count[drawing] + np.uint32(1)
                normals = random_streams.normals(seed, random_streams.CYCLE, state.cell[drawing], count)
                switching.apply(state, u, normals, c)
            time = pulses.after[k]
            if time >= 0:
                for name, array in (("r", state.r), ("state", state.code), ("cycle_count", state.count)):
                    if name in out:
                        out[name][time] = array


def check_name(name: object) -> str:
    """One of the names of engines."""
    if not isinstance(name, str) or name not in ENGINES:
        raise ValueError(
            f"engine: must be one of {', '.join(ENGINES)} (got {name!r}); 'auto' takes the fastest there is"
        )
    return str(name)


@cache
def engine(name: str) -> Engine:
    """The engine called `name`; "auto" is the compiled one where numba is there; else it says once that it is slow."""
    if name != "numpy":
        if importlib.util.find_spec("numba") is not None:
            from synaptogen_core.array.engines.numba_engine import NumbaEngine

            return NumbaEngine()
        if name == "numba":
            raise ValueError("engine: 'numba' needs the package numba (got none); install it or choose 'numpy'")
        warnings.warn("numba is not installed: the NumPy engine gives the same bits, slower", stacklevel=3)
    return NumpyEngine()


def warm() -> None:
    """Have the fastest engine ready, so that the first simulation need not wait for the compiler; takes seconds."""
    if engine("auto").name == "numba":
        from synaptogen_core.array.engines import numba_engine

        nowhere = np.full(1, -1, np.int32)
        numba_engine.warm(Pulses(np.zeros((1, 1), np.float32), np.zeros(1, np.bool_), nowhere, nowhere))
