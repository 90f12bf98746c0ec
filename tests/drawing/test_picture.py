"""Axes and numbers of pictures: ticks are few and round, shares are those of the scale, units are handy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.drawing.picture import Axis, axis, number

FINITE = st.floats(-1e6, 1e6) | st.floats(-1e12, 1e12).map(round)


@given(st.lists(FINITE, min_size=2, max_size=20), st.sampled_from(["linear", "whole", "log"]))
def test_ticks_are_few_round_and_on_the_axis(values: list[float], scale: str) -> None:
    side = axis("x", values, scale=scale)
    ticks = side.ticks()
    span = side.high - side.low
    assert len(ticks) <= 12
    assert all(side.low - 1e-6 * span <= tick <= side.high + 1e-6 * span for tick in ticks)
    assert ticks == sorted(set(ticks))
    assert len({side.words(tick) for tick in ticks}) == len(ticks), "no two have the same text"
    if scale == "whole":
        assert all(tick == round(tick) for tick in ticks)
    elif scale == "linear" and span > 1e-9 * max(abs(side.low), abs(side.high)):
        assert len(ticks) >= 2


@pytest.mark.parametrize(("low", "high"), [(20.0, 300.0), (4.0, 5.5), (1.0, 1e9), (8e3, 9e3)])
def test_a_log_axis_has_ticks(low: float, high: float) -> None:
    assert 3 <= len(Axis("x", low, high, "log").ticks()) <= 12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_shares(shares: list[float]) -> None:
    linear = Axis("x", -2.0, 3.0)
    np.testing.assert_allclose(linear.share(-2 + 5 * np.array(shares)), shares, atol=1e-12)
    log = Axis("x", 1e3, 1e5, "log")
    np.testing.assert_allclose(log.share(10 ** (3 + 2 * np.array(shares))), shares, atol=1e-12)


def test_the_factor_of_an_axis_is_that_of_the_layers() -> None:
    side = axis("R (kΩ)", [2e3, 8e3], factor=1e-3, floor=2.0)
    assert (side.low, side.high) == pytest.approx((2.0, 8.24))
    np.testing.assert_allclose(side.share([2e3, 8.24e3]), side.place([2.0, 8.24]))
    assert side.place([2.0, 8.24]) == pytest.approx([0, 1])


def test_probabilities_stand_as_normals_do() -> None:
    share = Axis("x", 0.01, 0.99, "normal").share([0.01, 0.158655, 0.5, 0.841345, 0.99])
    assert share[[0, 2, 4]] == pytest.approx([0, 0.5, 1])
    assert share[3] - share[2] == pytest.approx(1 / (2 * 2.326348), abs=1e-5)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-1.5, "−1.5"), (np.nan, "–"), (1.2e-7, "1.2e−7"), (1e9, "1e9"), (1234.0, "1230"), (1e5, "100000")],
)
def test_numbers_for_people(value: float, text: str) -> None:
    assert number(value) == text
