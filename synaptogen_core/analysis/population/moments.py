"""Exact means, spreads and correlations of the population: NumPy out, on the features' own scales (log10 for r_hrs).

y_i = mu_i + s_i z_i with s_i = max(sigma_i, floor_i), and z independent of (mu, s). Hence, over cells and cycles,
cov(y_i, y_j) = cov(mu_i + s_i E z_i, mu_j + s_j E z_j) + E[s_i s_j] cov(z_i, z_j):
the first term lies between devices, the second within them. The floor is taken into account exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from synaptogen_core.device import stationary
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.types import F64

NODES = 1601  # for E[s_i s_j]: its integrand has a kink at the floor


@dataclass(frozen=True)
class PopulationMoments:
    """Exact second-order moments, features in the order of `schema.FEATURES`.

    Parameters
    ----------
    mean : numpy.ndarray
        Shape (4,): mean over cells and cycles.
    between : numpy.ndarray
        Shape (4, 4): covariance of the device means (device to device).
    within : numpy.ndarray
        Shape (4, 4): covariance about the device means, averaged over devices (cycle to cycle).
    alike : numpy.ndarray
        Shape (4, 4): E[s_i s_j] / sqrt(E[s_i^2] E[s_j^2]); pooling devices of unlike spread lowers a
        cross-correlation by this factor.
    """

    mean: F64
    between: F64
    within: F64
    alike: F64

    @property
    def total(self) -> F64:
        """Covariance over cells and cycles, shape (4, 4)."""
        return self.between + self.within


@lru_cache(maxsize=64)
def population_moments(device: DeviceParameters) -> PopulationMoments:
    """Exact moments of a device's population.

    Parameters
    ----------
    device : DeviceParameters
        Any device, varied or not.

    Returns
    -------
    PopulationMoments
    """
    if device.extension is not None:
        return _averaged(device)
    mean_z, sd_z = stationary.shape_moments(device)
    weight, floor = device.weights, device.sigma_floor
    # mu about its population mean: identical devices then differ by nothing, not by rounding
    origin = np.concatenate([device.population_mean[:4], np.zeros(4)])
    mean = np.zeros(8)
    second = np.zeros((8, 8))
    for w, m, factor in zip(weight, device.means, device.factors, strict=True):
        if w > 0:
            first, moments = _clipped(m - origin, factor @ factor.T, floor)
            mean += w * first
            second += w * moments
    covariance = second - np.outer(mean, mean)
    to_mean = np.concatenate([np.eye(4), np.diag(mean_z)], axis=1)
    products = second[4:, 4:]
    scale = np.sqrt(np.diag(products))
    lag_0 = stationary.feature_autocorrelation(device, 0)[0]
    within = products * lag_0 * np.outer(sd_z, sd_z)
    outer = np.outer(scale, scale)
    alike = np.divide(products, outer, out=np.ones((4, 4)), where=outer > 0)
    moments_of = PopulationMoments(to_mean @ (mean + origin), to_mean @ covariance @ to_mean.T, within, alike)
    for array in (moments_of.mean, moments_of.between, moments_of.within, moments_of.alike):
        array.setflags(write=False)
    return moments_of


def _averaged(device: DeviceParameters) -> PopulationMoments:
    """Moments of a device of format 2: pooling is in its correlations within devices already."""
    law = stationary.averages(device)
    x = stationary.covariance(device)
    spread = np.sqrt(np.diag(x))
    found = PopulationMoments(law.mean, law.between.copy(), law.within(x / spread / spread[:, None]), np.ones((4, 4)))
    for array in (found.between, found.within, found.alike):
        array.setflags(write=False)
    return found


def _clipped(mean: F64, covariance: F64, floor: F64) -> tuple[F64, F64]:
    """First and second moments of (mu, max(sigma, floor)) for one normal component; shapes (8,) and (8, 8)."""
    sd = np.sqrt(np.maximum(np.diag(covariance)[4:], 0.0))
    first = mean.copy()
    first[4:], above = _mean_above(mean[4:], sd, floor)
    second = covariance + np.outer(first, first)
    # Stein's lemma: the covariance of mu with a clipped sigma shrinks by the probability of no clipping.
    cross = covariance[:4, 4:] * above + np.outer(first[:4], first[4:])
    second[:4, 4:], second[4:, :4] = cross, cross.T
    if np.any(above < 1.0):
        second[4:, 4:] = _clipped_products(mean[4:], covariance[4:, 4:], floor)
    return first, second


def _mean_above(mean: F64, sd: F64, floor: F64) -> tuple[F64, F64]:
    """E[max(s, floor)] and P(s > floor) of normal variables, also of standard deviation 0."""
    excess = mean - floor
    safe = np.where(sd > 0, sd, 1.0)
    distance = np.where(sd > 0, excess / safe, np.where(excess >= 0, np.inf, -np.inf))
    above = ndtr(distance)
    density = np.exp(-0.5 * distance**2) / np.sqrt(2.0 * np.pi)
    return floor + excess * above + sd * density, above


def _clipped_products(mean: F64, covariance: F64, floor: F64) -> F64:
    """E[max(s_i, f_i) max(s_j, f_j)], shape (4, 4): quadrature over s_i, closed form over s_j given s_i."""
    t = np.linspace(-8.0, 8.0, NODES)
    share = np.exp(-0.5 * t**2)
    share /= share.sum()
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    result = np.empty(covariance.shape)
    for i in range(sd.size):
        drawn = np.maximum(mean[i] + sd[i] * t, floor[i])
        slope = covariance[i] / sd[i] if sd[i] > 0 else np.zeros_like(sd)
        rest = np.sqrt(np.maximum(np.diag(covariance) - slope**2, 0.0))
        given = _mean_above(mean + np.outer(t, slope), np.broadcast_to(rest, (NODES, sd.size)), floor)[0]
        given[:, i] = drawn
        result[i] = share @ (drawn[:, None] * given)
    return (result + result.T) / 2.0
