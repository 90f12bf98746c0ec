"""Cycle to cycle: what the tab computes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.settings.sections import Choices
from app.tabs.c2c import compute, matrix
from app.work import runs
from synaptogen_core.schema import FEATURE_NAMES


def computed(run: runs.Run, cells: tuple[tuple[int, int], ...] = ((0, 0),), **changes: Any) -> compute.Result:
    options = Choices({**compute.Options().choices(), **changes})
    return compute.compute(run, replace(run.request, cells=cells), options, threading.Event())


def test_series_are_those_of_the_followed_cells_in_their_order(small_run: runs.Run) -> None:
    series = computed(small_run, ((3, 4), (0, 1)), feature="u_set").series
    assert np.array_equal(series.values[:, 0], small_run.data.u_set.values[:, 3, 4])
    assert np.array_equal(series.values[:, 1], small_run.data.u_set.values[:, 0, 1])


def test_a_lag_plot_pairs_cycles_that_far_apart(small_run: runs.Run) -> None:
    plot = computed(small_run, ((2, 2),), feature="r_lrs", other="u_reset", lag=3, units="true").lag_plot
    assert plot is not None
    x, y = plot.points[0]
    assert x == pytest.approx(small_run.data.u_reset.values[:-3, 2, 2])
    assert y == pytest.approx(small_run.data.r_lrs.values[3:, 2, 2])
    assert plot.density.counts.sum() == pytest.approx(64 * 17, rel=0.01)


def test_standardised_values_have_the_cells_own_place_and_spread_taken_out(small_run: runs.Run) -> None:
    z = matrix.values_of(small_run, "r_hrs", True)
    vectors = small_run.cells.device_vectors()
    back = 10 ** (vectors["mu"][0].ravel() + vectors["sigma"][0].ravel() * z)
    assert back == pytest.approx(small_run.values("r_hrs"), rel=1e-4)


def test_the_curve_is_judged_by_what_so_few_cycles_show(make_run: Callable[..., runs.Run]) -> None:
    run = make_run(rows=32, columns=32, cycles=50)
    curve = computed(run, lags=20).curve
    assert curve is not None
    assert curve.lag.tolist() == list(range(1, 21))
    inside = (curve.interval[:, 0] <= curve.expected) & (curve.expected <= curve.interval[:, 1])
    assert inside.mean() > 0.7, "95 % intervals, but neighbouring lags err together"
    assert np.all(curve.interval[:, 1] < curve.model), "an endless run must not fit"


def test_two_features_have_negative_lags_too(small_run: runs.Run) -> None:
    forth, back = (
        computed(small_run, feature=a, other=b, lags=5).curve for a, b in (("r_lrs", "u_set"), ("u_set", "r_lrs"))
    )
    assert forth is not None and back is not None
    assert forth.lag.tolist() == list(range(-5, 6))
    assert forth.measured == pytest.approx(back.measured[::-1])
    assert forth.model == pytest.approx(back.model[::-1])


def test_lags_stop_at_the_number_of_cycles(make_run: Callable[..., runs.Run]) -> None:
    result = computed(make_run(cycles=3), lag=40, lags=500)
    assert result.lag_plot is not None and result.curve is not None
    assert result.lag_plot.lag == 2
    assert result.curve.lag.tolist() == [1, 2]


def test_the_box_in_the_matrix_chooses_its_cycles(small_run: runs.Run) -> None:
    whole = computed(small_run).matrix
    found = computed(small_run, brush="r_hrs,u_set,0,9,-9,9").matrix
    assert whole is not None and found is not None
    assert whole.share == 0 and not whole.chosen
    z = matrix.values_of(small_run, "r_hrs", True)
    assert found.share == pytest.approx(np.mean((z >= 0) & (z <= 9)), abs=1e-3)
    assert found.chosen["r_lrs", "u_reset"].counts.sum() < 0.7 * found.clouds["r_lrs", "u_reset"].counts.sum()
    edges = found.edges["r_hrs"]
    assert found.chosen_density["r_hrs"][edges[1:] <= 0].sum() == 0


@pytest.mark.parametrize(
    "text", ["r_hrs,u_set,0,1", "r_hrs,nothing,0,1,0,1", "r_hrs,u_set,a,1,0,1", "r_hrs,u_set,nan,1,0,1"]
)
def test_a_box_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="selected cycles: must be two features and four numbers"):
        matrix.read_brush(text)


def test_true_units_show_all_correlations_and_standardised_ones_those_within_cells(small_run: runs.Run) -> None:
    true, within = (computed(small_run, units=units).matrix for units in ("true", "standard"))
    assert true is not None and within is not None
    i, j = FEATURE_NAMES.index("u_set"), FEATURE_NAMES.index("u_reset")
    assert true.model[i, j] == pytest.approx(-0.238, abs=0.003)  # MODEL: population
    assert abs(within.model[i, j]) < 0.06  # MODEL: of x, -.0486


@pytest.mark.parametrize(
    "changes", [{"cycles": 1}, {"c2c": 0.0}, {"kind": "read_only"}, {"rows": 1, "columns": 1, "cycles": 1}]
)
def test_where_nothing_changes_a_sentence_says_so(make_run: Callable[..., runs.Run], changes: Any) -> None:
    result = computed(make_run(**changes))
    assert result.note
    assert result.lag_plot is result.curve is result.matrix is None
    assert len(result.series.values) >= 1


@pytest.mark.parametrize("changes", [{"rows": 1, "columns": 1}, {"cycles": 2}, {"memory": False}, {"d2d": 0.0}])
@pytest.mark.parametrize("units", ["standard", "true"])
def test_little_is_drawn_all_the_same(make_run: Callable[..., runs.Run], changes: Any, units: str) -> None:
    result = computed(make_run(**changes), units=units)
    assert not result.note
    assert result.matrix is not None and np.isfinite(result.matrix.model).all()


def test_lags_that_the_run_is_too_short_for_are_said(small_run: runs.Run) -> None:
    result = computed(small_run, lag=30, lags=50)
    assert result.lag_plot is not None and result.lag_plot.lag == 19
    assert result.clipped == "A run of 20 cycles has lags up to 19: shown instead of lag 30 and of lags up to 50."
    assert computed(small_run, lag=19, lags=19).clipped == ""
