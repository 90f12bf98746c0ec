"""The memory window: bit error rates, the best threshold, and their intervals."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from synaptogen_core.analysis import statistics_api
from synaptogen_core.analysis.statistics.thresholds import best_threshold

Z = 4.89
states = hnp.arrays(np.float32, st.integers(1, 30), elements=st.floats(1, 100, width=32))


@given(states, states)
def test_no_threshold_is_better(high, low):
    high, low = np.sort(high), np.sort(low)
    at, rate = best_threshold(high, low, "log")
    everything = np.unique(np.concatenate([[0.0], high, low]).astype(float))
    candidates = np.concatenate([everything, (everything[1:] + everything[:-1]) / 2])
    rates = 0.5 * ((high <= candidates[:, None]).mean(axis=1) + (low > candidates[:, None]).mean(axis=1))
    assert rate == pytest.approx(rates.min())
    assert rate == pytest.approx(0.5 * ((high <= at).mean() + (low > at).mean()))
    assert 0 <= rate <= 0.5


def test_separate_states_meet_in_the_middle():
    assert best_threshold(np.array([100.0, 200.0]), np.array([1.0, 4.0]), "log") == (20.0, 0.0)
    assert best_threshold(np.array([100.0, 200.0]), np.array([1.0, 4.0])) == (52.0, 0.0)


def test_two_normal_states(wrap):
    """log10 normal, sd 0.1, 0.4 apart: the best threshold lies half way, with an error rate of Phi(-2)."""
    rng = np.random.default_rng(1)
    n = 200_000
    low, high = 10 ** (3 + 0.1 * rng.standard_normal((2, 50, n // 50)))
    found = statistics_api.memory_window(wrap(r_lrs=low, r_hrs=10**0.4 * high), thresholds=np.geomspace(1e3, 3e3, 60))
    exact = special.ndtr(-2.0)
    error = np.sqrt(exact * (1 - exact) / n / 2)
    assert found.best_bit_error_rate.item() == pytest.approx(exact, abs=Z * error)
    assert abs(found.best_bit_error_rate.item() - special.ndtr(-2.05)) > Z * error  # the negative control
    assert np.log10(found.best_threshold.item()) == pytest.approx(3.2, abs=0.02)
    at = np.log10(found.threshold.values)
    rates = 0.5 * (special.ndtr((at - 3.4) / 0.1) + special.ndtr((3.0 - at) / 0.1))
    np.testing.assert_allclose(found.bit_error_rate, rates, atol=Z * np.sqrt(0.25 / n / 2))
    low_end, high_end = found.best_bit_error_rate_interval.values
    assert (high_end - low_end) == pytest.approx(3.92 * error, rel=0.3)
    ratio = 10 ** (0.4 + 0.2 * special.ndtri(0.01))
    assert found.window_ratio.item() == pytest.approx(ratio, rel=0.01)
    low_end, high_end = found.window_ratio_interval.values
    assert low_end < ratio < high_end
    assert found.median_ratio.item() == pytest.approx(10**0.4, rel=0.005)


def test_frozen_cells_are_few_cells(wrap):
    """100 cells that never change have the interval of 100 values, whatever the number of cycles."""
    rng = np.random.default_rng(2)
    low, high = np.exp(0.3 * rng.standard_normal((2, 400))) * np.array([[1.0], [2.0]])
    one = statistics_api.memory_window(wrap(r_lrs=low[None], r_hrs=high[None]))
    many = statistics_api.memory_window(wrap(r_lrs=np.tile(low, (50, 1)), r_hrs=np.tile(high, (50, 1))))
    np.testing.assert_allclose(one.best_bit_error_rate_interval, many.best_bit_error_rate_interval, rtol=1e-6)
    np.testing.assert_allclose(one.bit_error_rate_interval, many.bit_error_rate_interval, rtol=1e-6)


def test_no_error_seen_is_not_no_error(wrap):
    found = statistics_api.memory_window(wrap(r_lrs=np.ones((9, 50)), r_hrs=np.full((9, 50), 20.0)))
    assert found.best_bit_error_rate.item() == 0.0
    assert found.best_bit_error_rate_interval.values.tolist() == [0.0, pytest.approx(1 - 0.025 ** (1 / 50))]
    assert found.window_ratio.item() == pytest.approx(20.0)
    assert found.bit_error_rate.values[[0, -1]].tolist() == [0.5, 0.5] or found.bit_error_rate.values.max() <= 0.5


def test_one_cell_has_no_interval(wrap):
    rng = np.random.default_rng(3)
    found = statistics_api.memory_window(wrap(r_lrs=1 + rng.random((20, 1)), r_hrs=1.5 + rng.random((20, 1))))
    assert np.isnan(found.best_bit_error_rate_interval).all()
    assert np.isnan(found.window_ratio_interval).all()
    assert 0 < found.best_bit_error_rate.item() < 0.5


def test_failed_cycles_are_skipped_and_counted(wrap):
    rng = np.random.default_rng(4)
    low, high = 1 + rng.random((2, 10, 30))
    torn = high.copy()
    torn[2] = np.nan
    one = statistics_api.memory_window(wrap(r_lrs=low, r_hrs=torn), thresholds=[1.2, 1.5])
    two = statistics_api.memory_window(wrap(r_lrs=low, r_hrs=np.where(np.isnan(torn), -1, torn)), thresholds=[1.2, 1.5])
    assert one.attrs["skipped"] == two.attrs["skipped"] == 30
    assert one.high_error.values[1] == (np.delete(high, 2, axis=0) < 1.5).mean()
    np.testing.assert_array_equal(one.bit_error_rate, two.bit_error_rate)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"thresholds": 1}, "thresholds: must be from 2 to 100000 (got 1); 200 is usual"),
        ({"thresholds": [2.0, 1.0]}, "thresholds: must be at least two positive rising numbers (got [2.0, 1.0])"),
        ({"probability": 0.5}, "probability: must lie between 0 and 0.5 (got 0.5); 0.01 takes the 1 % tails"),
        ({"high": "u_set"}, "ds: must hold positive values of 'u_set' (got none); simulate or record some"),
        ({"low": "r_xyz"}, "feature: must be a variable of the Dataset (got 'r_xyz')"),
    ],
)
def test_bad_wishes_get_their_sentence(wrap, options, sentence):
    ds = wrap(r_lrs=np.ones((2, 3)), r_hrs=np.full((2, 3), 9.0), u_set=-np.ones((2, 3)))
    with pytest.raises(ValueError, match="^" + re.escape(sentence)):
        statistics_api.memory_window(ds, **options)
