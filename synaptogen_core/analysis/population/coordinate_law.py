"""The exact distribution of one feature of a device of format 2 over the population: NumPy in, NumPy out.

Given ln sigma, a device's mu is normal, and so is its coordinate ``mu + sigma S(x)`` given x as well: an average of
normal laws over nodes of ln sigma and of x, carried to the feature by its rising coordinate. A device's mean over
cycles rises with its mu, and its spread with its sigma: their laws follow from where they reach a value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from synaptogen_core.analysis.population.mixture import FEWEST_NODES, MOST_NODES, REACH, Mixture
from synaptogen_core.device import averaged_laws, stationary
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

SPREADS = 31  # nodes of ln sigma
GRID = np.linspace(-6.0, 6.0, 65)  # of mu, in standard deviations of devices
HALVINGS = 80


@dataclass(frozen=True)
class CoordinateLaw:
    """The law of one feature, on its own scale.

    Parameters
    ----------
    cumulative : callable
        Values, shape (n,), to cumulative probabilities.
    density : callable
        Values to densities.
    quantiles : callable
        Probabilities to values.
    """

    cumulative: Callable[[F64], F64]
    density: Callable[[F64], F64]
    quantiles: Callable[[F64], F64]

    def evaluate(self, values: F64) -> tuple[F64, F64]:
        """Cumulative probability and density at values of shape (n,); each of shape (n,)."""
        return self.cumulative(values), self.density(values)


def law_of(device: DeviceParameters, feature: int, of: str) -> CoordinateLaw:
    """The law of a feature, or of one number of each device.

    Parameters
    ----------
    device : DeviceParameters
        Of format 2.
    feature : int
        Position in `schema.FEATURES`.
    of : {"value", "median", "mean", "spread"}

    Raises
    ------
    ValueError
        If the device has no extension.
    """
    if device.extension is None:
        raise ValueError("device: must have an extension (got none); see curves.mixture_of")
    coordinate = device.extension.coordinates[feature]
    if of in ("value", "median"):
        return _carried(_mixture(device, feature, coordinate, of), feature, coordinate)
    return _of_devices(device, feature, coordinate, of)


def _spreads() -> tuple[F64, F64]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(SPREADS)
    return nodes, weights / weights.sum()


def _mixture(device: DeviceParameters, i: int, coordinate: Coordinate, of: str) -> Mixture:
    """The coordinate's own law: a component for each node of ln sigma."""
    nodes, shares = _spreads()
    used = np.flatnonzero(device.weights > 0)
    rows = device.factors[used][:, [i, 4 + i]]
    covariance = rows @ rows.transpose(0, 2, 1)
    sd = np.sqrt(covariance[:, 1, 1])
    slope = np.divide(covariance[:, 0, 1], sd, out=np.zeros_like(sd), where=sd > 0)
    mean_mu = device.means[used, i, None] + slope[:, None] * nodes
    sigma = np.exp(device.means[used, 4 + i, None] + sd[:, None] * nodes)
    rest = np.maximum(covariance[:, 0, 0] - slope**2, 0.0)[:, None] + np.zeros_like(nodes)
    table, spread = coordinate.shape.table, float(np.sqrt(stationary.covariance(device)[i, i]))
    if of == "median":
        z, step, share = table.at(np.zeros(1)), np.zeros(1), np.ones(1)
    else:
        steep = float(np.max(sigma[..., None] * spread * table.slope(spread * np.linspace(-4.4, 4.4, 45)) /
                             np.sqrt(np.maximum(rest, 1e-12))[..., None]))  # fmt: skip
        t = np.linspace(-REACH, REACH, int(min(max(2 * REACH * steep + 1, FEWEST_NODES), MOST_NODES)))
        share = np.exp(-0.5 * t**2)
        z, step, share = table.at(spread * t), spread * table.slope(spread * t) * (t[1] - t[0]), share / share.sum()
    zero = np.zeros(mean_mu.size)
    return Mixture(
        (device.weights[used, None] * shares).ravel(), mean_mu.ravel(), sigma.ravel(), rest.ravel(), zero, zero, z,
        step, share, floor=0.0,
    )  # fmt: skip


