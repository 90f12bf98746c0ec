"""The compiled twin of variability and switching, block by block: the same bits."""

# ruff: noqa: D103 -- each function is the twin of one in device/, described there
from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from synaptogen_core.device import arithmetic, streams, variability
from synaptogen_core.device.constants import Constants
from synaptogen_core.device.state import State
from synaptogen_core.schema import HRS, IRS, LRS, R_HRS, R_LRS, U_RESET, U_SET

if TYPE_CHECKING:
    from synaptogen_core.array.engines import Pulses, Records

LOG = tuple(np.float32(c) for c in arithmetic.LOG_COEFFICIENTS)
SIN = tuple(np.float32(c) for c in arithmetic.SIN_COEFFICIENTS)
COS = tuple(np.float32(c) for c in arithmetic.COS_COEFFICIENTS)
EXP2 = tuple(np.float32(c) for c in arithmetic.EXP2_COEFFICIENTS)
EXP10 = tuple(np.float32(c) for c in arithmetic.EXP10_COEFFICIENTS)
LN2 = np.float32(arithmetic.LN2)
PER_LN2 = np.float32(1 / arithmetic.LN2)
LOG2_10 = np.float32(arithmetic.LOG2_10)
LOG10_2_HIGH = np.float32(arithmetic.LOG10_2_HIGH)
LOG10_2_LOW = np.float32(arithmetic.LOG10_2_LOW)
EXP10_LIMIT = np.float32(arithmetic.EXP10_LIMIT)
M0, M1 = (np.uint64(m) for m in streams.MULTIPLIERS)
K0, K1 = (np.uint64(k) for k in streams.KEY_STEPS)
ROUNDS = streams.ROUNDS
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
ZERO, ONE, TWO, MINUS_TWO, HALF_ONE = (np.float32(x) for x in (0, 1, 2, -2, 0.5))
STEP_31, STEP_32, STEP_29 = (np.float32(2.0**-n) for n in (31, 32, 29))
CYCLE = np.uint64(streams.CYCLE << 16)

compiled = njit(nogil=True, cache=True, error_model="numpy")


@compiled
def polynomial(coefficients, x):  # type: ignore[no-untyped-def]
    y = coefficients[0]
    for k in range(1, len(coefficients)):
        y = y * x + coefficients[k]
    return y


@compiled
def log(x):  # type: ignore[no-untyped-def]
    bits = np.int64(np.float32(x).view(np.int32))
    exponent = (bits - np.int64(0x3F3504F3)) >> np.int64(23)
    t = np.int32(bits - (exponent << np.int64(23))).view(np.float32) - ONE
    square = t * t
    tail = polynomial(LOG, t) * t * square
    return (tail - HALF_ONE * square) + t + np.float32(exponent) * LN2


@compiled
def power_of_two(whole):  # type: ignore[no-untyped-def]
    return np.int32((np.int64(whole) + np.int64(127)) << np.int64(23)).view(np.float32)


@compiled
def exp2(x):  # type: ignore[no-untyped-def]
    x = min(max(x, np.float32(-126)), np.float32(126))
    whole = np.float32(np.rint(x))
    return polynomial(EXP2, x - whole) * power_of_two(whole)


@compiled
def exp10(x):  # type: ignore[no-untyped-def]
    x = min(max(x, -EXP10_LIMIT), EXP10_LIMIT)
    whole = np.float32(np.rint(x * LOG2_10))
    part = (x - whole * LOG10_2_HIGH) - whole * LOG10_2_LOW
    return polynomial(EXP10, part) * power_of_two(whole)


@compiled
def power(x, exponent):  # type: ignore[no-untyped-def]
    return exp2((log(x) * PER_LN2) * exponent)


@compiled
def pair(radius_word, angle_word):  # type: ignore[no-untyped-def]
    u = np.float32(np.int64(radius_word >> np.uint64(1))) * STEP_31 + STEP_32
    radius = np.float32(math.sqrt(MINUS_TWO * log(u)))
    word = np.int64(angle_word)
    quarter = ((word + np.int64(1 << 29)) & np.int64(0xFFFFFFFF)) >> np.int64(30)
    rest = np.int32(word - (quarter << np.int64(30)))
    t = np.float32(rest) * STEP_29
    square = t * t
    sine = polynomial(SIN, square) * t
    cosine = polynomial(COS, square) * square + ONE
    first, second = (cosine, sine) if quarter & 1 else (sine, cosine)
    if quarter & 2:
        first = -first
    if (quarter + 1) & 2:
        second = -second
    return radius * second, radius * first


