"""Distributions of how far a cell has moved, from their characteristic functions, by one Fourier transform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synaptogen_core.types import F64

POINTS = 1 << 14
REACH = 40.0  # Laplace scales, and
WIDTH = 9.0  # standard deviations to which a grid reaches


@dataclass(frozen=True)
class Jumps:
    """A law at one conductance.

    Attributes
    ----------
    spread, rate, mean : float
        s [S per root of an e-fold], kappa [1/e-fold], m [S/e-fold].
    """

    spread: float
    rate: float
    mean: float = 0.0

    @property
    def scale(self) -> float:
        """Scale of the Laplace part of a jump [S]."""
        return float(np.sqrt(max(self.spread**2 - self.mean**2 / self.rate, 0.0) / (2 * self.rate)))

    def logarithm(self, q: F64, u: float) -> F64:
        """Logarithm of the characteristic function after u e-folds, kappa u (e^(iqm/kappa)/(1 + (beta q)^2) - 1).

        Parameters
        ----------
        q : ndarray of float64
            [1/S].
        u : float
            e-folds.

        Returns
        -------
        ndarray of complex
        """
        one = np.exp(1j * q * (self.mean / self.rate)) / (1 + (self.scale * q) ** 2)
        return np.asarray(self.rate * u * (one - 1))


@dataclass(frozen=True, eq=False)
class Moved:
    """A displacement's distribution on a grid of cells of one width.

    Attributes
    ----------
    x : ndarray of float64, shape (n,)
        Middles of the grid's cells [S].
    share : ndarray of float64, shape (n,)
        Probability of each; the cell at 0 holds those that never moved.
    """

    x: F64
    share: F64

    def below(self, x: F64 | float) -> F64:
        """Probability of at most `x` [S]; linear inside a cell of the grid."""
        edges = np.append(self.x - self.step / 2, self.x[-1] + self.step / 2)
        return np.asarray(np.interp(x, edges, np.append(0.0, np.cumsum(self.share)), left=0.0, right=1.0))

    def quantile(self, p: F64 | float) -> F64:
        """The displacement below which a share `p` lies [S]; exactly 0 where it falls on those that never moved."""
        edges = np.append(self.x - self.step / 2, self.x[-1] + self.step / 2)
        total = np.append(0.0, np.cumsum(self.share))
        found = np.interp(p, total + np.arange(total.size) * 1e-300, edges)
        return np.asarray(np.where(np.abs(found) <= self.step / 2, 0.0, found))

    def density(self, x: F64) -> F64:
        """Density [1/S] where it has one, linear between the middles."""
        return np.interp(x, self.x, self.share / self.step, left=0.0, right=0.0)

    @property
    def step(self) -> float:
        """Width of a cell of the grid [S]."""
        return float(self.x[1] - self.x[0])


def moved(jumps: Jumps, u: float, noise: float = 0.0, *, reach: float = 0.0, points: int = POINTS) -> Moved:
    """How far Y has moved in u e-folds, with Gaussian noise of a read on top.

    Parameters
    ----------
    jumps : Jumps
    u : float
        e-folds, from 0.
    noise : float
        Standard deviation of the noise [S].
    reach : float
        Least extent of the grid to either side [S].
    points : int
        Cells of the grid, a power of two.

    Returns
    -------
    Moved
    """
    sd = np.sqrt(jumps.spread**2 * u + noise**2)
    extent = max(reach, WIDTH * sd + REACH * jumps.scale + abs(jumps.mean) * u, 1e-15)
    step = 2 * extent / points
    q = 2 * np.pi * np.fft.fftfreq(points, step)
    log = jumps.logarithm(q, u) - (q * noise) ** 2 / 2
    still = np.exp(-jumps.rate * u) if noise == 0 else 0.0
    share = np.fft.fftshift(np.fft.fft((np.exp(log) - still) * np.sinc(q * step / (2 * np.pi))).real) / points
    share = np.maximum(share, 0.0)
    share *= (1 - still) / max(share.sum(), 1e-300)
    share[points // 2] += still
    return Moved((np.arange(points) - points // 2) * step, share)
