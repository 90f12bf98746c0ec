"""Read noise: thermal and shot noise of the current through a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device import streams
from synaptogen_core.device.arithmetic import F32

BOLTZMANN = 1.380649e-23  # J/K
ELEMENTARY_CHARGE = 1.602176634e-19  # C
TEMPERATURE = 300.0  # K
BANDWIDTH = 1e8  # Hz
READ_VOLTAGE = 0.2  # V


def noise_sd(current: F32, conductance: F32, bandwidth: float) -> F32:
    """Standard deviation of a read current [A].

    ``s^2 = |4 kB T BW G| + |2 e I BW|``: Johnson noise of the static conductance G = I/U (at U = 0: of dI/dU) and shot
    noise (Hennen et al. 2024). For 44 uA at 0.2 V and 100 MHz: 42 nA.

    Parameters
    ----------
    current, conductance : ndarray of float32
        I [A] and I/U [S].
    bandwidth : float
        BW [Hz].
    """
    johnson = np.float32(4 * BOLTZMANN * TEMPERATURE * bandwidth) * np.abs(conductance)
    shot = np.float32(2 * ELEMENTARY_CHARGE * bandwidth) * np.abs(current)
    sd: F32 = np.sqrt(johnson + shot)
    return sd


def read_normals(cell: NDArray[np.uint64], seed: int, number: int) -> F32:
    """One standard normal a cell for the array's read `number`: one call of the generator serves four neighbours."""
    group = cell >> np.uint64(2)
    groups, position = np.unique(group, return_inverse=True)
    lane = (cell & np.uint64(3)).astype(np.intp)
    return streams.normals(seed, streams.READ, groups, number)[lane, position]
