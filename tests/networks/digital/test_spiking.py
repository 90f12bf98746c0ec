"""Spiking layers: by hand, gradients against differences, and in the loop around a chip that is off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.networks.digital.spiking import SLOPE
from synaptogen_core.networks.hardware.inference import vectors_an_image
from synaptogen_core.networks.hardware.programming import input_ranges

nets = sc.networks
RNG = np.random.default_rng


def test_bright_pixels_come_first_and_neurons_leak_and_fire() -> None:
    spikes = nets.Latency(4, dark=0.2).forward(np.array([[1.0, 0.81, 0.79, 0.21, 0.2, 0.0]]))
    assert spikes.argmax(axis=1)[0, :4].tolist() == [0, 0, 1, 3] and spikes.sum(axis=1)[0].tolist() == [1] * 4 + [0] * 2
    current = np.array([[[0.6], [0.6], [0.6], [0.0], [0.0]]])
    # 0.6; 0.3 + 0.6; 0.45 + 0.6 = 1.05: fires, 0.05 is left
    assert nets.LeakyIntegrateAndFire(0.5).forward(current)[0, :, 0].tolist() == [0, 0, 1, 0, 0]
    assert nets.LeakyIntegrator(0.5).forward(current) == pytest.approx(np.array([[1.05]]))
    twice = np.array([[[2.5], [0.0], [0.0]]])  # what is above the threshold stays: 1.5, then .5 * 1.5
    assert nets.LeakyIntegrateAndFire(0.9).forward(twice)[0, :, 0].tolist() == [1, 1, 0]


def differences(f: Any, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    found = np.empty_like(x)
    for at in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[at] += step
        down[at] -= step
        found[at] = (f(up) - f(down)) / (2 * step)
    return found


def test_gradients_go_back_through_time() -> None:
    x, weights = RNG(0).normal(size=(2, 5, 3)), RNG(1).normal(size=(2, 3))
    layer = nets.LeakyIntegrator(0.7)
    back = layer.backward(x, layer.forward(x), weights)
    assert back == pytest.approx(differences(lambda v: (layer.forward(v) * weights).sum(), x), abs=1e-7)

    # Below the threshold nothing is reset, and the surrogate is the derivative of u / (1 + slope |u|).
    x, weights = RNG(2).uniform(0, 0.15, (2, 5, 3)), RNG(3).normal(size=(2, 5, 3))
    neuron = nets.LeakyIntegrateAndFire(0.7)

    def smooth(v: np.ndarray) -> float:
        u = neuron._membranes(v) - 1
        return float((weights * u / (1 + SLOPE * np.abs(u))).sum())

    back = neuron.backward(x, neuron.forward(x), weights)
    assert neuron.forward(x).sum() == 0
    assert back == pytest.approx(differences(smooth, x), abs=1e-7)


@pytest.fixture(scope="module")
def spiking(digits: Any) -> Any:
    start = nets.draw_weights(nets.Network(nets.spiking_layers((64, 20, 10), steps=6)))
    return nets.train(start, digits.x_train, digits.y_train, epochs=12, rate=1e-2)[0]


def test_on_a_chip_every_step_is_a_product_and_the_loop_corrects_mismatch(
    spiking: Any, digits: Any, device: Any
) -> None:
    x, y = digits.x_test, digits.y_test
    meant = (spiking.predict(x) == y).mean()
    assert meant > 0.8
    assert vectors_an_image(spiking, (64,)) == [6, 6]
    assert input_ranges(spiking, nets.Chip(device), None) == [1.0, 1.0]  # spikes: no DAC is needed
    good = nets.calibrate(nets.program(spiking, nets.Chip(device, seed=1)), digits.x_train)
    assert abs((good.predict(x) == y).mean() - meant) < 0.03
    before, after = [], []
    for seed in (1, 2):
        chip = nets.Chip(device.vary(d2d=2.0, c2c=2.0), tile=(64, 64), lines=sc.crossbar.Lines(10.0, 10.0), seed=seed)
        analog = nets.calibrate(nets.program(spiking, chip, None), digits.x_train)  # no verify: mismatch
        before.append(nets.evaluate(analog, x, y).accuracy.item())
        nets.train_in_the_loop(analog, digits.x_train, digits.y_train, epochs=4)
        after.append(nets.evaluate(analog, x, y).accuracy.item())
    assert np.mean(after) > np.mean(before) + 0.1 and np.mean(after) > meant - 0.06


def test_it_is_saved_and_loaded(spiking: Any, digits: Any, device: Any, tmp_path: Any) -> None:
    analog = nets.program(spiking, nets.Chip(device, seed=1))
    sc.save_network(analog, tmp_path / "spiking.nc")
    assert np.array_equal(
        sc.load_network(tmp_path / "spiking.nc").forward(digits.x_test[:9]), analog.forward(digits.x_test[:9])
    )


def test_bad_input() -> None:
    for make, sentence in (
        (lambda: nets.Latency(0), "steps: must be"),
        (lambda: nets.Latency(4, dark=1.0), "dark: must be 0 or more and below 1"),
        (lambda: nets.LeakyIntegrator(1.5), "decay: must be from 0 to 1"),
        (lambda: nets.LeakyIntegrateAndFire(threshold=0.0), "threshold: must be above 0"),
        (lambda: nets.spiking_layers((64,)), "sizes: must be pixels and classes, at least"),
        (lambda: nets.Network(nets.spiking_layers((64, 10))).forward(np.zeros((2, 8, 8))), r"put a Reshape\(\) before"),
    ):
        with pytest.raises(ValueError, match=sentence):
            make()
