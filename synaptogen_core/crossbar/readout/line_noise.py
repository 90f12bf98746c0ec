"""Noise of a line: what its cells and its amplifier add to its current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.engines import line_normals as fastest
from synaptogen_core.device.model import read_noise


@dataclass(frozen=True)
class LineNoise:
    """Noise of the current of a bit line; that of two reads is independent, and so is that of two lines.

    Parameters
    ----------
    bandwidth : float
        Noise bandwidth of the read [Hz]; 0 for no noise.
    density : float
        The amplifier's own noise, referred to its input [A/sqrt(Hz)].

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.
    """

    bandwidth: float = read_noise.BANDWIDTH
    density: float = 0.0

    def __post_init__(self) -> None:
        checks.bandwidth(self.bandwidth)
        if checks.number("density", self.density) < 0:
            raise ValueError(f"density: must be 0 A/sqrt(Hz) or more (got {self.density:g}); 0 is without")

    def sd(self, cell_current: ArrayLike, cell_conductance: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation of the line currents [A].

        The variances of the cells (`device.noise.noise_sd`) and of the amplifier add:
        ``s_j^2 = sum_i (|4 kB T BW G_ij| + |2 e I_ij BW|) + density^2 BW``. All of a cell's noise is taken to arrive at
        the end of its bit line, and the lines' own thermal noise is left out: both are right while lines conduct much
        better than cells, and too large an estimate for lines that are interrupted.

        Parameters
        ----------
        cell_current, cell_conductance : array, shape (..., rows, columns)
            I [A] and the static conductance I/U [S] of the cells.

        Returns
        -------
        ndarray of float64, shape (..., columns)
        """
        johnson, shot = (float(factor) for factor in read_noise.noise_factors(self.bandwidth))
        conductance, current = (
            np.abs(np.asarray(a, np.float64)).sum(axis=-2) for a in (cell_conductance, cell_current)
        )
        variance = johnson * conductance + shot * current + self.density**2 * self.bandwidth
        return np.asarray(np.sqrt(variance))


def line_normals(line: NDArray[np.integer], seed: int, number: NDArray[np.integer]) -> NDArray[np.float64]:
    """One standard normal for each line and read; a function of (seed, line, read number) alone.

    Parameters
    ----------
    line : ndarray of integers, shape (n,)
        Numbers of the lines.
    seed : int
    number : ndarray of integers, shape (m,)
        Numbers of the reads, below 2**32.

    Returns
    -------
    ndarray of float64, shape (m, n)
    """
    return fastest.line_normals(line, seed, number).astype(np.float64)
