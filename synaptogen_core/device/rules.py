"""The rules of a device's numbers; they take plain fields.

Each raises a TypeError or ValueError with its sentence where what it is given breaks the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from synaptogen_core import checks
from synaptogen_core.device import recursion
from synaptogen_core.errors import shown
from synaptogen_core.types import F64

VarModel = tuple[F64, F64]  # a, shape (p, 4, 4), newest lag first, and b, shape (4, 4), lower triangular
MAX_COMPONENTS = 255  # a cell stores its component in one byte
MAX_ORDER = 32  # the law of the start takes (4 order)**3 steps some ten times: a tenth of a second
MAX_DEGREE = 15  # of a polynomial


def var_models(models: object) -> dict[int, VarModel]:
    """The models by order, each a pair of arrays.

    Raises
    ------
    TypeError, ValueError
        If there is no model, or a matrix is missing, not finite, of another shape, or no Cholesky factor.
    """
    if not isinstance(models, Mapping) or not models:
        got = "nothing" if isinstance(models, Mapping) else type(models).__name__
        raise ValueError(f"var: must map at least one order to its matrices (got {got}); give {{order: (a, b)}}")
    result = {}
    for key, model in models.items():
        p = _order(key)
        try:
            a, b = (model["a"], model["b"]) if isinstance(model, Mapping) else model
        except (KeyError, TypeError, ValueError):
            raise ValueError(
                f"var[{p}]: must be the matrices a and b (got {type(model).__name__}); give both"
            ) from None
        pair = checks.numbers(f"var[{p}].a", a), checks.numbers(f"var[{p}].b", b)
        checks.shape(f"var[{p}].a", pair[0], (p, 4, 4))
        checks.shape(f"var[{p}].b", pair[1], (4, 4))
        lower(f"var[{p}].b", pair[1])
        result[p] = pair
    return result


def _order(key: object) -> int:
    """An order, or its text: JSON has no other keys."""
    text = str(key)
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= MAX_ORDER):
        raise ValueError(
            f"var: must have orders from 1 to {MAX_ORDER} as keys (got {shown(key)}); "
            "correct the key, leave larger orders out"
        )
    return int(text)


def components(name: str, value: object) -> tuple[int, ...]:
    """Numbers of mixture components.

    Parameters
    ----------
    name : str
        Of the field, for the error.
    value : object

    Returns
    -------
    tuple of int

    Raises
    ------
    TypeError, ValueError
        If it is no list of component numbers, too long, or names one twice.
    """
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name}: must be a list of component numbers (got {shown(value)}); give for instance [2]")
    if len(value) > MAX_COMPONENTS:
        raise ValueError(
            f"{name}: must be at most {MAX_COMPONENTS} component numbers (got {len(value)}); name each of them once"
        )
    found = tuple(checks.whole(name, k, 0, MAX_COMPONENTS - 1) for k in value)
    if len(set(found)) < len(found):
        raise ValueError(f"{name}: must name each component once (got {shown(found)}); remove the repeated one")
    return found


def lower(name: str, matrix: F64, *, positive: bool = True) -> None:
    """Lower triangular, with a diagonal above zero (or not below it).

    Parameters
    ----------
    name : str
        Of the field, for the error.
    matrix : ndarray, shape (n, n)
    positive : bool
        Whether a zero on the diagonal is refused.

    Raises
    ------
    ValueError
        If there are numbers above the diagonal, or the diagonal is not positive.
    """
    if np.any(np.triu(matrix, 1) != 0):
        raise ValueError(f"{name}: must be lower triangular (got numbers above the diagonal); give a Cholesky factor")
    diagonal = np.diagonal(matrix)
    if np.any(diagonal <= 0) if positive else np.any(diagonal < 0):
        bound = "above zero" if positive else "zero or more"
        raise ValueError(
            f"{name}: the diagonal of a covariance's factor must be {bound} (got {diagonal.min():g}); "
            "give the factor of a positive covariance"
        )


def shapes(gamma: F64) -> None:
    """Shape polynomials.

    Raises
    ------
    ValueError
        If the shape is another one.
    """
    if gamma.ndim != 2 or gamma.shape[0] != 4 or not 1 <= gamma.shape[1] - 1 <= MAX_DEGREE:
        raise ValueError(
            f"gamma: must have shape (4, degree + 1) with a degree from 1 to {MAX_DEGREE} (got {gamma.shape}); "
            "give one row a feature"
        )


def shares(weights: F64) -> None:
    """Shares of components, normalised or not.

    Raises
    ------
    ValueError
        If there are none or too many, one is negative, or all are zero.
    """
    if weights.ndim != 1 or not 1 <= weights.size <= MAX_COMPONENTS:
        raise ValueError(f"weights: must be 1 to {MAX_COMPONENTS} shares (got shape {weights.shape}); correct it")
    if np.any(weights < 0) or not weights.sum() > 0:
        raise ValueError(f"weights: must be zero or more, not all zero (got {weights.min():g}); correct the shares")


def mixture(means: F64, factors: F64, count: int) -> None:
    """Components of the mixture.

    Parameters
    ----------
    means : ndarray, shape (count, 8)
    factors : ndarray, shape (count, 8, 8)
        Cholesky factors of the covariances.
    count : int
        Components.

    Raises
    ------
    ValueError
        If a shape is wrong, or a factor is no Cholesky factor.
    """
    checks.shape("means", means, (count, 8))
    checks.shape("factors", factors, (count, 8, 8))
    diagonals = np.diagonal(factors, axis1=1, axis2=2)
    for k in np.flatnonzero(np.triu(factors, 1).any(axis=(1, 2)) | (diagonals < 0).any(axis=1))[:1]:
        # no D2D spread at all is a wanted variation: a zero diagonal is allowed there
        lower(f"factors[{k}]", factors[k], positive=False)


def spread(means: F64, population_mean: F64) -> None:
    """The C2C spread of the population.

    Parameters
    ----------
    means : ndarray, shape (component, 8)
        Columns 5 to 8 are C2C spreads.
    population_mean : ndarray, shape (8,)

    Raises
    ------
    ValueError
        If a mean spread is not above zero, though some are not zero.
    """
    present = np.any(means[:, 4:] != 0, axis=0)  # no C2C spread at all is a wanted variation
    if np.any(present & (population_mean[4:] <= 0)):
        raise ValueError("means: sigma must be above zero on average (got a mean <= 0); correct rows 5 to 8")


def order(value: object, largest: int) -> int:
    """An order of autoregression out of those that a set has.

    Parameters
    ----------
    value : object
    largest : int
        That the set has.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If it is no whole number, or the set has no such order.
    """
    found = checks.whole("order", value, 1, 10**6)
    if found > largest:
        raise ValueError(f"order: the set has orders up to {largest} (got {found}); choose 1 to {largest}")
    return found


def belong(outliers: tuple[int, ...], count: int) -> None:
    """The outlier components are some of those that there are.

    Parameters
    ----------
    outliers : tuple of int
    count : int
        Components.

    Raises
    ------
    ValueError
        If one of them is no component.
    """
    if any(not 0 <= k < count for k in outliers):
        raise ValueError(f"outliers: must be component numbers 0 to {count - 1} (got {outliers}); correct them")


def stable(a: F64) -> None:
    """The autoregression comes to rest.

    Raises
    ------
    ValueError
        If the spectral radius is 1 or more.
    """
    radius = _radius(a.tobytes())
    if not radius < 1:
        raise ValueError(
            f"var: the autoregression of order {len(a)} must be stable (got a spectral radius of {radius:.4g}); "
            "fit it again or choose another order"
        )


@lru_cache(maxsize=64)  # most variations leave the matrices alone
def _radius(a: bytes) -> float:
    return recursion.spectral_radius(np.frombuffer(a).reshape(-1, 4, 4))
