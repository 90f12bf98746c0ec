"""Pictures as plain data: axes, and layers in roles. `svg` draws them in a report, `app.look.picture` on the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.types import F64

LEAST = 1e-30  # of a logarithmic axis: less is hardly a measured number
MARGIN = 0.04  # of an axis beyond its values
NORMAL = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
PREFIXES = ((1e-15, "f"), (1e-12, "p"), (1e-9, "n"), (1e-6, "µ"), (1e-3, "m"), (1.0, ""), (1e3, "k"), (1e6, "M"),
            (1e9, "G"), (1e12, "T"))  # fmt: skip
MANTISSAS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0))


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes
    ----------
    label : str
        With the unit.
    low, high : float
        Its ends.
    scale : {"linear", "whole", "log", "normal"}
        "whole": of whole numbers; "normal": probabilities, so spaced that a normal distribution is a straight line.
    factor : float
        What the numbers of layers are multiplied by; `low` and `high` are in the unit of the label.
    """

    label: str
    low: float
    high: float
    scale: str = "linear"
    factor: float = 1.0

    def share(self, numbers: ArrayLike) -> F64:
        """Where numbers of a layer lie, 0 at the low end and 1 at the high one."""
        return self.place(self.factor * np.asarray(numbers, dtype=np.float64))

    def place(self, values: ArrayLike) -> F64:
        """The same of values in the unit of the axis."""
        low, high, at = map(self.scaled, (self.low, self.high, values))
        return np.asarray((at - low) / (high - low))

    def scaled(self, values: ArrayLike) -> F64:
        """The same as their logarithms, or as normal scores of probabilities, if that is the scale."""
        numbers = np.asarray(values, dtype=np.float64)
        if self.scale == "log":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(np.log10(numbers))
        if self.scale == "normal":
            return np.array(list(map(NormalDist().inv_cdf, numbers.ravel()))).reshape(numbers.shape)
        return numbers

    def ticks(self) -> list[float]:
        """Round values, three to seven of them."""
        if self.scale == "normal":
            return [p for p in NORMAL if self.low <= p <= self.high]
        if self.scale == "log" and (found := _log_ticks(self.low, self.high)):
            return found
        size = 10.0 ** np.floor(np.log10((self.high - self.low) / 4))
        step = next(size * m for m in (1, 2, 5, 10) if (self.high - self.low) / (size * m) <= 6)
        step = max(step, float(self.scale == "whole"))
        first, last = np.ceil(self.low / step - 1e-9), np.floor(self.high / step + 1e-9)
        return [float(f"{k * step:.14g}") + 0.0 for k in np.arange(first, last + 1)]

    def words(self, tick: float) -> str:
        """A tick as text."""
        narrow = max(abs(self.low), abs(self.high)) / (self.high - self.low)
        return f"{100 * tick:g} %" if self.scale == "normal" else number(tick, max(6, int(np.log10(narrow)) + 3))


def axis(
    label: str, *values: ArrayLike, scale: str = "linear", floor: float | None = None, factor: float = 1.0
) -> Axis:
    """An axis that holds all finite values; `floor` is the least that its low end may be.

    Parameters
    ----------
    label : str
        With the unit.
    *values : array_like
        Times `factor` in this unit.
    scale : {"linear", "whole", "log", "normal"}
    floor : float, optional
        In the unit of the label.
    factor : float

    Returns
    -------
    Axis
    """
    known = factor * np.concatenate([np.ravel(np.asarray(v, dtype=np.float64)) for v in values])
    known = known[np.isfinite(known) & ((known > LEAST) | (scale != "log"))]
    low, high = (float(known.min()), float(known.max())) if known.size else (1.0, 10.0)
    if scale == "log":
        wide = max(np.log10(high / low) * MARGIN, 0.02)
        low, high = low * 10**-wide, high * 10**wide
    else:
        wide = max((high - low) * MARGIN, 0.5 * (scale == "whole")) or abs(high) * 0.1 or 1.0
        low, high = low - wide if floor is None else max(floor, low - wide), high + wide
    return Axis(label, low, high, scale, factor)


