"""A sweep: each value is a run of its own, the curve follows the setting, long ones wait and can be stopped."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.settings.sections import Choices
from app.tabs.sweep import compute, view
from app.work.runs import Run
from synaptogen_core.errors import Cancelled
from tests.app.compare.test_ghosts import view_of


def swept(run: Run, cancel: threading.Event | None = None, **changes: Any) -> compute.Result:
    options = Choices({**compute.Options().choices(), **changes})
    return compute.compute(run, run.request, options, cancel or threading.Event())


def test_the_spread_grows_as_it_is_swept(small_run: Run) -> None:
    result = swept(small_run, at="0.5, 1, 2", number="c2c.1", feature="u_set")
    assert [point.value for point in result.points] == [0.5, 1, 2] and result.now == 1 and not result.waiting
    narrow, own, wide = (point.number for point in result.points)
    assert wide / own == pytest.approx(2, rel=0.15) and own / narrow == pytest.approx(2, rel=0.15)
    for point in result.points:
        assert 0.6 * point.number < point.interval[0] < point.number < point.interval[1] < 1.4 * point.number
    heights = [point.counts.max() for point in result.points]
    assert heights == sorted(heights, reverse=True) and all(
        np.array_equal(p.edges, result.points[0].edges) for p in result.points
    )
    again = swept(small_run, at="1, 2", number="c2c.1", feature="u_set")
    assert again.points[0] is result.points[1], "what was computed stays with the run"
    _, drawn = view_of("sweep")
    drawn.update(result)
    assert (
        drawn.points.data["y"] == [narrow, own, wide]
        and [card.visible for card in drawn.cards] == [True] * 3 + [False] * 2
    )
    assert drawn.note.object == "Bars: 95 % interval. Dotted: the present setting."
    none = tuple(replace(point, number=0.0, interval=(0.0, 0.1)) for point in result.points)
    drawn.update(replace(result, points=none, rate=True))  # of no error in so many
    assert min(drawn.points.data["low"]) == 0 > drawn.curve.y_range.start
    assert max(drawn.points.data["high"]) == 0.1 < drawn.curve.y_range.end, "an error bar is cut"
    assert "Where no error was seen, a bar ends" in drawn.note.object


def test_a_long_sweep_waits_and_a_stopped_one_ends(small_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "AT_ONCE", 0.0)
    waiting = swept(small_run, control="seed", number="best_threshold")
    assert waiting.waiting and not waiting.points and waiting.seconds > 0
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        swept(small_run, stop, control="seed", number="best_threshold", running=True)
    _, drawn = view_of("sweep")
    drawn.update(waiting)
    seen = []
    for known in (1, 2):
        drawn.context.options.running = True
        assert drawn.stop.visible and not drawn.start.visible
        found = swept(small_run, control="rows", at="8; 12", number="best_threshold", running=True)
        drawn.update(found)
        seen += [point.value for point in found.points]
        assert (len(found.points), found.more) == (known, known < 2)
        drawn.context.options.running = False
        assert drawn.start.visible is found.more and not drawn.stop.visible, "what is stopped can be started again"
    assert seen == [8, 8, 12] and found.points[0].number > 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"at": "1,2,3,4,5,6"}, "Values: must be 1 to 5"), ({"at": "1, 9"}, "Values: each must be from 0 to 3"),
     ({"at": "<b>"}, "Values: each must be a number"), ({"control": "cycles", "at": "1.5"}, "whole number")],
)  # fmt: skip
def test_values_that_cannot_be(small_run: Run, changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        swept(small_run, **changes)


def test_a_setting_that_this_train_has_not(small_run: Run) -> None:
    with pytest.raises(ValueError, match="Sweep: must be a setting of this pulse train"):
        compute.changed(small_run.request, "train", "u_start", 1.0)
    assert view.MOST == compute.MOST


@pytest.mark.parametrize(
    ("largest", "unit", "factor", "label"),
    [(2.6e-3, "", 1e3, "10⁻³"), (5.5e-6, "", 1e6, "10⁻⁶"), (47_000, "Ω", 1e-3, "kΩ"), (0.4, "", 1, ""),
     (0, "%", 1, "%"), (2e-4, "%", 1e6, "10⁻⁶ %")],
)  # fmt: skip
def test_axes_have_numbers_that_can_be_read(largest: float, unit: str, factor: float, label: str) -> None:
    assert view.engineering(largest, unit) == (pytest.approx(factor), label)
    assert 0.1 <= factor * largest < 1000 or not largest
