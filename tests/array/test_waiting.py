"""Waiting: order, engines, blocks, saving and trains give the same bits; without it everything is as before."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.errors import RangeWarning

DEVICE = sc.load_device("hennen2024")
LAW = sc.RetentionLaw("test", [1e-6, 3e-4], [2e-6, 8e-6], [0.4, 0.3], 0.006, 2e-5, [0.0, -4e-7])
SHAPE = (20, 30)
TRAIN = (
    sc.PulseTrain.cycling(3).timed(width=1e-6, delay=1e-3)
    + sc.PulseTrain.wait(10.0)
    + sc.PulseTrain.staircase(1)
    + sc.PulseTrain.wait(500.0)
    + sc.PulseTrain.read_only(4, every=1.0)
)


def array(engine: str = "auto", law: sc.RetentionLaw | None = LAW, used: bool = True) -> sc.CellArray:
    cells = sc.CellArray(SHAPE, DEVICE, seed=7, engine=engine, retention=law)
    if used:
        cells.apply_voltage(-1.5)
        cells.apply_voltage(0.9)
    return cells


def same(a: sc.CellArray, b: sc.CellArray) -> bool:
    return a.state_hash() == b.state_hash() and np.array_equal(a.mixing(), b.mixing())


def test_one_second_and_nine_are_ten() -> None:
    a, b, c = array(), array(), array("numpy")
    a.wait(1.0)
    a.read()
    a.wait(9.0)
    b.read()
    b.wait(10.0)
    c.read()
    for _ in range(10):
        c.wait(0.7)
        c.conductance()
        c.wait(0.3)
    assert a.time == b.time == 10.0 and same(a, b) and same(a, c)
    assert not np.array_equal(a.mixing(), array().mixing()), "the control: something has moved"
    assert np.array_equal(a.state(), array().state()) and np.all(a.age() == 10.0)


def test_a_copy_looks_ahead_and_leaves_the_cells_alone() -> None:
    a, b = array(), array()
    late = a.copy()
    late.wait(1e8)
    late.mixing()
    a.wait(1.0)
    b.wait(1.0)
    assert same(a, b)
    a.wait(1e8 - 1)
    assert same(a, late)


def test_parts_go_on_as_the_whole() -> None:
    whole = array()
    whole.wait(5.0)
    whole.apply_voltage(np.where(np.arange(600) % 3, 1.2, 0.0).reshape(SHAPE))
    parts = [whole.part(slice(0, 8)), whole.part(slice(8, 20))], whole.part(columns=slice(4, 9))
    for cells in (whole, *parts[0], parts[1]):
        cells.wait(100.0)
    assert np.array_equal(np.concatenate([part.mixing() for part in parts[0]]), whole.mixing())
    assert np.array_equal(parts[1].mixing(), whole.mixing()[:, 4:9])


def test_without_a_law_nothing_waits_and_nothing_changes() -> None:
    cells, plain = array(law=None), sc.CellArray(SHAPE, DEVICE, seed=7)
    plain.apply_voltage(-1.5)
    plain.apply_voltage(0.9)
    for wait in (lambda: cells.wait(1.0), lambda: sc.simulate(cells, TRAIN), lambda: cells.next_event()):
        with pytest.raises(ValueError, match=r"retention: must be given .*load_retention.*scale=0"):
            wait()
    assert cells.state_hash() == plain.state_hash() and cells.time == 0.0 and not cells.age().any()
    lawful = array()
    assert np.array_equal(lawful.read(), plain.read()), "a law without waiting: the same bits"
    a = sc.simulate(array(used=False), sc.PulseTrain.cycling(5))
    b = sc.simulate(sc.CellArray(SHAPE, DEVICE, seed=7), sc.PulseTrain.cycling(5))
    assert a.equals(b) and not a.time.any()


def test_cells_that_keep_what_they_hold() -> None:
    cells, before = array(law=LAW.vary(scale=0)), array()
    cells.wait(1e8)
    assert np.array_equal(cells.mixing(), before.mixing()) and cells.time == 1e8


def test_a_set_restarts_the_clock_of_its_cell_alone() -> None:
    a, b = array(), array()
    for cells in (a, b):
        cells.wait(1000.0)
    volts = np.zeros(SHAPE)
    volts[:10] = -1.5
    a.apply_voltage(volts)
    assert np.array_equal(a.mixing()[10:], b.mixing()[10:])
    was_set = b.state()[:10] != 2  # a few were in LRS still
    assert was_set.mean() > 0.9 and np.array_equal(a.age()[:10] == 0, was_set) and np.all(a.age()[10:] == 1000.0)
    programmed = a.copy()
    a.wait(1000.0)
    b.wait(1000.0)
    new, old = (a.mixing() - programmed.mixing())[:10][was_set], (b.mixing() - array().mixing())[:10][was_set]
    assert abs(np.corrcoef(new, old)[0, 1]) < 4.89 / np.sqrt(new.size)
    assert np.array_equal(a.mixing()[10:], b.mixing()[10:])


def test_the_rule_keeps_what_was_programmed() -> None:
    a, b = array(), array()
    a.wait(1e6)
    for cells in (a, b):
        cells.apply_voltage(1.1)
    assert np.array_equal(a.state(), b.state())
    assert np.array_equal(a.to_state()["arrays"]["r"], b.to_state()["arrays"]["r"])


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_train_is_its_pulses(engine: str) -> None:
    cells, one = array(engine, used=False), array(engine, used=False)
    ds = sc.simulate(cells, TRAIN, record=["conductance", "state"], every=1, threads=2)
    ends = TRAIN.ends
    for k, u in enumerate(TRAIN.pulses.voltage):
        one.wait((ends[k] - (ends[k - 1] if k else 0)) / 1e9)
        if not TRAIN.pulses.read[k]:
            one.apply_voltage(u)
        assert np.array_equal(one.conductance(), ds.conductance.values[k]), k
        assert ds.time.values[k] == pytest.approx(one.time)
    one.wait(TRAIN.duration - one.time)
    assert same(cells, one)
    assert ds.attrs["retention_hash"] == LAW.hash and "extrapolated" in ds.attrs["retention_note"]


def test_runs_repeat_and_select(tmp_path: Path) -> None:
    whole = sc.simulate(array(used=False), TRAIN, record=["conductance", "features"], every=1, bandwidth=1e6)
    again = sc.repeat(whole)
    assert again.equals(whole)
    some = sc.simulate(array(used=False), TRAIN, record="conductance", every=1, select=[3, 77, 599], advance=False)
    quiet = sc.simulate(array(used=False), TRAIN, record="conductance", every=1, threads=1)
    assert np.array_equal(some.conductance, quiet.conductance.values.reshape(len(TRAIN), -1)[:, [3, 77, 599]])
    sc.save_dataset(whole, tmp_path / "run.nc")
    assert sc.load_dataset(tmp_path / "run.nc").equals(whole)
    sc.simulate_to_file(array(used=False), TRAIN, tmp_path / "streamed.nc", record="conductance", every=1)
    assert sc.load_dataset(tmp_path / "streamed.nc").conductance.equals(quiet.conductance)


def test_saved_cells_go_on(tmp_path: Path) -> None:
    cells = array()
    cells.wait(3.0)
    cells.apply_voltage(np.where(np.arange(600) % 2, 1.0, 0.0).reshape(SHAPE))
    cells.wait(4.0)
    sc.save_cells(cells, tmp_path / "cells.nc")
    loaded = sc.load_cells(tmp_path / "cells.nc")
    assert same(loaded, cells) and loaded.time == 7.0 and np.array_equal(loaded.age(), cells.age())
    for one in (loaded, cells):
        one.wait(1e5)
    assert same(loaded, cells)
    data = cells.to_state()
    data["arrays"]["born"] = data["arrays"]["born"] + 10**18
    with pytest.raises(ValueError, match="born must lie"):
        sc.CellArray.from_state(data)


def test_a_failed_transaction_takes_back_the_time() -> None:
    cells, before = array(), array()
    for one in (cells, before):
        one.wait(2.0)
    with pytest.raises(RuntimeError), cells.transaction() as work:
        work.wait(100.0)
        work.apply_voltage(-1.5)
        work.read()
        raise RuntimeError
    assert same(cells, before) and cells.time == 2.0


def test_the_next_event_is_the_next_change() -> None:
    cells = array()
    cells.wait(1.0)
    due = cells.next_event()
    before = cells.mixing()
    cells.wait(due - 2e-9)
    assert np.array_equal(cells.mixing(), before)
    cells.wait(4e-9)
    assert np.count_nonzero(cells.mixing() != before) == 1


def test_verified_again_survivors_are_narrow() -> None:
    """Cells looked at after d without a pulse spread from there on by s sqrt(ln((t + t0)/(d + t0)))."""
    law = sc.RetentionLaw("test", [1e-6], [1e-6], [5.0], 0.006, 1e-9)
    cells = sc.CellArray((100, 100), DEVICE, seed=2, retention=law)
    cells.apply_voltage(-1.5)
    cells.wait(1.0)
    first = cells.conductance().astype(float)
    cells.wait(1e4 - 1)
    spread = (cells.conductance() - first).std()
    exact = 1e-6 * np.sqrt(np.log((1e4 + 0.006) / 1.006))
    error = 4.89 * np.sqrt((2 + 6 / (5 * np.log(1e4))) / 1e4) / 2
    assert spread == pytest.approx(exact, rel=error)
    assert spread != pytest.approx(1e-6 * np.sqrt(np.log(1e4 / 0.006)), rel=error), "the control"


def test_cells_outside_the_range_are_said_once() -> None:
    cells = sc.CellArray(SHAPE, DEVICE, seed=7, retention=sc.load_retention("stanford-c"))
    cells.apply_voltage(-1.5)
    with pytest.warns(RangeWarning, match=r"outside 2.6 to 35 uS.*stanford-c"):
        cells.wait(1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cells.wait(1.0)


def test_temperature_needs_an_activation_energy() -> None:
    with pytest.raises(ValueError, match="activation energy"):
        array().wait(1.0, temperature=400.0)
    law = LAW.vary(activation_energy=1.0)
    hot, long = array(law=law), array(law=law)
    factor = np.exp(1.0 / 8.617333262e-5 * (1 / 300 - 1 / 330))
    hot.wait(10.0, temperature=330.0)
    long.wait(10.0 * factor)
    assert np.array_equal(hot.mixing(), long.mixing()) and hot.time == 10.0


def test_lines_and_netlists_see_it(tmp_path: Path) -> None:
    cells = array()
    quiet = cells.copy()
    cells.wait(1e5)
    bias = sc.crossbar.read_bias([0.2] * SHAPE[0], SHAPE[1])
    before, after = (sc.crossbar.solve_lines(one, bias, sc.crossbar.Lines(1.0, 1.0)) for one in (quiet, cells))
    assert not np.array_equal(before.bit_current, after.bit_current)
    written = []
    for one in (quiet, cells):
        sc.save_netlist(one, bias, sc.crossbar.Lines(1.0, 1.0), tmp_path / "array.cir")
        text = (tmp_path / "array.cir").read_text()
        written.append(np.array(re.findall(r"cell r=(\S+)", text), float))
        assert np.allclose(np.sort(written[-1]), np.sort(one.mixing().ravel()), atol=1e-6)
    assert not np.allclose(*written)
    sc.save_netlist(cells, bias, sc.crossbar.Lines(1.0, 1.0), tmp_path / "array.cir", cells="veriloga")
    assert "as programmed, not as 27.8 h" in (tmp_path / "array.cir").read_text()


def test_programming_can_verify_after_a_delay() -> None:
    law = sc.RetentionLaw("test", [1e-6], [4e-6], [3.0], 0.006, 1e-9)
    done = {}
    for delay in (0.0, 10.0):
        cells = sc.CellArray(SHAPE, DEVICE, seed=7, retention=law)
        ds = sc.crossbar.program_and_verify(cells, 60e-6, max_pulses=60, delay=delay)
        assert ds.attrs["delay"] == delay and (cells.time > 0) == (delay > 0)
        cells.wait(3600.0)
        done[delay] = float(np.mean(np.abs(cells.conductance() / 60e-6 - 1) < 0.15))
    assert done[10.0] > done[0.0] + 0.1, "cells that still hold after a delay hold on: their clock goes on"
    with pytest.raises(ValueError, match="retention: must be given"):
        sc.crossbar.program_and_verify(array(law=None), 60e-6, delay=1.0)
