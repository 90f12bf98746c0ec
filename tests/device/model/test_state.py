"""The record of what cells remember: parts of it are copies, and saved arrays are checked."""

from __future__ import annotations

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.device.model import variability
from synaptogen_core.device.model.float32 import constants
from synaptogen_core.device.model.state import State, bytes_per_cell

C = constants(sc.load_device("hennen2024"))


def some(size: int = 9) -> State:
    return variability.fresh_cells(np.arange(size), 3, "stationary", C)


def equal(one: State, two: State) -> bool:
    return all(array.tobytes() == two.arrays()[name].tobytes() for name, array in one.arrays().items())


@pytest.mark.parametrize("where", [slice(2, 7), slice(0, 9), np.array([8, 0, 3])])
def test_take_and_put(where: slice | np.ndarray) -> None:
    state, whole = some(), some()
    part = state.take(where)
    assert part.size == len(range(9)[where] if isinstance(where, slice) else where)
    part.r[:] = 7
    part.history[:] = 8
    assert equal(state, whole), "a part is a copy"
    state.put(where, part)
    assert np.all(state.r[where] == 7)
    assert np.all(state.history[..., where] == 8)
    rest = np.setdiff1d(np.arange(9), np.arange(9)[where])
    assert equal(state.take(rest), whole.take(rest))


def test_a_copy_is_independent() -> None:
    state = some()
    twin = state.copy()
    assert equal(state, twin)
    for array in twin.arrays().values():
        assert not np.shares_memory(array, state.arrays()["r"])
        array[...] = 0
    assert equal(state, some())


@pytest.mark.parametrize("order", [1, 10])
def test_memory_is_counted(order: int) -> None:
    state = State.empty(100, order)
    assert state.nbytes == 100 * bytes_per_cell(order) == sum(array.nbytes for array in state.arrays().values())


def test_saved_arrays_come_back() -> None:
    state = some()
    again = State.of(state.arrays(), 9, C.order, 3)
    assert equal(state, again)
    again.r[:] = 0
    assert equal(state, some())


def test_a_saved_component_must_exist() -> None:
    arrays = some().copy().arrays()
    arrays["component"][4] = 2
    assert State.of(arrays, 9, C.order, 3).component[4] == 2
    with pytest.raises(ValueError) as error:
        State.of(arrays, 9, C.order, 2)
    assert str(error.value) == "cells: component must be below 2 (got 2); save the cells again"
