"""Programming: what the tab computes is what the core makes of a copy of the array; every option counts."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.settings.sections import LineSettings, ReadSettings, Request
from app.tabs.programming import compute, methods, text
from app.work import runs
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.programming.outcomes import verify_statistics
from synaptogen_core.crossbar.programming.program_and_verify import program_and_verify
from synaptogen_core.crossbar.programming.pulse import through_lines
from synaptogen_core.crossbar.programming.settings import OUTCOMES
from synaptogen_core.errors import Cancelled

CELLS = ((2, 3), (7, 0))


def request_of(run: runs.Run, lines: Mapping[str, Any] | None = None, read: Mapping[str, Any] | None = None) -> Request:
    return replace(
        run.request,
        lines=LineSettings(**(lines or {})).choices(),
        read=ReadSettings(**({"noise": False} | dict(read or {}))).choices(),
        cells=CELLS,
    )


def result_of(
    run: runs.Run, lines: Mapping[str, Any] | None = None, read: Mapping[str, Any] | None = None, **options: Any
) -> compute.Result:
    choices = compute.Options(**options).choices()
    return compute.compute(run, request_of(run, lines, read), choices, threading.Event())


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("through", ["cell", "row", None])
def test_program_and_verify_is_the_core(through: str | None, noise: bool, make_run: Callable[..., runs.Run]) -> None:
    run = make_run(columns=6)
    before = run.cells.state_hash()
    options = {"through": through is not None, "at_once": through or "cell"}
    lines, read = {"word_ohm": 5.0, "bit_ohm": 3.0, "source_ohm": 20.0}, {"noise": noise}
    target = np.broadcast_to(np.linspace(20 * 1e-6, 200 * 1e-6, 6), (8, 6))
    data = program_and_verify(
        run.cells.copy(), target, max_pulses=100, bandwidth=100e6 if noise else 0.0,
        reach=through_lines(Lines(5.0, 3.0, 20.0), through) if through else None,
    )  # fmt: skip
    for quantity, name in (("reached", "reached"), ("error", "error"), ("outcome", "outcome"), ("pulses", "pulses")):
        result = result_of(run, lines, read, map=quantity, **options)
        np.testing.assert_allclose(result.values, data[name].values, rtol=1e-6, atol=1e-6 if name == "error" else 0)
        assert result.shape == result.values.shape == (8, 6) and result.first_row == 0
    targets = result.targets
    assert targets is not None and result.stairs is None
    assert targets.statistics == verify_statistics(data)
    assert dict(targets.outcomes)["reached"] == targets.statistics["reached"]
    said = text.targets_summary(result, targets)
    for words, key in (("a verify read found it", "reached"), ("±5 % at the end, without noise", "within_tolerance")):
        assert re.search(rf"{words}</th><td>[^<]*\({targets.statistics[key]} of 48\)</td>", said), said
    assert targets.points.target.size == 48
    assert targets.reached_share.sum() + targets.failed_share.sum() == pytest.approx(1)
    assert targets.failed_share.sum() == pytest.approx(1 - targets.statistics["share_reached"])
    if not noise and through != "row":
        assert targets.off == 0, "nothing could have moved them"
    cell = result.cells[0].values
    assert cell is not None
    assert cell["reached"] == pytest.approx(float(data["reached"].values[CELLS[0]]), rel=1e-6)
    assert cell["outcome"] == OUTCOMES[data["outcome"].values[CELLS[0]]]
    assert run.cells.state_hash() == before, "the run is shared by all pages"


def test_targets() -> None:
    def target(**options: Any) -> np.ndarray:
        return methods.target_of(compute.Options(**options).choices(), (4, 5)) * 1e6

    assert np.allclose(target(target="uniform", g_level=70.0), 70)
    np.testing.assert_allclose(target(g_low=10.0, g_high=50.0)[2], [10, 20, 30, 40, 50])
    board = target(target="checkerboard", g_low=10.0, g_high=50.0)
    assert np.allclose(board[0, :2], [10, 50]) and np.allclose(board[1, :2], [50, 10])
    levels = target(target="levels", levels=4, g_low=10.0, g_high=40.0)
    assert {round(g, 6) for g in levels.ravel()} <= {10, 20, 30, 40}
    assert not np.array_equal(levels, target(target="levels", levels=4, g_low=10.0, g_high=40.0, level_seed=1))


def test_levels_are_read_back(make_run: Callable[..., runs.Run]) -> None:
    for tolerance, few in ((2.0, True), (50.0, False)):
        result = result_of(make_run(), target="levels", levels=4, through=False, tolerance=tolerance)
        assert result.targets is not None
        levels = result.targets.levels
        assert levels is not None and levels.counts.shape == (4, 4) and levels.counts.sum() == result.values.size
        np.testing.assert_allclose(1e6 * levels.thresholds, [50, 110, 170])
        points = result.targets.points
        wrong = [np.argmin(np.abs(levels.targets - g)) for g in points.reached] != np.searchsorted(
            levels.targets, points.target
        )
        assert levels.wrong == np.count_nonzero(wrong) and (levels.wrong < 0.1 * wrong.size) == few
        said = text.targets_summary(result, result.targets) + text.levels_table(levels)
        assert "Read as another level" in said and "thresholds 50, 110, 170 µS" in said
    assert result_of(make_run()).targets.levels is None, "a ramp has no levels"  # type: ignore[union-attr]  # it has targets


def test_every_option_of_the_pulses_counts(small_run: runs.Run) -> None:
    first = result_of(small_run, target="levels", through=False)
    for change in ({"tolerance": 1.0}, {"max_pulses": 2}, {"u_set": -0.8}, {"u_start": 1.0}, {"u_stop": 0.9},
                   {"u_step": 0.1, "tolerance": 20.0}, {"levels": 3}, {"level_seed": 5}, {"g_low": 60.0}):  # fmt: skip
        other = result_of(small_run, through=False, **({"target": "levels"} | change))
        assert not np.array_equal(other.values, first.values), change
    assert result_of(small_run, target="levels", through=False, max_pulses=2).targets.edges[-1] == 2.5  # type: ignore[union-attr]  # this method has targets


def test_staircase(make_run: Callable[..., runs.Run]) -> None:
    run = make_run(columns=6)
    options = {"method": "staircase", "u_start": 0.6, "u_stop": 1.2, "steps": 4, "u_set": -1.4}
    for through in (None, "cell", "row"):
        chosen = options | {"through": through is not None, "at_once": through or "cell"}
        result = result_of(run, {"word_ohm": 10.0}, stair_map="voltage", **chosen)
        cells, meant, seen = run.cells.copy(), [-1.4, 0.6, 0.8, 1.0, 1.2], np.zeros((8, 6))
        stairs, send = result.stairs, through_lines(Lines(10.0, 1.0), through) if through else None
        assert stairs is not None
        for i, u in enumerate(meant):
            seen = np.full((8, 6), u)
            if send:
                seen = send(cells, seen)
            cells.apply_voltage(seen)
            g = cells.conductance(0.2)
            assert stairs.mean[i] == pytest.approx(g.mean(), rel=1e-5)
            assert stairs.followed[0] is not None and stairs.followed[0][i] == g[CELLS[0]]
            assert stairs.low[i] <= np.median(g) <= stairs.high[i]
        np.testing.assert_allclose(result.values, seen, rtol=1e-6)
        np.testing.assert_array_equal(result_of(run, {"word_ohm": 10.0}, stair_map="conductance", **chosen).values, g)
        row, column, weakest = stairs.weakest
        assert weakest == pytest.approx(seen.min()) == pytest.approx(seen[row, column])
        if through:
            assert weakest < stairs.median <= stairs.strongest[2] <= 1.2 + 1e-9
    with pytest.raises(ValueError, match=r"^Last RESET: must be above First RESET, [\d.]+ V \(got"):
        result_of(run, method="staircase", u_start=1.0, u_stop=1.0)


@pytest.mark.parametrize("ends", ["one", "both"])
def test_part_of_the_rows_is_exact(ends: str, make_run: Callable[..., runs.Run], monkeypatch: Any) -> None:
    """Rows do not see each other: the rows that are left out would change nothing."""
    run = make_run(rows=10, columns=6)
    lines = {"word_ohm": 5.0, "bit_ohm": 20.0, "sense_ohm": 30.0, "ends": ends}
    monkeypatch.setattr(methods, "MOST_CELLS", 25)
    monkeypatch.setattr(methods, "MOST_LINES", 24 * 7)
    part = result_of(run, lines, map="reached", at_once="row", max_pulses=7)
    run.kept.clear()
    first = 3 if ends == "both" else 0
    assert part.values.shape == (4, 6) and part.first_row == first
    assert part.targets is not None and part.targets.limit == 7
    monkeypatch.undo()
    whole = result_of(run, lines, map="reached", at_once="row", max_pulses=7)
    np.testing.assert_allclose(part.values, whole.values[first : first + 4], rtol=1e-4)
    assert "only 4 of its 10 rows" in text.bounds(part)
    assert "not programmed" in text.cells_table(part)
    assert not text.bounds(whole)


def test_pulses_are_bounded_and_it_is_said(small_run: runs.Run, monkeypatch: Any) -> None:
    monkeypatch.setattr(methods, "MOST_LINES", 64 * 3)
    small_run.kept.clear()
    result = result_of(small_run)
    small_run.kept.clear()
    assert result.targets is not None and result.targets.limit == 3
    assert "at most 3 pulses instead of 100" in text.bounds(result)


def test_another_map_programs_nothing_anew(small_run: runs.Run, monkeypatch: Any) -> None:
    first = result_of(small_run)
    monkeypatch.setattr(methods, "program_and_verify", None)
    assert not np.array_equal(result_of(small_run, map="pulses").values, first.values)
    with pytest.raises(TypeError):
        result_of(small_run, u_step=0.03)


def test_many_cells_are_a_density(make_run: Callable[..., runs.Run]) -> None:
    run = make_run(rows=110, columns=100, cycles=2)
    targets = result_of(run, through=False).targets
    assert targets is not None and targets.density is not None
    assert targets.density.shape == (compute.HEIGHT, 100)
    assert (targets.density.max(axis=0) == 1).all()
    assert (
        targets.points.target.size == len(targets.failed_rows) == sum(n for k, n in targets.outcomes if k != "reached")
    )


@pytest.mark.parametrize("method", list(compute.METHODS.values()))
def test_one_cell_and_cancel(method: str, make_run: Callable[..., runs.Run]) -> None:
    run = make_run(rows=1, columns=1, cycles=1)
    for pattern in compute.TARGETS.values():
        result = compute.compute(
            run, replace(request_of(run), cells=((0, 0),)),
            compute.Options(method=method, target=pattern).choices(), threading.Event(),
        )  # fmt: skip
        assert result.values.shape == (1, 1)
        assert text.summary(result) and text.map_title(result)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        compute.compute(run, request_of(run), compute.Options(method=method, u_set=-1.45).choices(), stop)


def test_every_outcome_has_a_colour_of_its_own() -> None:
    assert tuple(text.OUTCOME_COLORS) == OUTCOMES and len(set(text.OUTCOME_COLORS.values())) == len(OUTCOMES)
