"""Device to device: the mixture of (mu, sigma), NumPy in, NumPy out.

The mean and the deviation of a device over its dependent cycles are its mu and sigma with an error; how large, and by
how much a deviation comes out too small, is known from a simulation of cycles alone. Components are found in what was
seen (expectation maximisation, their number by the Bayesian information criterion), and the error's covariance is then
taken off each component's own: a spread that is no larger than the error is not device to device.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from synaptogen_core.array.blas import one_thread
from synaptogen_core.device.numbers import SIGMA_FLOOR
from synaptogen_core.types import F64

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture


MOST_COMPONENTS = 6
FEWEST_MEMBERS = 10  # devices of a component: fewer do not tell a covariance
STARTS = 6
FLOOR = 1e-6  # of the population's variance, added to a component's to keep it from collapsing on a device
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class SamplingError:
    """What a number of dependent cycles leaves unknown of mean and deviation, for a device with mu 0 and sigma 1.

    Parameters
    ----------
    cycles : int
        The number of cycles.
    shrinkage : numpy.ndarray
        Shape (f,): expectation of the deviation.
    covariance : numpy.ndarray
        Shape (2 f, 2 f): of means and of deviations divided by `shrinkage`.
    """

    cycles: int
    shrinkage: F64
    covariance: F64

    def of(self, cycles: F64, sigma: F64) -> F64:
        """The covariance for other numbers of cycles and sigmas; shapes (n,), (n, f) to (n, 2 f, 2 f).

        Parameters
        ----------
        cycles : ndarray of float64, shape (n,)
            Of each device.
        sigma : ndarray of float64, shape (n, f)
            Of each device, in the units of the features.

        Returns
        -------
        ndarray of float64, shape (n, 2 f, 2 f)
            The squares of these units.
        """
        scale = np.concatenate([sigma, sigma], axis=1) * np.sqrt(self.cycles / cycles)[:, None]
        return np.asarray(scale[:, :, None] * self.covariance * scale[:, None, :])


def sampling_error(mean: F64, sd: F64, cycles: int) -> SamplingError:
    """The sampling error out of simulated devices with mu 0 and sigma 1; shapes (devices, f).

    Parameters
    ----------
    mean, sd : ndarray of float64, shape (devices, f)
        Over the cycles of each simulated device.
    cycles : int
        Of each.

    Returns
    -------
    SamplingError
        For this number of cycles.
    """
    shrinkage = sd.mean(axis=0)
    both = np.concatenate([mean, sd / shrinkage], axis=1)
    return SamplingError(cycles, shrinkage, both.T @ (both - both.mean(axis=0)) / (both.shape[0] - 1))


@dataclass(frozen=True)
class DeviceFit:
    """A mixture of normals over (mu, sigma), components by falling weight.

    Parameters
    ----------
    weights : numpy.ndarray
        Shape (K,).
    means : numpy.ndarray
        Shape (K, 2 f).
    covariances : numpy.ndarray
        Shape (K, 2 f, 2 f), the sampling error taken off.
    criteria : numpy.ndarray
        Shape (tried,): Bayesian information criterion of 1, 2, ... components; NaN where one had too few members.
    blurred : float
        Shape (2 f,): share of the seen variance that is sampling error.
    points : numpy.ndarray
        Shape (devices, 2 f): what was seen, deviations divided by their shrinkage.
    replicates : tuple of DeviceFit
        The same from resampled devices.
    """

    weights: F64
    means: F64
    covariances: F64
    criteria: F64
    blurred: F64
    points: F64
    replicates: tuple[DeviceFit, ...] = ()

    def quantiles(self, probabilities: tuple[float, ...] = PROBABILITIES) -> F64:
        """Quantiles of each of (mu, sigma) over the population, no sigma below its floor; (probabilities, 2 f)."""
        spread = np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        low, high = (self.means - 9 * spread).min(axis=0), (self.means + 9 * spread).max(axis=0)
        wanted = np.asarray(probabilities)[:, None]
        for _ in range(60):
            middle = (low + high) / 2
            if middle.ndim == 1:
                low, high = (np.broadcast_to(v, (wanted.size, v.size)).copy() for v in (low, high))
                middle = (low + high) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                at = (middle[:, None] - self.means) / spread
            below = np.einsum("pkf,k->pf", ndtr(np.nan_to_num(at, nan=0.0)), self.weights)
            low, high = np.where(below < wanted, middle, low), np.where(below < wanted, high, middle)
        found = np.asarray((low + high) / 2)
        half = found.shape[1] // 2
        floor = SIGMA_FLOOR * (self.weights @ self.means)[half:]
        found[:, half:] = np.maximum(found[:, half:], floor)
        return found


def fit_devices(
    mean: F64,
    sd: F64,
    cycles: F64,
    error: SamplingError,
    *,
    components: int | None = None,
    replicates: int = 60,
    seed: int = 0,
) -> DeviceFit:
    """Fit the mixture.

    Parameters
    ----------
    mean, sd : numpy.ndarray
        Shape (devices, f), all finite.
    cycles : numpy.ndarray
        Shape (devices,): cycles that each device shows.
    error : SamplingError
    components : int, optional
        Their number; without it, the one with the smallest criterion.
    replicates : int
        Number of resamples for intervals.
    seed : int
        Of the starts and the resamples.

    Returns
    -------
    DeviceFit
    """
    if len(mean) > 1:  # one device needs none of it, and it takes a second to load
        import sklearn.mixture  # noqa: F401 - loads its libraries, before they are held at one thread

    with one_thread():
        return _fit_devices(mean, sd, cycles, error, components, replicates, seed)


def _fit_devices(
    mean: F64, sd: F64, cycles: F64, error: SamplingError, components: int | None, replicates: int, seed: int
) -> DeviceFit:
    points = np.concatenate([mean, sd / error.shrinkage], axis=1)
    noise = error.of(cycles, points[:, mean.shape[1] :])
    blurred = np.diagonal(noise, axis1=1, axis2=2).mean(axis=0) / np.maximum(points.var(axis=0), 1e-300)
    nothing = np.full(1, np.nan)
    if points.shape[0] == 1:
        return DeviceFit(np.ones(1), points, np.zeros((1, *noise.shape[1:])), nothing, np.ones_like(blurred), points)
    center, scale = points.mean(axis=0), points.std(axis=0)
    scale[scale == 0] = 1.0
    scaled = (points - center) / scale
    found, criteria = _best(scaled, components, seed)

    def finished(parts: Parts, rows: NDArray[np.int64] | slice) -> tuple[F64, F64, F64]:
        weights, means, covariances, members = parts
        error_of_part = np.einsum("dk,dij->kij", members / np.maximum(members.sum(axis=0), 1e-9), noise[rows])
        spread = scale[:, None] * covariances * scale
        clean = np.array([_without(seen, err) for seen, err in zip(spread, error_of_part, strict=True)])
        return weights, center + scale * means, clean

    generator = np.random.Generator(np.random.PCG64(seed))
    again = []
    for _ in range(replicates):
        rows = np.asarray(generator.integers(0, points.shape[0], points.shape[0]), dtype=np.int64)
        again.append(DeviceFit(*finished(_resumed(scaled[rows], found), rows), nothing, blurred, points[rows]))
    return DeviceFit(*finished(found, slice(None)), criteria, blurred, points, tuple(again))


Parts = tuple[F64, F64, F64, F64]  # weights, means, covariances, and each device's membership (n, K)


def _best(points: F64, components: int | None, seed: int) -> tuple[Parts, F64]:
    """The mixture with the wanted number of components, or the smallest criterion; and the criteria of 1, 2, ..."""
    count, width = points.shape
    most = min(components or MOST_COMPONENTS, max(1, count // FEWEST_MEMBERS))
    if components is not None and most < components:
        raise ValueError(
            f"components: must leave at least {FEWEST_MEMBERS} devices each, at most {most} of {count} devices "
            f"(got {components}); ask for fewer"
        )
    criteria = np.full(most, np.nan)
    best: Parts | None = None
    for k in range(1, most + 1):
        if k > 1 and count <= k * (width + 1):
            break
        model = _mixture(k, seed)
        model.fit(points)
        members = model.predict_proba(points)
        if k > 1 and members.sum(axis=0).min() < FEWEST_MEMBERS and components is None:
            continue
        criteria[k - 1] = model.bic(points)
        wanted = k == components if components is not None else criteria[k - 1] == np.nanmin(criteria)
        if wanted:
            covariances = model.covariances_ if k > 1 else _shrunk(points)[None]
            best = model.weights_, model.means_, covariances, members
    if best is None:
        raise ValueError(f"components: must be few enough for {count} devices (got {components}); ask for fewer")
    order = np.argsort(-best[0], kind="stable")
    return (best[0][order], best[1][order], best[2][order], best[3][:, order]), criteria


def _mixture(components: int, seed: int, **start: NDArray[np.floating[Any]]) -> GaussianMixture:
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(
        components, reg_covar=FLOOR, tol=1e-5, max_iter=1000, n_init=1 if start or components == 1 else STARTS,
        init_params="k-means++", random_state=seed, **start,
    )  # fmt: skip


def _resumed(points: F64, found: Parts) -> Parts:
    """The mixture of other devices, searched from `found`, so that components keep their places."""
    from sklearn.exceptions import ConvergenceWarning

    weights, means, covariances, _ = found
    if weights.size == 1:
        return np.ones(1), points.mean(axis=0)[None], _shrunk(points)[None], np.ones((points.shape[0], 1))
    model = _mixture(
        weights.size, 0, weights_init=weights / weights.sum(), means_init=means,
        precisions_init=np.linalg.inv(covariances),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # an interval forgives a replicate that is nearly there
        model.fit(points)
    return model.weights_, model.means_, model.covariances_, model.predict_proba(points)


def _shrunk(points: F64) -> F64:
    """Covariance of few devices, drawn towards independence as far as their number asks for (Ledoit and Wolf 2004)."""
    from sklearn.covariance import ledoit_wolf

    if points.shape[0] < 2:
        return np.zeros((points.shape[1], points.shape[1]))
    spread = points.std(axis=0)
    spread[spread == 0] = 1.0
    shrunk, _ = ledoit_wolf((points - points.mean(axis=0)) / spread, assume_centered=True)
    unbiased = points.shape[0] / (points.shape[0] - 1)
    return np.asarray(spread[:, None] * shrunk * spread * unbiased)


def _without(seen: F64, error: F64) -> F64:
    """A covariance less that of an error, never negative in any direction."""
    try:
        half = np.linalg.cholesky(error)
    except np.linalg.LinAlgError:  # no error in some direction: a feature that never varies
        half = np.linalg.cholesky(error + 1e-12 * np.diag(np.diag(seen) + 1e-300))
    inverse = np.linalg.inv(half)
    values, vectors = np.linalg.eigh(inverse @ seen @ inverse.T)
    root = half @ vectors * np.sqrt(np.maximum(values - 1.0, 0.0))
    return np.asarray(root @ root.T)
