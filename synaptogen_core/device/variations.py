"""Changed devices: no memory, half the spread, no outliers, and what else teaching and design ask for.

Each function takes DeviceParameters and gives the fields that change; `DeviceParameters.vary` is the public way in.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.device import rules, stationary
from synaptogen_core.errors import shown
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64

if TYPE_CHECKING:
    from synaptogen_core.device.parameters import DeviceParameters


def apply(device: DeviceParameters, wishes: Mapping[str, Any]) -> DeviceParameters:
    """Carry out `wishes` in their order and record them."""
    if not wishes:
        return device
    change = {k: _plain(v) for k, v in wishes.items()}
    rules.changes((*device.variations, change))
    varied = device
    labels = []
    for name, value in wishes.items():
        fields, label = MAKERS[name](varied, value)
        varied = replace(varied, **fields)
        labels.append(label)
    return replace(
        varied,
        name=", ".join([device.name, *labels]),
        base=device.base or device,
        variations=(*device.variations, change),
    )


def _plain(value: Any) -> Any:
    """As JSON knows it: no NumPy scalars."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value.item() if isinstance(value, np.generic) else value


Change = tuple[dict[str, Any], str]


def _order(device: DeviceParameters, order: int) -> Change:
    largest = max(device.var)
    order = checks.whole("order", order, 1, 10**6)
    if order > largest:
        raise ValueError(
            f"order: the set {device.name!r} has orders up to {largest} (got {order}); choose 1 to {largest}"
        )
    return {"order": order}, f"order {order}"


def _shapes(device: DeviceParameters, shapes: str) -> Change:
    if shapes != "gaussian":
        raise ValueError(f"shapes: must be 'true' or 'gaussian' (got {shown(shapes)}); choose one of them")
    mean, sd = stationary.shape_moments(device)
    gamma = np.zeros_like(device.gamma)
    gamma[:, -2] = sd / np.sqrt(np.diag(stationary.covariance(device)))
    gamma[:, -1] = mean
    return {"gamma": gamma}, "Gaussian shapes"


def _outlier_share(device: DeviceParameters, share: float) -> Change:
    share = checks.number("outlier_share", share)
    if not 0 <= share <= 1:
        raise ValueError(f"outlier_share: must be from 0 to 1 (got {share:g}); give a share of the cells")
    outlier = np.isin(np.arange(device.weights.size), device.outliers)
    present = {bool(kind) for kind in outlier[device.weights > 0]}
    if (share > 0 and True not in present) or (share < 1 and False not in present):
        raise ValueError(
            "outlier_share: must belong to a set with both populations (got one without); leave it as it is"
        )
    now = device.outlier_share
    weights = device.weights * np.where(outlier, share / now if now else 0, (1 - share) / (1 - now) if now < 1 else 0)
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


def _c2c(device: DeviceParameters, value: float | Mapping[str, float]) -> Change:
    factors, label = _factors("c2c", value)
    scale = np.concatenate([np.ones(4), factors])
    return {"means": device.means * scale, "factors": device.factors * scale[:, None]}, label


def _d2d(device: DeviceParameters, value: float | Mapping[str, float]) -> Change:
    factors, label = _factors("d2d", value)
    scale = np.tile(factors, 2)
    centre = device.population_mean
    return {"means": centre + scale * (device.means - centre), "factors": device.factors * scale[:, None]}, label


def _correlations(device: DeviceParameters, wanted: bool) -> Change:
    p = device.order
    lags = stationary.autocovariance(device, p)
    a, b = np.zeros((p, 4, 4)), np.zeros((4, 4))
    for i in range(4):
        coefficients, noise = levinson(lags[:, i, i])
        a[:, i, i] = coefficients
        b[i, i] = math.sqrt(noise)
    fields = {"var": {p: (a, b)}, **_product_mixture(device)}
    return fields, "no correlations"


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


def _product_mixture(device: DeviceParameters) -> dict[str, Any]:
    """Independent features, each with its own mixture over (mu_i, sigma_i): one component for every combination."""
    used = [k for k in range(device.weights.size) if device.weights[k] > 0]
    if len(used) ** 4 > rules.MAX_COMPONENTS:  # before they are written down: 255 have four thousand million
        raise ValueError(f"correlations: can be switched off for at most 3 components (got {len(used)}); leave them on")
    combinations = list(itertools.product(used, repeat=4))
    weights, means, factors, outliers = [], [], [], []
    for n, combination in enumerate(combinations):
        weight, mean, factor = 1.0, np.zeros(8), np.zeros((8, 8))
        for i, k in enumerate(combination):
            weight *= float(device.weights[k])
            pair = device.factors[k][[i, 4 + i]]
            mean[[i, 4 + i]] = device.means[k][[i, 4 + i]]
            variance_mu, variance_sigma = (pair**2).sum(axis=1)
            cross = (pair[0] * pair[1]).sum()
            factor[i, i] = math.sqrt(variance_mu)
            factor[4 + i, i] = cross / factor[i, i] if factor[i, i] > 0 else 0.0
            factor[4 + i, 4 + i] = math.sqrt(max(0.0, variance_sigma - factor[4 + i, i] ** 2))
        weights.append(weight)
        means.append(mean)
        factors.append(factor)
        if any(k in device.outliers for k in combination):
            outliers.append(n)
    return {"weights": weights, "means": means, "factors": factors, "outliers": tuple(outliers)}


def _memory(device: DeviceParameters, wanted: bool) -> Change:
    factor = stationary.cholesky(stationary.covariance(device))
    return {"var": {1: (np.zeros((1, 4, 4)), factor)}, "order": 1}, "no memory"


def _eta(device: DeviceParameters, eta: float) -> Change:
    eta = checks.number("eta", eta)
    return {"eta": eta}, f"eta {eta:g}"


def _u_max(device: DeviceParameters, u_max: float) -> Change:
    u_max = checks.number("u_max", u_max)
    return {"u_max": u_max}, f"u_max {u_max:g} V"


MAKERS: dict[str, Callable[[DeviceParameters, Any], Change]] = {
    "order": _order,
    "shapes": _shapes,
    "outlier_share": _outlier_share,
    "c2c": _c2c,
    "d2d": _d2d,
    "correlations": _correlations,
    "autocorrelation": _memory,
    "eta": _eta,
    "u_max": _u_max,
}
