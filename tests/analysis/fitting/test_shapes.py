"""Shapes from normal scores: the truth from exact quantiles, the gauge, what is held to rise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import ndtri

from synaptogen_core.analysis.fitting import shapes

ONE = np.ones((1, 1))
NODES, SHARES = np.polynomial.hermite_e.hermegauss(40)
SHARES = SHARES / SHARES.sum()


def fitted(values: np.ndarray, degree: int, **options: bool) -> shapes.Shape:
    scores, order = shapes.normal_scores(values)
    return shapes.fit_shape(values, scores, order, np.zeros(values.size, np.int32), ONE, degree, **options)


def test_exact_quantiles_give_the_polynomial_back() -> None:
    truth = shapes.normalised(np.array([0.01, 0.04, -0.02, 0.9, 0.0]))
    x = ndtri((np.arange(20_000) + 0.5) / 20_000)
    found = fitted(np.random.Generator(np.random.PCG64(1)).permutation(np.polyval(truth, x)), 4)
    # the quantiles stop at 1/40,000: the normalisation to variance 1 of the whole normal makes up for their tails
    np.testing.assert_allclose(found.polynomial, truth, atol=1e-10)
    np.testing.assert_allclose(found.replicates[0], truth, atol=5e-3)  # counted in bins
    assert not found.held


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=6))
def test_the_gauge_is_mean_0_and_variance_1(coefficients: list[float]) -> None:
    polynomial = np.array(coefficients)
    if np.abs(polynomial[:-1]).max() < 1e-3:
        return
    z = np.polyval(shapes.normalised(polynomial), NODES)
    assert z @ SHARES == pytest.approx(0, abs=1e-9)
    assert z**2 @ SHARES == pytest.approx(1, rel=1e-9)


def test_equal_values_share_their_scores() -> None:
    scores, _ = shapes.normal_scores(np.array([1.0, 2.0, 2.0, 3.0]))
    assert scores[1] == scores[2]
    assert scores[0] == -scores[3]


@given(st.integers(0, 2**32 - 1), st.integers(8, 200))
@example(480, 8)  # ends on the bound, and a little beyond
def test_what_turns_back_is_held_to_rise(seed: int, n: int) -> None:
    values = np.random.Generator(np.random.PCG64(seed)).standard_t(2, n)  # heavy tails, few values: quartics turn back
    found = fitted(values, 4)
    assert shapes.rises(found.polynomial)
    assert found.held != shapes.rises(fitted(values, 4, rising=False).polynomial)


def test_what_needs_no_holding_is_the_least_squares_polynomial() -> None:
    values = np.random.Generator(np.random.PCG64(3)).standard_normal(5_000)
    scores, _ = shapes.normal_scores(values)
    plain = shapes.normalised(np.polyfit(scores, values, 3))
    np.testing.assert_allclose(fitted(values, 3).polynomial, plain, atol=1e-9)
