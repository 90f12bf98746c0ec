"""What the two basis curves, and the voltages that go with them, must be."""

from __future__ import annotations

import numpy as np

from synaptogen_core.device.rules import MAX_DEGREE
from synaptogen_core.types import F64

U_MAX_LIMIT = 1.6  # V: allowed for any pair of basis curves, as for the published one, which meet at 1.868 V
U_MAX_MARGIN = 1.16  # beyond that, curves may meet only so far outside
HIGHEST = 100.0  # V, for curves that never meet


def polynomial(name: str, coefficients: F64) -> None:
    """A basis curve.

    Parameters
    ----------
    name : str
        Of the field, for the error.
    coefficients : ndarray, shape (degree + 1,)
        The highest power first.

    Raises
    ------
    ValueError
        If it has another shape or degree, or does not pass through zero.
    """
    if coefficients.ndim != 1 or not 1 <= coefficients.size - 1 <= MAX_DEGREE:
        raise ValueError(
            f"{name}: must be a polynomial of a degree from 1 to {MAX_DEGREE}, its coefficients in one row "
            f"(got shape {coefficients.shape}); correct it"
        )
    if coefficients[-1] != 0:
        raise ValueError(f"{name}: must be a polynomial through zero (got last coefficient not 0); set it to 0")


def most_u_max(hhrs: F64, llrs: F64) -> float:
    """The largest voltage of a full RESET that two basis curves allow: where they meet, r(I, U) has no value.

    Parameters
    ----------
    hhrs, llrs : ndarray, shape (degree + 1,)
        Highest power first, the last 0.

    Returns
    -------
    float
        At least 1.6, in steps of 0.1 [V].

    Raises
    ------
    ValueError
        If the coefficients lie too far apart to tell.
    """
    try:
        with np.errstate(over="ignore"):
            roots = np.roots(np.polysub(hhrs, llrs)[:-1])
    except np.linalg.LinAlgError:  # 1e308 over 1e-9 is no number
        raise ValueError(
            "hhrs, llrs: must be curves of like size (got coefficients too far apart); correct them"
        ) from None
    meets = roots.real[(np.abs(roots.imag) < 1e-9 * np.abs(roots)) & (roots.real > 0)]
    first = float(meets.min()) / U_MAX_MARGIN if meets.size else HIGHEST
    return max(U_MAX_LIMIT, min(float(np.floor(10 * first)) / 10, HIGHEST))


def voltages(u_0: float, eta: float, u_max: float, valid_range: float, limit: float) -> None:
    """The scalars.

    Parameters
    ----------
    u_0 : float
        Read voltage at which resistances are defined [V].
    eta : float
        Exponent of the RESET transition.
    u_max : float
        At which every cell is in full HRS [V].
    valid_range : float
        Largest measured voltage [V].
    limit : float
        Largest voltage of a full RESET that the basis curves allow [V].

    Raises
    ------
    ValueError
        If one of them is out of its bounds.
    """
    if not 0 < u_max <= limit:
        raise ValueError(f"u_max: must be above 0 and at most {limit:g} V (got {u_max:g}); lower it")
    if not 0 < u_0 < u_max:
        raise ValueError(f"u_0: must be above 0 and below u_max (got {u_0:g}); give the voltage at which it was read")
    if not 0 < eta <= 20:
        raise ValueError(f"eta: must be above 0 and at most 20 (got {eta:g}); the published value is 3.0567")
    if not valid_range > 0:
        raise ValueError(f"valid_range: must be above 0 V (got {valid_range:g}); give the largest measured |U|")


def window(g_hhrs: float, g_llrs: float) -> None:
    """The conductances of the two basis curves.

    Parameters
    ----------
    g_hhrs, g_llrs : float
        Static conductances at u_0 [S].

    Raises
    ------
    ValueError
        If LRS does not conduct more than HRS.
    """
    if not g_llrs > g_hhrs:
        raise ValueError("llrs: must conduct more than hhrs at u_0 (got less); are the two polynomials exchanged?")
