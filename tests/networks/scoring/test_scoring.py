"""Judging: accuracy and its interval, confusion, the budget by cause, calibration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar import Lines
from synaptogen_core.networks.hardware.inference import run
from synaptogen_core.networks.scoring.budget import CAUSES, stages_with
from synaptogen_core.networks.scoring.evaluation import wilson

nets = sc.networks


@pytest.fixture(scope="module")
def analog(digits: Any, device: Any) -> Any:
    chip = nets.Chip(device, tile=(64, 64), lines=Lines(20.0, 20.0), adc_bits=6, seed=7)
    return nets.program(digits.network, chip)


def test_wilson_s_interval() -> None:
    assert wilson(8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)  # by hand
    assert wilson(0, 10)[0] == 0 and wilson(10, 10)[1] == 1


def test_an_evaluation_explains_itself(digits: Any, analog: Any) -> None:
    ds = nets.evaluate(analog, digits.x_test, digits.y_test)
    right = (analog.predict(digits.x_test) == digits.y_test).mean()
    assert ds.accuracy.item() == right == np.trace(ds.confusion.values) / 450
    assert ds.confusion.sum("predicted_class").values.tolist() == np.bincount(digits.y_test).tolist()
    assert ds.accuracy_interval[0] < ds.accuracy < ds.accuracy_interval[1]
    assert ds.float_accuracy.item() == digits.model.score(digits.x_test, digits.y_test)
    assert ds.layer_error.shape == (2,) and all("long_name" in ds[name].attrs for name in ds.data_vars)
    with pytest.raises(ValueError, match=r"y: must have shape \(450,\)"):
        nets.evaluate(analog, digits.x_test, digits.y_test[:-1])


def test_the_range_of_an_adc_decides_and_calibration_finds_it(digits: Any, analog: Any) -> None:
    full = nets.evaluate(analog, digits.x_test, digits.y_test).accuracy.item()
    calibrated = nets.calibrate(analog, digits.x_train)
    found = nets.evaluate(calibrated, digits.x_test, digits.y_test).accuracy.item()
    assert found > full + 0.1
    assert analog.calibration is None and len(calibrated.calibration) == 256
    widths = [np.diff(layer.readout.ranges, axis=1) for layer in calibrated.layers]
    assert all(
        (w < np.diff(layer.readout.ranges, axis=1)).all() for w, layer in zip(widths, analog.layers, strict=True)
    )
    assert calibrated.layers[0].readout.gain.min() > 1  # lines take something, so that is more than 1
    alone = nets.calibrate(analog, digits.x_train, gain="column")
    assert np.unique(alone.layers[0].readout.gain).size == 16


def test_without_any_cause_it_is_the_float_network(digits: Any, analog: Any) -> None:
    """The oracle: nominal cells, ideal lines, no converters, to 1e-12."""
    outputs = digits.network.forward(digits.x_test)
    for network in (analog, nets.calibrate(analog, digits.x_train)):
        largest = 3.0 * np.abs(digits.x_test).max()
        stages = stages_with(network, "none")
        if network is analog:  # its hidden layer's inputs are above 1, the range before calibration
            stages = [s if k == 0 else _driven(s, 100.0) for k, s in enumerate(stages)]
        found = run(digits.network, stages, digits.x_test)
        if network is analog:
            assert np.abs(found - outputs).max() < 1e-12 * np.abs(outputs).max() * largest
    with pytest.raises(AssertionError):
        programmed = stages_with(analog, "programming")
        assert np.abs(run(digits.network, programmed, digits.x_test) - outputs).max() < 1e-3


def _driven(stage: Any, largest: float) -> Any:
    from dataclasses import replace

    return replace(stage, readout=replace(stage.readout, input_range=largest))


def test_the_budget_tells_the_cause(digits: Any, analog: Any) -> None:
    ds = nets.accuracy_budget(nets.calibrate(analog, digits.x_train), digits.x_test, digits.y_test)
    by = dict(zip(ds.cause.values.tolist(), ds.accuracy.values.tolist(), strict=True))
    assert tuple(by) == CAUSES and by["none"] >= 0.9 * digits.model.score(digits.x_test, digits.y_test)
    assert by["lines"] < by["none"] - 0.05 and by["together"] < by["none"] - 0.05
    assert all(by[name] > by["none"] - 0.04 for name in ("programming", "nonlinearity", "noise", "converters"))
    errors = ds.layer_error.sel(layer=0)
    assert float(errors.sel(cause="none")) < 1e-12 < float(errors.sel(cause="nonlinearity")) < 0.02
    assert float(errors.sel(cause="lines")) > 5 * float(errors.sel(cause="programming"))


def test_noise_comes_again_with_its_number(digits: Any, analog: Any) -> None:
    x = digits.x_test[:30]
    whole = analog.forward(x)
    assert np.array_equal(analog.forward(x[10:], first_read=10), whole[10:])
    assert not np.array_equal(analog.forward(x, first_read=1000), whole)
