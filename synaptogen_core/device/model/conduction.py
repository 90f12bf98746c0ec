"""Conduction: the mixing variable r, resistance, and the current I(r, U). Float32, in a fixed order of operations.

I(r, U) = LLRS(U) + r (HHRS(U) - LLRS(U)), two polynomials through zero (Hennen et al. 2024). r is not clamped to
[0, 1]: the two are basis curves, not states.
"""

from __future__ import annotations

import numpy as np

from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.types import F32


def mixing_of_resistance(resistance: F32, c: Constants) -> F32:
    """Mixing variable r of a static resistance U0 / I(U0).

    Parameters
    ----------
    resistance : ndarray of float32, any shape
        At the read voltage U0 = 0.2 V [ohm].
    c : Constants

    Returns
    -------
    ndarray of float32, shape of `resistance`
        No unit.

    References
    ----------
    r(R) = (G_LLRS - 1/R) / (G_LLRS - G_HHRS): Hennen et al. 2024; docs/model.md, "Conduction".
    """
    return (c.g_llrs - np.float32(1) / resistance) * c.inverse_window


def horner(coefficients: F32, u: F32) -> F32:
    """A polynomial, highest power first: a rounded product and a rounded sum a coefficient, quick for whole arrays.

    Parameters
    ----------
    coefficients : ndarray of float32, shape (d + 1,)
        Highest power first.
    u : ndarray of float32, any shape

    Returns
    -------
    ndarray of float32, shape of `u`
    """
    y = np.full(u.shape, coefficients[0], np.float32)
    for c in coefficients[1:]:
        y *= u
        y += c
    return y


def curves(u: F32, c: Constants) -> tuple[F32, F32]:
    """The basis curves LLRS(U) and HHRS(U) - LLRS(U).

    Parameters
    ----------
    u : ndarray of float32, any shape
        Voltages [V].
    c : Constants

    Returns
    -------
    low, difference : ndarray of float32, shape of `u`
        Currents [A].

    References
    ----------
    Hennen et al. 2024; docs/model.md, "Conduction".
    """
    low = horner(c.llrs, u)
    return low, horner(c.hhrs, u) - low


def current(r: F32, u: F32, c: Constants) -> F32:
    """Current I(r, U) of cells.

    Parameters
    ----------
    r : ndarray of float32, shape (n,)
        Mixing variable.
    u : ndarray of float32, shape (n,) or (1,)
        Voltages [V].
    c : Constants

    Returns
    -------
    ndarray of float32, shape (n,)
        Currents [A].

    References
    ----------
    I(r, U) = (1 - r) LLRS(U) + r HHRS(U): Hennen et al. 2024; docs/model.md, "Conduction".
    """
    low, difference = curves(u, c)
    return low + r * difference


def mixing_of_current(i: F32, u: F32, c: Constants) -> F32:
    """Mixing variable r that gives a current at a voltage, where HHRS - LLRS must not vanish.

    Parameters
    ----------
    i : ndarray of float32, shape (n,)
        Currents [A].
    u : ndarray of float32, shape (n,) or (1,)
        Voltages [V].
    c : Constants

    Returns
    -------
    ndarray of float32, shape (n,)
        No unit.
    """
    low, difference = curves(u, c)
    return (i - low) / difference


def conductance_curves(u: F32, c: Constants) -> tuple[F32, F32]:
    """LLRS(U)/U and (HHRS(U) - LLRS(U))/U; at U = 0 their limits.

    Both polynomials pass through zero, so dividing them by U takes away their last coefficient and leaves no 0/0.

    Parameters
    ----------
    u : ndarray of float32, any shape
        Voltages [V].
    c : Constants

    Returns
    -------
    low, difference : ndarray of float32, shape of `u`
        Conductances [S].
    """
    low = horner(c.llrs[:-1], u)
    return low, horner(c.hhrs[:-1], u) - low


def conductance(r: F32, u: F32, c: Constants) -> F32:
    """Static conductance I(r, U)/U; at U = 0 its limit dI/dU.

    Parameters
    ----------
    r : ndarray of float32, shape (n,)
        Mixing variable.
    u : ndarray of float32, shape (n,) or (1,)
        Voltages [V].
    c : Constants

    Returns
    -------
    ndarray of float32, shape (n,)
        Conductances [S].
    """
    low, difference = conductance_curves(u, c)
    return low + r * difference
