"""Changed numbers: no memory, half the spread, no outliers, and what else teaching and design ask for.

Each function takes ModelNumbers and gives the fields that change; `DeviceParameters.vary` is the public way in.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from synaptogen_core import checks
from synaptogen_core.device import rules, stationary
from synaptogen_core.device.extension import Extension
from synaptogen_core.device.numbers import ModelNumbers
from synaptogen_core.device.recursion import cholesky
from synaptogen_core.device.shapes import straight
from synaptogen_core.errors import shown
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64

NO_SPREAD = 1e-12  # factor on sigma

Change = tuple[dict[str, Any], str]
Numbers = TypeVar("Numbers", bound=ModelNumbers)


def apply(numbers: Numbers, wishes: Mapping[str, Any]) -> tuple[Numbers, list[str]]:
    """Carry out `wishes` in their order; the changed numbers, and a few words on each change.

    Parameters
    ----------
    numbers : Numbers
        Of the published set, or of what it became.
    wishes : mapping
        Arguments of `DeviceParameters.vary`.

    Returns
    -------
    numbers : Numbers
    labels : list of str

    Raises
    ------
    TypeError, ValueError
        If a wish breaks its rule.
    """
    labels = []
    for name, value in wishes.items():
        fields, label = MAKERS[name](numbers, value)
        numbers = replace(numbers, **fields)
        labels.append(label)
    return numbers, labels


def plain(value: Any) -> Any:
    """As JSON knows it: no NumPy scalars."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _order(numbers: ModelNumbers, order: int) -> Change:
    order = rules.order(order, max(numbers.var))
    return {"order": order}, f"order {order}"


def _shapes(numbers: ModelNumbers, shapes: str) -> Change:
    if shapes != "gaussian":
        raise ValueError(f"shapes: must be 'true' or 'gaussian' (got {shown(shapes)}); choose one of them")
    mean, sd = stationary.shape_moments(numbers)
    if numbers.extension is not None:
        lines = [straight(float(s), float(m)) for m, s in zip(mean, sd, strict=True)]
        made = tuple(replace(c, shape=line) for c, line in zip(numbers.extension.coordinates, lines, strict=True))
        return {"extension": replace(numbers.extension, coordinates=made)}, "Gaussian shapes"
    gamma = np.zeros_like(numbers.gamma)
    gamma[:, -2] = sd / np.sqrt(np.diag(stationary.covariance(numbers)))
    gamma[:, -1] = mean
    return {"gamma": gamma}, "Gaussian shapes"


def _outlier_share(numbers: ModelNumbers, share: float) -> Change:
    share = checks.number("outlier_share", share)
    if not 0 <= share <= 1:
        raise ValueError(f"outlier_share: must be from 0 to 1 (got {share:g}); give a share of the cells")
    outlier = np.isin(np.arange(numbers.weights.size), numbers.outliers)
    present = {bool(kind) for kind in outlier[numbers.weights > 0]}
    if (share > 0 and True not in present) or (share < 1 and False not in present):
        raise ValueError(
            "outlier_share: must belong to a set with both populations (got one without); leave it as it is"
        )
    now = numbers.outlier_share
    weights = numbers.weights * np.where(outlier, share / now if now else 0, (1 - share) / (1 - now) if now < 1 else 0)
    return {"weights": weights}, f"outliers {100 * share:g} %"


def _factors(name: str, value: float | Mapping[str, float]) -> tuple[F64, str]:
    if isinstance(value, Mapping):
        unknown = [k for k in value if k not in FEATURE_NAMES]
        if unknown:
            raise ValueError(
                f"{name}: must name features {', '.join(FEATURE_NAMES)} (got {shown(unknown[0])}); correct it"
            )
        factors = np.array([checks.number(name, value.get(f, 1.0)) for f in FEATURE_NAMES])
        label = ", ".join(f"{name} {f} x {v:g}" for f, v in value.items())
    else:
        factors = np.full(4, checks.number(name, value))
        label = f"{name} x {value:g}"
    if np.any(factors < 0):
        raise ValueError(f"{name}: must be zero or more (got {factors.min():g}); give a factor on the spread")
    return factors, label


def _c2c(numbers: ModelNumbers, value: float | Mapping[str, float]) -> Change:
    factors, label = _factors("c2c", value)
    if numbers.extension is not None:  # ln sigma; no spread at all is one that float32 does not see
        means = numbers.means.copy()
        means[:, 4:] += np.log(np.maximum(factors, NO_SPREAD))
        return {"means": means}, label
    scale = np.concatenate([np.ones(4), factors])
    return {"means": numbers.means * scale, "factors": numbers.factors * scale[:, None]}, label


def _d2d(numbers: ModelNumbers, value: float | Mapping[str, float]) -> Change:
    factors, label = _factors("d2d", value)
    scale = np.tile(factors, 2)
    centre = numbers.population_mean
    return {"means": centre + scale * (numbers.means - centre), "factors": numbers.factors * scale[:, None]}, label


