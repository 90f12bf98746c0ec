"""The Time tab's numbers."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from app.settings.sections import Choices
from app.tabs.time import compute
from app.work.runs import Run

CHOICES = {"law": "stanford-b", "g_low": 20.0, "g_high": 60.0, "g_threshold": 40.0, "moment": 3600.0, "path_seed": 0}


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
    assert result.change.shape == small_run.cells.shape and result.rms > 0
    assert "not part of the Synaptogen fit" in result.label and result.moment == "1 h"


def test_levels_in_any_order(small_run: Run) -> None:
    swapped = Choices(CHOICES | {"g_low": 60.0, "g_high": 60.0, "g_threshold": 5.0})
    found = compute.compute(small_run, small_run.request, swapped, threading.Event())
    assert found.levels[0].g < found.threshold < found.levels[1].g
