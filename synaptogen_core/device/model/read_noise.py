"""Read noise: thermal and shot noise of the current through a cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.model import conduction, random_streams
from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.types import F32

BOLTZMANN = 1.380649e-23  # J/K
ELEMENTARY_CHARGE = 1.602176634e-19  # C
TEMPERATURE = 300.0  # K
BANDWIDTH = 1e8  # Hz
READ_VOLTAGE = 0.2  # V
MAX_READS = 2**48  # of an array: as many as have an address


def noise_factors(bandwidth: float) -> tuple[np.float32, np.float32]:
    """4 kB T BW [J/s] and 2 e BW [A]: what conductance and current are multiplied by in the variance."""
    return np.float32(4 * BOLTZMANN * TEMPERATURE * bandwidth), np.float32(2 * ELEMENTARY_CHARGE * bandwidth)


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
    johnson, shot = noise_factors(bandwidth)
    sd: F32 = np.sqrt(johnson * np.abs(conductance) + shot * np.abs(current))
    return sd


def noisy_current(
    r: F32, cell: NDArray[np.uint64], seed: int, number: int, u: F32, bandwidth: float, c: Constants
) -> F32:
    """Currents of cells as one read of their array finds them.

    Parameters
    ----------
    r : ndarray of float32, shape (n,)
        Mixing variable.
    cell : ndarray of uint64, shape (n,)
        Addresses.
    seed : int
        Of the array, 0 <= seed < 2**64.
    number : int
        Which read of the array, below `MAX_READS`.
    u : ndarray of float32, shape (n,) or (1,)
        Voltages [V].
    bandwidth : float
        Of the read circuit [Hz].
    c : Constants

    Returns
    -------
    ndarray of float32, shape (n,)
        Currents [A].

    References
    ----------
    Thermal and shot noise: Hennen et al. 2024; docs/model.md, "Reading".
    """
    i = conduction.current(r, u, c)
    return i + noise_sd(i, conduction.conductance(r, u, c), bandwidth) * read_normals(cell, seed, number)


def read_normals(
    cell: NDArray[np.uint64], seed: int, number: int | NDArray[np.integer], purpose: int = random_streams.READ
) -> F32:
    """One standard normal a cell and read: one call of the generator serves four neighbouring cells.

    Parameters
    ----------
    cell : ndarray of uint64, shape (n,)
        Addresses.
    seed : int
    number : int or ndarray of integers, shape (m,)
        Which reads of the array, below `MAX_READS`: the count has the lower 32 bits, the sub-draw those above.
    purpose : int
        What for: `streams.READ` of cells, or `streams.LINE`.

    Returns
    -------
    ndarray of float32, shape (n,), or (m, n) for several reads
    """
    numbers = np.atleast_1d(number)
    groups, place = _groups(cell)
    count, turn = (np.repeat(part, groups.size) for part in (numbers & 0xFFFFFFFF, numbers >> 32))
    lanes = random_streams.normals(seed, purpose, np.tile(groups, numbers.size), count, turn)
    rows = np.moveaxis(lanes.reshape(4, numbers.size, groups.size), 0, -1).reshape(numbers.size, -1)[:, place]
    return rows if np.ndim(number) else rows[0]


def _groups(cell: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], slice | NDArray[np.intp]]:
    """The groups of four that cells lie in, and the place of each cell among the members of these groups."""
    first, last = cell[0], cell[-1]
    if int(last) - int(first) == cell.size - 1 and np.all(cell[1:] - cell[:-1] == 1):  # a whole array: no sorting
        groups = np.arange(int(first) >> 2, (int(last) >> 2) + 1, dtype=np.uint64)
        begin = int(first) & 3
        return groups, slice(begin, begin + cell.size)
    groups, position = np.unique(cell >> np.uint64(2), return_inverse=True)
    return groups, 4 * position + (cell & np.uint64(3)).astype(np.intp)
