"""Cells change all at once or not at all, whatever stops the one who changes them."""

from __future__ import annotations

import _thread
import copy
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.array import cells as module
from synaptogen_core.array import helper_threads, threads, transactions
from synaptogen_core.array.engines import choose
from synaptogen_core.crossbar.circuit.bias import bias

DEVICE = sc.load_device("hennen2024")
TRAIN = sc.PulseTrain.cycling(4) + sc.PulseTrain.staircase(1)
TRIES = {"numpy": 4, "numba": 14}
SIDE = {"numpy": 12, "numba": 40}  # the specification is slow

Change = Callable[[sc.CellArray], Any]
CHANGES: dict[str, Change] = {
    "apply_voltage": lambda cells: cells.apply_voltage(1.5),
    "apply_voltage of each": lambda cells: cells.apply_voltage(np.linspace(-1.5, 1.5, cells.size)),
    "read": lambda cells: cells.read(),
    "apply_train": lambda cells: sc.apply_train(cells, TRAIN),
    "simulate": lambda cells: sc.simulate(cells, TRAIN, record=("features", "current"), every=7, bandwidth=1e6),
    "pulse": lambda cells: sc.crossbar.pulse(
        cells, bias(cells.shape, "half", 1.4), sc.crossbar.Lines(3.0, 3.0), rounds=3
    ),
    "program_and_verify": lambda cells: sc.crossbar.program_and_verify(cells, 1e-4, max_pulses=6, bandwidth=1e6),
}


def about(cells: sc.CellArray) -> tuple[str, int, bool]:
    return cells.state_hash(), cells.reads, cells.fresh


def array(engine: str, *, used: bool = True) -> sc.CellArray:
    cells = sc.CellArray((SIDE[engine], SIDE[engine]), DEVICE, seed=3, engine=engine)
    if used:
        cells.apply_voltage(-1.5)
    return cells


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many blocks of few cells, so that there is much to be torn apart; and more than one thread on any machine."""
    for place, name in ((module, "VOLTAGE_BLOCK"), (module, "READ_BLOCK"), (transactions, "FRESH_BLOCK")):
        monkeypatch.setattr(place, name, 48)
    monkeypatch.setattr(threads, "available_threads", lambda: 3)


@pytest.fixture
def alarm() -> Iterator[Callable[[float], None]]:
    """Raises KeyboardInterrupt on the main thread once, so many seconds after it was set; 0 takes it back."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread alone")
    armed: list[bool] = []

    def ring(*_: object) -> None:
        if armed:
            armed.clear()
            raise KeyboardInterrupt

    def set_to(seconds: float) -> None:
        armed[:] = [True] if seconds else []
        signal.setitimer(signal.ITIMER_REAL, seconds)

    before = signal.signal(signal.SIGALRM, ring)
    yield set_to
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.usefixtures("small_blocks")
def test_an_interrupt_at_any_moment(engine: str, alarm: Callable[[float], None]) -> None:
    rng = np.random.default_rng(5)
    torn, hits = [], dict.fromkeys(CHANGES, 0)
    for name, change in CHANGES.items():
        start = array(engine, used=name != "apply_train")
        change(start.copy())  # compiled, and all that is kept is there
        full, begin = start.copy(), time.perf_counter()
        change(full)
        took = time.perf_counter() - begin
        for _ in range(50):
            cells = start.copy()
            try:
                alarm(1e-5 + took * rng.uniform())
                change(cells)
                alarm(0)
                took *= 0.8  # it was quicker than the first time: on a busy machine that one may have been held up
            except KeyboardInterrupt:
                hits[name] += 1
            if about(cells) not in (about(start), about(full)):
                torn.append(name)
            if hits[name] == TRIES[engine]:
                break
        change(cells)  # nobody works on anything any more, and no lock is held
    assert torn == []
    assert hits == dict.fromkeys(CHANGES, TRIES[engine])


def interrupted(monkeypatch: pytest.MonkeyPatch, cells: sc.CellArray, change: Change) -> int:
    """Ctrl-C while some block is pulsed; the number of blocks that were pulsed all the same."""
    engine = choose.engine(cells.engine)
    advance, seen, lock = engine.advance, [], threading.Lock()

    def slow(*arguments: Any) -> None:
        with lock:
            seen.append(arguments[2])
        if len(seen) == 2:
            _thread.interrupt_main()
        advance(*arguments)

    monkeypatch.setattr(engine, "advance", slow)
    with pytest.raises(KeyboardInterrupt):
        change(cells)
        time.sleep(10)  # the interrupt is on its way; it comes at the latest here
    monkeypatch.undo()
    return len(seen)


@pytest.mark.usefixtures("small_blocks")
def test_a_pulse_in_place_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = array("numba")
    full = cells.copy()
    full.apply_voltage(1.5)
    interrupted(monkeypatch, cells, CHANGES["apply_voltage"])
    assert about(cells) == about(full)


