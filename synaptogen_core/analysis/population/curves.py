"""The model's own curves, to be drawn beside the data: exact, from the parameters, without a single random number.

Positions (values, quantiles) are in the feature's own unit. Densities of r_hrs are per decade, unless
``scale="linear"``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.analysis.columns import MOST_POINTS, described, scale_of
from synaptogen_core.analysis.population.coordinate_law import CoordinateLaw, law_of
from synaptogen_core.analysis.population.mixture import Mixture, shape_nodes
from synaptogen_core.device import stationary
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.schema import FEATURES, feature
from synaptogen_core.types import F64

OF = ("value", "median", "mean", "spread")
OF_WORDS = {
    "value": "all values: device to device and cycle to cycle",
    "median": "median of each device over its cycles (device to device alone)",
    "mean": "mean of each device over its cycles (device to device alone)",
    "spread": "standard deviation of each device over its cycles",
}
DEFAULT_PROBABILITIES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)


def mixture_of(device: DeviceParameters, name: str, of: str = "value") -> Mixture | CoordinateLaw:
    """The law of one feature on its own scale (log10 for r_hrs).

    Parameters
    ----------
    device : DeviceParameters
    name : str
        A feature.
    of : {"value", "median", "mean", "spread"}
        What of it: a value of any device in any cycle, or one number for each device.

    Raises
    ------
    ValueError
        If there is no such feature, or no such `of`.
    """
    i = FEATURES.index(feature(name))
    if of not in OF:
        raise ValueError(f"of: must be one of {', '.join(OF)} (got {of!r}); 'value' is the whole population")
    if device.extension is not None:
        return law_of(device, i, of)
    factors = device.factors[:, [i, i + 4]]
    covariance = factors @ factors.transpose(0, 2, 1)
    # One feature sees only its own pair (mu, sigma): components that differ elsewhere are one (81 of them without
    # correlations, where 3 are distinct).
    rows = np.column_stack(
        [device.means[:, i], device.means[:, i + 4], covariance[:, 0, 0], covariance[:, 0, 1], covariance[:, 1, 1]]
    )
    distinct, which = np.unique(rows, axis=0, return_inverse=True)
    weight = np.zeros(distinct.shape[0])
    np.add.at(weight, which.ravel(), device.weights)
    used = weight > 0
    weight, distinct = weight[used], distinct[used]
    mean_mu, mean_sigma, var_mu, cov, var_sigma = distinct.T
    if of == "value":
        sd = float(np.sqrt(stationary.covariance(device)[i, i]))
        z, slope, share = shape_nodes(device.gamma[i], sd, _sharpness(device, i, sd, distinct))
    else:
        mean_z, sd_z = (float(moment[i]) for moment in stationary.shape_moments(device))
        number = {"median": float(device.gamma[i, -1]), "mean": mean_z, "spread": sd_z}[of]
        z, slope, share = np.array([number]), np.zeros(1), np.ones(1)
        if of == "spread":
            mean_mu, var_mu, cov = np.zeros_like(mean_mu), np.zeros_like(var_mu), np.zeros_like(cov)
    return Mixture(
        weight, mean_mu, mean_sigma, var_mu, cov, var_sigma, z, slope, share, floor=float(device.sigma_floor[i])
    )


def _sharpness(device: DeviceParameters, i: int, sd: float, rows: F64) -> float:
    """Largest ratio of the cycle-to-cycle slope to the spread of devices, over the middle 1 - 1e-5 of the cycles."""
    t = np.linspace(-4.4, 4.4, 89)
    z = np.polyval(device.gamma[i], sd * t)
    slope = np.abs(np.polyval(np.polyder(device.gamma[i]), sd * t) * sd)
    _, mean_sigma, var_mu, cov, var_sigma = (column[:, None] for column in rows.T)
    narrow = np.sqrt(np.maximum(var_mu + 2.0 * cov * z + var_sigma * z**2, 1e-30))
    return float(np.max(np.abs(mean_sigma) * slope / narrow))


def population_curve(
    device: DeviceParameters,
    name: str,
    values: ArrayLike | None = None,
    *,
    of: str = "value",
    scale: str | None = None,
    points: int = 300,
) -> xr.Dataset:
    """Density and cumulative probability of a feature over the population.

    Parameters
    ----------
    device : DeviceParameters
        Any device, varied or not.
    name : str
        A feature.
    values : array_like, optional
        Where, in the feature's own unit, shape (n,). By default `points` values from the 1e-5 to the 1 - 1e-5 quantile,
        equally spaced on the scale.
    of : {"value", "median", "mean", "spread"}
        All values, or one number for each device. The spread of r_hrs is in decades, and on a linear scale only.
    scale : {"linear", "log"}, optional
        Density per unit, or per decade; by default the feature's own.
    points : int
        Number of default values.

    Returns
    -------
    xarray.Dataset
        ``density`` and ``cumulative_probability`` on ``value``. Their numerical error is below 1e-5.

    Raises
    ------
    ValueError
        For an unknown name, or values that are not finite.
    """
    law = mixture_of(device, name, of)
    own_log = scale_of(name, None) == "log" and of != "spread"
    scale = scale_of(name, scale) if of != "spread" else "linear"
    long_name, unit = _words(name, of)
    if values is None:
        ends = law.quantiles(np.array([1e-5, 1.0 - 1e-5]))
        checks.whole("points", points, 2, MOST_POINTS)
        first, last = (float(end) for end in _to_own_unit(ends, own_log))
        as_log = scale == "log" and first > 0
        at = np.geomspace(first, last, points) if as_log else np.linspace(first, last, points)
    else:
        at = np.array(values, dtype=np.float64)
        if at.ndim != 1 or not np.isfinite(at).all():
            raise ValueError(f"values: must be a finite list of numbers (got shape {at.shape}); in {unit}")
    inside = at > 0 if own_log or scale == "log" else np.ones(at.shape, dtype=bool)
    cumulative, density = np.zeros(at.shape), np.zeros(at.shape)
    usable = at[inside]
    cumulative[inside], own_density = law.evaluate(np.log10(usable) if own_log else usable)
    if own_log and scale == "linear":
        own_density = own_density / (usable * np.log(10.0))
    elif scale == "log" and not own_log:
        own_density = own_density * usable * np.log(10.0)
    density[inside] = own_density
    per = "decade" if scale == "log" else unit
    return xr.Dataset(
        {
            "density": ("value", density, {"long_name": "probability density", "units": f"1/{per}"}),
            "cumulative_probability": ("value", cumulative, {"long_name": "cumulative probability", "units": "1"}),
        },
        coords={"value": ("value", at, {"long_name": long_name, "units": unit})},
        attrs={"feature": name, "of": of, "describes": OF_WORDS[of], "scale": scale, "device": device.name},
    )


def population_quantiles(
    device: DeviceParameters,
    name: str,
    probabilities: Sequence[float] = DEFAULT_PROBABILITIES,
    *,
    of: str = "value",
) -> xr.DataArray:
    """Exact quantiles of a feature over the population, in the feature's own unit.

    Parameters
    ----------
    device : DeviceParameters
    name : str
        A feature.
    probabilities : sequence of float
        Between 0 and 1.
    of : {"value", "median", "mean", "spread"}
        All values, or one number for each device.

    Returns
    -------
    xarray.DataArray
        On ``quantile``.

    Raises
    ------
    ValueError
        For an unknown name, or probabilities outside (0, 1).
    """
    p = check_probabilities(probabilities)
    law = mixture_of(device, name, of)
    own_log = scale_of(name, None) == "log" and of != "spread"
    long_name, unit = _words(name, of)
    return xr.DataArray(
        _to_own_unit(law.quantiles(p), own_log),
        coords={"quantile": ("quantile", p, {"long_name": "cumulative probability", "units": "1"})},
        dims="quantile",
        name=name,
        attrs={"long_name": long_name, "units": unit, "of": of, "describes": OF_WORDS[of], "device": device.name},
    )


def check_probabilities(probabilities: Sequence[float] | ArrayLike) -> F64:
    """Probabilities as an array, refused unless all lie strictly between 0 and 1.

    Raises
    ------
    ValueError
        If one does not lie between 0 and 1, or there are none.
    """
    p = np.atleast_1d(np.asarray(probabilities, dtype=np.float64))
    if p.ndim != 1 or not p.size or not np.all((p > 0) & (p < 1)):
        raise ValueError(f"probabilities: must lie between 0 and 1 (got {probabilities!r}); 0.5 is the median")
    return p


def _to_own_unit(values: F64, own_log: bool) -> F64:
    return 10.0**values if own_log else values


def _words(name: str, of: str) -> tuple[str, str]:
    long_name, unit = described(name)
    if of != "spread":
        return (long_name if of == "value" else f"{of} {long_name} of a device"), unit
    if scale_of(name, None) == "log":
        return f"cycle-to-cycle standard deviation of log10 {long_name}", f"log10({unit})"
    return f"cycle-to-cycle standard deviation of {long_name}", unit
