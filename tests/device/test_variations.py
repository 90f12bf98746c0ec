"""What each variation does to the exact laws: neither more nor less than it says."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import synaptogen_core as sc
from synaptogen_core.device import stationary
from synaptogen_core.device.variations import levinson
from synaptogen_core.schema import FEATURE_NAMES

DEVICE = sc.load_device("hennen2024")


def population(device: sc.DeviceParameters) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (8,) and covariance (8, 8) of (mu, sigma) over devices."""
    w, m = device.weights, device.means
    mean = w @ m
    within = np.einsum("k,kij,klj->il", w, device.factors, device.factors)
    return mean, within + np.einsum("k,ki,kj->ij", w, m - mean, m - mean)


def marginal(device: sc.DeviceParameters, rows: list[int]) -> set[tuple[float, ...]]:
    """Weights, means and covariances of some rows of (mu, sigma), equal components added up."""
    total: dict[tuple[float, ...], float] = {}
    for w, m, factor in zip(device.weights, device.means, device.factors, strict=True):
        covariance = (factor @ factor.T)[np.ix_(rows, rows)]
        key = tuple(float(f"{x:.9g}") for x in (*m[rows], *covariance.ravel()))
        total[key] = total.get(key, 0.0) + float(w)
    return {(*key, round(w, 12)) for key, w in total.items()}


# ------------------------------------------------------------------------------------------------------- the scale laws
@given(st.floats(0, 3))
def test_d2d_scales_the_distance_from_the_population_mean(scale: float) -> None:
    mean, covariance = population(DEVICE)
    scaled_mean, scaled = population(DEVICE.vary(d2d=scale))
    assert scaled_mean == pytest.approx(mean, rel=1e-12)
    assert np.abs(scaled - scale**2 * covariance).max() <= 1e-12 * np.abs(covariance).max()


def test_d2d_of_one_feature_scales_its_mu_and_sigma_alone() -> None:
    factors = np.tile([1, 1, 2.5, 1], 2)
    scaled = population(DEVICE.vary(d2d={"r_lrs": 2.5}))[1]
    assert scaled == pytest.approx(factors[:, None] * factors * population(DEVICE)[1], rel=1e-10, abs=1e-14)


def test_no_d2d_makes_identical_devices() -> None:
    device = DEVICE.vary(d2d=0)
    assert np.all(device.factors == 0)
    assert device.means == pytest.approx(np.tile(DEVICE.population_mean, (3, 1)), rel=1e-14)
    vectors = sc.CellArray((8, 8), device, seed=1, engine="numpy").device_vectors()
    assert all(np.ptp(vectors[name].reshape(4, -1), axis=1).max() < 1e-3 for name in ("mu", "sigma"))


@given(st.floats(0, 3))
def test_c2c_scales_sigma_and_nothing_else(scale: float) -> None:
    mean, covariance = population(DEVICE)
    device = DEVICE.vary(c2c=scale)
    factors = np.array([1, 1, 1, 1, scale, scale, scale, scale])
    scaled_mean, scaled = population(device)
    assert scaled_mean == pytest.approx(factors * mean, rel=1e-12)
    assert np.abs(scaled - factors[:, None] * factors * covariance).max() <= 1e-12 * np.abs(covariance).max()
    assert device.a is not None
    assert np.array_equal(device.a, DEVICE.a)


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_c2c_of_one_feature_can_be_switched_off(name: str) -> None:
    cells = sc.CellArray((4, 4), DEVICE.vary(c2c={name: 0}), seed=1, engine="numpy")
    first = cells.features()
    for _ in range(2):
        cells.apply_voltage(-1.5)
        cells.apply_voltage(1.5)
    constant = {f: bool(np.array_equal(first[f], now)) for f, now in cells.features().items()}
    assert constant == {f: f == name for f in FEATURE_NAMES}
    assert cells.clipped_share() == 0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_outlier_share(share: float) -> None:
    device = DEVICE.vary(outlier_share=share)
    assert device.outlier_share == pytest.approx(share, abs=1e-15)
    assert device.weights.sum() == pytest.approx(1, abs=1e-15)
    if share < 1:
        assert device.weights[0] / device.weights[1] == pytest.approx(DEVICE.weights[0] / DEVICE.weights[1], rel=1e-14)


