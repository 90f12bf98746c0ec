"""How a run is carried out: blocks, threads, pieces of the train, and the wish to stop."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.array import threads as blocks
from synaptogen_core.array.engines import choose
from synaptogen_core.errors import Cancelled

DEVICE = sc.load_device("hennen2024")
Train = sc.PulseTrain
ALL = ["features", "conductance", "current", "state", "cycle_count", "voltage"]
MIXED = (
    Train.cycling(2)
    + 2 * Train.staircase(steps=3)
    + Train.random(7, low=-1.5, high=1.5, seed=3)
    + Train.read_only(2)
    + Train.random(5, "normal", mean=0.5, sd=0.15, per_cell=False, seed=4)
)


def array(shape: tuple[int, int] = (5, 8), engine: str = "auto") -> sc.CellArray:
    return sc.CellArray(shape, DEVICE, seed=8, engine=engine)


def simulated(cells: sc.CellArray, **options: Any) -> xr.Dataset:
    return sc.simulate(cells, MIXED, **{"record": ALL, "every": 1, "bandwidth": 1e8, **options})


def same(one: xr.Dataset, two: xr.Dataset) -> None:
    """To the last bit, but for the time of creation."""
    assert one.drop_attrs(deep=False).identical(two.drop_attrs(deep=False))
    for name, variable in one.variables.items():
        assert variable.values.tobytes() == two[name].values.tobytes(), name


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(("block", "piece"), [(4096, 9999), (64, 9999), (63, 300), (7, 9999), (16, 80), (1, 1)])
def test_blocks_pieces_and_threads_do_not_show(
    monkeypatch: pytest.MonkeyPatch, threads: int, block: int, piece: int
) -> None:
    shape = (9, 17) if block > 1 else (3, 5)  # a block for each cell, pulse by pulse, takes its time
    cells, other = array(shape), array(shape)
    expected = simulated(cells, threads=1)
    monkeypatch.setattr(type(choose.engine("auto")), "block", block)
    monkeypatch.setattr(type(choose.engine("auto")), "piece", piece)
    same(simulated(other, threads=threads), expected)
    assert other.state_hash() == cells.state_hash()


@pytest.mark.parametrize("number", [7, 2**30 - 1])
def test_one_of_a_billion_cells_is_that_cell_alone(number: int) -> None:
    billion = array((2**15, 2**15))
    assert billion.size > 10**9
    some = simulated(billion, select=[number], advance=False)
    alone = simulated(sc.CellArray((1, 1), DEVICE, seed=8, first_cell=number), select=[0], advance=False)
    for name in some.data_vars:
        assert some[name].values.tobytes() == alone[name].values.tobytes(), name
    other = simulated(sc.CellArray((1, 1), DEVICE, seed=8, first_cell=number - 1), select=[0], advance=False)
    assert some["r_hrs"].values.tobytes() != other["r_hrs"].values.tobytes()


def test_the_numpy_engine_gives_the_same_dataset() -> None:
    one, two = array(), array(engine="numpy")
    same(simulated(one), simulated(two))
    assert one.state_hash() == two.state_hash()


def test_an_engine_that_changes_one_bit_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    cells, other = array(), array()
    expected = simulated(cells, threads=1)
    kind = type(choose.engine("auto"))
    advance = kind.advance

    def off(self: Any, state: Any, *rest: Any) -> None:
        state.features[1, 3] = np.nextafter(state.features[1, 3], np.float32(0))
        advance(self, state, *rest)

    monkeypatch.setattr(kind, "advance", off)
    with pytest.raises(AssertionError):
        same(simulated(other, threads=1), expected)


# -------------------------------------------------------------------------------------------------------- a transaction
class StopError(Exception):
    """A fault of the caller's own."""


def fail(_: float) -> None:
    raise StopError


def used() -> sc.CellArray:
    cells = array()
    cells.apply_voltage(-1.5)
    cells.read()
    return cells


