"""Elementary functions in float32 with the same bits on every machine.

Only integer operations and correctly rounded ``+ - * /`` and fused ``a * b + c`` in a fixed order: no mathematical
library, whose last bit depends on the processor and on the length of the array. One unit in the last place of a
threshold flips a state, so the draw and the rule may use nothing else. The coefficients are our own minimax fits; each
docstring gives the error.
"""

from __future__ import annotations

import numpy as np

from synaptogen_core.types import F32, U32

LOG_COEFFICIENTS = (
    -0.07634429633617401,
    0.12761549651622772,
    -0.131601944565773,
    0.14201761782169342,
    -0.16623356938362122,
    0.20001226663589478,
    -0.250008225440979,
    0.3333333134651184,
)  # (log(1 + t) - t + t^2/2) / t^3, highest power first
SIN_COEFFICIENTS = (-3.595450834836811e-05, 0.002490007085725665, -0.08074543625116348, 0.7853981852531433)
COS_COEFFICIENTS = (3.5420739550318103e-06, -0.00032596159144304693, 0.01585433818399906, -0.3084251284599304)
EXP2_COEFFICIENTS = (
    0.0001546973071526736,
    0.0013390866806730628,
    0.009618030861020088,
    0.055503569543361664,
    0.24022650718688965,
    0.6931471824645996,
    1.0,
)
EXP10_COEFFICIENTS = (
    0.20788545906543732,
    0.5417012572288513,
    1.1712431907653809,
    2.034658908843994,
    2.650949001312256,
    2.3025851249694824,
    1.0,
)
LN2 = 0.6931471805599453
LOG2_10 = 3.321928094887362
LOG10_2_HIGH = 0.301025390625  # eleven bits: its product with a small integer is exact
LOG10_2_LOW = 4.605039066518657e-06
EXP10_LIMIT = 30.0
MIDDLE_MASK, MIDDLE = np.int64((1 << 29) - 1), np.int64(1 << 28)  # the bits of a float64 that a float32 has not
SMALLEST_NORMAL = 2.0**-126


def fused(a: F32, b: F32 | np.float32, c: F32 | np.float32) -> F32:
    """``a * b + c`` of float32 numbers, rounded once, as processors have it.

    In float64 the product is exact and the sum almost so. Rounding that once more errs only where it lies in the middle
    between two float32 numbers without being there exactly; such sums are moved to the odd one of their neighbours
    first.

    Parameters
    ----------
    a, b, c : ndarray of float32, or float32 for `b` and `c`
        Of shapes that broadcast.

    Returns
    -------
    ndarray of float32, broadcast shape

    References
    ----------
    Boldo and Melquiond 2008, "Emulation of a FMA and correctly rounded sums", IEEE Trans. Comput. 57, 462.
    """
    total = np.asarray(np.multiply(a, b, dtype=np.float64) + c)
    doubtful = (total.view(np.int64) & MIDDLE_MASK) == MIDDLE
    if np.abs(total).min(initial=1) < SMALLEST_NORMAL:
        doubtful |= np.abs(total) < SMALLEST_NORMAL
    if doubtful.any():
        x, y, z = (np.broadcast_to(np.asarray(v, np.float64), total.shape)[doubtful] for v in (a, b, c))
        found = total[doubtful]
        back = found - x * y
        error = (x * y - (found - back)) + (z - back)
        moved = (error != 0) & (found.view(np.int64) & 1 == 0)
        total[doubtful] = np.where(moved, np.nextafter(found, np.copysign(np.inf, error)), found)
    return total.astype(np.float32)


def polynomial(coefficients: F32 | tuple[float, ...], x: F32) -> F32:
    """Horner's rule in float32, highest power first: one fused step a coefficient.

    Parameters
    ----------
    coefficients : ndarray of float32, or tuple of float, shape (d + 1,)
    x : ndarray of float32, any shape

    Returns
    -------
    ndarray of float32, shape of `x`
    """
    y = np.full(x.shape, coefficients[0], np.float32)
    for c in coefficients[1:]:
        y = fused(y, x, np.float32(c))
    return y