def test_no_outliers_means_none_at_all() -> None:
    """The last word of the generator must not reach the last component either."""
    from synaptogen_core.device.model.float32 import constants

    limits = constants(DEVICE.vary(outlier_share=0)).limits
    assert int(limits[-1]) == 2**32
    assert constants(DEVICE.vary(outlier_share=1)).limits.tolist() == [0, 0]


# ---------------------------------------------------------------------------------------------------- memory and shapes
def test_no_memory_keeps_the_stationary_covariance() -> None:
    device = DEVICE.vary(autocorrelation=False)
    assert stationary.covariance(device) == pytest.approx(stationary.covariance(DEVICE), abs=1e-14)
    assert np.all(stationary.autocovariance(device, 5)[1:] == 0)
    assert np.abs(stationary.autocovariance(DEVICE, 5)[1:]).max() > 0.4


def test_gaussian_shapes_keep_mean_and_sd() -> None:
    device = DEVICE.vary(shapes="gaussian")
    for got, expected in zip(stationary.shape_moments(device), stationary.shape_moments(DEVICE), strict=True):
        assert got == pytest.approx(expected, abs=1e-13)
    assert np.all(device.gamma[:, :-2] == 0), "straight lines"
    assert np.any(DEVICE.gamma[:, :-2] != 0)


@pytest.mark.parametrize("order", [1, 4, 10])
def test_no_correlations_keeps_each_autocorrelation_up_to_the_order(order: int) -> None:
    device = DEVICE.vary(order=order)
    alone = device.vary(correlations=False)
    before, after = stationary.autocovariance(device, order + 5), stationary.autocovariance(alone, order + 5)
    each = np.eye(4, dtype=bool)
    assert np.abs(after[: order + 1, each] - before[: order + 1, each]).max() < 1e-12
    assert np.all(after[:, ~each] == 0)
    assert np.abs(before[:, ~each]).max() > 0.1, "which were correlated before"


def test_no_correlations_keeps_the_distribution_of_each_feature_over_devices() -> None:
    alone = DEVICE.vary(correlations=False)
    for i in range(4):
        assert marginal(alone, [i, 4 + i]) == marginal(DEVICE, [i, 4 + i])
    other = DEVICE.vary(d2d=1.01, correlations=False)
    assert marginal(other, [0, 4]) != marginal(DEVICE, [0, 4])


def test_no_correlations_makes_the_features_independent_over_devices() -> None:
    """Every combination of four component numbers occurs with the product of their weights: that is independence."""
    alone = DEVICE.vary(correlations=False)
    combinations = list(product(range(3), repeat=4))
    assert alone.weights == pytest.approx([np.prod(DEVICE.weights[list(c)]) for c in combinations], rel=1e-12)
    for k, combination in enumerate(combinations):
        covariance = alone.factors[k] @ alone.factors[k].T
        for i, j in product(range(8), repeat=2):
            if i % 4 != j % 4:
                assert covariance[i, j] == 0
        assert (k in alone.outliers) == (2 in combination)
    correlation = population(alone)[1]
    assert np.abs(correlation[:4, :4][~np.eye(4, dtype=bool)]).max() < 1e-12 * correlation.max()


def test_variations_are_carried_out_in_the_documented_order() -> None:
    together = DEVICE.vary(u_max=1.4, autocorrelation=False, correlations=False, d2d=2, shapes="gaussian", order=3)
    one_by_one = (
        DEVICE.vary(order=3)
        .vary(shapes="gaussian")
        .vary(d2d=2)
        .vary(correlations=False)
        .vary(autocorrelation=False)
        .vary(u_max=1.4)
    )
    assert together.hash == one_by_one.hash
    assert together.name == one_by_one.name


