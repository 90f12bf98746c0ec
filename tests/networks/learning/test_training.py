"""Training: towards the labels, with injected noise, and in the loop around what the lines do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar import Lines

nets = sc.networks


@pytest.fixture(scope="module")
def trained(digits: Any) -> Any:
    start = nets.draw_weights(digits.network, seed=2)
    return start, *nets.train(start, digits.x_train, digits.y_train, epochs=12, rate=5e-3)


def test_training_learns_and_leaves_the_given_network_as_it_is(digits: Any, trained: Any) -> None:
    start, found, log = trained
    accuracy = (found.predict(digits.x_test) == digits.y_test).mean()
    assert accuracy > 0.87 and log.loss[-1] < 0.3 * log.loss[0] and log.accuracy[-1] > 0.95
    assert (start.predict(digits.x_test) == digits.y_test).mean() < 0.4
    again, _ = nets.train(start, digits.x_train, digits.y_train, epochs=1, rate=5e-3)
    other, _ = nets.train(start, digits.x_train, digits.y_train, epochs=1, rate=5e-3, seed=1)
    once, _ = nets.train(start, digits.x_train, digits.y_train, epochs=1, rate=5e-3)
    assert np.array_equal(again.weighted[0].matrix, once.weighted[0].matrix)
    assert not np.array_equal(again.weighted[0].matrix, other.weighted[0].matrix)


def test_injected_noise_makes_a_network_that_bears_errors(digits: Any, trained: Any) -> None:
    """Over several draws of the same errors: the mean, as one draw says little."""
    start, plain, _ = trained
    robust, log = nets.train(start, digits.x_train, digits.y_train, epochs=12, rate=5e-3, weight_noise=0.15)
    assert log.attrs["weight_noise"] == 0.15
    accuracy = []
    for network in (plain, robust):
        hits = []
        for k in range(8):
            rng = np.random.default_rng(k)
            noisy = [
                layer.matrix + 0.2 * np.abs(layer.matrix).max() * rng.standard_normal(layer.matrix.shape)
                for layer in network.weighted
            ]
            seen = network.with_weights(noisy, [layer.bias for layer in network.weighted])
            hits.append((seen.predict(digits.x_test) == digits.y_test).mean())
        accuracy.append(np.mean(hits))
    assert accuracy[1] > accuracy[0] + 0.03


def test_in_the_loop_a_network_learns_around_its_lines(digits: Any, device: Any) -> None:
    gains, after = [], []
    for seed in (7, 8):
        chip = nets.Chip(device, lines=Lines(20.0, 20.0), tile=(64, 64), seed=seed)
        analog = nets.calibrate(nets.program(digits.network, chip), digits.x_train)
        before = nets.evaluate(analog, digits.x_test, digits.y_test)
        log = nets.train_in_the_loop(analog, digits.x_train, digits.y_train, epochs=8)
        found = nets.evaluate(analog, digits.x_test, digits.y_test)
        gains.append(found.accuracy.item() - before.accuracy.item())
        after.append(found.accuracy.item() - before.float_accuracy.item())
        assert found.float_accuracy.item() == before.float_accuracy.item()  # beside what was meant, not what learnt
        pulses = int(log.pulses.sum()) / log.attrs["cells"]
        assert 0.1 < pulses < 4  # the first write took 7
        assert int(log.rewritten[1:].max()) < log.attrs["cells"] / 2 and log.pulses[0] == 0
        assert analog.pulses - int(log.pulses.sum()) == pytest.approx(7 * log.attrs["cells"], rel=0.25)
    assert np.mean(gains) > 0.04 and np.mean(after) > -0.025


def test_a_cancelled_loop_leaves_the_chip_as_it_was(digits: Any, device: Any) -> None:
    analog = nets.calibrate(nets.program(digits.network, nets.Chip(device, seed=1)), digits.x_train)
    before, weights = [layer.cells.state_hash() for layer in analog.layers], digits.network.weighted[0].matrix.copy()
    told: list[float] = []
    with pytest.raises(sc.Cancelled, match="train_in_the_loop: cancelled by the caller; the cells are as they were"):
        nets.train_in_the_loop(
            analog, digits.x_train, digits.y_train, rate=0.05, progress=told.append, cancel=lambda: len(told) > 1
        )
    assert [layer.cells.state_hash() for layer in analog.layers] == before and len(told) == 2
    assert np.array_equal(analog.network.weighted[0].matrix, weights)


def test_a_rate_that_is_too_high_diverges_and_burns_pulses(digits: Any, device: Any) -> None:
    analog = nets.program(digits.network, nets.Chip(device, lines=Lines(20.0, 20.0), tile=(64, 64), seed=1))
    log = nets.train_in_the_loop(analog, digits.x_train, digits.y_train, epochs=3, rate=0.1)
    assert log.accuracy[-1] < log.accuracy[0] - 0.1 and int(log.pulses.sum()) > 5 * log.attrs["cells"]


def test_bad_input(digits: Any, device: Any) -> None:
    x, y = digits.x_train[:10], digits.y_train[:10]
    with pytest.raises(ValueError, match=r"y: must be among the classes .* \(got 12\)"):
        nets.train(digits.network, x, np.full(10, 12))
    with pytest.raises(ValueError, match="rate: must be above 0"):
        nets.train(digits.network, x, y, rate=0.0)
    analog = nets.program(digits.network, nets.Chip(device))
    with pytest.raises(ValueError, match="band: must be 1 or more"):
        nets.train_in_the_loop(analog, x, y, band=0.5)
    with pytest.raises(TypeError, match=r"analog: must be AnalogNetwork \(got Network\)"):
        nets.train_in_the_loop(digits.network, x, y)
