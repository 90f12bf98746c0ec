"""The shape polynomials z = gamma(x) of standardised features, from normal scores: NumPy in, NumPy out.

The sorted values of a feature, pooled over devices, stand against the quantiles of a standard normal; the least-squares
polynomial through them is the projection of the quantile function on the first Hermite polynomials. What is arbitrary
in the model (a shift or a factor may stand in gamma or in mu and sigma) is fixed so: gamma of a standard normal has
mean 0 and variance 1. Hence mu and sigma are the mean and the standard deviation of a device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import hermite_e
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, minimize
from scipy.special import ndtri

from synaptogen_core.types import F64

REACH = 4.0  # a shape must rise for |x| up to this, as far as a simulation looks
LEAST_SLOPE = 0.02  # of a shape that is held to rise
FINE, TAIL = 50_000, 5_000  # bins of the least squares, and single values at each end
BINS = 2048  # of equal width in x, so that the tails are kept apart: what resampling counts


@dataclass(frozen=True)
class Shape:
    """The shape of one feature.

    Parameters
    ----------
    polynomial : numpy.ndarray
        Shape (degree + 1,), highest power first.
    replicates : numpy.ndarray
        Shape (replicates, degree + 1): the same from resampled units.
    held : bool
        Whether it had to be held to rise for |x| <= 4.
    """

    polynomial: F64
    replicates: F64
    held: bool


def normal_quantiles(n: int) -> F64:
    """Phi^-1((rank - 1/2) / n) for the ranks 1 .. n."""
    half = ndtri((np.arange((n + 1) // 2) + 0.5) / n)
    return np.concatenate([half, -half[: n // 2][::-1]])


def normal_scores(values: F64) -> tuple[F64, NDArray[np.intp]]:
    """Standard normal quantiles of the ranks, Phi^-1((rank - 1/2) / N), and the order that sorts `values`.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (n,), finite.

    Returns
    -------
    scores : numpy.ndarray
        Shape (n,), in the order of `values`; equal values share the mean of their scores.
    order : numpy.ndarray
        Shape (n,).
    """
    order = np.argsort(values)
    ranked = normal_quantiles(values.size)
    tied = values[order]
    new = np.concatenate([[True], tied[1:] > tied[:-1]])
    if not new.all():  # rounded measurements: the order among equals must not invent a memory
        group = np.cumsum(new) - 1
        ranked = (np.bincount(group, ranked) / np.bincount(group))[group]
    scores = np.empty_like(ranked)
    scores[order] = ranked
    return scores, order


def fit_shape(
    values: F64,
    scores: F64,
    order: NDArray[np.intp],
    unit: NDArray[np.int32],
    weights: F64,
    degree: int,
    *,
    rising: bool = True,
) -> Shape:
    """Fit the shape polynomial of one feature.

    Parameters
    ----------
    values, scores, order : numpy.ndarray
        Shape (n,): values standardised device by device, and what `normal_scores` says of them.
    unit : numpy.ndarray
        Shape (n,): unit of resampling of each value.
    weights : numpy.ndarray
        Shape (replicates, units): how often each unit occurs.
    degree : int
        Wanted degree.
    rising : bool
        Hold the polynomial to rise for |x| <= 4.

    Returns
    -------
    Shape
    """
    left, right = _normal_equations(scores[order], values[order], degree)
    polynomial = normalised(_solved(left, right, degree))
    held = rising and not rises(polynomial)
    if held:
        polynomial = normalised(_held(left, right, degree))
    return Shape(polynomial, _resampled(values, scores, unit, weights, degree), held)


def _normal_equations(scores: F64, values: F64, degree: int) -> tuple[F64, F64]:
    """Of Hermite polynomials, from sorted values; where there are many, in bins of neighbours but for the tails."""
    n = scores.size
    if n > 4 * FINE:
        inner = np.linspace(TAIL, n - TAIL, FINE + 1).astype(np.intp)
        first = np.concatenate([np.arange(TAIL), inner[:-1], np.arange(n - TAIL, n)])
        count = np.diff(np.append(first, n)).astype(np.float64)
        x, z = np.add.reduceat(scores, first) / count, np.add.reduceat(values, first)
    else:
        count, x, z = np.ones(n), scores, values
    basis = _basis(x, degree)
    return (basis * count[:, None]).T @ basis, basis.T @ z


def _held(left: F64, right: F64, degree: int) -> F64:
    """The least-squares polynomial among those that rise for |x| <= 4 (and a little beyond)."""
    points = np.linspace(-1.02 * REACH, 1.02 * REACH, 103)
    # the derivative of He_m is m He_{m - 1}
    slope = np.zeros((points.size, degree + 1))
    slope[:, 1:] = _basis(points, max(1, degree - 1))[:, :degree] * np.arange(1, degree + 1)
    scale = left[0, 0]  # the number of values
    quadratic, linear = left / scale, right / scale
    straight = np.zeros(degree + 1)
    straight[1] = linear[1]

    def misfit(c: F64) -> float:
        return float(0.5 * c @ quadratic @ c - linear @ c)

    def direction(c: F64) -> F64:
        return np.asarray(quadratic @ c - linear)

    rising = LinearConstraint(slope, LEAST_SLOPE, np.inf)
    found = minimize(misfit, straight, jac=direction, constraints=rising, method="SLSQP")
    best = found.x if found.success else straight
    for share in (1.0, 0.99, 0.9, 0.5, 0.0):  # the search keeps its constraints at points, and to a tolerance
        polynomial = _highest_first(hermite_e.herme2poly(straight + share * (best - straight)), degree)
        if rises(polynomial):
            break
    return polynomial


def _resampled(values: F64, scores: F64, unit: NDArray[np.int32], weights: F64, degree: int) -> F64:
    """The polynomial of each resample: values in bins, so that a resample only counts again."""
    if not len(weights):
        return np.empty((0, degree + 1))
    units, lowest = weights.shape[1], float(scores.min())
    bins = min(BINS, values.size)
    width = (float(scores.max()) - lowest) / bins or 1.0
    of_bin = np.minimum((scores - lowest) / width, bins - 1).astype(np.int64)
    cell = unit * np.int64(bins) + of_bin
    counts = np.bincount(cell, minlength=units * bins).reshape(units, bins)
    sums = np.bincount(cell, weights=values, minlength=units * bins).reshape(units, bins)
    drawn, height = weights @ counts, weights @ sums
    middle = (np.cumsum(drawn, axis=1) - 0.5 * drawn) / drawn.sum(axis=1, keepdims=True)
    result = np.empty((weights.shape[0], degree + 1))
    for r, (share, total, x) in enumerate(zip(drawn, height, ndtri(np.clip(middle, 1e-9, 1 - 1e-9)), strict=True)):
        basis = _basis(x, degree)
        result[r] = normalised(_solved((basis * share[:, None]).T @ basis, basis.T @ total, degree))
    return result


def _basis(x: F64, degree: int) -> F64:
    """Hermite polynomials He_0 .. He_degree, in which normal equations are nearly diagonal; (n, degree + 1)."""
    basis = np.empty((degree + 1, x.size))
    basis[0] = 1.0
    basis[1] = x
    for m in range(1, degree):
        np.multiply(x, basis[m], out=basis[m + 1])
        basis[m + 1] -= m * basis[m - 1]
    return basis.T


def _solved(left: F64, right: F64, degree: int) -> F64:
    """The polynomial of a degree, highest power first, out of the normal equations in Hermite polynomials."""
    series = np.linalg.solve(left[: degree + 1, : degree + 1], right[: degree + 1])
    return _highest_first(hermite_e.herme2poly(series), degree)


def _highest_first(polynomial: NDArray[np.floating[Any]], degree: int) -> F64:
    return np.asarray(np.pad(polynomial, (0, degree + 1 - polynomial.size))[::-1], dtype=np.float64)


def normalised(polynomial: F64) -> F64:
    """A polynomial, highest power first, moved and scaled to mean 0 and variance 1 under a standard normal."""
    series = hermite_e.poly2herme(polynomial[::-1])
    factorial = np.array([math.factorial(m) for m in range(series.size)], dtype=np.float64)
    series[0] = 0.0
    series /= math.sqrt(float((series**2 * factorial).sum()))
    return _highest_first(hermite_e.herme2poly(series), polynomial.size - 1)


def rises(polynomial: F64, reach: float = REACH) -> bool:
    """Whether a polynomial, highest power first, rises everywhere on |x| <= reach.

    Parameters
    ----------
    polynomial : ndarray of float64, shape (degree + 1,)
        Highest power first.
    reach : float
        Of x, in standard deviations.

    Returns
    -------
    bool
        False, too, for one that falls throughout.
    """
    slope = np.polyder(polynomial)
    turns = np.roots(slope)
    real = turns[np.abs(turns.imag) < 1e-9].real
    return bool(np.polyval(slope, 0.0) > 0) and not bool(np.any(np.abs(real) <= reach))
