"""Outlines of the mixture's components over two of its eight device numbers, to be drawn over a cloud of devices."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.analysis.columns import MOST_POINTS, described, scale_of
from synaptogen_core.analysis.population.curves import OF_WORDS
from synaptogen_core.device import stationary
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.schema import FEATURES, feature
from synaptogen_core.types import F64

NUMBERS = ("median", "mean", "spread")


def device_ellipses(
    device: DeviceParameters,
    x: str,
    y: str,
    *,
    of: tuple[str, str] = ("median", "median"),
    probability: float = 0.9,
    points: int = 121,
) -> xr.Dataset:
    """Ellipses that hold a given share of the devices of each mixture component.

    Parameters
    ----------
    device : DeviceParameters
        Any device, varied or not.
    x, y : str
        Features, which may be the same one.
    of : tuple of {"median", "mean", "spread"}
        Which number of each: the median or mean of a device over its cycles, or its cycle-to-cycle standard deviation.
    probability : float
        Share of a component's devices inside its ellipse.
    points : int
        Points of an outline; the last equals the first.

    Returns
    -------
    xarray.Dataset
        ``x`` and ``y`` on ``(component, angle)``, on the features' own scales (log10 for r_hrs); ``weight`` and
        ``outlier`` on ``component``. Components of weight 0 are left out, alike ones are one. The floor of sigma is
        not taken into account.

    Raises
    ------
    ValueError
        For an unknown feature or number, or a probability outside (0, 1).
    """
    if not 0.0 < probability < 1.0:
        raise ValueError(f"probability: must lie between 0 and 1 (got {probability!r}); 0.9 is usual")
    checks.whole("points", points, 3, MOST_POINTS)
    rows = np.zeros((2, 8))
    for row, name, number in zip(rows, (x, y), of, strict=True):
        i = FEATURES.index(feature(name))
        if number not in NUMBERS:
            raise ValueError(f"of: must be two of {', '.join(NUMBERS)} (got {number!r}); 'median' is usual")
        mean_z, sd_z = (float(moment[i]) for moment in stationary.shape_moments(device))
        row[i] = number != "spread"
        row[i + 4] = {"median": float(device.gamma[i, -1]), "mean": mean_z, "spread": sd_z}[number]
    component, centre, covariance, weight, outlier = (
        _distinct(device, rows) if device.extension is None else _by_moments(device, (x, y), of)
    )
    # the circle of a pair of independent normals, through the symmetric root, which exists for a flat ellipse too
    size, axes = np.linalg.eigh(covariance)
    root = axes * np.sqrt(np.maximum(size, 0.0))[:, None, :]
    angle = np.linspace(0.0, 2.0 * np.pi, points)
    circle = np.sqrt(-2.0 * np.log1p(-probability)) * np.stack([np.cos(angle), np.sin(angle)])
    outline = centre[:, :, None] + root @ circle
    words = [_words(name, number) for name, number in zip((x, y), of, strict=True)]
    return xr.Dataset(
        {
            "x": (("component", "angle"), outline[:, 0], words[0]),
            "y": (("component", "angle"), outline[:, 1], words[1]),
        },
        coords={
            "component": ("component", component, {"long_name": "mixture component", "units": "1"}),
            "angle": ("angle", angle, {"long_name": "angle on the unit circle", "units": "rad"}),
            "weight": ("component", weight, {"long_name": "share of the devices", "units": "1"}),
            "outlier": ("component", outlier, {"long_name": "component of the outlier population", "units": "1"}),
        },
        attrs={
            "describes": f"{100 * probability:g} % of the devices of each component",
            "probability": probability,
            "device": device.name,
        },
    )


def _distinct(device: DeviceParameters, rows: F64) -> tuple[NDArray[np.intp], F64, F64, F64, NDArray[np.bool_]]:
    """The components that differ here: number (k,), centre (k, 2), covariance (k, 2, 2), weight (k,), outlier (k,)."""
    used = np.flatnonzero(device.weights > 0)
    centre = device.means[used] @ rows.T
    factor = rows @ device.factors[used]
    covariance = factor @ factor.transpose(0, 2, 1)
    described_by = np.concatenate([centre, covariance.reshape(-1, 4)], axis=1)
    _, first, which = np.unique(described_by, axis=0, return_index=True, return_inverse=True)
    weight, defective = np.zeros(first.size), np.zeros(first.size)
    np.add.at(weight, which.ravel(), device.weights[used])
    np.add.at(defective, which.ravel(), device.weights[used] * np.isin(used, device.outliers))
    order = np.argsort(first)
    first, weight, defective = first[order], weight[order], defective[order]
    return used[first], centre[first], covariance[first], weight, defective > 0.5 * weight


def _by_moments(
    device: DeviceParameters, names: tuple[str, str], of: tuple[str, str]
) -> tuple[NDArray[np.intp], F64, F64, F64, NDArray[np.bool_]]:
    """What `_distinct` gives, by means and covariances of the devices of each component of a device of format 2."""
    found = stationary.devices(device)
    at = [FEATURES.index(feature(name)) for name in names]
    points = np.column_stack([getattr(found, number)[:, i] for i, number in zip(at, of, strict=True)])
    used = np.flatnonzero(device.weights > 0)
    parts = [points[found.component == k] for k in used]
    centre = np.array([part.mean(axis=0) for part in parts])
    covariance = np.array([np.cov(part.T, bias=True) for part in parts])
    return used, centre, covariance, device.weights[used], np.isin(used, device.outliers)


def _words(name: str, number: str) -> dict[str, str]:
    long_name, unit = described(name)
    if scale_of(name, None) == "log":
        long_name, unit = f"log10 of {long_name}", f"log10({unit})"
    return {"long_name": f"{long_name}: {OF_WORDS[number]}", "units": unit}
