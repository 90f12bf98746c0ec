"""Cells with traps: reads fluctuate with the array's time, whoever computes; without traps every bit is as before."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.device.model import read_noise

DEVICE = sc.load_device("hennen2024")
LAW = sc.RetentionLaw("test", [1e-6, 3e-4], [2e-6, 8e-6], [0.4, 0.3], 0.006, 2e-5)
TRAPS = sc.retention.Traps("test", [1e-5, 2e-4], [0.01, 0.02], 1.0, 1e-3, 10.0, 0.4)
SHAPE = (10, 30)
TRAIN = (
    sc.PulseTrain.cycling(1).timed(width=1e-6, delay=1e-3)
    + sc.PulseTrain.wait(10.0)
    + sc.PulseTrain.read_only(6, every=0.5)
)


def array(engine: str = "auto", traps: sc.retention.Traps | None = TRAPS, law: sc.RetentionLaw = LAW) -> sc.CellArray:
    cells = sc.CellArray(SHAPE, DEVICE, seed=7, engine=engine, retention=law, traps=traps)
    cells.apply_voltage(-1.5)
    cells.apply_voltage(0.9)
    return cells


def test_a_train_is_its_pulses_and_engines_agree() -> None:
    cells, step = array("numba"), array("numpy")
    ds = sc.simulate(cells, TRAIN, record="conductance", every=1, threads=2)
    ends = TRAIN.ends
    for k, u in enumerate(TRAIN.pulses.voltage):
        step.wait((ends[k] - (ends[k - 1] if k else 0)) / 1e9)
        if not TRAIN.pulses.read[k]:
            step.apply_voltage(u)
        assert np.array_equal(step.conductance(), ds.conductance.values[k]), k
    assert "another device" in ds.attrs["traps_note"] and ds.attrs["traps_hash"] == TRAPS.hash


def test_time_alone_moves_them_and_in_any_order() -> None:
    cells, late = array(), array()
    late.wait(1e8)
    late.mixing()  # ten years asked first change nothing
    first = cells.mixing()
    assert np.array_equal(first, cells.mixing()), "two reads at one time find the same traps"
    cells.wait(1.0)
    assert not np.array_equal(first, cells.mixing())
    cells.wait(1e8 - 1)
    assert np.array_equal(cells.mixing(), late.mixing())
    part = array().part(slice(3, 9), slice(2, 20))
    part.wait(1e8)
    assert np.array_equal(part.mixing(), late.mixing()[3:9, 2:20])


def test_white_noise_stays_and_nothing_is_counted_twice() -> None:
    """Variance over reads = the traps' own + that of white noise; cells without traps of their own have the latter."""
    still = LAW.vary(scale=0)
    cells, plain = array(law=still), array(traps=None, law=still)
    white, both = [], []
    for _ in range(100):
        both.append(cells.read(0.2) - cells.current(0.2))
        white.append(plain.read(0.2) - plain.current(0.2))
        for one in (cells, plain):
            one.wait(0.05)
    found = np.std(both, axis=0) / read_noise.noise_sd(plain.current(0.2), plain.conductance(), read_noise.BANDWIDTH)
    error = 4.89 / np.sqrt(2 * np.size(both))
    assert abs(np.sqrt((found**2).mean()) - 1) < error + 0.02, ".02: traps change the current that makes the noise"
    alike = np.corrcoef(np.ravel(both), np.ravel(white))[0, 1]
    assert alike > 0.99, "the same normals, cell by cell and read by read"


def test_without_traps_every_bit_is_as_before() -> None:
    plain = sc.CellArray(SHAPE, DEVICE, seed=7)
    plain.apply_voltage(-1.5)
    plain.apply_voltage(0.9)
    cells = array(traps=None)
    assert np.array_equal(cells.read(), plain.read())
    quiet = sc.retention.Traps("none", [1e-5], [0.0])
    assert np.array_equal(array(traps=quiet).read(), array(traps=None).read())


def test_saved_cells_and_runs_go_on(tmp_path: Path) -> None:
    cells = array()
    cells.wait(3.0)
    sc.save_cells(cells, tmp_path / "cells.nc")
    loaded = sc.load_cells(tmp_path / "cells.nc")
    assert loaded.traps == TRAPS and loaded.state_hash() == cells.state_hash() != array(traps=None).state_hash()
    assert np.array_equal(loaded.read(), cells.read())
    fresh = sc.CellArray((4, 5), DEVICE, seed=1, retention=LAW, traps=TRAPS)
    ds = sc.simulate(fresh, TRAIN, record="conductance", every=1)
    assert sc.repeat(ds).equals(ds)
    made: dict[str, sc.CellArray] = {"law": LAW}  # type: ignore[dict-item] # the text names what it makes
    text = ds.attrs["python"].replace("sc.load_retention('law.json')", "law")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(text, made)
    assert made["ds"].equals(ds)  # type: ignore[operator] # a Dataset


def test_traps_need_a_clock() -> None:
    with pytest.raises(ValueError, match=r"traps: must come with a retention law.*scale=0"):
        sc.CellArray(SHAPE, DEVICE, seed=7, traps=TRAPS)
    with pytest.raises(TypeError, match="traps: must be Traps"):
        sc.CellArray(SHAPE, DEVICE, seed=7, retention=LAW, traps=LAW)  # type: ignore[arg-type] # the wrong thing
