"""A sentence for each wrong argument, and nothing half programmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc

nets = sc.networks


@pytest.fixture(scope="module")
def analog(device: Any) -> Any:
    return nets.program(nets.Network.from_arrays([np.eye(4), np.ones((4, 3))]), nets.Chip(device, seed=1))


def nan(shape: tuple[int, int]) -> np.ndarray:
    found = np.zeros(shape)
    found[0, 0] = np.nan
    return found


X = np.zeros((2, 4))
WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "weights NaN": (lambda a: nets.Network.from_arrays([nan((4, 3))]), "weights: must be finite"),
    "bias NaN": (lambda a: nets.Network.from_arrays([np.eye(4)], [nan((1, 4))[0]]), "bias: must be finite"),
    "weights of other shape": (lambda a: nets.Network.from_arrays([np.eye(4), np.eye(3)]), "weights: must take the 4"),
    "fits no tile": (lambda a: nets.program(a.network, replace(a.chip, tile=(64, 1))), "tile: must have at least 2"),
    "rows fit no tile": (
        lambda a: nets.program(a.network, replace(a.chip, tile=(1, 8), mapping=nets.Mapping(pairs_in="rows"))),
        "tile: must have at least 2 rows",
    ),
    "images of other size": (lambda a: a.forward(np.zeros((2, 5))), "x: must have 4 numbers an image"),
    "image NaN": (lambda a: nets.calibrate(a, nan((2, 4))), "x: must be finite"),
    "no images": (lambda a: nets.evaluate(a, np.zeros((0, 4)), []), "x: must have shape"),
    "labels out of range": (lambda a: nets.evaluate(a, X, [0, 3]), r"y: must be among the classes .* \(got 3\)"),
    "too few labels": (lambda a: nets.accuracy_budget(a, X, [0]), r"y: must have shape \(2,\)"),
    "labels in the loop": (lambda a: nets.train_in_the_loop(a, X, [0, -1]), r"y: must be among .* \(got -1\)"),
    "range beyond the device": (lambda a: replace(a.chip, mapping=nets.Mapping(high=1e-3)), "high: must be from"),
    "targets beyond the device": (
        lambda a: nets.program(a.network, a.chip, targets=[np.full((4, 8), 5e-4), np.full((4, 6), 1e-4)]),
        "targets: must be from",
    ),
    "targets of other shape": (lambda a: nets.program(a.network, a.chip, targets=[np.ones((2, 2))] * 2), "targets: "),
    "sweep over nothing": (
        lambda a: nets.sweep_chips(a.network, a.chip, X, X, [0, 1], over="ohm", values=[], seeds=[1]),
        "values: must be",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_sentence_and_nothing_half_programmed(analog: Any, name: str) -> None:
    wrong, sentence = WRONG[name]
    before = [layer.cells.state_hash() for layer in analog.layers]
    with pytest.raises(ValueError, match=sentence):
        wrong(analog)
    assert [layer.cells.state_hash() for layer in analog.layers] == before and analog.calibration is None
