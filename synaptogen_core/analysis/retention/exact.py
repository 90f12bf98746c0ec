"""What a retention law says of any delay, exactly and without sampling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.analysis.retention.characteristic import Jumps, Moved, moved
from synaptogen_core.device.retention.jumps import conductance, coordinate, interpolated
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.types import F64

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def jumps_at(law: RetentionLaw, g: float) -> Jumps:
    """The law's jumps at one conductance at birth.

    Parameters
    ----------
    law : RetentionLaw
    g : float
        [S].

    Returns
    -------
    Jumps
    """
    here = np.array([g])
    return Jumps(*(float(interpolated(here, law.conductance, t)[0]) for t in (law.spread, law.rate, law.mean)))


def distribution(law: RetentionLaw, g0: float, time: float, reversible: bool = False) -> Moved:
    """How far the coordinate Y of a cell has moved.

    Parameters
    ----------
    law : RetentionLaw
    g0 : float
        Conductance at birth [S].
    time : float
        Age [s].
    reversible : bool
        With what a read finds beside the jumps.

    Returns
    -------
    Moved
    """
    u, here = float(np.log1p(time / law.t0)), np.array([g0])
    still, grown = (float(interpolated(here, law.conductance, table)[0]) for table in (law.reversible, law.flicker))
    return moved(jumps_at(law, g0), u, float(np.hypot(still, grown * np.sqrt(u))) if reversible else 0.0)


def curve(
    law: RetentionLaw,
    g0: ArrayLike,
    times: ArrayLike,
    quantiles: Sequence[float] = QUANTILES,
    *,
    reversible: bool = False,
) -> xr.DataArray:
    """Quantiles of the conductance over time.

    Parameters
    ----------
    law : RetentionLaw
    g0 : float or array of shape (k,)
        Conductances at birth [S].
    times : array of shape (t,)
        Ages [s], from 0.
    quantiles : sequence of float
        Between 0 and 1.
    reversible : bool
        With what a read finds beside the jumps.

    Returns
    -------
    xarray.DataArray
        (level, quantile, time) [S].

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    """
    checks.instance("law", law, RetentionLaw, "use load_retention")
    checks.flag("reversible", reversible)
    start, ages = _positive("g0", g0), _ages(times)
    wanted = np.atleast_1d(checks.numeric("quantiles", quantiles)).astype(float)
    if wanted.ndim != 1 or not np.all((wanted > 0) & (wanted < 1)):
        raise ValueError("quantiles: must lie between 0 and 1 (got others); 0.5 is the median")
    found = np.empty((start.size, wanted.size, ages.size))
    for i, g in enumerate(start):
        y = float(coordinate(np.array([g]), law.corner)[0])
        for k, time in enumerate(ages):
            found[i, :, k] = conductance(
                y + distribution(law, float(g), float(time), reversible).quantile(wanted), law.corner
            )
    coords = {
        "level": ("level", start, {"long_name": "conductance at birth", "units": "S"}),
        "quantile": wanted,
        "time": ("time", ages, {"long_name": "time since programming", "units": "s"}),
    }
    attrs = {"long_name": "conductance", "units": "S", "retention": law.name, "retention_hash": law.hash,
             "retention_note": law.label}  # fmt: skip
    return xr.DataArray(found, coords, ("level", "quantile", "time"), "conductance", attrs)


def bit_error_rate(
    law: RetentionLaw, levels: ArrayLike, thresholds: ArrayLike, times: ArrayLike, *, reversible: bool = False
) -> xr.DataArray:
    """Probability that a cell is read as another level than the one it was programmed to.

    Parameters
    ----------
    law : RetentionLaw
    levels : array of shape (k,)
        Conductances at birth [S], rising.
    thresholds : array of shape (k - 1,)
        Between neighbouring levels [S].
    times : array of shape (t,)
        Ages [s].
    reversible : bool
        With what a read finds beside the jumps.

    Returns
    -------
    xarray.DataArray
        (level, time).

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    """
    checks.instance("law", law, RetentionLaw, "use load_retention")
    checks.flag("reversible", reversible)
    start, ages, limits = _positive("levels", levels), _ages(times), _positive("thresholds", thresholds)
    if limits.size != start.size - 1 or np.any(limits <= start[:-1]) or np.any(limits >= start[1:]):
        raise ValueError("thresholds: must lie one between each two rising levels (got others); give one fewer")
    found = np.empty((start.size, ages.size))
    edges = coordinate(limits, law.corner)
    for i, g in enumerate(start):
        y = float(coordinate(np.array([g]), law.corner)[0])
        for k, time in enumerate(ages):
            there = distribution(law, float(g), float(time), reversible)
            low = float(there.below(edges[i - 1] - y)) if i else 0.0
            high = float(there.below(edges[i] - y)) if i < limits.size else 1.0
            found[i, k] = max(0.0, 1.0 - high) + low
    coords = {
        "level": ("level", start, {"long_name": "conductance at birth", "units": "S"}),
        "time": ("time", ages, {"long_name": "time since programming", "units": "s"}),
    }
    attrs = {"long_name": "bit error rate", "units": "1", "retention": law.name, "retention_note": law.label}
    return xr.DataArray(found, coords, ("level", "time"), "bit_error_rate", attrs)


def _positive(name: str, value: ArrayLike) -> F64:
    found: F64 = np.atleast_1d(checks.numeric(name, value, "conductances", "give numbers in S")).astype(np.float64)
    if found.ndim != 1 or not np.all((found > 0) & np.isfinite(found)):
        raise ValueError(f"{name}: must be conductances above 0 S (got others); correct them")
    return found


def _ages(times: ArrayLike) -> F64:
    found: F64 = np.atleast_1d(checks.numeric("times", times, "times", "give seconds")).astype(np.float64)
    if found.ndim != 1 or not np.all((found >= 0) & np.isfinite(found)):
        raise ValueError("times: must be a row of ages from 0 s (got others); give seconds")
    return found
