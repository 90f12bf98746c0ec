"""Rising curves of a device of format 2: shapes of distributions and warps of coordinates.

A curve is given by a few numbers; every engine and every law takes it at equal steps, joined by straight lines, with
straight tails. So there is one way to evaluate it, and the law of a device is the law of what is drawn. Table and
numbers are made of ``+ - * /`` in a fixed order, without a mathematical library, and rounded so that float32 arithmetic
cannot make the curve fall.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.device.frozen import read_only
from synaptogen_core.errors import shown
from synaptogen_core.types import F64

SEGMENTS = 128
SHAPE_RANGE = 8.0  # standard deviations: no normal that is drawn lies beyond 9.5, and few in 1e15 beyond 8
DIGITS = 22  # binary digits of a table's values
KINDS = ("polynomial", "g-and-h", "spline")
MOST_KNOTS = 64
LEAST_G = 1e-6  # less skew is none
STRAIGHT_FROM = 5.0  # standard deviations: 6 in 10^7 values lie beyond
MOST_H = 0.25  # of g-and-h: at 1/4 the fourth moment is infinite


@dataclass(frozen=True)
class Table:
    """A curve at equal steps: segment j reaches half a step to either side of its middle ``first + j step``.

    Parameters
    ----------
    first, step : float
        Middle of the first segment, and distance of middles: a power of two.
    values, slopes : ndarray of float64, shape (SEGMENTS,)
        At the middles, and rise over one step; float32 holds them exactly.
    """

    first: float
    step: float
    values: F64
    slopes: F64

    def at(self, x: F64) -> F64:
        """The curve at `x`, any shape."""
        place = (np.asarray(x, np.float64) - self.first) / self.step
        index = np.rint(np.clip(place, 0, SEGMENTS - 1))
        which = index.astype(np.intp)
        return np.asarray(self.slopes[which] * (place - index) + self.values[which])

    def slope(self, x: F64) -> F64:
        """Its derivative at `x`, any shape."""
        place = np.clip((np.asarray(x, np.float64) - self.first) / self.step, 0, SEGMENTS - 1)
        return np.asarray(self.slopes[np.rint(place).astype(np.intp)] / self.step)

    def inverse(self, y: F64) -> F64:
        """Where the curve reaches `y`, any shape; infinite `y` are allowed."""
        y = np.asarray(y, np.float64)
        edges = self.values[:-1] + 0.5 * self.slopes[:-1]
        which = np.searchsorted(edges, y)
        return np.asarray(self.first + self.step * (which + (y - self.values[which]) / self.slopes[which]))


@dataclass(frozen=True, eq=False)
class Curve:
    """A rising curve.

    Parameters
    ----------
    kind : {"polynomial", "g-and-h", "spline"}
    numbers : mapping of str to number or list
        polynomial: `coefficients`, highest power first. g-and-h (Tukey 1977): `centre`, `scale`, `g`, `h` of
        ``centre + scale (exp(g x) - 1)/g exp(h x^2/2)``, straight beyond 5 on either side. spline: `knots` and
        `values`, both rising, joined by monotone cubics (Fritsch and Carlson 1980) with straight tails.

    Raises
    ------
    ValueError
        If one breaks its rule, or the curve does not rise.
    """

    kind: str
    numbers: Mapping[str, Any]
    span: tuple[float, float] | None = field(default=None, repr=False)  # of the table; None: that of a shape

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"curve: kind must be one of {', '.join(KINDS)} (got {shown(self.kind)}); choose one")
        needed = {"polynomial": ("coefficients",), "spline": ("knots", "values")}.get(
            self.kind, ("centre", "scale", "g", "h")
        )
        if set(self.numbers) != set(needed):
            raise ValueError(f"curve: a {self.kind} has {', '.join(needed)} (got {shown(list(self.numbers))})")
        if self.kind == "g-and-h":
            found: dict[str, Any] = {name: checks.number(name, self.numbers[name]) for name in needed}
            if not (found["scale"] > 0 and 0 <= found["h"] <= MOST_H and abs(found["g"]) <= 3):
                raise ValueError(
                    f"curve: needs scale > 0, h from 0 to {MOST_H:g} and |g| <= 3 (got {found['scale']:g}, "
                    f"{found['h']:g}, {found['g']:g}); correct it"
                )
        else:
            found = {name: read_only(checks.numbers(name, self.numbers[name])) for name in needed}
            sizes = {array.shape for array in found.values()}
            if len(sizes) != 1 or len(next(iter(sizes))) != 1 or not 2 <= next(iter(sizes))[0] <= MOST_KNOTS:
                raise ValueError(
                    f"curve: must have rows of 2 to {MOST_KNOTS} numbers (got shapes {sizes}); correct them"
                )
            if self.kind == "spline" and not all(np.all(np.diff(row) > 0) for row in found.values()):
                raise ValueError("curve: knots and values must rise (got some that do not); correct them")
        object.__setattr__(self, "numbers", found)
        if not np.all(self.table.slopes > 0):
            raise ValueError("curve: must rise everywhere (got one that falls or is flat); correct its numbers")

    def exact(self, x: F64) -> F64:
        """The curve as its numbers say, before it is taken at steps."""
        n = self.numbers
        if self.kind == "polynomial":
            y = np.full(np.shape(x), n["coefficients"][0])
            for c in n["coefficients"][1:]:
                y = y * x + c
            return np.asarray(y)
        if self.kind == "g-and-h":
            g, h, inside = n["g"], n["h"], np.clip(x, -STRAIGHT_FROM, STRAIGHT_FROM)
            grown, wide = exponential(g * inside), exponential(0.5 * h * inside * inside)
            skew = inside if abs(g) < LEAST_G else (grown - 1) / g
            slope = (grown + h * inside * skew) * wide
            return np.asarray(n["centre"] + n["scale"] * (skew * wide + slope * (x - inside)))
        return cubic(n["knots"], n["values"], np.asarray(x, np.float64))

    @cached_property
    def table(self) -> Table:
        """The curve as it is drawn.

        Raises
        ------
        ValueError
            If the curve is not finite within its span.
        """
        low, high = self.span or (-SHAPE_RANGE, SHAPE_RANGE)
        step = 2.0 ** math.ceil(math.log2((high - low) / SEGMENTS) - 1e-9)
        first = math.floor(low / step) * step
        edges: F64 = first + np.arange(SEGMENTS + 1, dtype=np.float64) * step
        at = self.exact(edges)
        if not np.isfinite(at).all():
            raise ValueError("curve: must be finite (got numbers too large); correct it")
        quantum = 2.0 ** (math.ceil(math.log2(max(float(np.abs(at).max()), 1e-30))) - DIGITS)
        at = np.rint(at / quantum) * quantum
        values, slopes = read_only((at[:-1] + at[1:]) / 2), read_only(at[1:] - at[:-1])
        return Table(first + step / 2, step, values, slopes)

    def plain(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {"kind": self.kind, **{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in
                                      self.numbers.items()}}  # fmt: skip

    @classmethod
    def of(cls, data: object, span: tuple[float, float] | None = None) -> Curve:
        """The curve that `plain` described.

        Parameters
        ----------
        data : mapping, or Curve
            From `plain`, also after JSON.
        span : tuple of two float, optional
            Of its table; without it, that of a shape.

        Returns
        -------
        Curve

        Raises
        ------
        TypeError, ValueError
            If `data` is no dictionary with a kind, or describes no curve.
        """
        if isinstance(data, Curve):
            return data
        if not isinstance(data, Mapping) or "kind" not in data:
            raise ValueError(f"curve: must be a dictionary with a kind (got {shown(data)}); see docs/device-files.md")
        return cls(data["kind"], {k: v for k, v in data.items() if k != "kind"}, span)


def warp_of(data: object) -> Curve:
    """The curve of a warp: a spline whose table spans its knots.

    Raises
    ------
    ValueError
        If it is no spline.
    """
    if isinstance(data, Curve):
        return data
    if not isinstance(data, Mapping) or data.get("kind") != "spline":
        raise ValueError(f"warp: must be a curve of the kind spline (got {shown(data)}); give knots and values")
    knots = checks.numbers("knots", data.get("knots"))
    if knots.ndim != 1 or knots.size < 2 or not np.all(np.diff(knots) > 0):
        raise ValueError("warp: knots must be two or more rising numbers (got others); correct them")
    return Curve.of(data, (float(knots[0]), float(knots[-1])))


def straight(slope: float = 1.0, level: float = 0.0) -> Curve:
    """The straight line.

    Parameters
    ----------
    slope : float
        Above zero.
    level : float
        At 0.

    Returns
    -------
    Curve
    """
    return Curve("polynomial", {"coefficients": [slope, level]})


def exponential(x: F64) -> F64:
    """e**x in float64, with the same bits everywhere; relative error below 1e-14."""
    x = np.clip(np.asarray(x, np.float64), -700.0, 700.0)
    whole = np.rint(x * 1.4426950408889634)
    rest = (x - whole * 0.693147180369123816490) - whole * 1.90821492927058770002e-10
    total = np.ones_like(rest)
    for k in range(15, 0, -1):
        total = 1.0 + total * rest / k
    return np.asarray(np.ldexp(total, whole.astype(np.int64)))


def cubic(knots: F64, values: F64, x: F64) -> F64:
    """Monotone cubic through points, straight beyond them.

    Parameters
    ----------
    knots, values : ndarray of float64, shape (n,)
        Both rising.
    x : ndarray of float64, any shape

    Returns
    -------
    ndarray of float64, shape of `x`

    References
    ----------
    Fritsch and Carlson 1980, "Monotone piecewise cubic interpolation", SIAM J. Numer. Anal. 17, 238; slopes by Fritsch
    and Butland 1984.
    """
    width, rise = np.diff(knots), np.diff(values)
    steep = rise / width
    slope = np.empty(knots.size)
    slope[0], slope[-1] = steep[0], steep[-1]
    left, right = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    slope[1:-1] = (left + right) / (left / steep[:-1] + right / steep[1:])
    k = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, knots.size - 2)
    t = (x - knots[k]) / width[k]
    inside = np.clip(t, 0.0, 1.0)
    curved = ((slope[k] + slope[k + 1] - 2 * steep[k]) * inside + (3 * steep[k] - 2 * slope[k] - slope[k + 1])) * inside
    found = values[k] + width[k] * inside * (curved + slope[k])
    beyond = np.where(t < 0, slope[0] * (x - knots[0]), np.where(t > 1, slope[-1] * (x - knots[-1]), 0.0))
    return np.asarray(found + beyond)
