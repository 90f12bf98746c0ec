"""Logarithm and exponential in float64 with the same bits on every machine.

When a jump is due must not depend on a mathematical library, whose last bit changes with the processor. Only integer
operations and ``+ - * /`` in a fixed order; each line is the same in the compiled twin.
"""

from __future__ import annotations

import numpy as np

from synaptogen_core.types import F64, U32

LN2_HIGH = 0.6931471803691238  # thirty bits: its product with a small integer is exact
LN2_LOW = 1.9082149292705877e-10
PER_LN2 = 1.4426950408889634
ROOT_HALF = 0.7071067811865476
ODD = tuple(2.0 / n for n in (19, 17, 15, 13, 11, 9, 7, 5, 3, 1))  # of 2 artanh(s)/s in s^2, highest power first
FACTORIALS = (6227020800, 479001600, 39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1)
TAYLOR = tuple(1.0 / n for n in FACTORIALS)  # of exp, highest power first
EXP_LIMIT = 700.0
PER_2_32 = 2.0**-32


def log(x: F64) -> F64:
    """Natural logarithm of positive, normal numbers; relative error below 1e-15 away from 1, absolute near it.

    Parameters
    ----------
    x : ndarray of float64, any shape

    Returns
    -------
    ndarray of float64, shape of `x`

    References
    ----------
    ln m = 2 artanh((m - 1)/(m + 1)): Abramowitz and Stegun 1964, 4.1.27.
    """
    part, exponent = np.frexp(x)
    small = part < ROOT_HALF
    part = np.where(small, part + part, part)
    whole = np.where(small, exponent - 1, exponent).astype(np.float64)
    s = (part - 1.0) / (part + 1.0)
    square = s * s
    y = np.full(np.shape(x), ODD[0])
    for coefficient in ODD[1:]:
        y = y * square + coefficient
    return np.asarray(whole * LN2_HIGH + (whole * LN2_LOW + s * y))


def exp(x: F64) -> F64:
    """The exponential for x clipped to [-700, 700]; relative error below 1e-15.

    Parameters
    ----------
    x : ndarray of float64, any shape

    Returns
    -------
    ndarray of float64, shape of `x`
    """
    x = np.minimum(np.maximum(x, -EXP_LIMIT), EXP_LIMIT)
    whole = np.floor(x * PER_LN2 + 0.5)
    part = (x - whole * LN2_HIGH) - whole * LN2_LOW
    y = np.full(np.shape(x), TAYLOR[0])
    for coefficient in TAYLOR[1:]:
        y = y * part + coefficient
    return np.asarray(np.ldexp(y, whole.astype(np.int32)))


def exponential(word: U32) -> F64:
    """Words to exponentially distributed numbers of mean 1, from 1.2e-10 to 22.9.

    Parameters
    ----------
    word : ndarray of uint32, any shape

    Returns
    -------
    ndarray of float64, shape of `word`
    """
    return -log((word.astype(np.float64) + 0.5) * PER_2_32)
