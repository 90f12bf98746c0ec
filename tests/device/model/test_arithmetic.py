"""The elementary functions against float64 NumPy, over their whole range, as exact as their docstrings claim."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from synaptogen_core.device.model import arithmetic

F32_EPS = 2.0**-24  # largest relative error of one rounding
SMALLEST = float(np.finfo(np.float32).tiny)
LARGEST = float(np.finfo(np.float32).max)


def f32(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def relative_error(got: NDArray[np.float32], exact: NDArray[np.float64]) -> float:
    return float(np.max(np.abs(got - exact) / np.abs(exact)))


def log_grid() -> NDArray[np.float32]:
    """Every binade of the normal numbers, and the neighbourhood of 1, where the logarithm nearly vanishes."""
    everywhere = np.arange(0x00800000, 0x7F800000, 9973, dtype=np.int32)
    near_one = np.arange(0x3F800000 - 60_000, 0x3F800000 + 60_000, 7, dtype=np.int32)
    x = np.concatenate([everywhere, near_one]).view(np.float32)
    return x[x != 1]


def test_log_keeps_its_claim() -> None:
    x = log_grid()
    assert relative_error(arithmetic.log(x), np.log(x.astype(np.float64))) < 2e-7


def test_a_logarithm_without_its_last_coefficient_would_break_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "LOG_COEFFICIENTS", arithmetic.LOG_COEFFICIENTS[1:])
    x = log_grid()
    assert relative_error(arithmetic.log(x), np.log(x.astype(np.float64))) > 2e-7


def test_exp2_keeps_its_claim() -> None:
    x = np.linspace(-126, 126, 500_003).astype(np.float32)
    assert relative_error(arithmetic.exp2(x), np.exp2(x.astype(np.float64))) < 2e-7


def test_exp10_keeps_its_claim() -> None:
    x = np.linspace(-30, 30, 500_003).astype(np.float32)
    assert relative_error(arithmetic.exp10(x), 10 ** x.astype(np.float64)) < 3e-7


def test_exponentials_clip_far_outside_instead_of_overflowing() -> None:
    assert arithmetic.exp2(f32(1e30, -1e30)).tolist() == [2.0**126, 2.0**-126]
    assert relative_error(arithmetic.exp10(f32(40, -40)), np.array([1e30, 1e-30])) < 3e-7


def test_sine_and_cosine_keep_their_claim() -> None:
    word = np.arange(0, 2**32, 8191, dtype=np.uint64).astype(np.uint32)
    angle = 2 * np.pi * word.astype(np.float64) / 2**32
    sine, cosine = arithmetic.sine_cosine(word)
    assert np.abs(sine - np.sin(angle)).max() < 2e-7
    assert np.abs(cosine - np.cos(angle)).max() < 2e-7


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_sine_and_cosine_at_any_word(words: list[int]) -> None:
    sine, cosine = arithmetic.sine_cosine(np.array(words, np.uint32))
    angle = 2 * np.pi * np.array(words, np.float64) / 2**32
    assert np.abs(sine - np.sin(angle)).max() < 2e-7
    assert np.abs(cosine - np.cos(angle)).max() < 2e-7


@given(st.floats(SMALLEST, LARGEST, width=32))
def test_log_of_any_normal_number(x: float) -> None:
    exact = np.log(np.float64(x))
    assert abs(float(arithmetic.log(f32(x))[0]) - exact) <= 2e-7 * abs(exact)


@given(st.floats(2.0**-24, 8, width=32), st.floats(0.125, 20, width=32))
def test_power_of_any_distance(x: float, exponent: float) -> None:
    """The argument of 2** is rounded three times, so the relative error grows with its size."""
    argument = exponent * np.log2(x)
    got = float(arithmetic.power(f32(x), np.float32(exponent))[0])
    if abs(argument) < 125:
        assert got == pytest.approx(2.0**argument, rel=4e-7 + 4 * np.log(2) * F32_EPS * abs(argument))
    else:
        assert got in (2.0**126, 2.0**-126)


def test_exact_values() -> None:
    assert arithmetic.log(f32(1)).tolist() == [0]
    whole = np.arange(-126, 127).astype(np.float32)
    assert np.array_equal(arithmetic.exp2(whole), np.ldexp(np.float32(1), whole.astype(np.int32)))
    assert arithmetic.exp10(f32(0, 1, -1)).tolist() == [1, 10, float(np.float32(0.1))]
    sine, cosine = arithmetic.sine_cosine(np.array([0, 1 << 30, 2 << 30, 3 << 30], np.uint32))
    assert sine.tolist() == [0, 1, 0, -1]
    assert cosine.tolist() == [1, 0, -1, 0]


def rounded_once(a: np.float32, b: np.float32, c: np.float32) -> np.float32:
    """The float32 nearest to a b + c, the even one of two: in rational numbers."""
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    near = np.float32(float(exact))
    around = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    return min(around, key=lambda f: (abs(Fraction(float(f)) - exact), int(f.view(np.int32)) & 1))


ANY = st.floats(-(2.0**60), 2.0**60, width=32)
FEW_BITS = st.builds(lambda m, e: np.float32(m * 2.0**e), st.integers(-(2**12), 2**12), st.integers(-40, 20))


@settings(max_examples=500)
@given(st.one_of(ANY, FEW_BITS), st.one_of(ANY, FEW_BITS), st.one_of(ANY, FEW_BITS))
def test_a_fused_sum_is_rounded_once(a: float, b: float, c: float) -> None:
    x, y, z = np.float32(a), np.float32(b), np.float32(c)
    assert arithmetic.fused(x, y, z) == rounded_once(x, y, z)


BELOW = (np.float32(1 + 2.0**-23), np.float32(1 - 2.0**-23))  # their product is 1 - 2^-46
ABOVE = (np.float32(1 + 2.0**-12), np.float32(1 - 2.0**-12 + 2.0**-24))  # 1 + 2^-36


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("scale", [0, 5, -20, -100])
@pytest.mark.parametrize("factors", [BELOW, ABOVE])
def test_a_fused_sum_near_the_middle_of_two_numbers(sign: int, scale: int, factors: tuple[np.float32, ...]) -> None:
    """float64 rounds these to the middle itself, from where float32 takes the even one: for half of them wrongly."""
    c = (sign * np.ldexp(2.0**23 + np.arange(200), scale - 23)).astype(np.float32)
    a = np.float32(sign * np.ldexp(float(factors[0]), scale - 24))
    got = arithmetic.fused(a, factors[1], c)
    assert all(f == rounded_once(a, factors[1], x) for f, x in zip(got, c, strict=True))
    twice = (np.float64(a) * np.float64(factors[1]) + c.astype(np.float64)).astype(np.float32)
    assert np.count_nonzero(twice != got) == 100


def test_a_fused_sum_of_numbers_too_small_for_all_their_bits() -> None:
    rng = np.random.default_rng(2)
    a = (rng.uniform(-2, 2, 3000) * 2.0 ** rng.integers(-90, -60, 3000)).astype(np.float32)
    b = (rng.uniform(-2, 2, 3000) * 2.0 ** rng.integers(-90, -50, 3000)).astype(np.float32)
    c = (rng.uniform(-2, 2, 3000) * 2.0 ** rng.integers(-149, -120, 3000)).astype(np.float32)
    got = arithmetic.fused(a, b, c)
    assert (np.abs(got) < 2.0**-126).mean() > 0.3
    assert all(f == rounded_once(x, y, z) for f, x, y, z in zip(got, a, b, c, strict=True))


@given(
    st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=6),
    st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=9),
)
def test_polynomial_is_horner_with_one_fused_step_a_coefficient(coefficients: list[float], points: list[float]) -> None:
    expected = []
    for x in points:
        y = np.float32(coefficients[0])
        for c in coefficients[1:]:
            y = rounded_once(y, np.float32(x), np.float32(c))
        expected.append(y)
    got = arithmetic.polynomial(tuple(coefficients), np.array(points, np.float32))
    assert np.array_equal(got, np.array(expected, np.float32))  # but for the sign of zero, which a fraction has not


@pytest.mark.parametrize("length", [1, 3, 8, 17, 64, 1000])
def test_bits_do_not_depend_on_the_length_or_the_alignment_of_an_array(length: int) -> None:
    """A mathematical library takes other paths for the head and the tail of an array; this one must not."""
    rng = np.random.default_rng(3)
    x = rng.uniform(0.01, 9, 1000).astype(np.float32)
    word = rng.integers(0, 2**32, 1000, dtype=np.uint32)
    for function in (arithmetic.log, arithmetic.exp2, arithmetic.exp10):
        whole = function(x)
        pieces = [function(x[i : i + length]) for i in range(0, 1000, length)]
        assert np.concatenate(pieces).tobytes() == whole.tobytes()
    whole_sine = arithmetic.sine_cosine(word)[0]
    pieces = [arithmetic.sine_cosine(word[i : i + length])[0] for i in range(0, 1000, length)]
    assert np.concatenate(pieces).tobytes() == whole_sine.tobytes()


def test_the_bits_of_all_functions_stay_what_they_are() -> None:
    """A change here changes every saved result: it needs a new STREAM_VERSION."""
    x = np.arange(1, 100_001, dtype=np.float32) / np.float32(5000)
    word = np.arange(0, 2**32, 42_949, dtype=np.uint64).astype(np.uint32)
    digest = hashlib.sha256()
    for array in (
        arithmetic.log(x),
        arithmetic.exp2(x - np.float32(10)),
        arithmetic.exp10(x - np.float32(10)),
        arithmetic.power(x, np.float32(3.0567)),
        *arithmetic.sine_cosine(word),
    ):
        digest.update(np.ascontiguousarray(array).data)
    assert digest.hexdigest()[:16] == "0e5bea3cd32d640c"
