"""Shapes from few values."""

from __future__ import annotations

import numpy as np
import pytest

from synaptogen_core.analysis.staged.device import PRIOR_G, shape_of
from synaptogen_core.device.shapes import Curve

KNOTS = np.linspace(-2.5, 2.5, 17)


@pytest.mark.parametrize("g", [-0.4, 0.0, 0.25, 0.6])
@pytest.mark.parametrize("h", [0.0, 0.1])
def test_few_values_tell_the_skew_and_the_tails(g: float, h: float) -> None:
    """From the quantiles themselves; what the prior may take away is what so many values cannot tell."""
    truth = Curve("g-and-h", {"centre": 0.1, "scale": 0.9, "g": g, "h": h}).exact(KNOTS)
    found = shape_of(KNOTS, truth, 2900).numbers
    # a median of n values is known to sqrt(pi / 2 n); a skew to some 3 of these, a few per cent at 2,900
    assert (found["g"], found["h"]) == pytest.approx((g, h), abs=0.03)
    few = shape_of(KNOTS, truth, 60).numbers["g"]
    assert 0.5 * abs(g) <= abs(few) <= abs(g) + 0.03 and few * g >= 0


def test_hardly_any_values_leave_the_prior() -> None:
    rng = np.random.default_rng(5)
    found = [shape_of(KNOTS, np.quantile(rng.standard_normal(5), np.linspace(0.01, 0.99, 17)), 5) for _ in range(20)]
    assert all(abs(shape.numbers["g"]) < 2 * PRIOR_G for shape in found)
