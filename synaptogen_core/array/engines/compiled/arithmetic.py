"""The compiled twins of `device.arithmetic` and `device.streams`, on lanes of cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from synaptogen_core.array.engines.compiled.bits import fuse, fused
from synaptogen_core.array.engines.compiled.lanes import (
    bits_of,
    float_of,
    float_of_bits,
    root,
    select,
    shift_right,
    splat,
    wide_of,
)
from synaptogen_core.device.model import arithmetic, random_streams

called = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined = njit(forceinline=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)

LN2 = np.float32(arithmetic.LN2)
PER_LN2 = np.float32(1 / arithmetic.LN2)
LOG2_10 = np.float32(arithmetic.LOG2_10)
LOG10_2_HIGH = np.float32(arithmetic.LOG10_2_HIGH)
LOG10_2_LOW = np.float32(arithmetic.LOG10_2_LOW)
EXP10_LIMIT = np.float32(arithmetic.EXP10_LIMIT)
ROUNDER = np.float32(1.5 * 2**23)  # the sum with it is a whole number, rounded as `rint` does
ROUNDER_BITS = int(ROUNDER.view(np.int32))
ONE, HALF = np.float32(1), np.float32(0.5)
EXP2_LIMIT = np.float32(126)
PER_2_29, PER_2_31, PER_2_32 = (np.float32(2.0**-n) for n in (29, 31, 32))

ROUNDS = random_streams.ROUNDS
LOW = 0xFFFFFFFF


def fixed_polynomial(coefficients: tuple[float, ...]) -> Any:
    """Horner's rule with coefficients that are part of the code."""

    @intrinsic
    def horner(typing: Any, x: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            constants = [ir.Constant(x.vector, [float(np.float32(c))] * x.width) for c in coefficients]
            y = constants[0]
            for c in constants[1:]:
                y = fuse(builder, y, args[0], c, x)
            return y

        return x(x), code

    return horner


log_polynomial = fixed_polynomial(arithmetic.LOG_COEFFICIENTS)
sine_polynomial = fixed_polynomial(arithmetic.SIN_COEFFICIENTS)
cosine_polynomial = fixed_polynomial(arithmetic.COS_COEFFICIENTS)
exp2_polynomial = fixed_polynomial(arithmetic.EXP2_COEFFICIENTS)
exp10_polynomial = fixed_polynomial(arithmetic.EXP10_COEFFICIENTS)


@inlined
def log(x):
    """Natural logarithm of lanes, as `arithmetic.log` computes it."""
    bits = bits_of(x)
    exponent = (bits - 0x3F3504F3) >> 23
    t = float_of_bits(bits - (exponent << 23)) - ONE
    square = t * t
    tail = log_polynomial(t) * t * square
    return fused(float_of(exponent), LN2, fused(square, -HALF, tail) + t)


@inlined
def clip(x, limit):
    """Lanes moved to the nearer end of [-limit, limit] where they lie beyond.

    Parameters
    ----------
    x : lanes of float32
    limit : float32
        Above zero.

    Returns
    -------
    lanes of float32
    """
    x = select(x < -limit, -limit, x)
    return select(x > limit, limit, x)


@inlined
def power_of_two(rounded):
    """From ``whole + ROUNDER``: the whole number stands in the last bits."""
    return float_of_bits((bits_of(rounded) - (ROUNDER_BITS - 127)) << 23)


@inlined
def exp2(x):
    """Two to the power of lanes, as `arithmetic.exp2` computes it."""
    x = clip(x, EXP2_LIMIT)
    rounded = x + ROUNDER
    return exp2_polynomial(x - (rounded - ROUNDER)) * power_of_two(rounded)


@inlined
def exp10(x):
    """Ten to the power of lanes, as `arithmetic.exp10` computes it."""
    x = clip(x, EXP10_LIMIT)
    rounded = x * LOG2_10 + ROUNDER
    whole = rounded - ROUNDER
    part = fused(whole, -LOG10_2_LOW, fused(whole, -LOG10_2_HIGH, x))
    return exp10_polynomial(part) * power_of_two(rounded)


@inlined
def power(x, exponent):
    """The twin of `device.model.arithmetic.power`.

    Parameters
    ----------
    x : lanes of float32
        Positive and normal.
    exponent : float32

    Returns
    -------
    lanes of float32
    """
    return exp2((log(x) * PER_LN2) * exponent)


@inlined
def sine_cosine(words):
    """Sine and cosine of 2 pi times words / 2^32, as `arithmetic.sine_cosine` computes them."""
    quarter = shift_right(words + (1 << 29), 30)
    t = float_of(words - (quarter << 30)) * PER_2_29
    square = t * t
    sine = sine_polynomial(square) * t
    cosine = fused(cosine_polynomial(square), square, ONE)
    swap = (quarter & 1) != 0
    first = bits_of(select(swap, cosine, sine))
    second = bits_of(select(swap, sine, cosine))
    sign = (quarter & 2) << 30  # the sign bit is all that a negation changes
    other_sign = ((quarter + 1) & 2) << 30
    return float_of_bits(first ^ sign), float_of_bits(second ^ other_sign)


@intrinsic
def philox(typing: Any, x0: Any, x1: Any, x2: Any, x3: Any, k0: Any, k1: Any) -> Any:
    """Four words in wide lanes and the two words of the key, as integers, to four words.

    Upper halves are not cleared between the rounds: the products do not look at them. The rounds are written out, so
    that the keys are made once, before the loop over the cells.

    Parameters
    ----------
    typing
        Numba's context; compiled callers leave it out.
    x0, x1, x2, x3 : lanes of int64
        The counter words; only their lower halves count.
    k0, k1 : int64
        The key words, each below 2**32.

    Returns
    -------
    tuple of four lanes of int32

    References
    ----------
    Philox 4x32-10: Salmon et al. 2011, doi 10.1145/2063384.2063405.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def each(number: int) -> Any:
            return ir.Constant(x0.vector, [number] * x0.width)

        c0, c1, c2, c3 = args[:4]
        for turn in range(ROUNDS):
            keys = [
                splat(builder, builder.add(k, ir.Constant(k.type, turn * step)), x0)
                for k, step in zip(args[4:], random_streams.KEY_STEPS, strict=True)
            ]
            p0, p1 = (
                builder.mul(builder.and_(c, each(LOW)), each(m))
                for c, m in zip((c0, c2), random_streams.MULTIPLIERS, strict=True)
            )
            c0, c1 = builder.xor(builder.xor(builder.lshr(p1, each(32)), c1), keys[0]), p1
            c2, c3 = builder.xor(builder.xor(builder.lshr(p0, each(32)), c3), keys[1]), p0
        return context.make_tuple(
            builder, sig.return_type, [builder.trunc(c, x0.of("word").vector) for c in (c0, c1, c2, c3)]
        )

    return types.UniTuple(x0.of("word"), 4)(x0, x1, x2, x3, k0, k1), code


@inlined
def unit_interval(word):
    """A word as a number inside (0, 1), as `random_streams.unit_interval` makes it."""
    return fused(float_of(shift_right(word, 1)), PER_2_31, PER_2_32)


@inlined
def box_muller(first, second):
    """Two standard normals from two words, as `random_streams.normals_of` makes them.

    Parameters
    ----------
    first, second : lanes of int32
        Random words: of the radius, and of the angle.

    Returns
    -------
    tuple of two lanes of float32

    References
    ----------
    Box and Muller 1958, Ann. Math. Stat. 29, 610.
    """
    radius = root(np.float32(-2) * log(unit_interval(first)))
    sine, cosine = sine_cosine(second)
    return radius * cosine, radius * sine


@inlined
def words(k0, k1, purpose, cell, count, sub):
    """The twin of `random_streams.words`: the four random words at an address.

    Parameters
    ----------
    k0, k1 : int64
        Lower and upper half of the seed.
    purpose : int
    cell : lanes of int64
    count : lanes of int32
    sub : int
        Below 2**16.

    Returns
    -------
    tuple of four lanes of int32

    References
    ----------
    Philox 4x32-10: Salmon et al. 2011, doi 10.1145/2063384.2063405.
    """
    x2 = wide_of(count)
    x3 = (x2 & 0) | ((purpose << 16) | sub)
    return philox(cell & LOW, shift_right(cell, 32), x2, x3, k0, k1)


@inlined
def normals(k0, k1, purpose, cell, count, sub):
    """The twin of `random_streams.normals`: four standard normals at an address.

    Parameters
    ----------
    k0, k1, purpose, cell, count, sub
        As for `words`.

    Returns
    -------
    tuple of four lanes of float32
    """
    w0, w1, w2, w3 = words(k0, k1, purpose, cell, count, sub)
    n0, n1 = box_muller(w0, w1)
    n2, n3 = box_muller(w2, w3)
    return n0, n1, n2, n3


@inlined
def innovation(n0, n1, n2, n3, b):
    """B times four normals: the random part of a new vector (docs/model.md, "Cycle to cycle").

    Parameters
    ----------
    n0, n1, n2, n3 : lanes of float32
        Standard normals.
    b : memory of float32, shape (4, 4)
        Lower triangular.

    Returns
    -------
    tuple of four lanes of float32
    """
    x0 = n0 * b[0, 0]
    x1 = fused(n1, b[1, 1], n0 * b[1, 0])
    x2 = fused(n2, b[2, 2], fused(n1, b[2, 1], n0 * b[2, 0]))
    x3 = fused(n3, b[3, 3], fused(n2, b[3, 2], fused(n1, b[3, 1], n0 * b[3, 0])))
    return x0, x1, x2, x3
