"""simulate: what it records, for which cells, and that runs can be cut, joined and repeated."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.errors import BudgetError, RangeWarning
from synaptogen_core.schema import FEATURE_NAMES

DEVICE = sc.load_device("hennen2024")
Train = sc.PulseTrain
VALUES = ["conductance", "current", "state", "cycle_count", "voltage"]
ALL = ["features", *VALUES]


def array(shape: tuple[int, int] = (6, 7), **options: Any) -> sc.CellArray:
    return sc.CellArray(shape, DEVICE, **{"seed": 8, **options})


def used(**options: Any) -> sc.CellArray:
    cells = array(**options)
    cells.apply_voltage(-1.5)
    cells.apply_voltage(1.0)
    cells.read()
    return cells


def bits(values: xr.DataArray) -> bytes:
    return bytes(values.values.tobytes())


# ----------------------------------------------------------------------------------------------- against pulse by pulse
TRAIN = Train.cycling(2) + Train.staircase(steps=4) + Train.random(6, low=-1.5, high=1.5, seed=1) + Train.read_only(2)


def test_every_pulse_as_apply_voltage_does_it() -> None:
    ds = sc.simulate(array(), TRAIN, record=ALL, every=1, read_voltage=0.3)
    cells = array()
    pulses = TRAIN.pulses
    volts = TRAIN.voltages(np.arange(42)).reshape(-1, 6, 7)
    cycle = -1
    for k in range(len(TRAIN)):
        if pulses.cycle[k] != cycle:
            cycle = int(pulses.cycle[k])
            for name, values in cells.features().items():
                assert np.array_equal(ds[name].values[cycle], values)
        if not pulses.read[k]:
            cells.apply_voltage(volts[k])
        assert np.array_equal(ds["state"].values[k], cells.state())
        assert np.array_equal(ds["cycle_count"].values[k], cells.cycle_count())
        assert np.array_equal(ds["conductance"].values[k], cells.conductance(0.3))
        assert np.array_equal(ds["current"].values[k], cells.current(volts[k]))
        assert np.array_equal(ds["voltage"].values[k], volts[k])
    assert cycle == TRAIN.cycles - 1


def test_every_so_many_pulses_are_every_kth_of_all() -> None:
    whole = sc.simulate(array(), TRAIN, record=ALL, every=1)
    for k in (2, 3, 5, len(TRAIN)):
        some = sc.simulate(array(), TRAIN, record=ALL, every=k)
        for name in VALUES:
            assert np.array_equal(some[name].values, whole[name].values[k - 1 :: k]), name
        assert np.array_equal(some["pulse"].values, np.arange(k - 1, len(TRAIN), k))
        for name in FEATURE_NAMES:
            assert bits(some[name]) == bits(whole[name])


def test_cycles_record_their_last_pulse() -> None:
    whole = sc.simulate(array(), TRAIN, record=ALL, every=1)
    ends = sc.simulate(array(), TRAIN, record=ALL)
    last = np.append(np.flatnonzero(TRAIN.pulses.cycle_end), len(TRAIN) - 1)
    for name in VALUES:
        assert np.array_equal(ends[name].values, whole[name].values[last]), name


def test_conductance_at_the_end_of_a_cycle_is_that_of_the_next_hrs() -> None:
    ds = sc.simulate(array((40, 40)), Train.cycling(20), record=["features", "conductance", "state"])
    assert np.all(ds["state"] == 0)
    expected = 1 / ds["r_hrs"].values[1:].astype(float)
    assert np.abs(ds["conductance"].values[:-1] - expected).max() < 10 * 2.0**-24 * DEVICE.g_llrs


def test_loops_show_exactly_the_thresholds_of_their_cycle() -> None:
    """Just before u_set[c] a cell is in HRS, at it in LRS; at u_reset[c] it is in LRS, above it no longer."""
    ds = sc.simulate(array((5, 5)), Train.cycling(4), record="features")
    for c in range(4):
        cells = array((5, 5))
        if c:
            sc.simulate(cells, Train.cycling(c))
        u_set, u_reset = ds["u_set"].values[c], ds["u_reset"].values[c]
        cells.apply_voltage(np.nextafter(u_set, np.float32(0)))
        assert np.all(cells.state() == 0)
        cells.apply_voltage(u_set)
        assert np.all(cells.state() == 2)
        assert np.allclose(1 / cells.conductance(), ds["r_lrs"].values[c], rtol=1e-5)
        cells.apply_voltage(u_reset)
        assert np.all(cells.state() == 2)
        cells.apply_voltage(np.nextafter(u_reset, np.float32(2)))
        assert np.all(cells.state() == 1)


# ------------------------------------------------------------------------------------------------------- cut and joined
@settings(max_examples=8)
@given(cut=st.integers(1, 5), start=st.sampled_from(["stationary", "empty"]), bandwidth=st.sampled_from([None, 1e8]))
def test_two_runs_equal_one(cut: int, start: str, bandwidth: float | None) -> None:
    def train(cycles: int) -> Train:
        return cycles * (Train.staircase(steps=3) + Train.read_only(2))

    options: dict[str, Any] = {"record": ALL, "every": 1, "bandwidth": bandwidth}
    one, two = array(start=start), array(start=start)
    whole = sc.simulate(one, train(6), **options)
    parts = [sc.simulate(two, train(cut), **options), sc.simulate(two, train(6 - cut), **options)]
    for name in VALUES:
        joined = np.concatenate([part[name].values for part in parts])
        assert joined.tobytes() == bits(whole[name]), name
    assert one.state_hash() == two.state_hash()


def test_resumed_from_a_saved_state() -> None:
    options: dict[str, Any] = {"record": ALL, "every": 2, "bandwidth": 1e7}
    cells = used()
    sc.simulate(cells, TRAIN, **options)
    saved = sc.CellArray.from_state(cells.to_state())
    one, two = (sc.simulate(c, TRAIN, **options) for c in (cells, saved))
    assert one.drop_attrs().identical(two.drop_attrs())
    assert cells.state_hash() == saved.state_hash()


def test_cell_by_cell_equals_the_whole() -> None:
    options: dict[str, Any] = {"record": ALL, "every": 1, "bandwidth": 1e8}
    whole = sc.simulate(array((2, 5)), TRAIN, **options)
    for k in range(10):
        alone = sc.simulate(array((1, 1), first_cell=k), TRAIN, **options)
        for name in (*FEATURE_NAMES, *VALUES):
            row, column = divmod(k, 5)
            assert np.array_equal(alone[name].values[:, 0, 0], whole[name].values[:, row, column]), name


# ------------------------------------------------------------------------------------------------------ select, advance
@pytest.mark.parametrize("make", [array, used])
@pytest.mark.parametrize("advance", [True, False])
def test_chosen_cells_are_those_of_the_whole(make: Any, advance: bool) -> None:
    options: dict[str, Any] = {"record": ALL, "every": 1, "bandwidth": 1e8}
    whole = sc.simulate(make(), TRAIN, **options)
    chosen = [41, 3, 17, 18]
    cells = make()
    before = cells.state_hash(), cells.reads, cells.fresh
    some = sc.simulate(cells, TRAIN, select=chosen, advance=advance, **options)
    assert some["cell"].values.tolist() == sorted(chosen)
    flat = whole.stack(cell=["row", "column"]).isel(cell=sorted(chosen))
    for name in (*FEATURE_NAMES, *VALUES, "component", "outlier"):
        assert np.array_equal(some[name].values, flat[name].values), name
        assert some[name].dims[-1] == "cell"
    assert some["row"].values.tolist() == flat["row"].values.tolist()
    assert some["column"].values.tolist() == flat["column"].values.tolist()
    after = cells.state_hash(), cells.reads, cells.fresh
    if advance:
        advanced = make()
        sc.simulate(advanced, TRAIN, **options)
        assert after == (advanced.state_hash(), advanced.reads, False)
    else:
        assert after == before


def test_choosing_cells_far_apart_does_not_need_the_others() -> None:
    cells = array((1024, 1024))
    ds = sc.simulate(cells, Train.cycling(2), select=[0, 5, 2**20 - 1], advance=False, budget=10_000)
    assert ds.sizes == {"cycle": 2, "cell": 3}
    corner = sc.simulate(array((1, 1), first_cell=2**20 - 1), Train.cycling(2))
    assert np.array_equal(ds["r_hrs"].values[:, 2], corner["r_hrs"].values[:, 0, 0])


def test_the_given_cells_are_advanced_and_a_bystander_is_not() -> None:
    cells, bystander = array(), array()
    twin = cells.copy()
    sc.simulate(cells, Train.cycling(3))
    assert np.all(cells.cycle_count() == 3)
    assert not cells.fresh
    assert twin.state_hash() == bystander.state_hash()


def test_read_pulses_never_change_a_state() -> None:
    cells = used()
    before = cells.state()
    hash_before = cells.state_hash()
    sc.simulate(cells, Train.read_only(3, u=-1.5) + Train.read_only(3, u=1.5), record="current", every=1)
    assert np.array_equal(cells.state(), before)
    assert cells.state_hash() == hash_before


# ----------------------------------------------------------------------------------------------------- noise on records
def test_noise_is_an_addition_that_goes_on_with_the_reads() -> None:
    train = Train.cycling(2)
    silent = sc.simulate(array(), train, record=["conductance", "features"], every=1)
    cells = array()
    noisy = sc.simulate(cells, train, record=["conductance", "features"], every=1, bandwidth=1e8)
    assert np.all(noisy["conductance"].values != silent["conductance"].values)
    assert bits(noisy["r_lrs"]) == bits(silent["r_lrs"])
    assert cells.reads == 4
    later = array()
    for _ in range(4):
        later.read()
    shifted = sc.simulate(later, train, record="conductance", every=1, bandwidth=1e8)
    assert np.all(shifted["conductance"].values != noisy["conductance"].values)


def test_recorded_noise_is_that_of_the_array_s_own_reads() -> None:
    """A recorded current is the current plus the noise that `read` would have added at the same number."""
    ds = sc.simulate(array(), Train.read_only(3, u=0.2), record="current", every=1, bandwidth=1e8)
    cells = array()
    for k in range(3):
        assert np.array_equal(ds["current"].values[k], cells.read(0.2))


# ------------------------------------------------------------------------------------------------------------ bad input
BAD: list[tuple[dict[str, Any], str]] = [
    ({"cells": 3}, "cells: must be a CellArray (got int); make one with CellArray(...)"),
    ({"train": [1.0]}, "train: must be a PulseTrain (got list); see PulseTrain.cycling"),
    ({"threads": 0}, "threads: must be from 1 to 1024 (got 0); choose one in that range"),
    ({"budget": "all"}, "budget: must be a number (got str); give a float"),
    ({"record": "loops"}, None),
    ({"select": [99]}, None),
    ({"bandwidth": -1}, None),
]  # type: ignore[assignment]  # the sentences of a request are tested in test_recording.py


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_bad_input_changes_nothing(change: dict[str, Any], sentence: str | None) -> None:
    cells = used()
    before = cells.state_hash()
    wish = {"cells": cells, "train": Train.cycling(1), **change}
    with pytest.raises((TypeError, ValueError)) as error:
        sc.simulate(wish.pop("cells"), wish.pop("train"), **wish)
    if sentence is not None:
        assert str(error.value) == sentence
    assert cells.state_hash() == before


def test_a_budget_is_kept_and_says_what_to_change() -> None:
    cells = array((1000, 1000))
    with pytest.raises(BudgetError) as error:
        sc.simulate(cells, Train.cycling(1000), record=["features", "conductance"])
    assert str(error.value) == (
        "budget: the run must fit into 4,295 MB (needs 20,240 MB); record fewer quantities, select fewer cells, "
        "record less often, shorten the train, or raise the budget"
    )
    assert isinstance(error.value, ValueError)
    assert cells.fresh


def test_a_budget_that_just_suffices() -> None:
    cells, train = array(), Train.cycling(5)
    needed = sc.estimate_cost(cells, train).bytes
    with pytest.raises(BudgetError):
        sc.simulate(cells, train, budget=needed - 1)
    sc.simulate(cells, train, budget=needed)


def test_out_of_range_is_said_once() -> None:
    with pytest.warns(RangeWarning) as caught:
        cells = array()
        sc.simulate(cells, Train.cycling(1, u_reset=1.8))
        sc.simulate(cells, Train.cycling(1, u_reset=1.9))
        cells.current(2.0)
    assert [str(w.message) for w in caught] == [
        "|U| = 1.8 V lies above 1.5 V, up to which the device was measured: an extrapolation"
    ]
    assert caught[0].filename == __file__
    with pytest.warns(RangeWarning, match=r"\|U\| = 1\.6 V"):
        sc.simulate(array(), Train.cycling(1), record="conductance", read_voltage=1.6)


def test_no_warning_within_range() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sc.simulate(array(), Train.iv_sweep(1), record=ALL, every=1)
        sc.simulate(array(), Train.cycling(1), record="features", read_voltage=1.6)


def test_a_train_without_a_record_does_the_same_to_the_cells() -> None:
    train = sc.PulseTrain.cycling(3) + sc.PulseTrain.random(7, low=-1.5, high=1.5, seed=3)
    one, two = (sc.CellArray((9, 31), DEVICE, seed=5) for _ in range(2))
    for _ in range(2):  # from fresh cells, and from used ones
        sc.simulate(one, train)
        assert sc.apply_train(two, train) is None
        assert one.state_hash() == two.state_hash()


def test_a_train_that_is_cancelled_changes_nothing() -> None:
    cells = sc.CellArray((3, 3), DEVICE, seed=5)
    before = cells.state_hash()
    with pytest.raises(sc.Cancelled):
        sc.apply_train(cells, sc.PulseTrain.cycling(3), cancel=lambda: True)
    assert cells.state_hash() == before
    with pytest.raises(TypeError, match="train: must be a PulseTrain"):
        sc.apply_train(cells, "cycling")
    with pytest.raises(ValueError, match="threads: must"):
        sc.apply_train(cells, sc.PulseTrain.cycling(3), threads=0)
