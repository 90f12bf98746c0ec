"""The Time tab's numbers."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

import synaptogen_core as sc
from app.settings.sections import Choices
from app.tabs.time import compute, trace
from app.tabs.time.measured import Upload
from app.work.runs import Run
from tests.analysis.made_retention import table, written

CHOICES = {
    "law": "stanford-b",
    "g_low": 20.0,
    "g_high": 60.0,
    "g_threshold": 40.0,
    "rate": 100.0,
    "path_seed": 0,
    "table": None,
}


@pytest.fixture(scope="module")
def result(small_run: Run) -> compute.Result:
    return compute.compute(small_run, small_run.request, Choices(CHOICES), threading.Event())


def test_errors_grow_and_jumps_make_more_of_them_early(result: compute.Result) -> None:
    assert np.all(np.diff(result.jumping) > -1e-6)
    assert result.early[0] > 1.5 * result.early[1]
    assert result.jumping[-1] < 0.5


def test_bands_hold_the_staircases(result: compute.Result) -> None:
    for level in result.levels:
        assert np.all(np.diff(level.bands, axis=0) >= 0)
        path = level.path.reshape(compute.PATHS, -1)
        assert np.isnan(path[:, -1]).all() and np.nanmin(path) > 0
        assert 0.8 < level.moved <= 1


def test_the_array_of_the_run_is_left_alone(result: compute.Result, small_run: Run) -> None:
    assert small_run.cells.time == 0
    assert [later.moment for later in result.later] == ["1 s", "1 h", "1 d", "10 years"]
    assert all(later.change.shape == small_run.cells.shape for later in result.later)
    moved, rms = ([getattr(later, name) for later in result.later] for name in ("moved", "rms"))
    assert moved == sorted(moved) and rms == sorted(rms) and rms[0] > 0
    assert "not part of the Synaptogen fit" in result.label


def test_another_threshold_computes_the_errors_alone(result: compute.Result, small_run: Run) -> None:
    def again(**changes: object) -> compute.Result:
        return compute.compute(small_run, small_run.request, Choices(CHOICES | changes), threading.Event())

    moved, other = again(g_threshold=30.0), again(law="stanford-c")
    assert moved.jumping[-1] != result.jumping[-1]
    assert moved.later is result.later and moved.trace is result.trace and moved.levels is result.levels
    assert other.later is not result.later and other.later[0].rms != result.later[0].rms


def test_the_trace_lies_on_its_exact_lines(result: compute.Result) -> None:
    """Means over half the bins: each is of some hundred numbers of exponential distribution, within a factor of 2."""
    found = result.trace
    allan = np.interp(found.window, found.expected_window, found.expected_allan)
    for seen, exact in ((found.power, found.expected), (found.allan[:6], allan[:6])):
        ratio = float(np.exp(np.mean(np.log(seen[-8:] / exact[-8:]))))
        assert 0.5 < ratio < 2
        assert not 0.5 < ratio * 5 < 2, "the control"
    assert found.traps > 0 and np.ptp(found.quiet) > 0 and "MIT" in found.label


def test_the_trace_is_a_train_of_reads(small_run: Run) -> None:
    cell = sc.CellArray((1, 1), small_run.cells.device, seed=3, retention=sc.load_retention("stanford-b").vary(scale=0),
                        traps=sc.retention.Traps.stanford_a())  # fmt: skip
    cell.apply_voltage(-1.5)
    quiet, noisy = trace.reads(cell, sc.retention.Traps.stanford_a(), 0.1, 0.2, 1e8)
    for bandwidth, found in ((0.0, quiet), (1e8, noisy)):
        train = sc.PulseTrain.read_only(20, every=0.1)
        ds = sc.simulate(cell, train, record="conductance", every=1, bandwidth=bandwidth, advance=False)
        assert ds.conductance.values.ravel() == pytest.approx(found[:20], rel=1e-6)


def test_a_table_gives_dots_and_a_ratio_or_a_sentence(small_run: Run, tmp_path: Path) -> None:
    data = written(tmp_path / "reads.csv", table([0.0, 0.01, 0.1, 10.0], 300)).read_bytes()
    chosen = Choices(CHOICES | {"table": Upload("mine.csv", data), "g_high": 50.0})
    result = compute.compute(small_run, small_run.request, chosen, threading.Event())
    found, (none, near) = result.measured, result.dots
    assert found is not None and found.good and "300 births" in found.said
    assert found.time.min() > 0 and found.time.size == found.conductance.size > 300
    assert none[0].size == 0 and "births within 15 %" in result.beside, "all began near 50 uS, none near 20"
    assert 300 < near[0].size <= 450, "150 births at three times, less the gaps"
    assert np.abs(np.median(near[1][near[0] < 0.05]) / 5e-5 - 1) < 0.02
    assert np.all((found.ratio[:, 1] <= 1) & (found.ratio[:, 2] + 0.15 >= 1)) and found.ratio_time.size == 2
    for content, said in (
        (b"", "must hold a table"), (b"device,time\na,1\n", "must have columns"), (b"\x1f\x8b\x00", ""),
        (b"device,time,R\na,-1,5\n", "line 2 must hold a time from 0 s"), (b"x" * 21_000_000, "at most 20 MB"),
    ):  # fmt: skip
        bad = Upload("b.csv", content).read()
        assert not bad.good and said in bad.said and "b.csv" in bad.said


def test_levels_in_any_order(small_run: Run) -> None:
    swapped = Choices(CHOICES | {"g_low": 60.0, "g_high": 60.0, "g_threshold": 5.0})
    found = compute.compute(small_run, small_run.request, swapped, threading.Event())
    assert found.levels[0].g < found.threshold < found.levels[1].g
