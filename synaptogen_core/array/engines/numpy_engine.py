"""The specification as an engine: readable NumPy, pulse by pulse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.array.engines.interface import Pulses, Records
from synaptogen_core.device.model import read_noise, switching, variability
from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.device.model.state import FIXED, State
from synaptogen_core.types import F32


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
                switching.apply(state, u, variability.noise(seed, state.cell[drawing], count, c), c)
            time = pulses.after[k]
            if time >= 0:
                for name, array in (("r", state.r), ("state", state.code), ("cycle_count", state.count)):
                    if name in out:
                        out[name][time] = array