@pytest.mark.usefixtures("small_blocks")
def test_torn_cells_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pulse without its shelter leaves some cells pulsed and others not, and says that nothing happened."""
    start = array("numba")
    monkeypatch.setattr(module, "to_the_end", lambda work: work())
    monkeypatch.setattr(threads, "available_threads", lambda: 1)
    cells, full = start.copy(), start.copy()
    full.apply_voltage(1.5)
    interrupted(monkeypatch, cells, CHANGES["apply_voltage"])
    assert about(cells) not in (about(start), about(full))


@pytest.mark.parametrize("name", ["apply_voltage", "apply_train", "simulate", "pulse", "program_and_verify"])
@pytest.mark.usefixtures("small_blocks")
def test_a_fault_in_the_middle(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = array("numpy", used=False)
    before = about(cells)
    engine = choose.engine("numpy")
    advance, calls = engine.advance, []

    def fails(*arguments: Any) -> None:
        calls.append(1)
        advance(*arguments)
        if len(calls) >= 2:
            raise MemoryError("of the test")

    monkeypatch.setattr(engine, "advance", fails)
    monkeypatch.setattr(type(engine), "block", 48)
    with pytest.raises(MemoryError, match="of the test"):
        CHANGES[name](cells)
    assert about(cells) == before


def test_to_the_end() -> None:
    done: list[str] = []

    def work() -> None:
        _thread.interrupt_main()
        time.sleep(0.01)  # the interrupt has come
        done.append(threading.current_thread().name)

    with pytest.raises(KeyboardInterrupt):
        helper_threads.to_the_end(work)
    assert len(done) == 1
    assert done[0] != "MainThread"
    with pytest.raises(ValueError, match="own"):
        helper_threads.to_the_end(lambda: (_ for _ in ()).throw(ValueError("its own")))


# --------------------------------------------------------------------------------------------------------- transactions
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_transaction_is_all_or_nothing(engine: str) -> None:
    cells, plain = array(engine), array(engine)
    before = about(cells)
    with pytest.raises(RuntimeError, match="in the middle"), cells.transaction() as work:
        work.apply_voltage(1.5)
        work.read()
        assert about(cells) == before
        raise RuntimeError("in the middle")
    assert about(cells) == before
    with cells.transaction() as work:
        for cell_array in (work, plain):
            cell_array.apply_voltage(0.9)
            cell_array.apply_voltage(-1.5)
            cell_array.read()
        with work.transaction() as inner:
            inner.apply_voltage(1.2)
        plain.apply_voltage(1.2)
        assert about(cells) == before
    assert about(cells) == about(plain)
    after = about(cells)
    work.apply_voltage(1.5)  # one who kept the twin has cells of his own
    assert about(cells) == after


def test_cells_pulsed_meanwhile_do_not_reach_into_a_transaction() -> None:
    cells = array("numba")
    with cells.transaction() as work:
        seen = about(work)
        cells.apply_voltage(1.5)
        assert about(work) == seen


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, sc.CellArray.copy, sc.CellArray.part])
@pytest.mark.parametrize("used", [False, True])
def test_copies_share_nothing(twin_of: Change, used: bool) -> None:
    cells = array("numba", used=used)
    cells.mixing()
    before = about(cells)
    twin = twin_of(cells)
    assert about(twin) == before
    twin.apply_voltage(1.5)
    twin.read()
    assert about(cells) == before
    cells.apply_voltage(1.5)
    cells.read()
    assert about(cells) == about(twin)


def test_a_transaction_without_a_change_takes_no_memory() -> None:
    cells = array("numba")
    with cells.transaction() as work:
        assert work.stored is cells.stored
        work.apply_voltage(0.2)
        own = work.stored
        assert own is not cells.stored
        work.apply_voltage(0.9)
        assert work.stored is own, "its second pulse is made in place"
    assert cells.stored is own


def test_a_view_refuses_writing() -> None:
    cells = array("numba")
    for values in cells.view(slice(0, 5)).arrays().values():
        with pytest.raises(ValueError, match="read-only"):
            values[...] = 0


def test_no_read_repeats_the_noise_of_another() -> None:
    """The count of an address has 32 bits; the sub-draw holds those above, and then there are no more."""
    for engine in ("numpy", "numba"):
        data = array(engine).to_state()
        seen = set()
        for number in (0, 1, 2**32 - 1, 2**32, 2**32 + 1, 2**33, 2**48 - 1):
            cells = sc.CellArray.from_state({**data, "reads": number}, engine=engine)
            seen.add(cells.read().tobytes())
        assert len(seen) == 7
        before = about(cells)
        with pytest.raises(ValueError, match=r"^reads: an array has noise for 2\*\*48 of them \(got 281474976710656"):
            cells.read()
        with pytest.raises(ValueError, match=r"^reads: "):
            sc.simulate(cells, TRAIN, record="current", bandwidth=1e6)
        assert about(cells) == before


def test_both_engines_read_alike_beyond_the_count() -> None:
    values = []
    for engine in ("numpy", "numba"):
        cells = sc.CellArray.from_state({**array("numba").to_state(), "reads": 3 * 2**32 + 5}, engine=engine)
        values.append(cells.read().tobytes())
    assert values[0] == values[1]
