"""Variability: one cycle and one device, number by number, against float64 and against the stated order of things."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.device import recursion, stationary
from synaptogen_core.device.model import arithmetic, random_streams, variability
from synaptogen_core.device.model.float32 import constants
from synaptogen_core.schema import HRS, R_HRS

DEVICE = sc.load_device("hennen2024")
C = constants(DEVICE)
CELLS = np.arange(500)


def exact_history(seed: int) -> np.ndarray:
    """The stationary history in float64 from the same normals, newest first: (4p, n)."""
    normals = [random_streams.normals(seed, random_streams.START, CELLS, 0, lag) for lag in range(DEVICE.order)]
    return recursion.cholesky(stationary.history_covariance(DEVICE)) @ np.concatenate(normals).astype(float)


def test_a_stationary_start_is_the_factor_times_the_normals_of_the_start() -> None:
    state = variability.fresh_cells(CELLS, 3, "stationary", C)
    exact = exact_history(3)
    for lag in range(DEVICE.order):
        x = state.history[-lag % DEVICE.order]
        assert np.abs(x - exact[4 * lag : 4 * lag + 4]).max() < 1e-5


def test_an_empty_start_is_one_draw_from_nothing() -> None:
    state = variability.fresh_cells(CELLS, 3, "empty", C)
    exact = DEVICE.b @ random_streams.normals(3, random_streams.CYCLE, CELLS, 0).astype(float)
    assert np.abs(state.history[0] - exact).max() < 1e-6
    assert np.all(state.history[1:] == 0)


def test_the_variance_after_one_draw_of_an_empty_start() -> None:
    assert np.abs(np.diag(DEVICE.b @ DEVICE.b.T) - (0.935, 0.905, 0.609, 0.759)).max() < 0.0005


@pytest.mark.parametrize("start", variability.STARTS)
def test_new_cells_are_in_hrs_and_have_drawn_nothing(start: str) -> None:
    state = variability.fresh_cells(CELLS, 3, start, C)
    assert np.all(state.code == HRS)
    assert np.all(state.count == 0)
    r = (DEVICE.g_llrs - 1 / state.features[R_HRS].astype(float)) / (DEVICE.g_llrs - DEVICE.g_hhrs)
    assert np.abs(state.r - r).max() < 1e-6
    assert all(np.isfinite(array).all() for array in state.arrays().values())


def test_features_are_mu_plus_sigma_times_the_shape() -> None:
    state = variability.fresh_cells(CELLS, 3, "stationary", C)
    for i in range(4):
        z = np.polyval(DEVICE.gamma[i], state.history[0, i].astype(float))
        y = state.mu[i] + state.sigma[i] * z
        y = 10**y if i == R_HRS else y
        assert np.abs(state.features[i] / y - 1).max() < 2e-5


@pytest.mark.parametrize("order", [1, 3, 10])
def test_next_vectors_follow_the_recursion(order: int) -> None:
    """x_n = A_1 x_(n-1) + ... + A_p x_(n-p) + B e_n, carried on in float64 beside."""
    device = DEVICE.vary(order=order)
    c = constants(device)
    state = variability.fresh_cells(CELLS, 3, "stationary", c)
    past = [state.history[-lag % order].astype(float) for lag in range(order)]
    everyone = np.arange(CELLS.size)
    for count in range(1, 25):
        e = random_streams.normals(3, random_streams.CYCLE, CELLS, count)
        variability.draw_cycle(state, everyone, e, c)
        x = device.b @ e + sum(a @ p for a, p in zip(device.a, past, strict=True))
        past = [x, *past[:-1]]
        assert np.abs(state.history[count % order] - x).max() < 1e-5
    assert np.all(state.count == 24)


def test_lags_the_wrong_way_round_would_be_seen() -> None:
    state = variability.fresh_cells(CELLS, 3, "stationary", C)
    past = [state.history[-lag % 10].astype(float) for lag in range(10)]
    e = random_streams.normals(3, random_streams.CYCLE, CELLS, 1)
    wrong = DEVICE.b @ e + sum(a @ p for a, p in zip(DEVICE.a[::-1], past, strict=True))
    variability.draw_cycle(state, np.arange(CELLS.size), e, C)
    assert np.abs(state.history[1] - wrong).max() > 0.1


def test_cells_at_different_cycles_draw_together_as_each_alone() -> None:
    together = variability.fresh_cells(CELLS, 3, "stationary", C)
    alone = together.copy()
    rng = np.random.default_rng(1)
    for _ in range(30):
        drawing = np.flatnonzero(rng.random(CELLS.size) < 0.4)
        normals = random_streams.normals(3, random_streams.CYCLE, CELLS[drawing], together.count[drawing] + 1)
        variability.draw_cycle(together, drawing, normals, C)
    for cell in range(0, CELLS.size, 50):
        for count in range(1, int(together.count[cell]) + 1):
            normals = random_streams.normals(3, random_streams.CYCLE, CELLS[cell : cell + 1], count)
            variability.draw_cycle(alone, np.array([cell]), normals, C)
        assert np.array_equal(alone.features[:, cell], together.features[:, cell])
        assert np.array_equal(alone.history[..., cell], together.history[..., cell])
    assert np.ptp(together.count) > 10


def test_devices_are_drawn_as_stated() -> None:
    """The component from word 0 of sub-draw 2; its mean and factor times the eight normals of sub-draws 0 and 1."""
    component, mu, sigma = variability.draw_devices(CELLS.astype(np.uint64), 3, C)
    share = random_streams.words(3, random_streams.DEVICE, CELLS, 0, 2)[0] / 2.0**32
    assert np.array_equal(component, np.searchsorted(np.cumsum(DEVICE.weights), share))
    normals = np.concatenate(
        [random_streams.normals(3, random_streams.DEVICE, CELLS, 0, sub) for sub in (0, 1)]
    ).astype(float)
    exact = DEVICE.means[component] + np.einsum("nij,jn->ni", DEVICE.factors[component], normals)
    scale = np.abs(DEVICE.means).max(axis=0)
    assert np.abs((np.concatenate([mu, sigma]).T - exact) / scale).max() < 1e-6


def test_sigma_is_clipped_to_its_floor() -> None:
    wide = constants(DEVICE.vary(d2d=3))
    cell = np.arange(20_000, dtype=np.uint64)
    component, _, sigma = variability.draw_devices(cell, 3, wide)
    assert np.all(sigma >= wide.sigma_floor[:, None])
    share = float((sigma == wide.sigma_floor[:, None]).any(axis=0).mean())
    assert 0.05 < share <= DEVICE.vary(d2d=3).clipped_share() + 4.89 * np.sqrt(0.12 * 0.88 / cell.size)
    assert len(np.unique(component)) == 3


@given(st.integers(0, 2**63), st.integers(1, 40))
def test_new_cells_do_not_depend_on_their_company(first: int, size: int) -> None:
    cell = np.arange(size, dtype=np.uint64) + np.uint64(first)
    whole = variability.fresh_cells(cell, 9, "stationary", C)
    last = variability.fresh_cells(cell[-1:], 9, "stationary", C)
    for name, array in whole.arrays().items():
        assert array[..., -1:].tobytes() == last.arrays()[name].tobytes(), name


def test_lower_product_sums_each_row_from_its_first_column() -> None:
    rng = np.random.default_rng(0)
    factor = np.tril(rng.standard_normal((7, 7))).astype(np.float32)
    normals = rng.standard_normal((7, 50)).astype(np.float32)
    expected = np.empty((7, 50), np.float32)
    for i in range(7):
        for n in range(50):
            total = np.float32(factor[i, 0] * normals[0, n])
            for j in range(1, i + 1):
                total = arithmetic.fused(normals[j, n], factor[i, j], total)
            expected[i, n] = total
    assert variability.lower_product(factor, normals).tobytes() == expected.tobytes()
