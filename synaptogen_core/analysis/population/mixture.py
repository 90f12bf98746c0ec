"""The exact distribution of one feature over the population: NumPy in, NumPy out.

y = mu + max(sigma, floor) * z, with (mu, sigma) from a mixture of bivariate normals and z = gamma(s t), t ~ N(0, 1).
Given t and a component, and without the floor, y is normal with mean m_mu + m_sigma z and variance v_mu + 2 c z +
v_sigma z^2. So the distribution function is a one-dimensional integral over t, done by the trapezoidal rule, which
converges exponentially for such integrands. What the floor changes concerns the devices below it alone: their share of
the integral is replaced, by Gauss-Legendre quadrature over sigma (unless less than 1e-5 of all devices are concerned:
an error below 1e-5 of cumulative probability).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from synaptogen_core.types import F64

REACH = 7.0  # the normal law beyond holds 3e-12
FEWEST_NODES, MOST_NODES = 141, 2049
BELOW_NODES = 12  # over the devices below the floor
NEGLIGIBLE = 1e-5
CHUNK = 1 << 18  # elements of a temporary array


@dataclass(frozen=True)
class Mixture:
    """One feature's law: components of (mu, sigma) and nodes of z.

    Parameters
    ----------
    weight, mean_mu, mean_sigma, var_mu, cov, var_sigma : numpy.ndarray
        Shape (components,), on the feature's scale.
    z, slope, share : numpy.ndarray
        Shape (nodes,): values of the shape polynomial, their derivative times the distance of the nodes, and their
        probabilities.
    floor : float
        Smallest sigma.
    """

    weight: F64
    mean_mu: F64
    mean_sigma: F64
    var_mu: F64
    cov: F64
    var_sigma: F64
    z: F64
    slope: F64
    share: F64
    floor: float

    def evaluate(self, values: F64) -> tuple[F64, F64]:
        """Cumulative probability and density at values of shape (n,); each of shape (n,)."""
        mean = self.mean_mu[:, None] + self.mean_sigma[:, None] * self.z
        variance = self.var_mu[:, None] + 2.0 * self.cov[:, None] * self.z + self.var_sigma[:, None] * self.z**2
        # Where devices are (nearly) alike the integrand has steps; a kernel as wide as the step from node to node keeps
        # the sum smooth. With 2049 nodes that is 0.007 of the cycle-to-cycle spread: 1e-5 of cumulative probability.
        width = np.maximum(np.sqrt(np.maximum(variance, 0.0)), np.abs(self.mean_sigma[:, None] * self.slope))
        width = np.maximum(width, 1e-12 * np.abs(mean) + 1e-300)
        mass = self.weight[:, None] * self.share
        cumulative, density = np.empty(values.shape), np.empty(values.shape)
        for part in _chunks(values.size, mean.size):
            distance = (values[part, None, None] - mean) / width
            cumulative[part] = np.einsum("nkx,kx->n", ndtr(distance), mass)
            density[part] = np.einsum("nkx,kx->n", _normal_density(distance), mass / width)
        for k, probability in enumerate(self.weight * self.below_floor()):
            if probability > NEGLIGIBLE:
                self._replace_below_floor(k, values, cumulative, density)
        return np.clip(cumulative, 0.0, 1.0), np.maximum(density, 0.0)

    def below_floor(self) -> F64:
        """Share of each component's devices with sigma drawn below the floor; shape (components,)."""
        return below(self.mean_sigma, np.sqrt(self.var_sigma), self.floor)

    def _replace_below_floor(self, k: int, values: F64, cumulative: F64, density: F64) -> None:
        """Give the devices of component k below the floor the floor as their sigma."""
        sd_sigma = float(np.sqrt(self.var_sigma[k]))
        if sd_sigma == 0.0:  # alike, and all below
            nodes, chance = np.array([self.mean_sigma[k]]), np.ones(1)
            slope = np.zeros(1)
        else:
            top = min((self.floor - self.mean_sigma[k]) / sd_sigma, REACH)
            bottom = max(-REACH - 1.0, top - 6.0) if top > 0 else top - 6.0
            abscissa, weight = np.polynomial.legendre.leggauss(BELOW_NODES if top <= 0 else 4 * BELOW_NODES)
            normal = bottom + (top - bottom) * (abscissa + 1.0) / 2.0
            nodes = self.mean_sigma[k] + sd_sigma * normal
            chance = _normal_density(normal) * weight * (top - bottom) / 2.0
            slope = self.cov[k] / self.var_sigma[k] * (nodes - self.mean_sigma[k])
        mu = self.mean_mu[k] + slope
        rest = self.var_mu[k] - (self.cov[k] ** 2 / self.var_sigma[k] if sd_sigma else 0.0)
        # so little cycle-to-cycle spread is left below the floor that every third node resolves it
        z, step, share = self.z[::3], 3.0 * self.slope[::3], self.share[::3] / self.share[::3].sum()
        mass = self.weight[k] * chance[:, None] * share
        for sigma, sign in ((np.full_like(nodes, self.floor), 1.0), (nodes, -1.0)):
            mean = mu[:, None] + sigma[:, None] * z
            width = np.maximum(np.sqrt(max(rest, 0.0)), np.abs(sigma[:, None] * step))
            width = np.maximum(width, 1e-12 * np.abs(mean) + 1e-300)
            for part in _chunks(values.size, mean.size):
                distance = (values[part, None, None] - mean) / width
                cumulative[part] += sign * np.einsum("nqx,qx->n", ndtr(distance), mass)
                density[part] += sign * np.einsum("nqx,qx->n", _normal_density(distance), mass / width)

    def bounds(self) -> tuple[float, float]:
        """Two values with all but 1e-9 of the probability between them."""
        reach = 8.0
        at = np.array([-reach, reach])
        low = np.min(self.mean_mu - reach * np.sqrt(self.var_mu))
        high = np.max(self.mean_mu + reach * np.sqrt(self.var_mu))
        likely = self.share > 1e-11 if self.share.size > 1 else np.ones(1, dtype=bool)
        spread = np.concatenate([self.mean_sigma + r * np.sqrt(self.var_sigma) for r in at])
        spread = np.maximum(spread, self.floor)
        products = spread[:, None] * self.z[likely]
        return float(low + min(products.min(), 0.0)), float(high + max(products.max(), 0.0))

    def quantiles(self, probabilities: F64) -> F64:
        """Values at cumulative probabilities of shape (n,): Newton's steps between bisected bounds; shape (n,)."""
        low, high = (np.full(probabilities.shape, b) for b in self.bounds())
        tolerance = 1e-12 * (high - low)
        guess = 0.5 * (low + high)
        for step in range(60):
            cumulative, density = self.evaluate(guess)
            beyond = cumulative >= probabilities
            high, low = np.where(beyond, guess, high), np.where(beyond, low, guess)
            with np.errstate(divide="ignore", invalid="ignore"):
                newton = guess - (cumulative - probabilities) / density
            trusted = (newton > low) & (newton < high) & (step > 8)
            before, guess = guess, np.where(trusted, newton, 0.5 * (low + high))
            if np.all(np.abs(guess - before) <= tolerance):
                break
        return np.asarray(guess, dtype=np.float64)