def lower_product(factor: F32, normals: F32) -> F32:
    """Lower triangular factor times normals, each row summed from its first column on.

    Parameters
    ----------
    factor : ndarray of float32, shape (k, k)
        Only its lower triangle is read.
    normals : ndarray of float32, shape (k, n)

    Returns
    -------
    ndarray of float32, shape (k, n)
    """
    result = np.empty((factor.shape[0], normals.shape[1]), np.float32)
    for i, row in enumerate(factor):
        total = row[0] * normals[0]
        for j in range(1, i + 1):
            total = fused(normals[j], row[j], total)
        result[i] = total
    return result


def log(x: F32) -> F32:
    """Natural logarithm of positive, normal float32 numbers; relative error below 2e-7."""
    bits = x.view(np.int32)
    exponent = (bits - np.int32(0x3F3504F3)) >> np.int32(23)  # puts the mantissa between sqrt(1/2) and sqrt(2)
    t = (bits - (exponent << np.int32(23))).view(np.float32) - np.float32(1)
    square = t * t
    tail = polynomial(LOG_COEFFICIENTS, t) * t * square
    return fused(exponent.astype(np.float32), np.float32(LN2), (tail - np.float32(0.5) * square) + t)


def exp2(x: F32) -> F32:
    """2**x for x clipped to [-126, 126]; relative error below 2e-7."""
    x = np.minimum(np.maximum(x, np.float32(-126)), np.float32(126))
    whole = np.rint(x)
    return polynomial(EXP2_COEFFICIENTS, x - whole) * _power_of_two(whole)


def exp10(x: F32) -> F32:
    """10**x for x clipped to [-30, 30]; relative error below 3e-7."""
    x = np.minimum(np.maximum(x, np.float32(-EXP10_LIMIT)), np.float32(EXP10_LIMIT))
    whole = np.rint(x * np.float32(LOG2_10))
    part = fused(whole, np.float32(-LOG10_2_LOW), x - whole * np.float32(LOG10_2_HIGH))
    return polynomial(EXP10_COEFFICIENTS, part) * _power_of_two(whole)


def power(x: F32, exponent: np.float32) -> F32:
    """x**exponent for positive, normal x.

    Parameters
    ----------
    x : ndarray of float32, any shape
        Positive and normal.
    exponent : float32

    Returns
    -------
    ndarray of float32, shape of `x`
        The power of 2 behind it is clipped as in `exp2`.
    """
    return exp2((log(x) * np.float32(1 / LN2)) * exponent)


def sine_cosine(words: U32) -> tuple[F32, F32]:
    """Sine and cosine of the angle ``2 pi words / 2**32``; absolute error below 2e-7.

    The quarter turn is split off in integers, so the angle loses nothing.
    """
    quarter = (words + np.uint32(1 << 29)) >> np.uint32(30)
    rest = (words - (quarter << np.uint32(30))).view(np.int32)
    t = rest.astype(np.float32) * np.float32(2.0**-29)
    square = t * t
    sine = polynomial(SIN_COEFFICIENTS, square) * t
    cosine = fused(polynomial(COS_COEFFICIENTS, square), square, np.float32(1))
    swap = (quarter & np.uint32(1)) != 0
    negative_sine = (quarter & np.uint32(2)) != 0
    negative_cosine = ((quarter + np.uint32(1)) & np.uint32(2)) != 0
    first = np.where(swap, cosine, sine)
    second = np.where(swap, sine, cosine)
    return np.where(negative_sine, -first, first), np.where(negative_cosine, -second, second)


def _power_of_two(whole: F32) -> F32:
    return ((whole.astype(np.int32) + np.int32(127)) << np.int32(23)).view(np.float32)
