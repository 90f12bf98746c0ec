"""What a device of format 2 has beyond the published class: coordinates, slow memory, break-in, stuck runs.

Of feature i in cycle n, with x ~ N(0, 1) and the cell's own mu and sigma = exp(lambda):

    x_i = sqrt(1 - w_i) f_i + sqrt(w_i) s_i          f: the vector autoregression; s_i: one slow AR(1)
    v_i = mu_i + a_i rho_i^n + sigma_i S_i(x_i)      a: the cell's break-in
    t_i = W_i(v_i);   y_i = sign_i (c_i + 10^t_i), or t_i
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.device import shapes
from synaptogen_core.device.frozen import freeze, read_only
from synaptogen_core.device.recursion import cholesky
from synaptogen_core.device.shapes import Curve
from synaptogen_core.errors import shown
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64

SCALES = ("linear", "log10")


@dataclass(frozen=True, eq=False)
class Coordinate:
    """The coordinate of one feature, in which its values are ``mu + sigma S(x)``.

    Parameters
    ----------
    scale : {"linear", "log10"}
    sign : {1, -1}
        Of the feature's values; -1 with "log10" only.
    offset : float
        c: the least magnitude, in the feature's unit; with "log10" only.
    shape : Curve
        S.
    warp : Curve, optional
        W, a spline.
    """

    scale: str = "linear"
    sign: int = 1
    offset: float = 0.0
    shape: Curve = field(default_factory=shapes.straight)
    warp: Curve | None = None

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise ValueError(f"scale: must be one of {', '.join(SCALES)} (got {shown(self.scale)}); choose one")
        if self.sign not in (1, -1) or isinstance(self.sign, bool):
            raise ValueError(f"sign: must be 1 or -1 (got {shown(self.sign)}); correct it")
        offset = checks.number("offset", self.offset)
        if offset < 0 or (self.scale == "linear" and (offset or self.sign == -1)):
            raise ValueError(f"offset: must be zero or more, and belongs to log10 with its sign (got {offset:g})")
        object.__setattr__(self, "offset", offset)
        object.__setattr__(self, "shape", Curve.of(self.shape))
        object.__setattr__(self, "warp", None if self.warp is None else shapes.warp_of(self.warp))

    def feature(self, v: F64) -> F64:
        """Values of the feature, in its unit, of coordinates; any shape."""
        t = v if self.warp is None else self.warp.table.at(v)
        if self.scale == "linear":
            return np.asarray(t)
        return np.asarray(self.sign * (self.offset + 10.0 ** np.clip(t, -30, 30)))

    def inverse(self, y: F64) -> F64:
        """Coordinates of values; -inf for magnitudes that cannot be."""
        y = np.asarray(y, np.float64)
        if self.scale == "log10":
            above = self.sign * y - self.offset
            with np.errstate(divide="ignore", invalid="ignore"):
                y = np.where(above > 0, np.log10(np.where(above > 0, above, 1.0)), -np.inf)
        return np.asarray(y if self.warp is None else self.warp.table.inverse(y))

    def plain(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {
            "scale": self.scale,
            "sign": int(self.sign),
            "offset": self.offset,
            "shape": self.shape.plain(),
            "warp": None if self.warp is None else self.warp.plain(),
        }


@dataclass(frozen=True, eq=False)
class Slow:
    """One slow AR(1) a feature beside the fast part.

    Parameters
    ----------
    share : array, shape (4,)
        w: of the variance of x, from 0 to below 1.
    persistence : array, shape (4,)
        phi: correlation from one cycle to the next, from 0 to below 1; its memory lasts ``-1/ln(phi)`` cycles.
    correlation : array, shape (4, 4)
        C: of the slow parts of the features.
    """

    share: F64
    persistence: F64
    correlation: F64

    def __post_init__(self) -> None:
        for name, shape in (("share", (4,)), ("persistence", (4,)), ("correlation", (4, 4))):
            array = checks.numbers(f"slow.{name}", getattr(self, name))
            checks.shape(f"slow.{name}", array, shape)
            object.__setattr__(self, name, array)
        for name in ("share", "persistence"):
            if np.any((getattr(self, name) < 0) | (getattr(self, name) >= 1)):
                raise ValueError(f"slow.{name}: must be from 0 to below 1 (got {getattr(self, name)}); correct it")
        if np.any(np.diag(self.correlation) != 1) or np.any(self.correlation != self.correlation.T):
            raise ValueError("slow.correlation: must be symmetric with ones on its diagonal (got another); correct it")
        try:
            cholesky(self.correlation), cholesky(self.innovation)  # both must have a factor
        except ValueError:
            raise ValueError("slow: must have positive covariances (got others); lower the correlations") from None
        freeze(self)

    @property
    def innovation(self) -> F64:
        """Covariance of what is new in each cycle; shape (4, 4)."""
        return np.asarray((1 - np.outer(self.persistence, self.persistence)) * self.correlation)

    @property
    def tau(self) -> F64:
        """Cycles in which the memory falls by a factor e; shape (4,)."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(self.persistence > 0, -1 / np.log(np.maximum(self.persistence, 1e-300)), 0.0))