@pytest.mark.parametrize("make", [array, used])
def test_a_cancelled_run_changes_nothing(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type(choose.engine("auto"))
    advance = kind.advance

    def slowly(self: Any, *rest: Any) -> None:
        time.sleep(0.001)  # or the run is over before anybody looks
        advance(self, *rest)

    monkeypatch.setattr(kind, "advance", slowly)
    monkeypatch.setattr(kind, "piece", 40)
    monkeypatch.setattr(blocks, "POLL", 0.001)
    for cancel in (lambda: True, *(after(n) for n in (1, 2, 4))):
        cells = make()
        before = cells.state_hash(), cells.reads, cells.fresh
        with pytest.raises(Cancelled) as error:
            simulated(cells, cancel=cancel, progress=lambda _: None)
        assert str(error.value) == "simulate: cancelled by the caller; the cells are as they were before"
        assert (cells.state_hash(), cells.reads, cells.fresh) == before


def after(looks: int) -> Any:
    """A wish that comes true at the `looks`-th look, or at the last one at the latest."""
    counter = iter(range(10**9))
    return lambda: next(counter) >= looks - 1


def test_an_event_cancels_too() -> None:
    cells, event = used(), threading.Event()
    event.set()
    before = cells.state_hash()
    with pytest.raises(Cancelled):
        simulated(cells, cancel=event)
    assert cells.state_hash() == before


def test_a_wish_that_never_comes_true_changes_nothing_in_the_result() -> None:
    event = threading.Event()
    same(simulated(array(), cancel=event), simulated(array()))


@pytest.mark.parametrize("option", ["progress", "cancel"])
def test_a_fault_in_a_callback_changes_nothing(option: str) -> None:
    def fault(*_: object) -> None:
        raise StopError

    cells = used()
    before = cells.state_hash()
    with pytest.raises(StopError):
        simulated(cells, **{option: fault})
    assert cells.state_hash() == before
    assert cells.reads == 1


@pytest.mark.parametrize("call", [0, 3])
def test_a_fault_inside_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    kind = type(choose.engine("auto"))
    advance = kind.advance
    calls = iter(range(10**6))

    def sometimes(self: Any, *rest: Any) -> None:
        if next(calls) == call:
            raise MemoryError("no more")
        advance(self, *rest)

    monkeypatch.setattr(kind, "block", 9)
    cells = used()
    before = cells.state_hash()
    monkeypatch.setattr(kind, "advance", sometimes)
    with pytest.raises(MemoryError, match="no more"):
        simulated(cells)
    assert cells.state_hash() == before
    monkeypatch.setattr(kind, "advance", advance)
    again = used()
    same(simulated(cells), simulated(again))
    assert cells.state_hash() == again.state_hash()


def test_a_fault_while_the_dataset_is_built_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from synaptogen_core.array.runs import dataset

    def fault(*_: object) -> None:
        raise StopError

    cells = used()
    before = cells.state_hash()
    monkeypatch.setattr(dataset, "build", fault)
    with pytest.raises(StopError):
        simulated(cells)
    assert cells.state_hash() == before


def test_no_work_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the call has returned, whatever the reason, none of its blocks is still being computed."""
    kind, busy = type(choose.engine("auto")), []
    advance = kind.advance

    def noted(self: Any, *rest: Any) -> None:
        busy.append(1)
        time.sleep(0.002)
        advance(self, *rest)
        busy.pop()

    monkeypatch.setattr(kind, "advance", noted)
    monkeypatch.setattr(kind, "block", 8)
    with pytest.raises(StopError):
        simulated(array(), progress=fail, threads=4)
    assert not busy
    with pytest.raises(Cancelled):
        simulated(array(), cancel=lambda: True, threads=4)
    assert not busy


def test_progress_grows_from_nothing_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(choose.engine("auto")), "piece", 40)
    monkeypatch.setattr(blocks, "POLL", 0.001)
    seen: list[float] = []
    simulated(array(), progress=seen.append, threads=2)
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert all(0 <= done <= 1 for done in seen)


def test_a_run_leaves_other_processors_to_others() -> None:
    assert 1 <= blocks.available_threads() <= 1024
