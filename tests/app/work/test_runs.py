"""Request -> Run: the device, the train, the memory budget, chosen cells."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from app.page.status import StatusLine
from app.settings.sections import TRAIN_KINDS, Request, Settings
from app.tabs.registry import TABS
from app.work import runs, trains
from app.work.runs import Run
from app.work.session import Session
from synaptogen_core.errors import RangeWarning
from synaptogen_core.schema import FEATURE_NAMES

Make = Callable[..., Run]


def request(**changes: Any) -> Request:
    settings = Settings()
    for name, value in changes.items():
        section = next(section for _, section in settings.sections() if name in section.names())
        setattr(section, name, value)
    return settings.request()


def test_a_run_is_what_simulate_gives(make_run: Make) -> None:
    run = make_run(seed=4, d2d=0.5, memory=False)
    device = sc.load_device("hennen2024").vary(d2d=0.5, autocorrelation=False)
    expected = sc.simulate(sc.CellArray((8, 8), device, seed=4), sc.PulseTrain.cycling(cycles=20))
    for name in FEATURE_NAMES:
        np.testing.assert_array_equal(run.data[name].values, expected[name].values)
    assert run.device == device and run.data.attrs["python"] == expected.attrs["python"]


def test_the_default_device_is_the_published_one() -> None:
    assert runs.make_device(request().device) == sc.load_device("hennen2024")


@pytest.mark.parametrize(
    ("change", "variation"),
    [
        ({"c2c": 2.0}, {"c2c": 2.0}),
        ({"d2d": 0.5}, {"d2d": 0.5}),
        ({"outlier_share": 10.0}, {"outlier_share": 0.1}),
        ({"order": 3}, {"order": 3}),
        ({"memory": False}, {"autocorrelation": False}),
        ({"correlations": False}, {"correlations": False}),
        ({"shapes": "gaussian"}, {"shapes": "gaussian"}),
        ({"eta": 2.0}, {"eta": 2.0}),
        ({"u_max": 1.2}, {"u_max": 1.2}),
    ],
)
def test_each_device_setting_is_its_variation(change: dict[str, Any], variation: dict[str, Any]) -> None:
    expected = sc.load_device("hennen2024").vary(**variation)
    assert runs.make_device(request(**change).device) == expected
    assert expected != sc.load_device("hennen2024")


@pytest.mark.parametrize("kind", TRAIN_KINDS)
def test_every_kind_of_train_runs(kind: str, make_run: Make) -> None:
    run = make_run(kind=kind, cycles=3)
    assert len(run.train) > 0 and run.cycles >= 1
    assert ("conductance" in run.data) == (kind in runs.LEVEL_KINDS)


@pytest.mark.parametrize("text", ["-1.5, 0.8; 1.0\n1.5", " -1.5 0.8 1.0 1.5 ", "-1.5,0.8,1.0,1.5,"])
def test_a_table_is_read_with_any_separator(text: str) -> None:
    assert trains.read_table(text) == [-1.5, 0.8, 1.0, 1.5]


@pytest.mark.parametrize("text", ["", "1.0, x", "nan", "1e400"])
def test_a_bad_table_is_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"voltages: .*; "):
        trains.make_train(request(kind="table", table=text).train)


@pytest.fixture
def small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BUDGET", 40_000)  # 8 x 8 cells, 20 cycles take 20 kB of features


def test_above_the_budget_a_stated_sample_is_recorded(small_budget: None, make_run: Make) -> None:
    whole = make_run(cycles=40)
    assert whole.sample.step == 3 and "one cell in 3" in whole.sample.text and "22 of 64" in whole.sample.text
    assert whole.data.nbytes <= runs.BUDGET
    assert whole.data["cell"].values.tolist() == list(range(0, 64, 3))
    assert whole.cells.size == 64 and whole.read_map(whole.request.read).shape == (8, 8)  # maps show all


def test_chosen_cells_are_exact_whether_recorded_or_not(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [(0, 0), (3, 5), (7, 7), (3, 5)]
    whole = make_run(cycles=40)
    monkeypatch.setattr(runs, "BUDGET", 40_000)
    sampled = make_run(cycles=40)
    assert sampled.sample.step > 1 and whole.sample.step == 1
    for name in FEATURE_NAMES:
        expected = whole.data[name].values[:, [0, 3, 7, 3], [0, 5, 7, 5]]
        np.testing.assert_array_equal(whole.of_cells(cells, name), expected)
        np.testing.assert_array_equal(sampled.of_cells(cells, name), expected)


def test_a_read_is_the_same_at_every_call_and_leaves_the_cells(small_run: Run) -> None:
    before = small_run.cells.state_hash()
    read = small_run.request.read
    np.testing.assert_array_equal(small_run.read_map(read), small_run.read_map(read))
    assert small_run.cells.state_hash() == before
    quiet = request(noise=False).read
    np.testing.assert_allclose(small_run.read_map(quiet), small_run.cells.current(0.2), rtol=1e-6)
    assert (small_run.read_map(read) != small_run.read_map(quiet)).any()


def test_a_run_is_read_only(small_run: Run) -> None:
    with pytest.raises(ValueError, match="read-only"):
        small_run.data["r_lrs"].values[0, 0, 0] = 0


def test_a_cancelled_run_raises() -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(sc.Cancelled):
        runs.run(request(rows=8, columns=8, cycles=20), lambda done: None, cancel)


def test_the_estimate_counts_the_memory_of_what_is_recorded() -> None:
    estimate = runs.estimate(request())
    assert estimate.seconds > 0
    assert estimate.bytes > 64 * 64 * 100 * 16


# ------------------------------------------------------------------------------------------------ what should be known
def test_the_status_line_says_what_should_be_known_of_the_run(make_run: Make, small_run: Run) -> None:
    settings = Settings({tab.key: tab.options for tab in TABS})
    page = Session(settings, TABS, lambda work: work())
    line = StatusLine(page, [])
    assert not line.of_run.visible  # there is no run yet
    with pytest.warns(RangeWarning):
        far = make_run(kind="table", table="5, -7")
    for run, said in (
        (far, "|U| reaches 7 V, but the device was measured up to 1.5 V: what lies above is an extrapolation."),
        (make_run(u_set=-0.1, u_reset=0.1), "No cell switched: the features are those with which the cells began."),
        (make_run(kind="read_only"), "No cell switched: the features are those with which the cells began."),
        (make_run(rows=64, columns=64, cycles=100, u_set=-1.0), "can no longer be switched by this train"),
    ):
        page.run = run
        line.refresh()
        assert line.of_run.visible and said in line.of_run.object and run.notes
    page.run = small_run  # full cycles, in which nobody is left behind
    line.refresh()
    assert not line.of_run.visible and small_run.notes == ()


def test_of_a_sampled_run_the_notes_are_on_the_cells_that_it_holds(make_run: Make, monkeypatch: Any) -> None:
    monkeypatch.setattr(runs, "BUDGET", 40_000)
    run = make_run(rows=64, columns=64, u_set=-0.7)
    held = run.data.sizes["cell"]
    assert run.sample.step > 1 and run.data.attrs["cells_stuck"] > 0
    assert any(f"of {held:,} cells" in note for note in run.notes)


def test_trains_that_take_a_page_too_long_are_refused_before_they_are_made() -> None:
    with pytest.raises(ValueError) as error:
        runs.estimate(request(kind="iv_sweep", cycles=10_000, points=2000))
    assert str(error.value) == (
        "Pulse train: must have at most 2,000,000 pulses here (got 20,000,000); choose fewer cycles or pulses a cycle, "
        "or use “synaptogen generate”"
    )
    assert len(trains.make_train(request(kind="staircase", cycles=10_000, steps=100).train)) == 1_010_000