@dataclass(frozen=True, eq=False)
class BreakIn:
    """First cycles that differ: each cell adds ``a rho^n`` to its coordinate in cycle n.

    Parameters
    ----------
    decay : array, shape (4,)
        rho, from 0 to below 1.
    mean : array, shape (4,)
        Of a over cells.
    factor : array, shape (4, 4)
        Lower Cholesky factor of the covariance of a.
    """

    decay: F64
    mean: F64
    factor: F64

    def __post_init__(self) -> None:
        for name, shape in (("decay", (4,)), ("mean", (4,)), ("factor", (4, 4))):
            array = checks.numbers(f"break_in.{name}", getattr(self, name))
            checks.shape(f"break_in.{name}", array, shape)
            object.__setattr__(self, name, array)
        if np.any((self.decay < 0) | (self.decay >= 1)):
            raise ValueError(f"break_in.decay: must be from 0 to below 1 (got {self.decay}); correct it")
        if np.any(np.triu(self.factor, 1) != 0):
            raise ValueError("break_in.factor: must be lower triangular (got another); give a Cholesky factor")
        freeze(self)


@dataclass(frozen=True, eq=False)
class Stuck:
    """Runs of cycles in which a cell does not switch: both resistances are the high one, or the low one.

    Parameters
    ----------
    rate : array, shape (2,)
        Probability that a working cell gets stuck, in its next cycle: high, low.
    length : array, shape (2,)
        Mean number of cycles of a run; their numbers are geometric.
    """

    rate: F64
    length: F64

    def __post_init__(self) -> None:
        for name in ("rate", "length"):
            array = checks.numbers(f"stuck.{name}", getattr(self, name))
            checks.shape(f"stuck.{name}", array, (2,))
            object.__setattr__(self, name, array)
        if np.any(self.rate < 0) or self.rate.sum() > 0.5 or np.any(self.length < 1):
            raise ValueError(
                f"stuck: needs rates of zero or more, together at most .5, and lengths of 1 cycle or more "
                f"(got {self.rate}, {self.length}); correct them"
            )
        freeze(self)

    @property
    def share(self) -> F64:
        """Of the cycles that a cell spends stuck high, and low; shape (2,)."""
        time = self.rate * self.length
        return np.asarray(time / (1 + time.sum()))


PARTS: dict[str, type] = {"slow": Slow, "break_in": BreakIn, "stuck": Stuck}


@dataclass(frozen=True, eq=False)
class Extension:
    """Coordinates of the four features, and the parts that a device has beside them.

    Parameters
    ----------
    coordinates : sequence of four Coordinate
        In the order of `schema.FEATURES`.
    slow, break_in, stuck : optional
    """

    coordinates: tuple[Coordinate, ...]
    slow: Slow | None = None
    break_in: BreakIn | None = None
    stuck: Stuck | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "coordinates", tuple(self.coordinates))
        if len(self.coordinates) != 4 or not all(isinstance(c, Coordinate) for c in self.coordinates):
            raise ValueError(f"coordinates: must be four, one a feature (got {len(self.coordinates)}); complete them")
        for name, kind in PARTS.items():
            if not isinstance(getattr(self, name), (kind, type(None))):
                raise TypeError(f"{name}: must be a {kind.__name__} or None (got {shown(getattr(self, name))})")
        wrong = [n for n, c in zip(FEATURE_NAMES, self.coordinates, strict=True) if (c.sign < 0) != (n == "u_set")
                 and c.scale == "log10"]  # fmt: skip
        if wrong:
            raise ValueError(f"coordinates: {wrong[0]} has the other sign (got the wrong one); correct it")

    @property
    def slots(self) -> int:
        """Rows of four numbers that a cell remembers beside the fast part's history."""
        return sum(getattr(self, name) is not None for name in PARTS)

    def plain(self) -> dict[str, Any]:
        """As plain data for JSON."""
        found: dict[str, Any] = {"coordinates": [c.plain() for c in self.coordinates]}
        for name in PARTS:
            part = getattr(self, name)
            found[name] = part and {f.name: getattr(part, f.name).tolist() for f in fields(part)}
        return found

    @classmethod
    def of(cls, data: object) -> Extension:
        """The extension that `plain` described.

        Raises
        ------
        ValueError
            If something is missing, superfluous or breaks its rule.
        """
        if isinstance(data, Extension):
            return data
        parts = _known("extension", data, ("coordinates",), tuple(PARTS))
        rows = parts["coordinates"]
        if not isinstance(rows, (list, tuple)):
            raise ValueError(f"coordinates: must be a list of four (got {shown(rows)}); see docs/device-files.md")
        names = tuple(f.name for f in fields(Coordinate))
        made: list[Coordinate] = [Coordinate(**_known("coordinate", row, (), names)) for row in rows]
        kept = {
            name: None if parts.get(name) is None else kind(**_known(name, parts[name], _names(kind), ()))
            for name, kind in PARTS.items()
        }
        return cls(tuple(made), **kept)


def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def _known(what: str, data: object, required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise ValueError(f"{what}: must be a dictionary (got {shown(data)}); see docs/device-files.md")
    missing, unknown = set(required) - set(data), set(data) - set(required) - set(optional)
    if missing or unknown:
        wrong = f"missing {min(missing)}" if missing else f"unknown {shown(min(map(str, unknown)))}"
        raise ValueError(f"{what}: must have {', '.join(required + optional)} ({wrong}); see docs/device-files.md")
    return dict(data)


def slow_factor(slow: Slow) -> F64:
    """Lower factor of the covariance of what is new in each cycle; shape (4, 4)."""
    return read_only(cholesky(slow.innovation))  # type: ignore[no-any-return]