def number(value: float, digits: int = 3) -> str:
    """A number for people: so many digits that count, no power of ten unless it must be, a minus that is one.

    Parameters
    ----------
    value : float
    digits : int
        That count.

    Returns
    -------
    str
        A dash for what is no number.
    """
    if not np.isfinite(value):
        return "–"
    rounded = float(f"{value:.{digits}g}") + 0.0
    plain = rounded == 0 or 1e-4 <= abs(rounded) < 1e6
    text = f"{rounded:.15g}" if plain else re.sub(r"e([+-])0*", lambda e: "e" + e[1].strip("+"), f"{value:.{digits}g}")
    return text.replace("-", "\N{MINUS SIGN}")


def prefix(unit: str, *values: ArrayLike) -> tuple[float, str]:
    """A factor, and the unit with the prefix that goes with it, which makes the values handy numbers.

    Parameters
    ----------
    unit : str
    *values : array_like

    Returns
    -------
    tuple of float and str
    """
    known = np.abs(np.concatenate([np.ravel(np.asarray(v, dtype=np.float64)) for v in values]))
    known = known[np.isfinite(known) & (known > 0)]
    typical = float(np.median(known)) if known.size else 1.0
    size, letter = next((p for p in reversed(PREFIXES) if p[0] <= typical * 1.0001), PREFIXES[0])
    return 1 / size, letter + {"ohm": "Ω"}.get(unit, unit)


@dataclass(frozen=True, eq=False)
class Line:
    """A line, broken where a value is missing.

    `role` says what it shows, `of` whose that is (a feature, a criterion): each side has looks of its own for them.
    """

    role: str
    x: ArrayLike
    y: ArrayLike
    of: str = ""


@dataclass(frozen=True, eq=False)
class Dots(Line):
    """Markers; `size` is half their width."""

    marker: str = "circle"
    size: float = 2.5


@dataclass(frozen=True, eq=False)
class Band:
    """The surface between two lines; `across`: from left to right, `x` being the height."""

    role: str
    x: ArrayLike
    low: ArrayLike
    high: ArrayLike
    of: str = ""
    across: bool = False

    @property
    def edges(self) -> tuple[tuple[ArrayLike, ArrayLike], tuple[ArrayLike, ArrayLike]]:
        """Its two lines, each as x and y."""
        return ((self.low, self.x), (self.high, self.x)) if self.across else ((self.x, self.low), (self.x, self.high))


@dataclass(frozen=True)
class Rule:
    """A line from bottom to top at `x`, or from left to right at `y`."""

    role: str
    x: float | None = None
    y: float | None = None
    of: str = ""


Layer = Line | Band | Rule


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with two axes.

    Attributes
    ----------
    title : str
        What it shows, for readers who do not see it, and as a tip.
    x, y : Axis
    layers : sequence of Line, Dots, Band or Rule
        From below; their numbers times the factors of the axes are in the units of these.
    heading : str
        Written over it.
    name : str
        What it is of: a feature, a choice.
    """

    title: str
    x: Axis
    y: Axis
    layers: Sequence[Layer]
    heading: str = ""
    name: str = ""


@dataclass(frozen=True, eq=False)
class Matrix:
    """Numbers from -1 to 1 as a table of coloured squares; the marked ones have a frame and an asterisk.

    Attributes
    ----------
    title, heading : str
    names : sequence of str
        Of rows and columns.
    values, marked : ndarray, shape (n, n)
    """

    title: str
    heading: str
    names: Sequence[str]
    values: F64
    marked: NDArray[np.bool_]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    decades = decades[:: max(1, len(decades) // 6)]
    for mantissas in MANTISSAS:
        ticks = [float(f"{m * 10**k:.4g}") for k in decades for m in mantissas if low <= m * 10**k <= high]
        if len(ticks) >= 3:
            return ticks
    return []