@compiled
def normals(cell, count, seed):  # type: ignore[no-untyped-def]
    x0 = cell & LOW
    x1 = cell >> HALF
    x2 = np.uint64(count)
    x3 = CYCLE
    k0 = seed & LOW
    k1 = seed >> HALF
    for _ in range(ROUNDS):
        p0 = x0 * M0
        p1 = x2 * M1
        x0, x1 = (p1 >> HALF) ^ x1 ^ k0, p1 & LOW
        x2, x3 = (p0 >> HALF) ^ x3 ^ k1, p0 & LOW
        k0 = (k0 + K0) & LOW
        k1 = (k1 + K1) & LOW
    first, second = pair(x0, x1)
    third, fourth = pair(x2, x3)
    return first, second, third, fourth


@compiled
def draw(state, n, seed, gamma, a, b):  # type: ignore[no-untyped-def]
    cell, mu, sigma, history, count, features = state
    order = history.shape[0]
    new = np.uint32(count[n] + np.uint32(1))
    e = normals(cell[n], new, seed)
    position = np.int64(new) % order
    x = np.empty(4, np.float32)
    for i in range(4):
        total = b[i, 0] * e[0]
        for j in range(1, i + 1):
            total += b[i, j] * e[j]
        x[i] = total
    for lag in range(1, order + 1):
        past = (position - lag + order) % order
        for i in range(4):
            for j in range(4):
                x[i] += a[lag - 1, i, j] * history[past, j, n]
    for i in range(4):
        history[position, i, n] = x[i]
        y = mu[i, n] + sigma[i, n] * polynomial(gamma[i], x[i])
        features[i, n] = exp10(y) if i == R_HRS else y
    count[n] = new


@compiled
def current(r, u, hhrs, llrs):  # type: ignore[no-untyped-def]
    low = polynomial(llrs, u)
    return low + r * (polynomial(hhrs, u) - low)


@compiled
def apply(u, seed, drawn, kept, gamma, a, b, hhrs, llrs, scalars):  # type: ignore[no-untyped-def]
    features = drawn[5]
    code, r, threshold, slope, floor = kept
    g_llrs, inverse_window, eta, u_max = scalars
    for n in range(code.size):
        v = u[n if u.size > 1 else 0]
        was = code[n]
        resetting = was != HRS and v > threshold[n]
        if was != LRS and v <= features[U_SET, n]:
            r[n] = (g_llrs - ONE / features[R_LRS, n]) * inverse_window
            if not resetting:
                threshold[n] = features[U_RESET, n]
                code[n] = LRS
        if not resetting:
            continue
        if was == LRS:
            old = threshold[n]
            draw(drawn, n, seed, gamma, a, b)
            if v < u_max:
                first = current(r[n], old, hhrs, llrs)
                last = current((g_llrs - ONE / features[R_HRS, n]) * inverse_window, u_max, hhrs, llrs)
                slope[n] = (first - last) / power(u_max - old, eta)
                floor[n] = last
        if v < u_max:
            i = slope[n] * power(u_max - v, eta) + floor[n]
            low = polynomial(llrs, v)
            r[n] = (i - low) / (polynomial(hhrs, v) - low)
            code[n] = IRS
        else:
            r[n] = (g_llrs - ONE / features[R_HRS, n]) * inverse_window
            code[n] = HRS
        threshold[n] = v


@compiled
def run(volts, read, before, after, seed, drawn, kept, out, gamma, a, b, hhrs, llrs, scalars):  # type: ignore[no-untyped-def]
    features, count = drawn[5], drawn[4]
    code, r = kept[0], kept[1]
    out_features, out_r, out_state, out_count = out
    for k in range(volts.shape[0]):
        if before[k] >= 0 and out_features.size:
            out_features[:, before[k], :] = features
        if not read[k]:
            apply(volts[k], seed, drawn, kept, gamma, a, b, hhrs, llrs, scalars)
        time = after[k]
        if time >= 0:
            if out_r.size:
                out_r[time] = r
            if out_state.size:
                out_state[time] = code
            if out_count.size:
                out_count[time] = count


class NumbaEngine:
    """Compiled code, one block of cells through all pulses."""

    name = "numba"
    block = 512

    def fresh_cells(self, cell: NDArray[np.uint64], seed: int, start: str, c: Constants) -> State:
        """New cells."""
        return variability.fresh_cells(cell, seed, start, c)

    def advance(self, state: State, seed: int, pulses: Pulses, out: Records, c: Constants) -> None:
        """Apply the pulses, in place, and fill `out`."""
        none32 = np.empty((0, 0), np.float32)
        records = (
            out.get("features", np.empty((0, 0, 0), np.float32)),
            out.get("r", none32),
            out.get("state", np.empty((0, 0), np.uint8)),
            out.get("cycle_count", np.empty((0, 0), np.uint32)),
        )
        drawn = (state.cell, state.mu, state.sigma, state.history, state.count, state.features)
        kept = (state.code, state.r, state.threshold, state.slope, state.floor)
        run(
            pulses.voltage, pulses.read, pulses.before, pulses.after, np.uint64(seed), drawn, kept, records,
            c.gamma, c.a, c.b, c.hhrs, c.llrs, (c.g_llrs, c.inverse_window, c.eta, c.u_max),
        )  # fmt: skip
