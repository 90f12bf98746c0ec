"""Which coordinate a feature has: offset and warp, by the likelihood of devices each with its own mean and spread.

In the right coordinate devices of any level have one shape. With a mean and a spread for each device, the likelihood
of normal values is, up to constants, ``sum_d -N_d ln sd_d + sum ln dv/dy`` (Box and Cox 1964).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.staged.cycles import halved, knots_for, own_unit
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

OFFSETS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)  # of the least magnitude
FEWEST_DEVICES = 16  # of different level, to tell an offset or a warp
ERRORS, LEAST_GAIN = 2.0, 0.002  # a part is kept that gains by more than so many errors, and so much a value
STEP = 0.1  # of ln(m - c): of a difference


def first_coordinate(feature: int, values: F64) -> Coordinate:
    """log10 for a feature whose values have one sign, as they should; else linear.

    Parameters
    ----------
    feature : int
    values : ndarray
        Finite values, in the feature's unit.
    """
    sign = -1 if FEATURES[feature].name == "u_set" else 1
    return Coordinate("log10", sign) if np.all(sign * values > 0) else Coordinate("linear")


def scores(panel: Panel, column: int, coordinate: Coordinate, *, shaped: bool = False) -> F64:
    """Log-likelihood of each device in a coordinate, per value; shape (devices,).

    Parameters
    ----------
    panel : Panel
    column : int
    coordinate : Coordinate
    shaped : bool
        Of values of the one shape that all devices together have; else of normal ones.
    """
    y = own_unit(panel)[:, column]
    known = np.isfinite(y)
    v = np.full(y.shape, np.nan)
    v[known] = coordinate.inverse(y[known])
    jacobian = np.zeros(y.shape)
    if coordinate.scale == "log10":
        jacobian[known] -= np.log(np.log(10.0) * np.maximum(np.abs(y[known]) - coordinate.offset, 1e-300))
    if coordinate.warp is not None:
        jacobian[known] -= np.log(coordinate.warp.table.slope(v[known]))
    one = Panel(v[:, None], panel.device, panel.starts, (panel.features[column],), panel.step)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, sd = (moment[:, 0] for moment in one.moments)
        if shaped:
            jacobian[known] += _shape_scores((v - mean[panel.device])[known] / sd[panel.device][known])
        mean_jacobian = np.add.reduceat(np.where(known, jacobian, 0.0), panel.starts[:-1]) / one.counts[:, 0]
        return np.asarray(mean_jacobian - np.log(np.maximum(sd, 1e-12)))


def _shape_scores(z: F64) -> F64:
    """Log density of each standardised value, in that of all of them, beside the normal one."""
    knots = knots_for(z.size)
    at = np.quantile(z, ndtr(knots))
    steep = np.diff(knots) / np.maximum(np.diff(at), 1e-9)
    x = np.interp(z, at, knots)
    which = np.clip(np.searchsorted(at, z) - 1, 0, steep.size - 1)
    x = np.where(
        (z < at[0]) | (z > at[-1]), knots[which + (z > at[-1])] + (z - at[which + (z > at[-1])]) * steep[which], x
    )
    return np.asarray(0.5 * (z * z - x * x) + np.log(steep[which]))


def is_worth(won: tuple[float, float]) -> bool:
    """Whether a gain, and its error, are worth a part.

    Parameters
    ----------
    won : tuple of float
    """
    return won[0] > max(ERRORS * won[1], LEAST_GAIN)


def gain(better: F64, base: F64) -> tuple[float, float]:
    """Mean gain over devices, and its standard error.

    Parameters
    ----------
    better, base : ndarray, shape (devices,)
    """
    difference = better - base
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(difference.size))


@dataclass(frozen=True)
class Offset:
    """An offset c below the least magnitude m, and how surely it is known.

    Parameters
    ----------
    least : float
        m.
    value : float
        c.
    error : float
        Standard error of ln(m - c), over devices; NaN where the likelihood rises up to the largest that is tried.
    """

    least: float
    value: float
    error: float

    def interval(self, half: float) -> tuple[float, float]:
        """Ends that so many standard errors give; never below 0 nor above the least magnitude."""
        gap, around = self.least - self.value, float(np.exp(half * self.error))
        return max(self.least - gap * around, 0.0), self.least - gap / around


def offset_of(
    panel: Panel, column: int, coordinate: Coordinate, least: float
) -> tuple[Coordinate, tuple[float, float], Offset | None]:
    """The coordinate above the offset that gains most, kept if it gains on the devices that did not choose it.

    Parameters
    ----------
    panel : Panel
    column : int
    coordinate : Coordinate
        log10 without an offset.
    least : float
        Magnitude, of all that were measured.

    Returns
    -------
    Coordinate
    tuple of float
        Gain per value and device, and its error.
    Offset or None
        Where it is kept.
    """
    tried = [replace(coordinate, offset=share * least) for share in OFFSETS]
    base = scores(panel, column, coordinate)
    found = [scores(panel, column, c) for c in tried]
    even = np.arange(base.size) % 2 == 0
    crossed = np.empty(base.size)
    for half in (even, ~even):
        best = int(np.argmax([s[half].mean() for s in found]))
        crossed[~half] = found[best][~half]
    won = gain(crossed, base)
    if not is_worth(won):
        return coordinate, won, None
    known = _finest(panel, column, coordinate, least, int(np.argmax([s.mean() for s in found])))
    return replace(coordinate, offset=known.value), won, known


def _finest(panel: Panel, column: int, coordinate: Coordinate, least: float, near: int) -> Offset:
    """The offset of the largest likelihood about one that was tried; its error by what each device says of it.

    Few cycles that remember each other lead the likelihood away, halves of them twice as far: what the halves differ
    by is taken off (the half-panel jackknife of Dhaene and Jochmans 2015).
    """
    whole, of_whole = _peak(panel, column, coordinate, least, near)
    halves, of_halves = _peak(halved(panel), column, coordinate, least, near)
    x = min(2 * whole - halves, float(np.log(least)))
    moved = 2 * of_whole - of_halves.reshape(-1, 2).mean(axis=1)
    return Offset(least, least - float(np.exp(x)), float(moved.std(ddof=1) / np.sqrt(moved.size)))


def _peak(panel: Panel, column: int, coordinate: Coordinate, least: float, near: int) -> tuple[float, F64]:
    """ln(m - c) of the largest likelihood, and where each device would move it; NaN where it is at the largest c."""

    def of(x: float) -> F64:
        return scores(panel, column, replace(coordinate, offset=least - np.exp(x)))

    edges = np.log(least * (1 - np.array([0.0, *OFFSETS, OFFSETS[-1]])))  # of ln(m - c), falling
    best = minimize_scalar(
        lambda x: -of(x).mean(), bounds=(edges[near + 2], edges[near]), method="bounded", options={"xatol": 1e-3}
    )
    below, middle, above = (of(best.x + step) for step in (-STEP, 0.0, STEP))
    bend = float((below - 2 * middle + above).mean()) / STEP**2
    inside = bend < 0 and best.x > edges[-1] + 0.01
    return float(best.x), (above - below) / (2 * STEP) / (-bend if inside else np.nan)


def levels_differ(panel: Panel) -> bool:
    """Whether there are devices enough, and of levels different enough, to tell an offset or a warp."""
    mean, sd = panel.moments
    return panel.devices >= FEWEST_DEVICES and bool(np.all(mean.std(axis=0) > 0.3 * np.median(sd, axis=0)))