def below(mean: F64, sd: F64, floor: float) -> F64:
    """Probability of a normal variable below `floor`, also where its standard deviation is 0.

    Parameters
    ----------
    mean, sd : ndarray of float64, shapes that broadcast
    floor : float
        In their unit.

    Returns
    -------
    ndarray of float64, broadcast shape
    """
    distance = floor - mean
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(sd > 0, ndtr(distance / sd), distance > 0), dtype=np.float64)


def shape_nodes(polynomial: F64, sd: float, ratio: float) -> tuple[F64, F64, F64]:
    """Nodes of z = gamma(sd t), t ~ N(0, 1), for the trapezoidal rule.

    Parameters
    ----------
    polynomial : numpy.ndarray
        Coefficients of gamma, highest power first.
    sd : float
        Standard deviation of x.
    ratio : float
        Largest ratio of the cycle-to-cycle spread to the narrowest spread of devices that the nodes must resolve.

    Returns
    -------
    tuple of numpy.ndarray
        z, slope (change of z from node to node) and share (probability), each of shape (nodes,).
    """
    wanted = 2.0 * REACH * ratio + 1.0
    count = int(min(max(wanted, FEWEST_NODES), MOST_NODES))
    t = np.linspace(-REACH, REACH, count)
    step = t[1] - t[0]
    share = _normal_density(t) * step
    slope = np.polyval(np.polyder(polynomial), sd * t) * sd * step
    z = np.asarray(np.polyval(polynomial, sd * t), dtype=np.float64)
    return z, np.asarray(slope, dtype=np.float64), np.asarray(share / share.sum(), dtype=np.float64)


def _normal_density(distance: F64) -> F64:
    return np.asarray(np.exp(-0.5 * distance**2) / np.sqrt(2.0 * np.pi), dtype=np.float64)


def _chunks(size: int, width: int) -> Iterator[slice]:
    step = max(1, CHUNK // width)
    return (slice(first, first + step) for first in range(0, size, step))
