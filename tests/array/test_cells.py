"""CellArray: cells with an address, arrays of its own, and a door that lets nothing bad in."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import synaptogen_core as sc
from synaptogen_core.device.model.float32 import constants
from synaptogen_core.errors import RangeWarning

DEVICE = sc.load_device("hennen2024")


def array(shape: tuple[int, int] = (6, 7), **options: Any) -> sc.CellArray:
    return sc.CellArray(shape, DEVICE, **{"seed": 5, **options})


def used(shape: tuple[int, int] = (6, 7), **options: Any) -> sc.CellArray:
    """Cells in all three states, with histories of different lengths."""
    cells = array(shape, **options)
    rng = np.random.default_rng(2)
    for _ in range(6):
        cells.apply_voltage(rng.uniform(-1.5, 1.5, cells.size))
    cells.read()
    return cells


def arrays(cells: sc.CellArray) -> dict[str, NDArray[Any]]:
    """All that one can ask of cells, each with the rows and columns last."""
    found: dict[str, NDArray[Any]] = {**cells.features(), **cells.device_vectors()}
    for name in ("state", "cycle_count", "component", "outlier", "conductance", "current"):
        found[name] = getattr(cells, name)()
    return found


def same_cells(one: sc.CellArray, two: sc.CellArray) -> None:
    """The same cells in the same order, whatever the shape."""
    for name, values in arrays(one).items():
        a, b = (v.reshape(*v.shape[:-2], -1) for v in (values, arrays(two)[name]))
        assert a.tobytes() == b.tobytes(), name


# ------------------------------------------------------------------------------------------------------------ addresses
@pytest.mark.parametrize("start", ["stationary", "empty"])
def test_cell_by_cell_equals_the_whole(start: str) -> None:
    rng = np.random.default_rng(3)
    whole = array((3, 4), start=start)
    alone = [array((1, 1), start=start, first_cell=k) for k in range(12)]
    for _ in range(8):
        u = rng.uniform(-1.5, 1.5, (3, 4))
        whole.apply_voltage(u)
        for cell, volts in zip(alone, u.ravel(), strict=True):
            cell.apply_voltage(volts)
    for name, values in arrays(whole).items():
        singles = np.concatenate([arrays(cell)[name].reshape(*values.shape[:-2], 1) for cell in alone], axis=-1)
        assert singles.tobytes() == values.reshape(*values.shape[:-2], -1).tobytes(), name
    assert whole.read().ravel().tolist() == [cell.read().item() for cell in alone]


@settings(max_examples=10)
@given(st.integers(0, 2**62 - 11), st.integers(1, 11), st.sampled_from([(4, 6), (1, 24), (24, 1)]))
def test_a_part_of_a_larger_array(first: int, offset: int, shape: tuple[int, int]) -> None:
    whole = array((5, 7), first_cell=first)
    part = array((1, 2), first_cell=first + offset)
    assert np.array_equal(whole.features()["r_hrs"].ravel()[offset : offset + 2], part.features()["r_hrs"].ravel())
    same_cells(array((4, 6), first_cell=first), array(shape, first_cell=first))


def test_rows_as_arrays_of_their_own() -> None:
    whole = used((5, 3))
    part = whole.part(slice(1, 4))
    assert part.shape == (3, 3)
    assert part.first_cell == 3
    for cells in (whole, part):
        cells.apply_voltage(-1.5)
        cells.apply_voltage(1.1)
    for name, values in arrays(whole).items():
        assert np.array_equal(values[..., 1:4, :], arrays(part)[name]), name
    fresh = array((5, 3)).part(slice(1, 4))
    assert fresh.fresh
    assert np.array_equal(fresh.features()["u_set"], array((5, 3)).features()["u_set"][1:4])


def test_other_seeds_starts_and_orders_are_other_cells() -> None:
    def later(cells: sc.CellArray) -> NDArray[np.float32]:
        for _ in range(2):
            cells.apply_voltage(-1.5)
            cells.apply_voltage(1.5)
        return cells.features()["r_lrs"]

    for options in ({"seed": 6}, {"start": "empty"}, {"order": 9}):
        assert np.mean(later(array(**options)) == later(array())) < 0.1
    assert np.array_equal(array().component(), array(start="empty", order=9).component()), "but the same devices"


def test_one_voltage_a_cell_or_one_for_all() -> None:
    one, full, flat = array(), array(), array()
    for u in (-1.5, 0.9, 1.2):
        one.apply_voltage(u)
        full.apply_voltage(np.full((6, 7), u))
        flat.apply_voltage([u] * 42)
    assert one.state_hash() == full.state_hash() == flat.state_hash()


def test_blocks_do_not_show() -> None:
    """More cells than a block of the engine, each at its own voltage."""
    large, corner = array((130, 100)), array((1, 100), first_cell=100 * 129)
    u = np.random.default_rng(1).uniform(0.7, 1.5, (130, 100))
    for cells, volts in ((large, u), (corner, u[129:])):
        cells.apply_voltage(-1.5)
        cells.apply_voltage(volts)
    assert np.array_equal(large.conductance()[129:], corner.conductance())


# --------------------------------------------------------------------------------------------------------- what it says
def test_properties() -> None:
    cells = array((3, 4), first_cell=9, order=4, start="empty", engine="numpy")
    assert (cells.shape, cells.rows, cells.columns, cells.size) == ((3, 4), 3, 4, 12)
    assert (cells.seed, cells.start, cells.first_cell, cells.engine, cells.reads) == (5, "empty", 9, "numpy", 0)
    assert cells.device == DEVICE.vary(order=4)
    assert cells.fresh
    assert repr(cells) == "CellArray((3, 4), 'hennen2024, order 4', seed=5, fresh)"
    cells.apply_voltage(0.1)
    assert repr(cells) == "CellArray((3, 4), 'hennen2024, order 4', seed=5, used)"
    assert cells.nbytes == sum(a.nbytes for a in cells.to_state()["arrays"].values())


def test_a_new_array_is_in_hrs() -> None:
    cells = array()
    assert np.all(cells.state() == 0)
    assert np.all(cells.cycle_count() == 0)
    assert cells.conductance(0.2) == pytest.approx(1 / cells.features()["r_hrs"], abs=2e-10)


def test_a_cycle() -> None:
    cells = array()
    cells.apply_voltage(-1.5)
    assert np.all(cells.state() == 2)
    assert 1 / cells.conductance() == pytest.approx(cells.features()["r_lrs"], rel=1e-5)
    cells.apply_voltage(1.5)
    assert np.all(cells.state() == 0)
    assert np.all(cells.cycle_count() == 1)
    assert cells.conductance() == pytest.approx(1 / cells.features()["r_hrs"], abs=2e-10)


@pytest.mark.parametrize("u", [-1.5, -0.2, 0.0, 0.2, 1.5])
def test_current_and_conductance(u: float) -> None:
    cells = used()
    r = cells.to_state()["arrays"]["r"]
    exact = (1 - r.astype(float)) * np.polyval(DEVICE.llrs, u) + r * np.polyval(DEVICE.hhrs, u)
    assert np.abs(cells.current(u).ravel() - exact).max() < 5e-10
    if u:
        assert np.abs(cells.conductance(u).ravel() - exact / u).max() < 1e-9
    assert cells.current(u).dtype == cells.conductance(u).dtype == np.float32
    volts = np.full(cells.shape, u)
    assert np.array_equal(cells.current(volts), cells.current(u))


def test_clipped_share_of_the_cells() -> None:
    wide = sc.CellArray((100, 100), DEVICE.vary(d2d=3), seed=5)
    floor = constants(wide.device).sigma_floor[:, None, None]
    assert wide.clipped_share() == np.mean((wide.device_vectors()["sigma"] == floor).any(axis=0)) > 0.05


# ------------------------------------------------------------------------------------------------------ own your arrays
def test_nothing_given_out_is_part_of_the_state() -> None:
    cells = used()
    before = cells.state_hash()
    for values in arrays(cells).values():
        assert values.flags.writeable
        values[...] = 1
    for values in cells.to_state()["arrays"].values():
        values[...] = 1
    assert cells.state_hash() == before


def test_nothing_given_is_written_to_or_kept() -> None:
    cells = array()
    u = np.full(cells.shape, -1.5, np.float32)
    u.flags.writeable = False
    cells.apply_voltage(u)
    cells.current(u)
    cells.read(u)
    u.flags.writeable = True
    before = cells.state_hash()
    u[:] = 7
    assert cells.state_hash() == before


def test_reading_never_changes_a_cell() -> None:
    cells = used()
    before = {name: a.copy() for name, a in cells.to_state()["arrays"].items()}
    cells.current(1.5)
    cells.conductance(-1.5)
    cells.read(1.5)
    assert all(np.array_equal(a, before[name]) for name, a in cells.to_state()["arrays"].items())
    assert cells.reads == 2


def test_a_copy_goes_its_own_way() -> None:
    for cells in (array(), used()):
        twin = cells.copy()
        assert twin.state_hash() == cells.state_hash()
        assert twin.fresh == cells.fresh
        before = cells.state_hash()
        twin.apply_voltage(-1.5)
        twin.read()
        assert cells.state_hash() == before
        cells.apply_voltage(-1.5)
        cells.read()
        assert twin.state_hash() == cells.state_hash()


# ------------------------------------------------------------------------------------------------------------ bad input
BAD_ARRAYS: list[tuple[dict[str, Any], str]] = [
    ({"shape": 5}, "shape: must be rows and columns (got 5); give a pair such as (64, 64)"),
    ({"shape": (5,)}, "shape: must be rows and columns (got (5,)); give a pair such as (64, 64)"),
    ({"shape": (0, 5)}, "shape: must be from 1 to 1099511627776 (got 0); choose one in that range"),
    ({"shape": (2.5, 5)}, "shape: must be a whole number (got 2.5); give an int"),
    ({"shape": (2**21, 2**20)}, "shape: must be from 1 to 1099511627776 (got 2199023255552); choose one in that range"),
    ({"device": "hennen2024"}, "device: must be DeviceParameters (got str); use load_device"),
    ({"seed": -1}, "seed: must be from 0 to 9223372036854775807 (got -1); choose one in that range"),
    ({"seed": 1.0}, "seed: must be a whole number (got 1.0); give an int"),
    ({"seed": True}, "seed: must be a whole number (got True); give an int"),
    ({"order": 11}, "order: the set has orders up to 10 (got 11); choose 1 to 10"),
    ({"start": "warm"}, "start: must be 'stationary' or 'empty' (got 'warm'); choose one of them"),
    (
        {"engine": "fast"},
        "engine: must be one of auto, numpy, numba (got 'fast'); 'auto' takes the fastest there is",
    ),
    ({"first_cell": -1}, f"first_cell: must be from 0 to {2**62} (got -1); choose one in that range"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD_ARRAYS)
def test_bad_arrays(change: dict[str, Any], sentence: str) -> None:
    wish = {"shape": (2, 2), "device": DEVICE, "seed": 1, **change}
    with pytest.raises((TypeError, ValueError)) as error:
        sc.CellArray(wish.pop("shape"), wish.pop("device"), **wish)
    assert str(error.value) == sentence


BAD_VOLTAGES: list[tuple[Any, str]] = [
    (float("nan"), "u: must be finite (got NaN or infinity); correct the voltages"),
    (float("-inf"), "u: must be finite (got NaN or infinity); correct the voltages"),
    (1e39, "u: must be finite (got NaN or infinity); correct the voltages"),
    ([0.1] * 41 + [np.nan], "u: must be finite (got NaN or infinity); correct the voltages"),
    ([0.1, 0.2], "u: must be one voltage or have shape (6, 7) (got (2,)); give one voltage a cell"),
    (np.zeros((7, 6)), "u: must be one voltage or have shape (6, 7) (got (7, 6)); give one voltage a cell"),
    ("high", "u: must be a voltage or an array of them (got str); give volts"),
    ([[0.1], [0.1, 0.2]], "u: must be a voltage or an array of them (got list); give volts"),
]


@pytest.mark.parametrize("method", ["apply_voltage", "current", "conductance", "read"])
@pytest.mark.parametrize(("u", "sentence"), BAD_VOLTAGES)
def test_bad_voltages_change_nothing(method: str, u: Any, sentence: str) -> None:
    cells = used()
    before = cells.state_hash()
    with pytest.raises((TypeError, ValueError)) as error:
        getattr(cells, method)(u)
    assert str(error.value) == sentence
    assert cells.state_hash() == before
    assert cells.reads == 1


@pytest.mark.parametrize(
    ("bandwidth", "sentence"),
    [
        (-1.0, "bandwidth: must be 0 Hz or more (got -1); 0 reads without noise"),
        (float("inf"), "bandwidth: must be finite (got inf); give a finite number"),
        ("wide", "bandwidth: must be a number (got str); give a float"),
    ],
)
def test_bad_bandwidths(bandwidth: Any, sentence: str) -> None:
    cells = array()
    with pytest.raises((TypeError, ValueError)) as error:
        cells.read(0.2, bandwidth)
    assert str(error.value) == sentence
    assert cells.fresh


def test_a_voltage_out_of_range_is_said_once() -> None:
    cells = array()
    cells.apply_voltage(-1.5)
    cells.current(np.float32(1.5))
    with pytest.warns(RangeWarning) as caught:
        cells.current(1.7)
        cells.apply_voltage(-2)
        cells.read(1.6)
    assert [str(w.message) for w in caught] == [
        "|U| = 1.7 V lies above 1.5 V, up to which the device was measured: an extrapolation"
    ]
    assert caught[0].filename == __file__, "it points at the caller's line"


def test_no_warning_within_range() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cells = array()
        cells.apply_voltage(1.5)
        cells.apply_voltage(-1.5)


@pytest.mark.parametrize("rows", [slice(0, 0), slice(2, 2), slice(3, 2), slice(0, 7), slice(0, 4, 2)])
def test_bad_parts(rows: slice) -> None:
    with pytest.raises(ValueError, match=r"^rows: must be"):
        array().part(rows)
    with pytest.raises(ValueError, match=r"^columns: must be"):
        array((7, 6)).part(columns=rows)


# ----------------------------------------------------------------------------------------------------- saved and loaded
@pytest.mark.parametrize("make", [array, used])
def test_a_saved_state_goes_on(make: Any) -> None:
    cells = make(order=3, first_cell=8)
    again = sc.CellArray.from_state(cells.to_state())
    assert again.state_hash() == cells.state_hash()
    assert (again.fresh, again.reads, again.device) == (cells.fresh, cells.reads, cells.device)
    for twin in (cells, again):
        twin.apply_voltage(-1.5)
        twin.apply_voltage(np.linspace(0.7, 1.5, 42))
    assert again.state_hash() == cells.state_hash()
    assert np.array_equal(again.read(), cells.read())


def test_a_loaded_state_is_a_copy() -> None:
    data = used().to_state()
    cells = sc.CellArray.from_state(data)
    before = cells.state_hash()
    for values in data["arrays"].values():
        values[...] = 0
    assert cells.state_hash() == before


def broken(change: dict[str, Any], **arrays_changed: Any) -> dict[str, Any]:
    data = used().to_state()
    data |= change
    for name, value in arrays_changed.items():
        data["arrays"][name] = value(data["arrays"][name]) if callable(value) else value
    return data


def put(index: int, value: Any) -> Any:
    def change(values: NDArray[Any]) -> NDArray[Any]:
        values = values.copy()
        values.flat[index] = value
        return values

    return change


AGAIN = "; save the cells again"
BAD_STATES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"stream_version": 0},
        {},
        "cells: must come from random streams of version 2 (got 0); use the release that saved them",
    ),
    ({"shape": [6, 8]}, {}, "cells: cell must be uint64 of shape (48,) (got uint64, (42,))" + AGAIN),
    ({}, {"r": lambda a: a[:-1]}, "cells: r must be float32 of shape (42,) (got float32, (41,))" + AGAIN),
    ({}, {"r": lambda a: a.astype(float)}, "cells: r must be float32 of shape (42,) (got float64, (42,))" + AGAIN),
    ({}, {"mu": None}, "cells: mu must be float32 of shape (4, 42) (got object, ())" + AGAIN),
    ({}, {"features": put(7, np.nan)}, "cells: features must be numbers (got NaN)" + AGAIN),
    ({}, {"code": put(7, 3)}, "cells: code must be below 3 (got 3)" + AGAIN),
    ({}, {"component": put(7, 9)}, "cells: component must be below 3 (got 9)" + AGAIN),
    ({}, {"cell": put(7, 3)}, "cells: cell must count up from 0 (got others)" + AGAIN),
    ({"reads": -1}, {}, "reads: must be from 0 to 281474976710656 (got -1); choose one in that range"),
    ({"seed": "x"}, {}, "seed: must be a whole number (got 'x'); give an int"),
    ({"start": "warm"}, {}, "start: must be 'stationary' or 'empty' (got 'warm'); choose one of them"),
]


@pytest.mark.parametrize(("change", "arrays_changed", "sentence"), BAD_STATES)
def test_bad_states(change: dict[str, Any], arrays_changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        sc.CellArray.from_state(broken(change, **arrays_changed))
    assert str(error.value) == sentence


def test_an_incomplete_state() -> None:
    data = {k: v for k, v in used().to_state().items() if k not in ("seed", "arrays")}
    with pytest.raises(ValueError) as error:
        sc.CellArray.from_state(data)
    assert str(error.value) == "cells: must hold a complete state (missing seed, arrays); save the cells again"
