"""Conduction: the mixing variable r, resistance, and the current I(r, U). Float32, in a fixed order of operations.

I(r, U) = LLRS(U) + r (HHRS(U) - LLRS(U)), two polynomials through zero (Hennen et al. 2024). r is not clamped to
[0, 1]: the two are basis curves, not states.
"""

from __future__ import annotations

import numpy as np

from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.types import F32


def mixing_of_resistance(resistance: F32, c: Constants) -> F32:
    """R of a static resistance U0 / I(U0) [ohm]."""
    return (c.g_llrs - np.float32(1) / resistance) * c.inverse_window


def horner(coefficients: F32, u: F32) -> F32:
    """A polynomial, highest power first: a rounded product and a rounded sum a coefficient, quick for whole arrays."""
    y = np.full(u.shape, coefficients[0], np.float32)
    for c in coefficients[1:]:
        y *= u
        y += c
    return y


def curves(u: F32, c: Constants) -> tuple[F32, F32]:
    """LLRS(U) and HHRS(U) - LLRS(U) [A] at the voltages `u` [V]."""
    low = horner(c.llrs, u)
    return low, horner(c.hhrs, u) - low


def current(r: F32, u: F32, c: Constants) -> F32:
    """I(r, U) [A]; `u` [V] has the shape of r, or (1,)."""
    low, difference = curves(u, c)
    return low + r * difference


def mixing_of_current(i: F32, u: F32, c: Constants) -> F32:
    """R of a current [A] at a voltage [V]; HHRS - LLRS must not vanish there."""
    low, difference = curves(u, c)
    return (i - low) / difference


def conductance_curves(u: F32, c: Constants) -> tuple[F32, F32]:
    """LLRS(U)/U and (HHRS(U) - LLRS(U))/U [S] at the voltages `u` [V]; at U = 0 their limits.

    Both polynomials pass through zero, so dividing them by U takes away their last coefficient and leaves no 0/0.
    """
    low = horner(c.llrs[:-1], u)
    return low, horner(c.hhrs[:-1], u) - low


def conductance(r: F32, u: F32, c: Constants) -> F32:
    """Static conductance I(r, U)/U [S]; at U = 0 its limit dI/dU."""
    low, difference = conductance_curves(u, c)
    return low + r * difference
