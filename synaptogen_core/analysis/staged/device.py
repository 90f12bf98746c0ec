"""From estimates in coordinates to a device of format 2; what was not measured comes from a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.optimize import least_squares

from synaptogen_core.analysis.conduction.curves import Curves
from synaptogen_core.analysis.fitting.assembly import factor, remainder
from synaptogen_core.analysis.staged.memory import Memory
from synaptogen_core.device import stationary
from synaptogen_core.device.extension import BreakIn, Coordinate, Extension, Slow
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.device.shapes import Curve
from synaptogen_core.types import F64

OWN_SHAPE = 3000  # values from which a spline is learnt
PRIOR_G, PRIOR_H = 0.3, 0.05  # widths, about 0 and .03
MOST_G = 0.7
LEAST_SLOPE = 0.03  # of a shape
LN_10 = float(np.log(10.0))


@dataclass(frozen=True)
class Learnt:
    """Estimates of f features in their coordinates.

    Parameters
    ----------
    coordinates : tuple of Coordinate
        Without shapes.
    centre, covariance : ndarray, shapes (2 f,) and (2 f, 2 f)
        Of (mu, ln sigma) over devices.
    quantiles : ndarray, shape (f, knots)
        Of the shapes, at `knots`.
    knots : ndarray
    memories : tuple of Memory
    slow, fast : ndarray, shape (f, f)
        Correlations.
    count : int
        Values of a feature.
    """

    coordinates: tuple[Coordinate, ...]
    centre: F64
    covariance: F64
    quantiles: F64
    knots: F64
    memories: tuple[Memory, ...]
    slow: F64
    fast: F64
    count: int


def shape_of(knots: F64, quantiles: F64, count: int) -> Curve:
    """A shape through quantiles; with few values, g-and-h with a prior.

    Parameters
    ----------
    knots, quantiles : ndarray, shape (k,)
    count : int
        Values behind them.
    """
    if count >= OWN_SHAPE and knots.size >= 7:
        least = LEAST_SLOPE * np.diff(knots)
        values = quantiles[0] + np.concatenate([[0.0], np.cumsum(np.maximum(np.diff(quantiles), least))])
        return standardised(Curve("spline", {"knots": knots, "values": values}))
    density = np.exp(-0.5 * knots**2) / np.sqrt(2 * np.pi)
    tail = np.minimum(0.5, np.maximum(1.0 / max(count, 4), 0.15 * density + 1e-3))
    error = np.sqrt(tail * (1 - tail) / max(count, 4)) / np.maximum(density, 0.02)

    def residuals(x: F64) -> F64:
        g = x[2] * knots
        skew = np.expm1(g) / x[2] if abs(x[2]) > 1e-4 else knots * (1 + g / 2)  # which has a slope at 0, too
        misfit = (x[0] + np.exp(x[1]) * skew * np.exp(0.5 * x[3] * knots**2) - quantiles) / error
        return np.concatenate([misfit, [x[0] / 0.5, x[1] / 0.5, x[2] / PRIOR_G, (x[3] - 0.03) / PRIOR_H]])

    found = least_squares(residuals, [0.0, 0.0, 0.0, 0.03], bounds=([-3, -3, -MOST_G, 0], [3, 3, MOST_G, 0.25]))
    centre, size, g, h = (float(number) for number in found.x)
    return standardised(Curve("g-and-h", {"centre": centre, "scale": float(np.exp(size)), "g": g, "h": h}))


def standardised(shape: Curve) -> Curve:
    """The shape with mean 0 and variance 1, so that mu and sigma are what they are called."""
    x, weight = _points()
    z = shape.table.at(x)
    middle = float(weight @ z)
    sd = float(np.sqrt(weight @ (z - middle) ** 2))
    numbers = dict(shape.numbers)
    if shape.kind == "spline":
        return Curve("spline", {"knots": numbers["knots"], "values": (numbers["values"] - middle) / sd})
    return Curve(shape.kind, numbers | {"centre": (numbers["centre"] - middle) / sd, "scale": numbers["scale"] / sd})


@cache
def _points() -> tuple[F64, F64]:
    """Standard normal points and their weights; as far as laws go, 5 standard deviations."""
    x = np.linspace(-5, 5, 401)
    weight = np.exp(-0.5 * x * x)
    return x, weight / weight.sum()


def slow_part(share: F64, persistence: F64, correlation: F64) -> Slow:
    """The slow parts, their correlations lowered until there is a law of what is new in each cycle.

    Parameters
    ----------
    share, persistence : ndarray, shape (4,)
    correlation : ndarray, shape (4, 4)
    """
    for shrink in np.linspace(1.0, 0.0, 21):
        try:
            return Slow(share, persistence, shrink * correlation + (1 - shrink) * np.eye(4))
        except ValueError:
            continue
    return Slow(share, persistence, np.eye(4))


def template_features(
    template: DeviceParameters, rest: Sequence[int]
) -> tuple[list[Coordinate], F64, F64, list[Memory]]:
    """What a template says of features that were not measured, in coordinates.

    Parameters
    ----------
    template : DeviceParameters
    rest : sequence of int
        The r features.

    Returns
    -------
    coordinates : list of Coordinate
    mean : ndarray, shape (2 r,)
    covariance : ndarray, shape (2 r, 2 r)
    memories : list of Memory
    """
    r = len(rest)
    both = [*rest, *(4 + i for i in rest)]
    if template.extension is not None:
        k = int(np.argmax(template.weights))
        covariance = template.factors[k] @ template.factors[k].T
        slow = template.extension.slow
        fast = stationary.fast_autocovariance(template, 1)[1]
        memories = [
            Memory(
                *((0.0, 0.5) if slow is None else (float(slow.share[i]), float(slow.persistence[i]))), float(fast[i, i])
            )
            for i in rest
        ]
        made = [template.extension.coordinates[i] for i in rest]
        return made, template.means[k][both], covariance[np.ix_(both, both)], memories
    known = remainder(template, [i for i in range(4) if i not in rest], 1)
    coordinates, memories = [], []
    mean, covariance = known.mean.copy(), known.covariance.copy()
    scale = np.ones(2 * r)
    for j, i in enumerate(rest):
        sign = -1 if i == 1 else 1
        x = np.linspace(-3.5, 3.5, 15)
        z = sign * np.polyval(known.gamma[i], sign * x)
        z = (
            z[7]
            + np.cumsum(np.concatenate([[0.0], np.maximum(np.diff(z), 0.01)]))
            - np.cumsum(np.concatenate([[0.0], np.maximum(np.diff(z), 0.01)]))[7]
        )
        coordinates.append(Coordinate("log10", sign, 0.0, Curve("spline", {"knots": x, "values": z})))
        if i != 0:  # a linear feature: to first order about its mean
            scale[[j, r + j]] = 1 / (abs(mean[j]) * LN_10)
            mean[r + j] *= scale[r + j]
            mean[j] = np.log10(abs(mean[j]))
        memories.append(Memory(0.0, 0.5, float(np.clip(known.lags[1, j, j], -0.5, 0.9))))
    covariance *= scale * scale[:, None]
    turn = np.concatenate([np.where(np.isin(rest, 1), -1.0, 1.0), 1 / mean[r:]])  # |U_SET|; d ln sigma
    covariance *= turn * turn[:, None]
    mean[r:] = np.log(mean[r:]) - 0.5 * np.diag(covariance)[r:]
    return coordinates, mean, covariance, memories


def device_of(
    learnt: Learnt, features: Sequence[int], template: DeviceParameters, curves: Curves, name: str,
    break_in: BreakIn | None = None,
) -> DeviceParameters:  # fmt: skip
    """The whole device.

    Parameters
    ----------
    learnt : Learnt
        Of f features.
    features : sequence of int
        Which.
    template : DeviceParameters
    curves : Curves
    name : str
    break_in : BreakIn, optional
    """
    rest = [i for i in range(4) if i not in features]
    coordinates: list[Coordinate] = [Coordinate()] * 4
    memories = [Memory(0.0, 0.5, 0.0)] * 4
    mean, covariance = np.zeros(8), np.zeros((8, 8))
    mine = [*features, *(4 + i for i in features)]
    mean[mine], covariance[np.ix_(mine, mine)] = learnt.centre, learnt.covariance
    for j, i in enumerate(features):
        shape = shape_of(learnt.knots, learnt.quantiles[j], learnt.count)
        coordinates[i], memories[i] = replace(learnt.coordinates[j], shape=shape), learnt.memories[j]
    if rest:
        made, centre, spread, remembered = template_features(template, rest)
        others = [*rest, *(4 + i for i in rest)]
        mean[others], covariance[np.ix_(others, others)] = centre, spread
        for i, coordinate, memory in zip(rest, made, remembered, strict=True):
            coordinates[i], memories[i] = coordinate, memory
    slow, fast = np.eye(4), np.eye(4)
    slow[np.ix_(features, features)], fast[np.ix_(features, features)] = learnt.slow, learnt.fast
    share = np.array([m.share for m in memories])
    a = np.diag([m.fast for m in memories])
    noise = fast - a @ fast @ a.T
    for shrink in np.linspace(1.0, 0.0, 21):
        made_noise = np.where(np.eye(4) > 0, noise, shrink * noise)
        if np.linalg.eigvalsh(made_noise)[0] > 1e-4:
            break
    part = slow_part(share, np.array([m.persistence for m in memories]), slow) if share.any() else None
    return DeviceParameters(
        name=name, extension=Extension(tuple(coordinates), part, break_in), weights=np.ones(1), means=mean[None],
        factors=factor(covariance)[None], var={1: (a[None], np.linalg.cholesky(made_noise))}, order=1,
        hhrs=curves.hhrs, llrs=curves.llrs, u_0=curves.u_0, eta=curves.eta, u_max=curves.u_max,
        valid_range=curves.valid_range,
    )  # fmt: skip
