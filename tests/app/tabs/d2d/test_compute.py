"""Device to device: what the tab computes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.settings.sections import Choices
from app.tabs.d2d import compute
from app.work import runs
from synaptogen_core.analysis import statistics_api


def computed(run: runs.Run, **changes: Any) -> compute.Result:
    options = Choices({**run.request.of_tab("d2d"), **changes})
    return compute.compute(run, run.request, options, threading.Event())


def test_points_are_the_devices_own_medians_and_spreads(small_run: runs.Run) -> None:
    result = computed(small_run, x="r_hrs", x_of="median", y="u_set", y_of="spread")
    assert len(result.main.x) + len(result.outliers.x) == 64
    i = 5
    row, column = int(result.main.row[i]), int(result.main.column[i])
    assert result.main.x[i] == pytest.approx(np.median(np.log10(small_run.data.r_hrs.values[:, row, column])), rel=1e-6)
    # a little above what independent cycles would give: cycles with a memory stay nearer to their own mean
    assert 1.0 < result.main.y[i] / small_run.data.u_set.values[:, row, column].std(ddof=1) < 1.1


def test_spreads_of_devices_are_unbiased_under_the_memory_of_cycles(make_run: Callable[..., runs.Run]) -> None:
    run = make_run(rows=32, columns=32, cycles=20)
    found = compute.number_of(run, run.values("r_lrs"), "r_lrs", "spread")
    exact = statistics_api.population_moments(run.device).within[2, 2]
    assert np.mean(found**2) == pytest.approx(exact, rel=0.05)  # 1,024 cells: 4 standard errors
    naive = run.values("r_lrs").std(axis=0, ddof=1, dtype=np.float64)
    assert np.mean(naive**2) < 0.8 * exact, "the textbook's divisor must fail here"


def test_many_devices_become_a_density(make_run: Callable[..., runs.Run]) -> None:
    result = computed(make_run(rows=80, columns=80, cycles=2))
    assert result.density is not None
    assert result.density.counts.sum() == pytest.approx(result.main.x.size, rel=0.01)
    assert computed(make_run()).density is None


def test_the_outline_of_a_component_holds_its_share_of_points_and_marks_the_outliers(small_run: runs.Run) -> None:
    result = computed(small_run)
    assert [e.outlier for e in result.ellipses] == [False, False, True] * 2
    one, two = result.ellipses[0], result.ellipses[3]
    assert np.ptp(two.x) == pytest.approx(2 * np.ptp(one.x), rel=1e-4)


def test_shares_stand_beside_the_exact_ones(small_run: runs.Run) -> None:
    result = computed(small_run, anova=True)
    lrs = next(s for s in result.shares if s.name == "r_lrs")
    # MODEL: 33,900 ohm^2 of 33,900 + 36,700 are device to device
    assert lrs.share_model == pytest.approx(33_900 / (33_900 + 36_700), abs=0.01)
    assert lrs.interval[0] <= lrs.share <= lrs.interval[1]
    assert lrs.share_anova > lrs.share, "a textbook takes the memory of cycles for a difference between devices"


def test_correlations_change_with_the_kind(small_run: runs.Run) -> None:
    between, within = (computed(small_run, matrix=kind) for kind in ("device_to_device", "cycle_to_cycle"))
    assert not np.allclose(between.matrix_model, within.matrix_model)
    assert np.allclose(np.diag(within.matrix), 1)


@pytest.mark.parametrize("changes", [{"rows": 1, "columns": 1}, {"cycles": 1}])
def test_too_little_to_compare_is_said_in_a_sentence(
    make_run: Callable[..., runs.Run], changes: dict[str, int]
) -> None:
    result = computed(make_run(**changes))
    assert "at least 3 cells and 2 cycles" in result.trouble
    assert result.shares == ()
    assert len(result.main.x) > 0


def test_identical_devices_have_no_ellipses(make_run: Callable[..., runs.Run]) -> None:
    result = computed(make_run(d2d=0.0))
    assert result.ellipses == ()
    assert not result.spread_out
    assert all(s.d2d_model == 0 for s in result.shares)
    assert np.isnan(result.matrix).all(), "where devices do not differ they have no correlation"


def test_followed_cells_come_in_their_order(small_run: runs.Run) -> None:
    request = replace(small_run.request, cells=((3, 4), (0, 1)))
    result = compute.compute(small_run, request, small_run.request.of_tab("d2d"), threading.Event())
    assert list(zip(result.followed.row.tolist(), result.followed.column.tolist(), strict=True)) == [(3, 4), (0, 1)]
    assert result.followed.x[0] == pytest.approx(float(np.median(small_run.data.r_lrs.values[:, 3, 4])), rel=1e-6)
