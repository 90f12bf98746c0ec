"""Lines of a comparison: what was measured and simulated, the error with its interval, its limit, and the word."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from synaptogen_core.types import F64

WORDS = ("right within the limit", "wrong by more", "not known")
CONFIDENCE = 0.95
HALF = float(ndtri((1 + CONFIDENCE) / 2))  # width of an interval in standard errors


class Row(NamedTuple):
    """One line. Errors are relative, of shares and log scores the difference itself.

    `unit` of the error is "%", "nat" or "σ"; `quantity`, that of what is compared: "ohm", "V", "share", "nat", "σ", or
    nothing.
    """

    about: str
    what: str
    measured: float
    simulated: float
    error: float
    lower: float
    upper: float
    limit: float
    word: str
    unit: str = "%"
    quantity: str = ""


def relative(about: str, what: str, measured: float, repeats: F64, limit: float, quantity: str = "") -> Row:
    """A positive number beside the mean of simulated repeats; its error is relative.

    The mean itself, not that of logarithms: few devices seldom have the rare ones that make most of a bit error rate.
    As seldom has the measurement: whether it could be one of the repeats, their logarithms say.

    Parameters
    ----------
    about, what : str
    measured : float
    repeats : ndarray, shape (r,)
    limit : float
    quantity : str
    """
    logs, mean = np.log(repeats), float(repeats.mean())
    off, wide = logs.mean() - np.log(measured), HALF * logs.std(ddof=1) * np.sqrt(1 + 1 / repeats.size)
    low, high = (float(np.expm1(x)) for x in (off - wide, off + wide))
    word = word_of(low, high, -limit / (1 + limit), limit)
    return Row(about, what, measured, mean, mean / measured - 1, low, high, limit, word, quantity=quantity)


def difference(
    about: str, what: str, measured: float, simulated: float, error: float, limits: tuple[float, float], unit: str = "%"
) -> Row:
    """A number beside the one expected; its error is the difference, simulated less measured.

    Parameters
    ----------
    about, what : str
    measured, simulated, error : float
        The last is the standard error of their difference; NaN: not known.
    limits : tuple of float
        Between which the difference may lie.
    unit : {"%", "nat", "σ"}
    """
    off = simulated - measured
    low, high = off - HALF * error, off + HALF * error
    if unit == "%":  # between two shares
        low, high = max(low, -1.0), min(high, 1.0)
    limit = limits[1] if np.isfinite(limits[1]) else limits[0]
    word = word_of(low, high, *limits) if np.isfinite(low) else WORDS[2]
    return Row(about, what, measured, simulated, off, low, high, limit, word, unit, "share" if unit == "%" else unit)


def word_of(low: float, high: float, least: float, most: float) -> str:
    """What the interval of an error says of its limits.

    Parameters
    ----------
    low, high : float
        Ends of the interval.
    least, most : float
        The limits, in the same unit.

    Returns
    -------
    str
        One of `WORDS`.
    """
    if low >= least and high <= most:
        return WORDS[0]
    return WORDS[1] if low > most or high < least else WORDS[2]
