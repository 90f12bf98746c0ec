"""Distributions: what the tab computes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from app.settings.sections import Settings
from app.tabs.distributions import compute
from app.tabs.registry import TABS
from app.work import runs


def computed(run: runs.Run, read: dict[str, Any] | None = None, **changes: Any) -> compute.Result:
    settings = Settings({tab.key: tab.options for tab in TABS})
    settings.read.param.update(**(read or {}))
    options = compute.Options(**changes)
    return compute.compute(run, settings.request(), options.choices(), threading.Event())


def curve(run: runs.Run, **changes: Any) -> compute.Curve:
    features = computed(run, **changes).features
    assert features is not None
    return features.curves[changes.get("feature", "r_lrs")]


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_histogram_and_its_model_hold_the_same_probability(small_run: runs.Run, scale: str) -> None:
    found = curve(small_run, feature="r_hrs", scale=scale)
    edges = np.log10(found.edges) if scale == "log" else found.edges
    inside = np.sum(found.y * np.diff(edges))
    assert inside == pytest.approx(1 - found.outside, abs=1e-9)
    x = np.log10(found.model_x) if scale == "log" else found.model_x
    assert np.trapezoid(found.model_y, x) == pytest.approx(inside, abs=0.02)


def test_the_cumulative_curve_is_the_share_below(small_run: runs.Run) -> None:
    found = curve(small_run, feature="u_reset", kind="cumulative")
    values = small_run.values("u_reset").ravel()
    middle = found.x[100]
    assert found.y[100] == pytest.approx(np.mean(values < middle), abs=1e-6)
    low, high = found.band[100]
    assert low < found.y[100] < high


def test_a_probability_plot_shows_ranks_as_normal_scores(small_run: runs.Run) -> None:
    found = curve(small_run, feature="r_lrs", kind="probability")
    values = np.sort(small_run.values("r_lrs").ravel())
    assert found.x[[0, -1]] == pytest.approx(values[[0, -1]])
    assert found.y[-1] == pytest.approx(ndtri(1 - 0.5 / values.size))
    assert np.all(np.diff(found.model_y) >= 0)


def test_set_voltages_stay_on_a_linear_axis(small_run: runs.Run) -> None:
    assert curve(small_run, feature="u_set", scale="log").scale == "linear"
    assert curve(small_run, feature="u_reset", scale="log").scale == "log"


def test_quantiles_stand_beside_the_exact_ones_for_one_feature_only(small_run: runs.Run) -> None:
    all_four, single = computed(small_run).features, computed(small_run, feature="r_lrs").features
    assert all_four is not None and single is not None
    assert len(all_four.curves) == 4 and all_four.quantiles is None
    assert single.quantiles is not None
    # MODEL: 4521 ohm is the median of the population
    assert single.quantiles.model[4] == pytest.approx(4521, rel=2e-3)
    assert single.quantiles.interval[4, 0] <= single.quantiles.value[4] <= single.quantiles.interval[4, 1]


def test_equal_values_are_a_sentence_and_not_a_picture(make_run: Callable[..., runs.Run]) -> None:
    found = curve(make_run(c2c=0.0, d2d=0.0), feature="r_lrs")
    assert found.note and not found.y.size


@pytest.mark.parametrize("changes", [{"rows": 1, "columns": 1}, {"cycles": 1}, {"rows": 1, "columns": 1, "cycles": 1}])
@pytest.mark.parametrize("kind", ["histogram", "cumulative", "probability"])
def test_few_values_are_drawn_all_the_same(make_run: Callable[..., runs.Run], changes: Any, kind: str) -> None:
    run = make_run(**changes)
    features = computed(run, kind=kind).features
    assert features is not None
    assert all(c.note or np.isfinite(c.y).all() for c in features.curves.values())


def test_the_best_threshold_lies_between_the_states(small_run: runs.Run) -> None:
    found = computed(small_run, what="states").states
    assert found is not None
    hrs, lrs = found.states
    assert lrs.quantiles[1] < found.rate.best < hrs.quantiles[1]
    assert found.rate.best_rate <= found.rate.rate.min()
    assert found.window_ratio[0] == pytest.approx(hrs.quantiles[0] / lrs.quantiles[2], rel=1e-3)
    assert found.rate.model.min() < 1e-3


def test_currents_turn_the_states_round_and_carry_the_read_noise(small_run: runs.Run) -> None:
    still = computed(small_run, {"noise": False}, what="states", states_as="current").states
    noisy = computed(small_run, {"u_read": 0.01, "bandwidth": 1000.0}, what="states", states_as="current").states
    assert still is not None and noisy is not None
    hrs, lrs = still.states
    assert lrs.quantiles[1] == pytest.approx(0.2 / np.median(small_run.values("r_lrs")), rel=1e-3)
    assert hrs.quantiles[1] < still.rate.best < lrs.quantiles[1]
    assert noisy.window_ratio[0] < 0.99 * still.window_ratio[0]


def test_levels_of_a_staircase_fall_with_the_voltage(make_run: Callable[..., runs.Run]) -> None:
    found = computed(make_run(kind="staircase", steps=8, cycles=10), what="levels", tail="5").levels
    assert found is not None and not found.note
    assert found.voltage == pytest.approx([-1.5, *np.linspace(0.6, 1.5, 8)], rel=1e-6)
    assert np.all(np.diff(found.median[2:]) < 0)
    assert 2 <= found.distinguishable.sum() < 9
    assert found.density.sum(axis=1) * np.diff(found.edges)[0] == pytest.approx(np.ones(9), abs=1e-9)
    at = np.abs(found.edges - found.threshold[3]).argmin()
    assert found.curves[3, at] == pytest.approx(found.bit_error_rate[3], abs=0.03)
    assert found.curves[3].min() >= found.bit_error_rate[3] - 1e-9


def test_a_train_without_levels_says_what_to_choose(small_run: runs.Run, make_run: Callable[..., runs.Run]) -> None:
    found = computed(small_run, what="levels").levels
    assert found is not None and "choose the train" in found.note
    random = computed(make_run(kind="random", pulses=200), what="levels").levels
    assert random is not None and "101 pulses or fewer" in random.note