# ------------------------------------------------------------------------------------------------------------- levinson
@given(st.lists(st.floats(-0.8, 0.8), min_size=1, max_size=8), st.floats(0.1, 5))
def test_levinson_solves_the_yule_walker_equations(reflections: list[float], variance: float) -> None:
    """Autocovariances with given partial correlations, made by the recursion's inverse, are always valid."""
    lags, coefficients, noise = [variance], np.zeros(0), variance
    for k in reflections:
        lags.append(float(coefficients @ np.array(lags[1:])[::-1]) + k * noise)
        coefficients = np.append(coefficients - k * coefficients[::-1], k)
        noise *= 1 - k * k
    got, innovations = levinson(np.array(lags))
    p = len(reflections)
    matrix = np.array([[lags[abs(i - j)] for j in range(p)] for i in range(p)])
    assert matrix @ got == pytest.approx(np.array(lags[1:]), abs=1e-9 * variance)
    assert innovations == pytest.approx(lags[0] - got @ lags[1:], abs=1e-9 * variance)


# ------------------------------------------------------------------------------------------------------------ sentences
BAD = [
    ({"c2c": -1}, "c2c: must be zero or more (got -1); give a factor on the spread"),
    ({"c2c": "x"}, "c2c: must be a number (got str); give a float"),
    ({"c2c": float("inf")}, "c2c: must be finite (got inf); give a finite number"),
    ({"d2d": {"u_st": 1}}, "d2d: must name features r_hrs, u_set, r_lrs, u_reset (got 'u_st'); correct it"),
    ({"d2d": {"u_set": -2.0}}, "d2d: must be zero or more (got -2); give a factor on the spread"),
    ({"outlier_share": 1.2}, "outlier_share: must be from 0 to 1 (got 1.2); give a share of the cells"),
    ({"outlier_share": True}, "outlier_share: must be a number (got bool); give a float"),
    ({"order": 11}, "order: the set has orders up to 10 (got 11); choose 1 to 10"),
    ({"order": 0}, "order: must be from 1 to 1000000 (got 0); choose one in that range"),
    ({"order": "3"}, "order: must be a whole number (got '3'); give an int"),
    ({"shapes": "normal"}, "shapes: must be 'true' or 'gaussian' (got 'normal'); choose one of them"),
    ({"autocorrelation": 1}, "autocorrelation: must be True or False (got 1); False switches it off"),
    ({"correlations": "off"}, "correlations: must be True or False (got 'off'); False switches it off"),
    ({"eta": 21}, "eta: must be above 0 and at most 20 (got 21); the published value is 3.0567"),
    ({"eta": "x"}, "eta: must be a number (got str); give a float"),
    ({"u_max": 1.61}, "u_max: must be above 0 and at most 1.6 V (got 1.61); lower it"),
]


@pytest.mark.parametrize(("wishes", "sentence"), BAD)
def test_bad_wishes_are_refused_with_their_sentence(wishes: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ValueError, TypeError)) as error:
        DEVICE.vary(**wishes)
    assert str(error.value) == sentence


@pytest.mark.parametrize(("first", "then"), [(0, 0.1), (1, 0.5)])
def test_a_population_that_is_gone_cannot_come_back(first: float, then: float) -> None:
    with pytest.raises(ValueError) as error:
        DEVICE.vary(outlier_share=first).vary(outlier_share=then)
    assert str(error.value) == (
        "outlier_share: must belong to a set with both populations (got one without); leave it as it is"
    )


def test_correlations_of_four_components_stay_on() -> None:
    four = replace(
        DEVICE, weights=[0.25] * 4, means=DEVICE.means[[0] * 4], factors=DEVICE.factors[[0] * 4], outliers=()
    )
    with pytest.raises(ValueError) as error:
        four.vary(correlations=False)
    assert str(error.value) == "correlations: can be switched off for at most 3 components (got 4); leave them on"


def test_correlations_of_many_components_are_refused_at_once() -> None:
    many = replace(
        DEVICE, weights=np.ones(255), means=DEVICE.means[:1].repeat(255, 0), factors=DEVICE.factors[:1].repeat(255, 0)
    )
    with pytest.raises(ValueError) as error:  # written down, their combinations would fill the memory
        many.vary(correlations=False)
    assert str(error.value) == ("correlations: can be switched off for at most 3 components (got 255); leave them on")
