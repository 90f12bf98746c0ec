"""Exact laws: the golden lines of the published set to every digit given, and SciPy as an independent judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import hermite_e
from numpy.typing import NDArray
from scipy import linalg

import synaptogen_core as sc
from synaptogen_core.device import recursion, stationary

DEVICE = sc.load_device("hennen2024")
HALF_UNIT = {digits: 0.5000001 * 10.0**-digits for digits in (3, 4, 5)}

AUTOCORRELATION = {
    1: (0.1349, 0.1759, 0.5079, 0.3236),
    2: (0.1229, 0.1602, 0.4739, 0.3085),
    5: (0.1105, 0.1457, 0.4287, 0.2934),
    10: (0.1010, 0.1351, 0.3844, 0.2821),
    20: (0.0272, 0.0479, 0.2523, 0.1680),
    50: (0.0017, 0.0063, 0.0850, 0.0521),
    100: (0.0001, 0.0008, 0.0153, 0.0089),
}
LAG_ONE = (
    (0.1349, -0.0515, 0.0516, -0.0107),
    (-0.0463, 0.1759, -0.0608, -0.0555),
    (0.0427, -0.0591, 0.5079, 0.1444),
    (-0.0109, -0.0507, 0.1383, 0.3236),
)


def correlations(device: sc.DeviceParameters, max_lag: int) -> NDArray[np.float64]:
    lags = stationary.autocovariance(device, max_lag)
    spread = np.sqrt(np.diag(lags[0]))
    return np.asarray(lags / (spread[:, None] * spread))


def companion(device: sc.DeviceParameters) -> NDArray[np.float64]:
    matrix = np.eye(4 * device.order, k=-4)
    matrix[:4] = np.concatenate(list(device.a), axis=1)
    return matrix


def test_covariance_of_the_published_order() -> None:
    diagonal = np.diag(stationary.covariance(DEVICE))
    assert np.abs(diagonal - (0.99866, 1.00035, 0.99418, 0.99732)).max() < HALF_UNIT[5]


@pytest.mark.parametrize("order", range(1, 10))
def test_all_orders_agree_on_one_covariance(order: int) -> None:
    """To 1.5e-5: more than that the published digits of the coefficients do not hold."""
    difference = stationary.covariance(DEVICE.vary(order=order)) - stationary.covariance(DEVICE)
    assert np.abs(difference).max() < 2e-5


def test_lags_in_the_wrong_order_give_another_covariance() -> None:
    """The published file holds the oldest lag first; read the other way round, the orders disagree."""
    a, b = DEVICE.var[10]
    wrong = replace(DEVICE, var={10: (a[::-1], b)})
    assert np.abs(stationary.covariance(wrong) - stationary.covariance(DEVICE)).max() > 2e-3


@pytest.mark.parametrize("lag", AUTOCORRELATION)
def test_autocorrelation(lag: int) -> None:
    diagonal = np.diagonal(correlations(DEVICE, 100)[lag])
    assert np.abs(diagonal - AUTOCORRELATION[lag]).max() < HALF_UNIT[4]


def test_memory_of_order_one_is_short() -> None:
    assert abs(correlations(DEVICE.vary(order=1), 10)[10, 2, 2] - 0.0014) < HALF_UNIT[4]


def test_lag_zero_correlations() -> None:
    lag_zero = correlations(DEVICE, 0)[0]
    got = [lag_zero[i, j] for i, j in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))]
    assert np.abs(np.array(got) - (-0.2312, 0.0496, -0.0111, -0.0727, -0.0486, 0.1898)).max() < HALF_UNIT[4]


def test_lag_one_cross_correlations() -> None:
    lag_one = correlations(DEVICE, 1)[1]
    assert np.abs(lag_one - LAG_ONE).max() < HALF_UNIT[4]
    assert np.abs(lag_one.T - LAG_ONE).max() > HALF_UNIT[4], "rows at n and columns at n - 1 are told apart"


@pytest.mark.parametrize(("order", "radius", "digits"), [(1, 0.520, 3), (2, 0.758, 3), (5, 0.922, 3), (10, 0.9677, 4)])
def test_spectral_radius(order: int, radius: float, digits: int) -> None:
    assert abs(recursion.spectral_radius(DEVICE.vary(order=order).a) - radius) < HALF_UNIT[digits]


def test_variance_of_the_shapes_of_a_standard_normal() -> None:
    unit = replace(DEVICE, var={1: (np.zeros((1, 4, 4)), np.eye(4))}, order=1)
    assert np.abs(stationary.shape_moments(unit)[1] ** 2 - (1.013, 1.060, 1.026, 1.119)).max() < HALF_UNIT[3]


def test_shapes_are_monotone_as_far_as_claimed() -> None:
    x = np.linspace(-4.3, 4.3, 2001)
    for shape in DEVICE.gamma:
        assert np.all(np.diff(np.polyval(shape, x)) > 0)


def test_feature_autocorrelation_differs_from_that_of_x() -> None:
    """The golden .4993 holds for x of variance one; the published x has .99418, which makes it .4994."""
    scale = np.diag(1 / np.sqrt(np.diag(stationary.covariance(DEVICE))))
    unit = replace(DEVICE, var={10: (scale @ DEVICE.a @ np.linalg.inv(scale), scale @ DEVICE.b)})
    assert np.abs(np.diag(stationary.covariance(unit)) - 1).max() < 1e-12
    assert abs(stationary.feature_autocorrelation(unit, 1)[1, 2, 2] - 0.4993) < HALF_UNIT[4]
    assert abs(stationary.feature_autocorrelation(DEVICE, 1)[1, 2, 2] - 0.4994) < HALF_UNIT[4]
    assert abs(correlations(DEVICE, 1)[1, 2, 2] - 0.4993) > 0.008


# --------------------------------------------------------------------------------------------------- independent judges
@pytest.mark.parametrize("order", [1, 2, 4, 7, 10])
def test_history_covariance_solves_the_lyapunov_equation(order: int) -> None:
    device = DEVICE.vary(order=order)
    noise = np.zeros((4 * order, 4 * order))
    noise[:4, :4] = device.b @ device.b.T
    expected = linalg.solve_discrete_lyapunov(companion(device), noise, method="bilinear")
    got = stationary.history_covariance(device)
    assert np.abs(got - expected).max() < 1e-12
    assert np.array_equal(got, got.T)


def test_autocovariance_is_a_power_of_the_companion_matrix() -> None:
    expected = np.linalg.matrix_power(companion(DEVICE), 23) @ stationary.history_covariance(DEVICE)
    assert np.abs(stationary.autocovariance(DEVICE, 23)[23] - expected[:4, :4]).max() < 1e-12


@settings(max_examples=25)
@given(
    st.integers(1, 3).flatmap(
        lambda p: st.lists(st.floats(-0.3 / p, 0.3 / p), min_size=16 * p, max_size=16 * p).map(
            lambda numbers: np.reshape(numbers, (-1, 4, 4))
        )
    )
)
def test_covariance_of_random_stable_models(a: NDArray[np.float64]) -> None:
    """A column sum of |a| below 1 keeps any of these stable or nearly; the others must be refused."""
    p = len(a)
    b = np.linalg.cholesky(0.3 * np.ones((4, 4)) + 0.7 * np.eye(4))
    transition = np.eye(4 * p, k=-4)
    transition[:4] = np.concatenate(list(a), axis=1)
    if np.abs(np.linalg.eigvals(transition)).max() >= 1:
        with pytest.raises(ValueError, match="must be stable"):
            replace(DEVICE, var={p: (a, b)}, order=p)
        return
    device = replace(DEVICE, var={p: (a, b)}, order=p)
    noise = np.zeros_like(transition)
    noise[:4, :4] = b @ b.T
    expected = linalg.solve_discrete_lyapunov(transition, noise, method="bilinear")[:4, :4]
    assert stationary.covariance(device) == pytest.approx(expected, rel=1e-8, abs=1e-10)


def test_shape_moments_and_autocorrelation_by_quadrature() -> None:
    """Gauss and Hermite's rule is exact for polynomials: the one- and two-dimensional integrals, summed out."""
    nodes, weights = hermite_e.hermegauss(20)
    weights = weights / weights.sum()
    spread = np.sqrt(np.diag(stationary.covariance(DEVICE)))
    mean, sd = stationary.shape_moments(DEVICE)
    lag = 3
    rho = correlations(DEVICE, lag)[lag]
    got = stationary.feature_autocorrelation(DEVICE, lag)[lag]
    for i in range(4):
        z = np.polyval(DEVICE.gamma[i], spread[i] * nodes)
        assert mean[i] == pytest.approx(weights @ z, abs=1e-12)
        assert sd[i] ** 2 == pytest.approx(weights @ (z - mean[i]) ** 2, rel=1e-12)
        for j in range(4):
            inner = rho[i, j] * nodes[:, None] + np.sqrt(1 - rho[i, j] ** 2) * nodes
            other = np.polyval(DEVICE.gamma[j], spread[j] * inner) - mean[j]
            expected = weights @ ((z - mean[i]) * (other @ weights)) / (sd[i] * sd[j])
            assert got[i, j] == pytest.approx(expected, abs=1e-12)


def test_cholesky_and_product_against_numpy() -> None:
    covariance = stationary.history_covariance(DEVICE)
    assert recursion.cholesky(covariance) == pytest.approx(np.linalg.cholesky(covariance), abs=1e-12)
    assert recursion.product(covariance, covariance) == pytest.approx(covariance @ covariance, abs=1e-12)


# -------------------------------------------------------------------------------------------------------- its sentences
def test_a_covariance_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError) as error:
        recursion.cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert str(error.value) == "covariance: must be positive definite (got a pivot <= 0); correct the matrix"


def test_an_unstable_recursion_is_refused() -> None:
    with pytest.raises(ValueError) as error:
        recursion.solve_lyapunov(1.01 * np.eye(2), np.eye(2))
    assert str(error.value) == (
        "var: the autoregression must be stable (got a spectral radius >= 1); fit it again or choose a lower order"
    )


def test_laws_given_out_cannot_be_changed() -> None:
    for law in (stationary.history_covariance(DEVICE), stationary.autocovariance(DEVICE, 3)):
        with pytest.raises(ValueError, match="read-only"):
            law[0, 0] = 7
    own = stationary.covariance(DEVICE)
    own[:] = 0
    assert stationary.covariance(DEVICE)[0, 0] > 0.9
