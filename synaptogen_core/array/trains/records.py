"""What is known of each pulse of a train, and what a plot of it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.frozen import Frozen
from synaptogen_core.errors import shown

MAX_PULSES = 50_000_000


@dataclass(frozen=True, eq=False)
class Pulses(Frozen):
    """The arrays of a train of n pulses, read-only, each of shape (n,).

    Attributes
    ----------
    voltage : float32
        Applied voltage [V]; NaN where it is random.
    cycle_end : bool
        The pulse ends a cycle.
    read : bool
        The pulse never changes a state.
    step : int32
        Position of the pulse in its cycle, from 0.
    cycle : int32
        Cycle that the pulse belongs to, from 0.
    random : int16
        -1, or which of the train's `sources` the voltage comes from.
    """

    voltage: NDArray[np.float32]
    cycle_end: NDArray[np.bool_]
    read: NDArray[np.bool_]
    step: NDArray[np.int32]
    cycle: NDArray[np.int32]
    random: NDArray[np.int16]


class Waveform(NamedTuple):
    """What a plot of a train shows: one entry a pulse, to be drawn as steps; shapes (m,).

    `complete` says whether these are all pulses of the train.
    """

    pulse: NDArray[np.int64]
    voltage: NDArray[np.float32]
    complete: bool


def train_length(pulses: int) -> int:
    """Return `pulses`, if the arrays of so long a train fit in a workstation's memory.

    Raises
    ------
    ValueError
        If it is longer.
    """
    if pulses > MAX_PULSES:
        got = f"{pulses:,}" if pulses < 10**40 else shown(pulses)
        raise ValueError(
            f"pulses: a train has at most {MAX_PULSES:,} (got {got}); use fewer cycles, "
            "and apply a second train to the same cells"
        )
    return pulses