def _carried(inner: Mixture, feature: int, coordinate: Coordinate) -> CoordinateLaw:
    """The law of the feature, from that of its coordinate."""
    logarithmic = FEATURES[feature].scale == "log"
    falling = coordinate.sign < 0

    def back(values: F64) -> F64:
        return coordinate.inverse(10.0**values if logarithmic else values)

    def cumulative(values: F64) -> F64:
        v = back(values)
        found = np.where(np.isfinite(v), inner.evaluate(np.where(np.isfinite(v), v, 0.0))[0], 0.0)
        return np.asarray(1 - found if falling else found)

    def density(values: F64) -> F64:
        v = back(values)
        there = np.isfinite(v)
        step = 1e-6 * np.maximum(1.0, np.abs(values))
        with np.errstate(invalid="ignore"):
            slope = np.abs(back(values + step) - back(values - step)) / (2 * step)
        return np.asarray(np.where(there & np.isfinite(slope), inner.evaluate(np.where(there, v, 0.0))[1] * slope, 0.0))

    def quantiles(probabilities: F64) -> F64:
        return averaged_laws.own_scale(
            feature, coordinate, inner.quantiles(1 - probabilities if falling else probabilities)
        )

    return CoordinateLaw(cumulative, density, quantiles)


def _of_devices(device: DeviceParameters, i: int, coordinate: Coordinate, of: str) -> CoordinateLaw:
    """The law of the devices' means, or of their spreads, over cycles."""
    nodes, shares = _spreads()
    x = averaged_laws.NODES
    share = np.exp(-0.5 * x**2)
    share /= share.sum()
    z = coordinate.shape.table.at(float(np.sqrt(stationary.covariance(device)[i, i])) * x)
    # what the number rises with runs along the grid, the other one along the nodes
    along, other = (i, 4 + i) if of == "mean" else (4 + i, i)
    curves, centres, widths, masses = [], [], [], []
    for k in np.flatnonzero(device.weights > 0):
        rows = device.factors[k][[along, other]]
        covariance = rows @ rows.T
        sd = float(np.sqrt(covariance[1, 1]))
        slope = covariance[0, 1] / sd if sd > 0 else 0.0
        width = max(float(np.sqrt(max(covariance[0, 0] - slope**2, 0.0))), 1e-9)
        for node, chance in zip(nodes, shares, strict=True):
            centre = device.means[k, along] + slope * node
            grid, fixed = centre + width * GRID, device.means[k, other] + sd * node
            mu, log_sigma = (grid, fixed) if of == "mean" else (fixed, grid)
            y = averaged_laws.own_scale(i, coordinate, np.add.outer(mu + 0 * grid, 0 * z) +
                                        np.outer(np.exp(log_sigma + 0 * grid), z))  # fmt: skip
            mean = y @ share
            number = mean if of == "mean" else np.sqrt(np.maximum((y - mean[:, None]) ** 2 @ share, 0.0))
            curves.append(np.maximum.accumulate(coordinate.sign * number if of == "mean" else number))
            centres.append(centre)
            widths.append(width)
            masses.append(device.weights[k] * chance)
    sign = coordinate.sign if of == "mean" else 1

    def cumulative(values: F64) -> F64:
        total = np.zeros(np.shape(values))
        for curve, mass in zip(curves, masses, strict=True):
            at = np.interp(sign * values, curve, GRID, left=-np.inf, right=np.inf)
            total += mass * ndtr(at)
        return np.asarray(total if sign > 0 else 1 - total)

    ends = np.array([[curve[0], curve[-1]] for curve in curves]) * sign
    lowest, highest = float(ends.min()), float(ends.max())

    def quantiles(probabilities: F64) -> F64:
        low, high = (np.full(probabilities.shape, edge) for edge in (lowest, highest))
        for _ in range(HALVINGS):
            # their ends may lie decades apart
            half = np.where(low * high > 0, np.sign(low) * np.sqrt(np.abs(low * high)), 0.5 * (low + high))
            beyond = cumulative(half) >= probabilities
            low, high = np.where(beyond, low, half), np.where(beyond, half, high)
        return np.asarray(0.5 * (low + high))

    width = float(np.ptp(quantiles(np.array([0.25, 0.75]))))

    def density(values: F64) -> F64:
        step = 1e-3 * width
        return np.asarray(np.maximum(cumulative(values + step) - cumulative(values - step), 0.0) / (2 * step))

    return CoordinateLaw(cumulative, density, quantiles)
