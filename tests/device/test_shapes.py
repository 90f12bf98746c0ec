from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from synaptogen_core.device.model import extended
from synaptogen_core.device.shapes import SEGMENTS, Curve, cubic, exponential, straight, warp_of
from tests.device import example_extended

CURVES = [
    straight(1.3, -0.2),
    Curve("polynomial", {"coefficients": [0.02, 0.0, 1.0, 0.1]}),
    Curve("g-and-h", {"centre": 0.1, "scale": 0.9, "g": -0.4, "h": 0.2}),
    example_extended.SPLINE,
    example_extended.WARP,
]


@pytest.mark.parametrize("curve", CURVES)
def test_what_is_drawn_never_falls(curve: Curve) -> None:
    tables = extended._tables([curve] * 4)
    table = curve.table
    joints = table.first + table.step * (np.arange(-1, SEGMENTS + 1) + 0.5)
    x = np.concatenate([np.linspace(-9, 9, 200_001), *(joints + k * 2.0**-22 for k in range(-8, 9))])
    y = extended.lookup(tables, 0, np.sort(x.astype(np.float32)))
    assert np.all(np.diff(y) >= 0)


@pytest.mark.parametrize("curve", CURVES)
def test_table_is_the_curve_and_its_inverse(curve: Curve) -> None:
    low, high = curve.span or (-4.0, 4.0)
    x = np.linspace(low, high, 1001)
    y = curve.table.at(x)
    assert np.allclose(curve.table.inverse(y), x, atol=1e-9)
    assert np.abs(y - curve.exact(x)).max() < 0.004 * np.ptp(y)  # straight lines over steps
    assert np.allclose(np.gradient(y, x)[1:-1], curve.table.slope(x)[1:-1], rtol=0.2)
    assert list(curve.table.inverse(np.array([np.inf, -np.inf]))) == [np.inf, -np.inf]
    again = (warp_of if curve.span else Curve.of)(curve.plain())
    assert np.array_equal(again.table.values, curve.table.values)


def test_elementary_functions() -> None:
    x = np.linspace(-30, 30, 10_001)
    assert np.abs(exponential(x) / np.exp(x) - 1).max() < 1e-14
    knots, values = np.array([0.0, 1, 2.5, 3]), np.array([0.0, 0.1, 2, 2.2])
    at = np.linspace(1, 2.5, 50)  # between inner knots the rule of the ends plays no part
    assert np.allclose(cubic(knots, values, at), PchipInterpolator(knots, values)(at))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=20), st.lists(st.floats(0.01, 5), min_size=1, max_size=20))
def test_any_spline_rises(widths: list[float], rises: list[float]) -> None:
    n = min(len(widths), len(rises))
    knots, values = (np.concatenate([[0], np.cumsum(steps[:n])]) for steps in (widths, rises))
    curve = warp_of({"kind": "spline", "knots": knots, "values": values})
    assert np.all(np.diff(curve.table.at(np.linspace(-1, knots[-1] + 1, 999))) > 0)


@pytest.mark.parametrize(
    "kind, numbers",
    [
        ("cube", {}),
        ("polynomial", {"coefficients": [-1.0, 0.0]}),
        ("polynomial", {"coefficients": [1.0, 0.0, -1.0, 0.0]}),
        ("polynomial", {"coefficients": [1.0, np.nan]}),
        ("g-and-h", {"centre": 0, "scale": 1, "g": 0, "h": 0.3}),
        ("g-and-h", {"centre": 0, "scale": 0, "g": 0, "h": 0}),
        ("spline", {"knots": [0, 1], "values": [1, 1]}),
        ("spline", {"knots": [0, 1, 2], "values": [1, 2]}),
        ("spline", {"knots": [0, 1]}),
    ],
)
def test_wrong_curves(kind: str, numbers: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|has|needs"):
        Curve(kind, numbers)
