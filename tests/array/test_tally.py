"""Cells that switched, and cells that are stuck: counted on the way, and the same however a run is carried out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.array.tally import COUNTS, notes
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.array.write_disturb import would_switch

DEVICE = sc.load_device("hennen2024")
TRAINS = {
    "cycling": PulseTrain.cycling(cycles=30),
    "weak": PulseTrain.cycling(cycles=20, u_set=-0.7, u_reset=0.8),
    "nothing": PulseTrain.cycling(cycles=5, u_set=-0.1, u_reset=0.1),
    "staircase": PulseTrain.staircase(cycles=2, u_set=-0.8, u_stop=1.2),
    "sweep": PulseTrain.iv_sweep(cycles=2, u_min=-0.75, u_max=1.0, points=40),
    "random": PulseTrain.random(12, low=-0.8, high=0.9),
    "read": PulseTrain.read_only(3) + PulseTrain.cycling(cycles=1, u_set=-0.65, u_reset=0.7),
}


def cells_of(shape: tuple[int, int] = (16, 24), used: bool = False, **options: Any) -> sc.CellArray:
    cells = sc.CellArray(shape, DEVICE, seed=4, **options)
    if used:
        cells.apply_voltage(np.linspace(-1.2, -0.3, cells.size))
        cells.apply_voltage(np.linspace(0.5, 1.5, cells.size)[::-1].copy())
    return cells


def counts(ds: xr.Dataset) -> tuple[int, int]:
    switched, stuck = (ds.attrs[name] for name in COUNTS)
    return switched, stuck


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("name", TRAINS)
def test_the_counts_are_what_pulse_by_pulse_shows(name: str, used: bool) -> None:
    cells, train = cells_of(used=used), TRAINS[name]
    steps, changed = cells.copy(), np.zeros(cells.shape, np.bool_)
    for volts, read in zip(train.voltages(np.arange(cells.size)), train.pulses.read, strict=True):
        if not read:
            u = volts.reshape(cells.shape)
            changed |= would_switch(steps, u)
            steps.apply_voltage(u)
    ds = sc.simulate(cells, train)
    low, high = train.extremes
    beyond = ~(would_switch(cells, low) | would_switch(cells, high))
    assert counts(ds) == (int(changed.sum()), int(beyond.sum()))
    assert name == "nothing" or (changed.sum() > 0 and (name == "cycling" or changed.sum() < cells.size))
    if name == "weak":
        assert beyond.sum() > 20  # the train does leave cells behind


def test_one_sided_trains_leave_nobody_behind_whom_they_switched() -> None:
    assert counts(sc.simulate(cells_of(), PulseTrain.table([-1.5]))) == (384, 0)
    assert counts(sc.simulate(cells_of(), PulseTrain.identical(5, 0.9))) == (0, 0)
    assert counts(sc.simulate(cells_of(), PulseTrain.read_only(2))) == (0, 0)
    switched, stuck = counts(sc.simulate(cells_of(), PulseTrain.table([-0.7])))
    assert switched + stuck == 384 and min(switched, stuck) > 50


def test_they_do_not_depend_on_engine_threads_blocks_or_what_is_left_alone() -> None:
    train = TRAINS["weak"]
    whole = sc.simulate(cells_of(used=True), train)
    for ds in (
        sc.simulate(cells_of(used=True, engine="numpy"), train, threads=2),
        sc.simulate(cells_of(used=True), train, threads=1, record=("state",), every=1),
        sc.simulate(cells_of(used=True), train, advance=False),
    ):
        assert counts(ds) == counts(whole)
    chosen = np.arange(0, 384, 5)
    some = [sc.simulate(cells_of(used=True), train, select=chosen, advance=advance) for advance in (True, False)]
    rest = sc.simulate(cells_of(used=True), train, select=np.setdiff1d(np.arange(384), chosen))
    assert counts(some[0]) == counts(some[1])
    assert np.add(counts(some[0]), counts(rest)).tolist() == list(counts(whole))


def test_a_run_made_again_has_the_same_attributes() -> None:
    ds = sc.simulate(cells_of(), TRAINS["weak"])
    again = sc.repeat(ds)
    assert {**again.attrs, "created": ""} == {**ds.attrs, "created": ""}
    assert counts(again) == counts(ds) != (0, 0)


def test_longer_trains_leave_more_cells_behind_and_outliers_first() -> None:
    cells = cells_of((64, 64))
    found = []
    for _ in range(2):
        found.append(counts(sc.simulate(cells, PulseTrain.cycling(cycles=500)))[1])
    assert found[0] < found[1] and 0.003 < found[1] / 4096 < 0.012  # .7 % after 1,000 cycles
    stuck = ~(would_switch(cells, -1.5) | would_switch(cells, 1.5))
    assert stuck[cells.outlier()].mean() > 10 * stuck[~cells.outlier()].mean()


def test_sentences() -> None:
    weak = sc.simulate(cells_of(), TRAINS["weak"])
    switched, stuck = counts(weak)
    assert notes(weak) == (
        f"Only {switched} of 384 cells ({100 * switched / 384:.3g} %) ever switched.",
        f"{stuck} of 384 cells ({100 * stuck / 384:.3g} %) can no longer be switched by this train: the U_SET or "
        "U_RESET that they drew lies beyond its voltages, and a cell draws new ones only when it is RESET.",
    )
    assert notes(sc.simulate(cells_of(), TRAINS["nothing"])) == (
        "No cell switched: the features are those with which the cells began. |U| reaches 0.1 V, and the device was "
        "measured up to 1.5 V.",
    )
    assert notes(sc.simulate(cells_of(), PulseTrain.cycling(cycles=1))) == ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        far = sc.simulate(cells_of(), PulseTrain.table([5.0, -7.0]))
        near = sc.simulate(cells_of(), PulseTrain.cycling(cycles=1), record="conductance", read_voltage=-1.75)
    sentence = "|U| reaches {} V, but the device was measured up to 1.5 V: what lies above is an extrapolation."
    assert notes(far) == (sentence.format(7),) and notes(near) == (sentence.format(1.75),)
    assert notes(weak.assign_attrs(dict.fromkeys(COUNTS))) == ()  # of a release that did not count
