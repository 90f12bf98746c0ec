"""The warp of a coordinate in which devices of all levels are most alike, and what it gains on others.

The likelihood is that of `coordinates.scores`; here it comes with its gradient. A warp is drawn as straight pieces at
equal steps of v, and the one shape of all devices is one of straight pieces, too: so all that the likelihood needs of
either are the places where the pieces meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtr

from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.staged.coordinates import gain, scores
from synaptogen_core.analysis.staged.cycles import knots_for, own_unit, part_of
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.device.shapes import cubic, warp_of
from synaptogen_core.types import F64

BINS = 9
MOST = 2.5  # of ln of the ratio of two bins' steepness
RIDGE = 0.002
TAIL = 0.002  # of the values beyond the knots of a warp
PIECES = 128
LEAST_SD = 1e-9  # in pieces: of a device of one value
AROUND = 0.05  # of a quantile's rank, from the nearer end
STEP = 1e-4  # of ln of a ratio: of a difference


@dataclass(frozen=True)
class Levels:
    """Values t before the warp, rising, each with its device; and the values of each device."""

    t: F64
    device: NDArray[np.intp]
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, panel: Panel, column: int, coordinate: Coordinate) -> Levels:
        """Those of a feature.

        Parameters
        ----------
        panel : Panel
        column : int
        coordinate : Coordinate
            Without a warp.

        Returns
        -------
        Levels
        """
        y = own_unit(panel)[:, column]
        known = np.isfinite(y)
        t, (_, device) = coordinate.inverse(y[known]), np.unique(panel.device[known], return_inverse=True)
        order = np.argsort(t)
        return cls(t[order], device[order].astype(np.intp), np.bincount(device))

    def sums(self, values: F64) -> F64:
        """Of each device.

        Parameters
        ----------
        values : ndarray, shape of `t`

        Returns
        -------
        ndarray, shape (devices,)
        """
        return np.asarray(np.bincount(self.device, values, self.counts.size))

    def misfit(self, at: F64) -> tuple[float, F64]:
        """Minus the likelihood, a value and device, up to a constant; and its gradient.

        Parameters
        ----------
        at : ndarray, shape (PIECES + 1,)
            Where the warp is at equal steps: those of v are 1.

        Returns
        -------
        float
        ndarray, shape of `at`
        """
        devices, weight = self.counts.size, 1 / (self.counts.size * self.counts[self.device])
        width = np.diff(at)
        piece = np.repeat(np.arange(PIECES), np.diff(np.searchsorted(self.t, at[1:-1]), prepend=0, append=self.t.size))
        part = (self.t - at[piece]) / width[piece]
        v = piece + part
        v -= (self.sums(v) / self.counts)[self.device]
        sd = np.maximum(np.sqrt(self.sums(v * v) / self.counts), LEAST_SD)
        z = v / sd[self.device]
        of_shape, by_z = _shape(z, weight)
        value = of_shape + float(weight @ np.log(width[piece])) + float(np.log(sd).mean())
        by_v = by_z - (self.sums(by_z) / self.counts)[self.device]
        by_v -= z * ((self.sums(by_z * z) - 1 / devices) / self.counts)[self.device]
        by_v /= sd[self.device] * width[piece]
        lower, upper = -weight / width[piece] - by_v * (1 - part), weight / width[piece] - by_v * part
        gradient = np.asarray(np.bincount(piece, lower, at.size) + np.bincount(piece + 1, upper, at.size), np.float64)
        dense = np.bincount(piece, weight, PIECES) / width  # a joint that moves passes values from piece to piece
        gradient[1:-1] -= 0.5 * (dense[1:] + dense[:-1]) * np.diff(np.log(width))
        return value, gradient


def _shape(z: F64, weight: F64) -> tuple[float, F64]:
    """Minus the weighted log density of standardised values in that of all of them, beside the normal one; gradient.

    As many values stay in each piece, whatever they are: its ends are quantiles.
    """
    knots = knots_for(z.size)
    order = np.argsort(z)
    rank = ndtr(knots) * (z.size - 1)
    at = np.interp(rank, np.arange(z.size), z[order])
    rise, width = np.diff(knots), np.maximum(np.diff(at), 1e-9)
    piece = np.clip(np.searchsorted(at, z) - 1, 0, width.size - 1)
    part = (z - at[piece]) / width[piece]
    x, steep = knots[piece] + part * rise[piece], rise / width
    value = weight @ (0.5 * (x * x - z * z) - np.log(steep[piece]))
    pull = x * steep[piece]
    lower, upper = -weight * (pull * (1 - part) + 1 / width[piece]), -weight * (pull * part - 1 / width[piece])
    by_end = np.asarray(np.bincount(piece, lower, at.size) + np.bincount(piece + 1, upper, at.size), np.float64)
    gradient = weight * (pull - z)
    # a quantile moves as the values about it do, on average: which of them it is changes with the least step
    about = AROUND * np.minimum(rank, z.size - 1 - rank)
    first, last = np.floor(rank - about).astype(np.intp), np.ceil(rank + about).astype(np.intp) + 1
    each = by_end / (last - first)
    steps = np.bincount(first, each, z.size + 1) - np.bincount(last, each, z.size + 1)
    gradient[order] += np.cumsum(steps[:-1])
    return float(value), gradient


def warp_fit(panel: Panel, column: int, coordinate: Coordinate) -> Coordinate:
    """The coordinate with the warp that makes devices of all levels most alike.

    Parameters
    ----------
    panel : Panel
    column : int
    coordinate : Coordinate
        Without a warp.

    Returns
    -------
    Coordinate
    """
    levels = Levels.of(panel, column, coordinate)
    low, high = (float(q) for q in np.quantile(levels.t, (TAIL, 1 - TAIL)))
    knots, steps = np.linspace(low, high, BINS + 1), np.linspace(low, high, PIECES + 1)

    def places(steepness: F64) -> F64:
        """Coordinates at the knots."""
        widened = np.exp(np.append(steepness, 0.0))
        return np.asarray(low + np.concatenate([[0.0], np.cumsum(widened)]) * (high - low) / widened.sum())

    def loss(steepness: F64) -> tuple[float, F64]:
        value, by_place = levels.misfit(cubic(places(steepness), knots, steps))
        moved = [
            cubic(places(steepness + step), knots, steps) - cubic(places(steepness - step), knots, steps)
            for step in STEP * np.eye(BINS - 1)
        ]
        return value + RIDGE * float(steepness @ steepness), np.array(moved) @ by_place / (
            2 * STEP
        ) + 2 * RIDGE * steepness

    best = minimize(loss, np.zeros(BINS - 1), jac=True, method="L-BFGS-B", bounds=[(-MOST, MOST)] * (BINS - 1),
                    options={"maxiter": 20, "ftol": 1e-5, "maxls": 8})  # fmt: skip
    return replace(coordinate, warp=warp_of({"kind": "spline", "knots": places(best.x), "values": knots}))


def warp_gain(panel: Panel, column: int, coordinate: Coordinate) -> tuple[float, float]:
    """What warps gain on the devices that they were not fitted to: per value, and its error.

    Parameters
    ----------
    panel : Panel
    column : int
    coordinate : Coordinate
        Without a warp.
    """
    base = scores(panel, column, coordinate, shaped=True)
    even = np.arange(base.size) % 2 == 0
    crossed = np.empty(base.size)
    for half in (even, ~even):
        fitted = warp_fit(part_of(panel, half), column, coordinate)
        crossed[~half] = scores(part_of(panel, ~half), column, fitted, shaped=True)
    return gain(crossed, base)
