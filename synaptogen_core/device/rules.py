"""The rules of a device's numbers and texts; they take plain fields.

Each raises a TypeError or ValueError with its sentence where what it is given breaks the rule.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.device import recursion
from synaptogen_core.errors import shown
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64

VarModel = tuple[F64, F64]  # a, shape (p, 4, 4), newest lag first, and b, shape (4, 4), lower triangular
MAX_COMPONENTS = 255  # a cell stores its component in one byte
MAX_ORDER = 32  # the law of the start takes (4 order)**3 steps some ten times: a tenth of a second
MAX_VARIATIONS = 8  # each may ask for a law of the start of its own
MAX_NAME = 300  # characters, before variations add to it
MAX_TEXT = 10_000  # characters of a source, a licence, a citation or a note
MAX_NOTES = 200
DEFAULT_ORDER = 10

MAX_DEGREE = 15  # of a polynomial
REQUIRED = ("name", "gamma", "weights", "means", "factors", "var", "hhrs", "llrs", "u_0", "eta", "u_max")
OPTIONAL = (
    "format",
    "extension",
    "features",
    "order",
    "outliers",
    "valid_range",
    "source",
    "licence",
    "citation",
    "notes",
    "variations",
)
VARIATIONS = ("order", "shapes", "outlier_share", "c2c", "d2d", "correlations", "autocorrelation", "eta", "u_max",
              "break_in", "stuck")  # fmt: skip


def var_models(models: object) -> dict[int, VarModel]:
    """The models by order, each a pair of arrays."""
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


def no_others(names: Mapping[str, object]) -> None:
    """Refuse variations that there are not, and say which may be meant."""
    for name in names:
        near = difflib.get_close_matches(name.lower(), VARIATIONS, 1)
        raise TypeError(
            f"vary: must be given some of {', '.join(VARIATIONS)} (got {name!r}); "
            + (f"is {near[0]!r} meant?" if near else "choose one of these")
        )


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


def sentences(name: str, value: object) -> tuple[str, ...]:
    """Texts, each a sentence.

    Parameters
    ----------
    name : str
        Of the field, for the error.
    value : object

    Returns
    -------
    tuple of str
    """
    if not isinstance(value, (tuple, list)) or not all(isinstance(note, str) for note in value):
        raise TypeError(f"{name}: must be a list of texts (got {shown(value)}); give one text a sentence")
    if len(value) > MAX_NOTES:
        raise ValueError(f"{name}: must be at most {MAX_NOTES} texts (got {len(value):,}); keep those that matter")
    for note in value:
        short(name, note, MAX_TEXT)
    return tuple(value)


def short(name: str, text: str, longest: int) -> None:
    """Length rule of a text.

    Parameters
    ----------
    name : str
        Of the field, for the error.
    text : str
    longest : int
        Characters.
    """
    if len(text) > longest:
        raise ValueError(f"{name}: must have at most {longest:,} characters (got {len(text):,}); shorten it")


def changes(value: tuple[Mapping[str, Any], ...] | list[Any]) -> None:
    """Number rule of variations."""
    if len(value) > MAX_VARIATIONS:
        raise ValueError(
            f"variations: must be at most {MAX_VARIATIONS} (got {len(value):,}); vary the device once, by all there is "
            "to change"
        )


def lower(name: str, matrix: F64, *, positive: bool = True) -> None:
    """Lower triangular, with a diagonal above zero (or not below it).

    Parameters
    ----------
    name : str
        Of the field, for the error.
    matrix : ndarray, shape (n, n)
    positive : bool
        Whether a zero on the diagonal is refused.
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


def text(name: str, value: object, longest: int | None, *, empty: bool = True) -> None:
    """A text of at most so many characters (None: any).

    Parameters
    ----------
    name : str
        Of the field, for the error.
    value : object
    longest : int or None
        Characters.
    empty : bool
        Whether it may be empty.
    """
    if not isinstance(value, str) or not (value or empty):
        raise ValueError(f"{name}: must be a text (got {shown(value)}); write it as one")
    if longest is not None:
        short(name, value, longest)


def shapes(gamma: F64) -> None:
    """Shape polynomials."""
    if gamma.ndim != 2 or gamma.shape[0] != 4 or not 1 <= gamma.shape[1] - 1 <= MAX_DEGREE:
        raise ValueError(
            f"gamma: must have shape (4, degree + 1) with a degree from 1 to {MAX_DEGREE} (got {gamma.shape}); "
            "give one row a feature"
        )


def shares(weights: F64) -> None:
    """Shares of components, normalised or not."""
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
    """
    if any(not 0 <= k < count for k in outliers):
        raise ValueError(f"outliers: must be component numbers 0 to {count - 1} (got {outliers}); correct them")


def stable(a: F64) -> None:
    """The autoregression comes to rest."""
    radius = _radius(a.tobytes())
    if not radius < 1:
        raise ValueError(
            f"var: the autoregression of order {len(a)} must be stable (got a spectral radius of {radius:.4g}); "
            "fit it again or choose another order"
        )


@lru_cache(maxsize=64)  # most variations leave the matrices alone
def _radius(a: bytes) -> float:
    return recursion.spectral_radius(np.frombuffer(a).reshape(-1, 4, 4))


def dictionary(data: object) -> dict[str, Any]:
    """Fields for DeviceParameters out of plain data."""
    if not isinstance(data, Mapping):
        raise TypeError(f"device: must be a dictionary of parameters (got {type(data).__name__}); see to_dict()")
    extended = data.get("extension") is not None
    form = data.get("format", 2 if extended else 1)
    if form != (2 if extended else 1) or isinstance(form, bool):
        raise ValueError(
            f"format: must be 1, or 2 with an extension (got {shown(form)}); a newer version may know this file"
        )
    missing = [k for k in REQUIRED if k not in data and not (extended and k == "gamma")]
    if missing:
        raise ValueError(f"device: must have all parameters (missing {', '.join(missing)}); complete the set")
    unknown = [str(k)[:40] for k in data if k not in REQUIRED + OPTIONAL][:8]
    if unknown:
        raise ValueError(f"device: must have known parameters only (got {', '.join(unknown)}); remove them")
    plain = {k: v for k, v in data.items() if k != "format"}
    features = plain.pop("features", list(FEATURE_NAMES))
    if features != list(FEATURE_NAMES):
        raise ValueError(
            f"features: must be {', '.join(FEATURE_NAMES)} in this order (got {shown(features)}); reorder the set"
        )
    plain["var"] = var_models(plain["var"])
    plain.setdefault("order", min(DEFAULT_ORDER, max(plain["var"])))
    varied = plain.setdefault("variations", [])
    if not isinstance(varied, list) or not all(isinstance(change, Mapping) for change in varied):
        raise TypeError(f"variations: must be a list of dictionaries (got {shown(varied)}); see to_dict()")
    changes(varied)
    unknown = [str(k) for change in varied for k in change if k not in VARIATIONS]
    if unknown:
        raise ValueError(f"variations: must be some of {', '.join(VARIATIONS)} (got {shown(unknown[0])}); remove it")
    return plain
