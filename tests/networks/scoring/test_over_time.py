"""A chip forgets: accuracy over time, its cells left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc

nets = sc.networks


def test_accuracy_falls_as_cells_forget_and_the_chip_is_left_alone(digits: Any, device: Any) -> None:
    analog = nets.program(digits.network, nets.Chip(device, nets.Mapping(low=20e-6, high=200e-6)), tolerance=0.05)
    before = [layer.cells.state_hash() for layer in analog.layers]
    law = sc.RetentionLaw("test", [2e-5, 2e-4], [4e-6, 3e-5], [0.4, 0.4], 0.006, 2e-6)
    images = digits.x_test[:200], digits.y_test[:200]
    found = nets.accuracy_over_time(analog, law, [0.0, 1.0, 1e8], *images)
    accuracy = found.accuracy.values
    assert accuracy[0] == float(nets.evaluate(analog, *images).accuracy)
    assert accuracy[2] < accuracy[0] - 0.1, "jumps of the size of the weights"
    still = nets.accuracy_over_time(analog, law.vary(scale=0), [0.0, 1e8], *images).accuracy.values
    assert still[0] == still[1] == accuracy[0], "the control: cells that forget nothing"
    assert [layer.cells.state_hash() for layer in analog.layers] == before
    assert np.all(found.accuracy_interval.values[:, 0] <= accuracy) and "extrapolated" in found.retention_note
    with pytest.raises(ValueError, match="times: must be a row that rises"):
        nets.accuracy_over_time(analog, law, [1.0, 0.5], *images)
