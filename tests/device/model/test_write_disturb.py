"""The law of the next threshold: crossings and masses against brute force, the mean against the draw itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import Polynomial
from scipy.special import ndtr

import synaptogen_core as sc
from synaptogen_core.device.model import variability, write_disturb
from synaptogen_core.device.model.float32 import constants
from synaptogen_core.schema import U_RESET, U_SET

DEVICE = sc.load_device("hennen2024")
NUMBER = st.floats(-3, 3).map(lambda x: round(x, 3))
SHAPE = st.lists(NUMBER, min_size=2, max_size=6).map(np.array)


def by_roots(gamma: np.ndarray, z: float, mean: float, sd: float) -> float:
    """P(gamma(x) >= z): the real line cut at all real crossings, each piece judged by a point inside it."""
    roots = (Polynomial(gamma[::-1]) - z).roots()
    cuts = np.unique(roots.real[np.abs(roots.imag) < 1e-4])
    edges = np.concatenate([[-40.0], cuts[np.abs(cuts) < 40], [40.0]])
    inside = np.polyval(gamma, (edges[:-1] + edges[1:]) / 2) >= z
    return float(np.diff(ndtr((edges - mean) / sd))[inside].sum())


@settings(max_examples=200)
@given(SHAPE, st.lists(NUMBER, min_size=1, max_size=8), st.floats(-2, 2), st.floats(0.3, 1.5))
def test_masses_of_any_polynomial(gamma: np.ndarray, z: list[float], mean: float, sd: float) -> None:
    levels, means = np.array(z) + 3.7e-4, np.full(len(z), mean)
    above = write_disturb.shape_mass(gamma, levels, means, sd, above=True)
    below = write_disturb.shape_mass(gamma, levels, means, sd, above=False)
    expected = [by_roots(gamma, level, mean, sd) for level in levels]
    assert above == pytest.approx(expected, abs=1e-6)  # a double root moves by the root of the rounding error
    assert above + below == pytest.approx(np.ones(len(z)), abs=1e-9)


def test_a_known_shape_that_is_not_monotone() -> None:
    z = np.array([-1.0, 0.0, 0.25, 4.0, np.inf, -np.inf])
    square = write_disturb.shape_mass(np.array([1.0, 0.0, 0.0]), z, np.zeros(6), 1.0, above=True)
    assert square == pytest.approx([1, 1, 2 * ndtr(-0.5), 2 * ndtr(-2), 0, 1], abs=1e-12)
    cubic = write_disturb.shape_mass(np.array([1.0, 0.0, -1.0, 0.0]), np.zeros(1), np.zeros(1), 1.0, above=True)
    assert cubic == pytest.approx([ndtr(0) - ndtr(-1) + ndtr(-1)])  # from -1 to 0, and above 1
    flat = write_disturb.shape_mass(np.array([0.0, 0.5]), np.array([0.4, 0.5, 0.6]), np.zeros(3), 1.0, above=True)
    assert flat.tolist() == [1, 1, 0]


def test_small_probabilities_keep_their_digits() -> None:
    z = np.array([5.0, 10.0, 30.0])
    line = np.array([1.0, 0.0])
    assert write_disturb.shape_mass(line, z, np.zeros(3), 1.0, above=True) == pytest.approx(ndtr(-z), rel=1e-9)
    assert write_disturb.shape_mass(line, -z, np.zeros(3), 1.0, above=False) == pytest.approx(ndtr(-z), rel=1e-9)


@pytest.mark.parametrize("feature", [U_SET, U_RESET])
def test_published_shapes_are_monotone_where_there_is_mass(feature: int) -> None:
    for device in (DEVICE, DEVICE.vary(shapes="gaussian"), DEVICE.vary(correlations=False)):
        assert len(write_disturb.branches(constants(device).gamma[feature].astype(float), -19, 19)) == 2


@pytest.mark.parametrize("order", [1, 3, 10])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 23])
def test_the_mean_is_that_of_the_draw(order: int, count: int) -> None:
    c = constants(DEVICE.vary(order=order))
    state = variability.fresh_cells(np.arange(20), 5, "stationary", c)
    drawn = variability.next_vector(state.history, count + 1, np.zeros((4, 20), np.float32), c)
    for feature in range(4):
        mean = write_disturb.next_mean(state.history, np.full(20, count, np.uint32), feature, c)
        assert mean == pytest.approx(drawn[feature].astype(float), abs=2e-6)


def test_the_mean_of_cells_in_different_cycles() -> None:
    c = constants(DEVICE)
    state = variability.fresh_cells(np.arange(20), 5, "stationary", c)
    count = np.arange(20, dtype=np.uint32)
    together = write_disturb.next_mean(state.history, count, U_SET, c)
    alone = [write_disturb.next_mean(state.history[..., [k]], count[[k]], U_SET, c)[0] for k in range(20)]
    assert together.tolist() == alone
