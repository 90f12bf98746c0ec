"""I-V loops: the thresholds of the run, the law of the device between them, degenerate arrays."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.tabs.loops import compute
from app.work import runs
from synaptogen_core.device.model import conduction
from synaptogen_core.device.model.float32 import constants

CELLS = ((0, 0), (3, 5))


def result_of(run: runs.Run, cells: tuple[tuple[int, int], ...] = CELLS, **options: object) -> compute.Result:
    request = replace(run.request, cells=cells)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compute.compute(run, request, compute.Options(**options).choices(), threading.Event())


@pytest.mark.parametrize("changes", [{}, {"kind": "staircase"}, {"kind": "iv_sweep"}])
@pytest.mark.parametrize("first", [0, 7])
def test_loops_have_the_thresholds_of_the_run(
    changes: dict[str, object], first: int, make_run: Callable[..., runs.Run]
) -> None:
    run = make_run(**changes)
    result = result_of(run, first_cycle=first)
    for cell, bundle in zip(CELLS, result.followed, strict=True):
        assert bundle.count == 20 - first
        for marks, feature in ((bundle.set_marks, "u_set"), (bundle.reset_marks, "u_reset")):
            assert np.array_equal(marks.voltage, run.of_cells([cell], feature)[first:, 0])
            assert np.array_equal(marks.cycle, np.arange(first, 20))
            assert set(zip(marks.row, marks.column, strict=True)) == {cell}
    many = result.many
    assert many.count == 64 == len(many.reset_marks.voltage)
    assert np.array_equal(np.sort(many.set_marks.voltage), np.sort(run.values("u_set")[first]))


def test_the_current_follows_the_device(small_run: runs.Run) -> None:
    """Up to its SET, a loop is that of r_hrs; from there to its RESET, that of r_lrs."""
    bundle = result_of(small_run).followed[1]
    length = bundle.level.size + 1
    c = constants(small_run.device)
    for cycle in (0, 11):
        volts, current = (v[cycle * length : (cycle + 1) * length] for v in (bundle.voltage, bundle.current))
        assert (volts[0], current[0]) == (0, 0) and np.isnan(volts[-1]) and np.isnan(current[-1])
        features = {n: small_run.of_cells([CELLS[1]], n)[cycle] for n in ("r_hrs", "u_set", "r_lrs", "u_reset")}
        for resistance, ways in (("r_hrs", slice(1, 20)), ("r_lrs", slice(60, 110))):
            r = conduction.mixing_of_resistance(features[resistance], c)
            np.testing.assert_allclose(current[ways], conduction.current(r, volts[ways], c), rtol=1e-4, atol=1e-10)
        mark = np.flatnonzero(bundle.set_marks.cycle == cycle)[0]
        assert bundle.set_marks.resistance[mark] == pytest.approx(features["r_hrs"][0], rel=1e-3)
        mark = np.flatnonzero(bundle.reset_marks.cycle == cycle)[0]
        assert bundle.reset_marks.resistance[mark] == pytest.approx(features["r_lrs"][0], rel=1e-3)


def test_median_and_band(small_run: runs.Run) -> None:
    result = result_of(small_run, band="50")
    many = result.many
    table = many.current.reshape(many.count, -1)[:, :-1]
    np.testing.assert_allclose(many.median, np.median(table, axis=0), rtol=1e-6)
    inside = (table >= many.low) & (table <= many.high)
    assert np.all(inside.mean(axis=0) >= 0.5)
    wide = result_of(small_run, band="98").many
    assert np.all(wide.low <= many.low) and np.all(wide.high >= many.high)
    assert [many.level[i] for i in many.turns] == pytest.approx([0, -1.5, 0, 1.5, 0], abs=1e-6)


def test_a_sweep_too_weak_to_switch_has_no_marks(small_run: runs.Run) -> None:
    weak = result_of(small_run, u_min=-0.1, u_max=0.1)
    assert weak.followed[0].set_marks.voltage.size == weak.many.reset_marks.voltage.size == 0
    only_set = result_of(small_run, u_max=0.1)
    assert only_set.followed[0].set_marks.voltage.size == 1, "set once, never reset"


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": 1, "columns": 1, "cycles": 1},
        {"kind": "random"},
        {"kind": "table"},
        {"kind": "identical"},
        {"kind": "read_only"},
        {"rows": 1, "columns": 1024, "cycles": 1},
    ],
)
def test_any_run_has_loops(changes: dict[str, object], make_run: Callable[..., runs.Run]) -> None:
    run = make_run(**changes)
    result = result_of(run, ((0, 0),), first_cycle=9999, u_max=1.8, points=20)
    assert result.first_cycle == run.cycles - 1
    assert result.followed[0].count == 1
    assert result.many.count == min(100, run.cells.size)
    assert max(result.ends) > result.valid_range
    for extent in (result.cycles_extent, result.many_extent):
        assert extent.low < extent.high and 0 < extent.smallest < extent.largest


def test_a_cycle_beyond_the_run_is_remembered(small_run: runs.Run) -> None:
    result = result_of(small_run, first_cycle=500)
    assert (result.first_cycle, result.asked_cycle, result.of_cycles) == (19, 500, 20)
