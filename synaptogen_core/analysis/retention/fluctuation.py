"""What telegraph traps do to reads, exactly: autocovariance, spectrum, Allan variance of the mean over all cells."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.device.retention.jumps import interpolated
from synaptogen_core.device.retention.traps import Traps
from synaptogen_core.types import F64

NODES = 400  # of the quadrature over logarithms of time constants
SMALL = 1e-3


def autocovariance(traps: Traps, g: float, lags: ArrayLike, time_constants: ArrayLike | None = None) -> xr.DataArray:
    """Autocovariance of the conductance that reads find, averaged over cells, or of one cell.

    Each trap adds (G a)^2 p (1 - p) exp(-t/tau); over log-uniform time constants that is a difference of exponential
    integrals.

    Parameters
    ----------
    traps : Traps
    g : float
        Conductance without traps [S].
    lags : array of shape (n,)
        Between two reads, from 0 [s].
    time_constants : array of shape (k,), optional
        Of the traps of one cell [s], as ``cells.trap_times(row, column)`` gives them; default: the mean over cells.

    Returns
    -------
    xarray.DataArray
        (lag) [S^2].

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    References
    ----------
    Two-state Markov chain: Machlup 1954, J. Appl. Phys. 25, 341.
    """
    from scipy.special import exp1

    t, variance = _row("lags", lags, zero=True), _variance(traps, g)
    if time_constants is not None:
        tau = _row("time_constants", time_constants)
        spread = np.exp(-t[:, None] / tau).sum(axis=1) / traps.density
        return _array(traps, g, variance * spread, "lag", t, "s", "autocovariance", "S^2")
    with np.errstate(invalid="ignore"):
        spread = exp1(t / traps.longest) - exp1(t / traps.shortest)
    spread = np.where(t == 0, math.log(traps.longest / traps.shortest), spread)
    return _array(traps, g, variance * spread, "lag", t, "s", "autocovariance", "S^2")


def spectrum(traps: Traps, g: float, frequencies: ArrayLike) -> xr.DataArray:
    """One-sided spectral density of the conductance that reads find, averaged over cells.

    Parameters
    ----------
    traps : Traps
    g : float
        Conductance without traps [S].
    frequencies : array of shape (n,)
        Above 0 [Hz].

    Returns
    -------
    xarray.DataArray
        (frequency) [S^2/Hz]; times the frequency it is (G `Traps.flicker`)^2 between 1/longest and 1/shortest.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    References
    ----------
    4 (G a)^2 p (1 - p) tau/(1 + (2 pi f tau)^2) of each trap: Machlup 1954, J. Appl. Phys. 25, 341.
    """
    f, variance = _row("frequencies", frequencies), _variance(traps, g)
    omega = 2 * np.pi * f
    spread = np.arctan(omega * traps.longest) - np.arctan(omega * traps.shortest)
    return _array(traps, g, 4 * variance * spread / omega, "frequency", f, "Hz", "spectrum", "S^2/Hz")


def allan_variance(traps: Traps, g: float, windows: ArrayLike) -> xr.DataArray:
    """Half the mean square of differences between means over neighbouring windows, averaged over cells.

    Parameters
    ----------
    traps : Traps
    g : float
        Conductance without traps [S].
    windows : array of shape (n,)
        Lengths T above 0 [s].

    Returns
    -------
    xarray.DataArray
        (window) [S^2]; flicker noise alone: 2 ln 2 (G `Traps.flicker`)^2.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    References
    ----------
    (G a)^2 p (1 - p)/x (2 - (3 - 4 e^-x + e^-2x)/x) of each trap, x = T/tau: the autocovariance, summed over the pairs
    of times of two windows (Allan 1966, Proc. IEEE 54, 221).
    """
    window, variance = _row("windows", windows), _variance(traps, g)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half = math.log(traps.longest / traps.shortest) / 2
    tau = traps.shortest * np.exp(half * (nodes + 1))
    x = window[:, None] / tau
    whole = np.maximum(x, SMALL)
    exact = (2 - (3 - 4 * np.exp(-whole) + np.exp(-2 * whole)) / whole) / whole
    found = np.where(x < SMALL, 2 * x / 3 - x * x / 2, exact) @ weights * half
    return _array(traps, g, variance * found, "window", window, "s", "Allan variance", "S^2")


def _variance(traps: Traps, g: float) -> float:
    """Of the traps in one e-fold of time constants [S^2]."""
    checks.instance("traps", traps, Traps, "give retention.Traps(...)")
    found = checks.number("g", g)
    if found <= 0:
        raise ValueError(f"g: must be above 0 S (got {found:g}); give a conductance")
    return float((found * interpolated(np.array([found]), traps.conductance, traps.flicker)[0]) ** 2)


def _row(name: str, value: ArrayLike, zero: bool = False) -> F64:
    found: F64 = np.atleast_1d(checks.numeric(name, value)).astype(np.float64)
    if found.ndim != 1 or not np.all(np.isfinite(found) & ((found >= 0) if zero else (found > 0))):
        raise ValueError(f"{name}: must be a row of numbers {'from' if zero else 'above'} 0 (got others); correct them")
    return found


def _array(traps: Traps, g: float, values: F64, axis: str, at: F64, unit: str, name: str, units: str) -> xr.DataArray:
    attrs = {"long_name": name, "units": units, "g": float(g), "traps": traps.name, "traps_note": traps.label}
    coords = {axis: (axis, at, {"units": unit})}
    return xr.DataArray(values, coords, (axis,), name.lower().replace(" ", "_"), attrs)