def _correlations(numbers: ModelNumbers, wanted: bool) -> Change:
    p = numbers.order
    lags = stationary.fast_autocovariance(numbers, p)
    a, b = np.zeros((p, 4, 4)), np.zeros((4, 4))
    for i in range(4):
        coefficients, noise = levinson(lags[:, i, i])
        a[:, i, i] = coefficients
        b[i, i] = math.sqrt(noise)
    fields = {"var": {p: (a, b)}, **_product_mixture(numbers)}
    if numbers.extension is not None:
        fields["extension"] = _alone(numbers.extension)
    return fields, "no correlations"


def _alone(extension: Extension) -> Extension:
    """Slow parts and break-in of the features independent of each other."""
    slow, break_in = extension.slow, extension.break_in
    if slow is not None:
        slow = replace(slow, correlation=np.eye(4))
    if break_in is not None:
        spread = np.sqrt((break_in.factor**2).sum(axis=1))
        break_in = replace(break_in, factor=np.diag(spread))
    return replace(extension, slow=slow, break_in=break_in)


def levinson(autocovariance: F64) -> tuple[F64, float]:
    """Scalar autoregression with the given autocovariances of lags 0 to p (Levinson and Durbin).

    Returns
    -------
    coefficients : ndarray, shape (p,), newest lag first
    noise : float
        Variance of the innovations.
    """
    coefficients = np.zeros(0)
    noise = float(autocovariance[0])
    for k in range(1, autocovariance.size):
        rest = autocovariance[k] - sum(c * autocovariance[k - 1 - j] for j, c in enumerate(coefficients))
        reflection = float(rest) / noise if noise > 0 else 0.0
        coefficients = np.append(coefficients - reflection * coefficients[::-1], reflection)
        noise *= 1 - reflection * reflection
    return coefficients, noise


def _product_mixture(numbers: ModelNumbers) -> dict[str, Any]:
    """Independent features, each with its own mixture over (mu_i, sigma_i): one component for every combination."""
    used = [k for k in range(numbers.weights.size) if numbers.weights[k] > 0]
    if len(used) ** 4 > rules.MAX_COMPONENTS:  # before they are written down: 255 have four thousand million
        raise ValueError(f"correlations: can be switched off for at most 3 components (got {len(used)}); leave them on")
    combinations = list(itertools.product(used, repeat=4))
    weights, means, factors, outliers = [], [], [], []
    for n, combination in enumerate(combinations):
        weight, mean, factor = 1.0, np.zeros(8), np.zeros((8, 8))
        for i, k in enumerate(combination):
            weight *= float(numbers.weights[k])
            pair = numbers.factors[k][[i, 4 + i]]
            mean[[i, 4 + i]] = numbers.means[k][[i, 4 + i]]
            variance_mu, variance_sigma = (pair**2).sum(axis=1)
            cross = (pair[0] * pair[1]).sum()
            factor[i, i] = math.sqrt(variance_mu)
            factor[4 + i, i] = cross / factor[i, i] if factor[i, i] > 0 else 0.0
            factor[4 + i, 4 + i] = math.sqrt(max(0.0, variance_sigma - factor[4 + i, i] ** 2))
        weights.append(weight)
        means.append(mean)
        factors.append(factor)
        if any(k in numbers.outliers for k in combination):
            outliers.append(n)
    return {"weights": weights, "means": means, "factors": factors, "outliers": tuple(outliers)}


def _memory(numbers: ModelNumbers, wanted: bool) -> Change:
    factor = cholesky(stationary.covariance(numbers))
    fields: dict[str, Any] = {"var": {1: (np.zeros((1, 4, 4)), factor)}, "order": 1}
    if numbers.extension is not None:
        fields["extension"] = replace(numbers.extension, slow=None)
    return fields, "no memory"


def _without(part: str, words: str) -> Callable[[ModelNumbers, Any], Change]:
    def change(numbers: ModelNumbers, wanted: bool) -> Change:
        if numbers.extension is None or getattr(numbers.extension, part) is None:
            raise ValueError(f"{part}: must belong to a device that has it (got one without); leave it as it is")
        without: dict[str, Any] = {part: None}
        return {"extension": replace(numbers.extension, **without)}, words

    return change


def _eta(numbers: ModelNumbers, eta: float) -> Change:
    eta = checks.number("eta", eta)
    return {"eta": eta}, f"eta {eta:g}"


def _u_max(numbers: ModelNumbers, u_max: float) -> Change:
    u_max = checks.number("u_max", u_max)
    return {"u_max": u_max}, f"u_max {u_max:g} V"


MAKERS: dict[str, Callable[[ModelNumbers, Any], Change]] = {
    "order": _order,
    "shapes": _shapes,
    "outlier_share": _outlier_share,
    "c2c": _c2c,
    "d2d": _d2d,
    "correlations": _correlations,
    "autocorrelation": _memory,
    "eta": _eta,
    "u_max": _u_max,
    "break_in": _without("break_in", "no break-in"),
    "stuck": _without("stuck", "no stuck runs"),
}
