"""The overview's numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import synaptogen_core as sc
from app.settings.sections import Choices
from app.tabs.overview import compute
from app.work import binning, runs
from app.work.runs import Run
from synaptogen_core.schema import FEATURES


@pytest.fixture(scope="module")
def result(small_run: Run) -> compute.Result:
    request = replace(small_run.request, cells=((1, 2), (3, 4)))
    return compute.compute(small_run, request, Choices({}), threading.Event())


def test_the_response_is_that_of_these_cells_in_this_train(result: compute.Result, small_run: Run) -> None:
    response, train = result.response, small_run.train
    whole = sc.simulate(
        runs.make_cells(small_run.request), train, record=("conductance",), every=1, select=[1 * 8 + 2, 3 * 8 + 4]
    )
    shown = response.pulse.size
    assert shown >= compute.PULSES or shown == len(train)
    np.testing.assert_array_equal(response.pulse, np.arange(shown))
    np.testing.assert_array_equal(response.conductance, whole["conductance"].values[:shown].T)
    np.testing.assert_array_equal(response.voltage[:2], [-1.5, 1.5])
    assert response.of == len(train) and not response.own


@pytest.mark.parametrize("kind", ["iv_sweep", "random", "staircase", "read_only"])
def test_every_train_has_a_response_of_its_first_pulses(make_run: Callable[..., Run], kind: str) -> None:
    run = make_run(rows=2, columns=2, kind=kind)
    response = compute.response(run, replace(run.request, cells=((1, 1),)), threading.Event())
    assert response.conductance.shape == (1, response.pulse.size) and response.pulse[0] == 0
    assert response.pulse[-1] + 1 <= response.of == len(run.train)
    assert response.own == (kind == "random")


def test_a_train_of_too_many_pulses_is_said_to_be_so(small_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "MOST_PULSES", 10)
    response = compute.response(small_run, small_run.request, threading.Event())
    assert response.pulse.size == 0 and response.of == len(small_run.train)


def test_histograms_count_every_cycle(result: compute.Result, small_run: Run) -> None:
    for feature in FEATURES:
        histogram, values = result.histograms[feature.name], small_run.values(feature.name)
        assert histogram.count == values.size
        assert histogram.share.sum() + histogram.outside == pytest.approx(1)
        assert histogram.quantiles == pytest.approx(np.quantile(values, [0.05, 0.5, 0.95]), rel=1e-5)
        inside = (values >= histogram.edges[0]) & (values <= histogram.edges[-1])
        assert inside.mean() == pytest.approx(1 - histogram.outside, abs=0.01)


def test_the_density_counts_the_points_in_its_range(result: compute.Result, small_run: Run) -> None:
    window = result.window
    x, y = small_run.values("r_lrs").ravel(), np.log10(small_run.values("r_hrs").ravel())
    inside = (x >= window.x[0]) & (x <= window.x[1]) & (y >= window.y[0]) & (y <= window.y[1])
    assert window.counts.sum() == pytest.approx(inside.sum(), abs=2)


def test_the_loops_show_the_thresholds_of_the_first_cycle(result: compute.Result, small_run: Run) -> None:
    chosen = result.chosen[0]
    assert chosen.cell == (1, 2)
    np.testing.assert_array_equal(chosen.r_lrs, small_run.data["r_lrs"].values[:, 1, 2])
    u_set = float(small_run.data["u_set"].values[0, 1, 2])
    voltage, current = chosen.loop.voltage, np.abs(chosen.loop.current)
    falling = np.flatnonzero(np.diff(voltage) < 0)
    jump = falling[np.argmax(np.diff(current)[falling])]  # the largest step on the way down is the SET
    assert voltage[jump + 1] <= u_set <= voltage[jump] or abs(voltage[jump] - u_set) < 0.06


def test_loops_are_joined_with_gaps(result: compute.Result) -> None:
    assert np.isnan(result.loops.current).sum() == result.loop_count == 64
    assert result.loops.voltage.shape == result.loops.current.shape


def test_the_map_holds_every_cell(result: compute.Result) -> None:
    assert result.read_map.shape == (8, 8) and np.isfinite(result.read_map).all()


def test_a_single_cell_and_cycle_has_an_overview(make_run: Callable[..., Run]) -> None:
    run = make_run(rows=1, columns=1, cycles=1)
    result = compute.compute(run, run.request, Choices({}), threading.Event())
    assert result.loop_count == 1 and result.histograms["r_lrs"].count == 1


def test_a_histogram_of_equal_values_has_a_range() -> None:
    histogram = binning.histogram(np.full((3, 4), 5.0))
    assert histogram.edges[0] < 5 < histogram.edges[-1] and histogram.share.sum() == pytest.approx(1)
