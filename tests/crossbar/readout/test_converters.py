"""The converters, uniform, mid-tread and clamped at both ends, and the amplifier between."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.crossbar.readout.converters import Dac, TransimpedanceAmplifier

ADC = sc.Adc(bits=3, low=0.0, high=7e-6)
CURRENTS = st.floats(-1e-3, 1e-3)


@st.composite
def converters(draw: st.DrawFn) -> sc.Adc:
    low = draw(CURRENTS)
    return sc.Adc(draw(st.integers(1, 24)), low, low + draw(st.floats(1e-9, 1e-3)))


def test_the_ends_and_the_middles() -> None:
    """Mid-tread: a code stands for the current in the middle of its interval, the first for `low`."""
    steps = np.array([-1.0, -0.4, 0.0, 0.49, 0.51, 1.0, 1.49, 1.51, 6.49, 6.51, 7.0, 7.4, 99.0])
    assert ADC.code(1e-6 * steps).tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 6, 7, 7, 7, 7]
    assert ADC.convert([0.0, 7e-6]) == pytest.approx([0, 7e-6])
    assert ADC.step == pytest.approx(1e-6)


@given(converters(), st.lists(st.floats(-1e-2, 1e-2), min_size=1, max_size=20))
def test_codes_are_within_their_range_and_do_not_fall(adc: sc.Adc, currents: list[float]) -> None:
    codes = adc.code(np.sort(currents))
    assert codes.dtype == np.int32
    assert codes.min() >= 0
    assert codes.max() <= 2**adc.bits - 1
    assert np.all(np.diff(codes) >= 0)


@given(converters(), st.floats(0, 1))
def test_within_the_range_the_error_is_half_a_step(adc: sc.Adc, place: float) -> None:
    current = adc.low + place * (adc.high - adc.low)
    rounding = 1e-15 * (abs(adc.low) + abs(adc.high))
    assert abs(float(adc.convert(current)) - current) <= 0.5 * adc.step * (1 + 1e-6) + rounding


@given(converters(), st.floats(1e-6, 1))
def test_outside_the_range_it_clamps_at_both_ends(adc: sc.Adc, beyond: float) -> None:
    """The published converter has no lower clamp: it would report currents below its range."""
    assert float(adc.convert(adc.low - beyond)) == adc.low
    assert float(adc.convert(adc.high + beyond)) == pytest.approx(adc.high, abs=1e-12 * (abs(adc.low) + abs(adc.high)))
    unclamped = adc.low + adc.step * np.floor(-beyond / adc.step + 0.5)
    assert unclamped < adc.low or beyond < adc.step


@given(converters(), st.data())
def test_converting_again_changes_nothing(adc: sc.Adc, data: st.DataObject) -> None:
    codes = np.array(data.draw(st.lists(st.integers(0, 2**adc.bits - 1), min_size=1, max_size=10)))
    levels = adc.low + adc.step * codes
    if adc.step > 1e-12 * max(abs(adc.low), abs(adc.high)):  # a step that float64 resolves
        assert np.array_equal(adc.code(levels), codes)
        assert np.array_equal(adc.convert(adc.convert(levels)), adc.convert(levels))


def test_shapes_are_kept_and_the_input_too() -> None:
    currents = np.linspace(-1e-6, 9e-6, 6, dtype=np.float32).reshape(2, 3)
    currents.flags.writeable = False
    assert ADC.code(currents).shape == ADC.convert(currents).shape == (2, 3)
    assert ADC.convert(currents).dtype == np.float64
    assert ADC.code(3.2e-6).shape == ()


BAD: list[tuple[tuple[Any, ...], str]] = [
    ((0, 0.0, 1e-6), "bits: must be from 1 to 24 (got 0); choose one in that range"),
    ((25, 0.0, 1e-6), "bits: must be from 1 to 24 (got 25); choose one in that range"),
    ((4.0, 0.0, 1e-6), "bits: must be a whole number (got 4.0); give an int"),
    ((4, "a", 1e-6), "low: must be a number (got str); give a float"),
    ((4, 0.0, float("inf")), "high: must be finite (got inf); give a finite number"),
    ((4, 2e-6, 2e-6), "high: must lie above low, 2e-06 A (got 2e-06); swap or widen them"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_bad_converters(arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        sc.Adc(*arguments)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("current", "sentence"),
    [
        ([1e-6, np.nan], "current: must be finite (got NaN or infinity); correct the currents"),
        ("much", "current: must be numbers (got str); give amperes"),
    ],
)
def test_bad_currents(current: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        ADC.code(current)
    assert str(error.value) == sentence


# ---------------------------------------------------------------------------------------------- offset, DAC, amplifier
@given(converters(), st.floats(-1e-4, 1e-4), st.lists(st.floats(-1e-2, 1e-2), min_size=1, max_size=20))
def test_an_offset_is_added_to_the_input(adc: sc.Adc, offset: float, currents: list[float]) -> None:
    shifted = sc.Adc(adc.bits, adc.low, adc.high, offset)
    assert np.array_equal(shifted.code(currents), adc.code(np.array(currents) + offset))


def test_an_offset_of_a_step_moves_the_code_by_one() -> None:
    shifted = sc.Adc(3, 0.0, 7e-6, offset=1e-6)
    assert shifted.code([0.0, 2e-6, 7e-6]).tolist() == [1, 3, 7]


def test_the_levels_of_a_dac() -> None:
    dac = Dac(bits=3, low=-0.4, high=0.3)  # two's complement: eight levels 0.1 V apart, zero among them
    assert dac.convert([-9, -0.36, -0.34, 0.0, 0.14, 0.16, 9]) == pytest.approx([-0.4, -0.4, -0.3, 0.0, 0.1, 0.2, 0.3])
    assert dac.convert(0.12).shape == ()
    assert Dac(8, -0.2, 0.2).convert(0.0) != pytest.approx(0.0, abs=1e-4)  # as the docstring warns: no level at zero
    assert Dac(8, -0.2, 0.2 * (1 - 2**-7)).convert(0.0) == pytest.approx(0.0, abs=1e-15)


@given(st.integers(1, 16), st.floats(-1, 1), st.floats(0.01, 1), st.floats(-3, 3))
def test_a_dac_is_within_half_a_step_or_at_its_end(bits: int, low: float, span: float, volts: float) -> None:
    dac = Dac(bits, low, low + span)
    found = float(dac.convert(volts))
    nearest = min(max(volts, dac.low), dac.high)
    assert abs(found - nearest) <= 0.5 * dac.step * (1 + 1e-9) + 1e-15
    assert dac.low - 1e-15 <= found <= dac.high + 1e-15


@given(st.floats(1.0, 1e6), st.floats(0.1, 5), st.floats(-1e-2, 1e-2))
def test_an_amplifier_multiplies_up_to_its_limit(gain: float, limit: float, current: float) -> None:
    found = float(TransimpedanceAmplifier(gain, limit).convert(current))
    assert found == (gain * current if abs(gain * current) <= limit else np.copysign(limit, current))
    assert float(TransimpedanceAmplifier(gain).convert(current)) == gain * current


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: sc.Adc(4, 0.0, 1.0, float("nan")), "offset: must be finite (got nan); give a finite number"),
        (lambda: Dac(4, 0.2, 0.1), "high: must lie above low, 0.2 V (got 0.1); swap or widen them"),
        (lambda: Dac(4, 0.0, 0.2).convert("x"), "volts: must be numbers (got str); give volts"),
        (lambda: Dac(4, 0, 1).convert(np.nan), "volts: must be finite (got NaN or infinity); correct the volts"),
        (lambda: TransimpedanceAmplifier(0.0), "gain: must be above 0 V/A (got 0); give volts of output per ampere"),
        (lambda: TransimpedanceAmplifier(1e4, -1.0), "limit: must be above 0 V (got -1); give the largest output"),
        (lambda: TransimpedanceAmplifier(1e4, float("nan")), "limit: must be finite (got nan); give a finite number"),
    ],
)
def test_bad_peripherals(make: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    assert str(error.value) == sentence
