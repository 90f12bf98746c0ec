"""What a run will cost, before it starts."""

from __future__ import annotations

import time
from typing import Any

import pytest

import synaptogen_core as sc
from synaptogen_core.array.runs import cost, simulate
from synaptogen_core.array.runs.cost import measured, partial_resets
from synaptogen_core.array.runs.recording import request

DEVICE = sc.load_device("hennen2024")
Train = sc.PulseTrain


def array(shape: tuple[int, int] = (6, 7), **options: Any) -> sc.CellArray:
    return sc.CellArray(shape, DEVICE, **{"seed": 8, **options})


def test_memory_is_counted() -> None:
    """The Dataset's variables (not its coordinates), and the new state."""
    for options in (
        {"record": ["features", "conductance", "state"]},
        {"record": ["current", "voltage", "cycle_count"], "every": 2},
        {"record": "features", "select": [1, 5], "advance": False},
        {"record": "features", "select": [1, 5]},
    ):
        cells, train = array(), Train.staircase(3, steps=5)
        expected = sc.estimate_cost(cells, train, **options)
        ds = sc.simulate(cells, train, **options)
        written = sum(variable.nbytes for variable in ds.data_vars.values())
        state = cells.nbytes if options.get("advance", True) else 0
        assert expected.bytes == written + state
        cells_simulated = 42 if options.get("advance", True) else 2
        assert expected.updates == cells_simulated * len(train)


def test_it_leaves_the_cells_as_they_are() -> None:
    cells = array()
    sc.estimate_cost(cells, Train.cycling(100))
    assert cells.fresh
    assert cells.state_hash() == array().state_hash()


def test_it_speaks() -> None:
    text = str(sc.estimate_cost(array((100, 100)), Train.cycling(50)))
    assert text.startswith("1,000,000 updates, about ")
    assert text.endswith(" MB")


NOISY = {"record": "current", "every": 1, "bandwidth": 1e6, "shape": (64, 64)}


@pytest.mark.parametrize(
    ("train", "options"),
    [(Train.cycling(120), {}), (Train.iv_sweep(3), {}), (Train.staircase(25, steps=8), {}),
     (Train.identical(300, 0.9), {}), (Train.random(40), {}), (Train.iv_sweep(2, points=200), NOISY)],
)  # fmt: skip
def test_the_time_is_plausible(train: sc.PulseTrain, options: dict[str, Any]) -> None:
    """Within a factor of five of the processor's time, in one of three tries: the machine may have other work."""
    shape, wish = options.get("shape", (256, 256)), {k: v for k, v in options.items() if k != "shape"}
    sc.simulate(array((8, 8)), train, **wish)
    ratios = []
    for _ in range(3):
        measured.cache_clear()
        simulate._beside.cache_clear()
        expected = sc.estimate_cost(array(shape), train, threads=1, **wish).seconds
        begin = time.process_time()
        sc.simulate(array(shape), train, threads=1, **wish)
        ratios.append((time.process_time() - begin) / expected)
        if 0.2 < ratios[-1] < 5:
            return
    raise AssertionError(f"measured over expected: {ratios}")


def test_other_numbers_are_not_measured_again() -> None:
    """A slider makes a new device at each of its steps."""

    def measurements(**changes: Any) -> int:
        device = sc.load_device("hennen2024").vary(**changes)
        sc.estimate_cost(sc.CellArray((2, 2), device, seed=1), Train.cycling(2))
        return measured.cache_info().misses

    first = measurements()
    assert measurements(c2c=1.25, d2d=0.5) == first
    assert measurements(order=3) == first + 1, "a longer memory costs more"


def test_more_work_takes_longer() -> None:
    """Without what a call itself takes, which is measured anew each time."""

    def seconds(shape: tuple[int, int], cycles: int, *, advance: bool = True, select: list[int] | None = None) -> float:
        wish = request(array(shape), select=select)
        return cost.of(array(shape), Train.cycling(cycles), wish, advance, None, cost.Beside()).seconds

    one = seconds((64, 64), 10)
    assert seconds((64, 64), 1000) > 10 * one
    assert seconds((512, 512), 10) > 10 * one
    assert seconds((512, 512), 10, advance=False, select=[1]) < one


def test_bad_input_has_the_sentences_of_simulate() -> None:
    with pytest.raises(TypeError) as error:
        sc.estimate_cost(3, Train.cycling(1))  # type: ignore[arg-type]  # that it is refused is what is tested
    assert str(error.value) == "cells: must be a CellArray (got int); make one with CellArray(...)"
    with pytest.raises(ValueError, match=r"^record: must name some of"):
        sc.estimate_cost(array(), Train.cycling(1), record="loops")


@pytest.mark.parametrize(
    ("train", "resets"),
    [
        (Train.cycling(5), 0),  # full, not partial
        (Train.identical(300, 0.9), 1),
        (3 * Train.staircase(steps=5, u_stop=1.2), 15),
        (Train.table([-1.5, 0.9, 0.8, 0.9, 1.0, -1.0, 0.8, 0.3, 1.5]), 3),
        (Train.iv_sweep(points=8, u_min=-1, u_max=1), 2),
        (Train.random(7), 7),
    ],
)
def test_resets_that_go_on_are_counted(train: sc.PulseTrain, resets: int) -> None:
    """The same voltage again, or a lower one, finds a cell above its threshold no more: it costs next to nothing."""
    assert partial_resets(train, DEVICE.u_max) == resets
