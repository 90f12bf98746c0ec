"""Conduction: two basis curves and their inverse relations, against float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import synaptogen_core as sc
from synaptogen_core.device.model import conduction
from synaptogen_core.device.model.float32 import constants

DEVICE = sc.load_device("hennen2024")
C = constants(DEVICE)
ROUNDING = 2.0**-24
SMALLEST = float(np.finfo(np.float32).tiny)


def f32(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def exact_current(r: float, u: float) -> float:
    return float((1 - r) * np.polyval(DEVICE.llrs, u) + r * np.polyval(DEVICE.hhrs, u))


@given(st.floats(-0.5, 1.5, width=32), st.floats(-1.5, 1.5, width=32))
def test_current_is_the_mixture_of_two_curves(r: float, u: float) -> None:
    got = float(conduction.current(f32(r), f32(u), C)[0])
    largest = max(abs(np.polyval(np.abs(p), abs(u))) for p in (DEVICE.llrs, DEVICE.hhrs))
    assert got == pytest.approx(exact_current(r, u), abs=(1 + abs(r)) * 20 * ROUNDING * largest + SMALLEST)


@given(st.floats(1e3, 1e6, width=32))
def test_resistance_to_mixing_to_static_resistance(resistance: float) -> None:
    """R = U0 / I(U0). Near r = 1 a rounding of r is worth 1e-7 of the LRS conductance."""
    r = conduction.mixing_of_resistance(f32(resistance), C)
    g = float(conduction.current(r, f32(DEVICE.u_0), C)[0]) / DEVICE.u_0
    assert g == pytest.approx(1 / resistance, abs=8 * ROUNDING * DEVICE.g_llrs)
    assert float(conduction.conductance(r, f32(DEVICE.u_0), C)[0]) == pytest.approx(
        1 / resistance, abs=8 * ROUNDING * DEVICE.g_llrs
    )


@given(st.floats(-0.25, 1.25, width=32), st.floats(0.0625, 1.5, width=32), st.sampled_from([-1, 1]))
def test_current_to_mixing_and_back(r: float, u: float, sign: int) -> None:
    i = conduction.current(f32(r), f32(sign * u), C)
    back = float(conduction.mixing_of_current(i, f32(sign * u), C)[0])
    low, difference = (float(x[0]) for x in conduction.curves(f32(sign * u), C))
    assert back == pytest.approx(r, abs=20 * ROUNDING * (1 + abs(low) + abs(difference)) / abs(difference))


@given(st.floats(-0.25, 1.25, width=32), st.floats(2.0**-6, 1.5, width=32), st.sampled_from([-1, 1]))
def test_static_conductance_is_current_over_voltage(r: float, u: float, sign: int) -> None:
    g = float(conduction.conductance(f32(r), f32(sign * u), C)[0])
    assert g == pytest.approx(exact_current(r, sign * u) / (sign * u), abs=30 * ROUNDING * 3e-4)


def test_no_voltage_no_current_and_the_slope_as_conductance() -> None:
    r = f32(0, 0.5, 1)
    zero = f32(0)
    assert conduction.current(r, zero, C).tolist() == [0, 0, 0]
    g = conduction.conductance(r, zero, C)
    slope = (1 - r) * DEVICE.llrs[-2] + r * DEVICE.hhrs[-2]
    assert g == pytest.approx(slope, rel=1e-6)
    small = conduction.conductance(r, f32(1e-6), C)
    assert small == pytest.approx(g, rel=1e-4), "the limit is met without a jump"
    assert small == pytest.approx([exact_current(x, 1e-6) / 1e-6 for x in r.tolist()], rel=1e-5)


def test_mixing_is_not_clamped() -> None:
    """Basis curves, not states: a cell may lie beyond either."""
    r = conduction.mixing_of_resistance(f32(1 / (1.1 * DEVICE.g_llrs), -1e5), C)
    assert r[0] < 0
    assert r[1] > 0.8
    assert conduction.current(f32(1.2), f32(0.2), C)[0] < 0


def test_where_the_two_curves_meet() -> None:
    """Their difference vanishes at 0, 1.868 and -1.958 V; the curve of the mean LRS bends back above 1.399 V."""
    roots = np.roots(np.polysub(DEVICE.hhrs, DEVICE.llrs))
    real = np.sort(roots[(np.abs(roots.imag) < 1e-9) & (np.abs(roots.real) < 2)].real)
    assert np.abs(real - (-1.958, 0, 1.868)).max() < 0.0005
    r = (DEVICE.g_llrs - 1 / 4545) / (DEVICE.g_llrs - DEVICE.g_hhrs)
    lrs = np.polyadd((1 - r) * DEVICE.llrs, r * np.pad(DEVICE.hhrs, (1, 0)))
    bend = np.roots(np.polyder(lrs))
    bend = bend[(np.abs(bend.imag) < 1e-9) & (bend.real > 0)].real
    assert abs(bend.min() - 1.399) < 0.0005


def test_only_alpha_and_beta_are_identifiable() -> None:
    """Any two members of the family as basis curves give the same currents for the same resistance."""
    first, second = -0.1, 0.7
    low = np.polyadd((1 - first) * DEVICE.llrs, first * np.pad(DEVICE.hhrs, (1, 0)))
    high = np.polyadd((1 - second) * DEVICE.llrs, second * np.pad(DEVICE.hhrs, (1, 0)))
    other = constants(replace(DEVICE, llrs=low, hhrs=high))
    resistance, u = f32(4e3, 1e4, 1e5, 1e6), np.linspace(-1.5, 1.5, 31).astype(np.float32)
    for volts in u:
        ours = conduction.current(conduction.mixing_of_resistance(resistance, C), f32(volts), C)
        theirs = conduction.current(conduction.mixing_of_resistance(resistance, other), f32(volts), other)
        assert np.abs(ours - theirs).max() < 100 * ROUNDING * 3e-4
