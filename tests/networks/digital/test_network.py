"""Float networks: against scikit-learn, numerical gradients, loops over patches, and stand-ins for torch's layers."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synaptogen_core.networks import Conv2d, Dense, Network, Pool2d, Relu, Reshape, Softmax
from synaptogen_core.networks.digital.layers import Sigmoid, Tanh

RNG = np.random.default_rng  # makes one, seeded


def test_the_float_path_is_that_of_scikit_learn(digits: Any) -> None:
    assert np.array_equal(digits.network.predict(digits.x_test), digits.model.predict(digits.x_test))
    p = Softmax().forward(digits.network.forward(digits.x_test))
    assert p == pytest.approx(digits.model.predict_proba(digits.x_test), abs=1e-12)


def test_two_classes_on_one_output() -> None:
    from sklearn.neural_network import MLPClassifier

    x = RNG(0).normal(size=(80, 3))
    y = np.where(x[:, 0] > 0.3, "yes", "no")
    for activation in ("tanh", "logistic", "identity"):
        model = MLPClassifier((4,), activation, solver="lbfgs", max_iter=30, random_state=0)
        network = Network.from_sklearn(_fitted(model, x, y))
        assert np.array_equal(network.predict(x), model.predict(x)) and set(network.classes) == {"yes", "no"}


def _fitted(model: Any, x: np.ndarray, y: np.ndarray) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(x, y)


def slow_convolution(x: np.ndarray, k: np.ndarray, b: np.ndarray, stride: Any, padding: Any) -> np.ndarray:
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    down = (x.shape[2] - k.shape[2]) // stride[0] + 1
    across = (x.shape[3] - k.shape[3]) // stride[1] + 1
    out = np.empty((len(x), len(k), down, across))
    for i in range(down):
        for j in range(across):
            a, c = i * stride[0], j * stride[1]
            part = x[:, :, a : a + k.shape[2], c : c + k.shape[3]]
            out[:, :, i, j] = np.einsum("bcyx,ocyx->bo", part, k) + b
    return out


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(1, 3), st.tuples(st.integers(1, 2), st.integers(1, 2)), st.integers(0, 2))
def test_convolution_is_a_loop_over_patches(channels: int, size: int, stride: Any, pad: int) -> None:
    x, k, b = (RNG(1).normal(size=s) for s in ((2, channels, 6, 5), (4, channels, size, 2), (4,)))
    layer = Conv2d.of_kernels(k, b, stride=stride, padding=(pad, 1))
    assert layer.forward(x) == pytest.approx(slow_convolution(x, k, b, stride, (pad, 1)))
    assert layer.forward(x).shape[1:] == layer.shape_after(x.shape[1:])


def test_gradients_are_those_of_small_steps() -> None:
    """All layers in one network; a twin with a wrong derivative is far off."""
    rng = RNG(3)
    layers = [
        Reshape((2, 6, 6)), Conv2d.of_kernels(rng.normal(size=(3, 2, 3, 3)), rng.normal(size=3), padding=(1, 0)),
        Tanh(), Pool2d((2, 2), how="mean"), Conv2d.of_kernels(rng.normal(size=(4, 3, 2, 2)), stride=(1, 1)), Sigmoid(),
        Pool2d((2, 1)), Reshape(), Dense(rng.normal(size=(4, 5)), rng.normal(size=5)), Relu(),
        Dense(rng.normal(size=(5, 3)), rng.normal(size=3)), Softmax(),
    ]  # fmt: skip
    network, x, y = Network(layers), rng.normal(size=(4, 72)), np.array([0, 2, 1, 1])
    _, gradients, _ = network.gradients(x, y)
    for k, (dw, db) in enumerate(gradients):
        weights = [layer.matrix.copy() for layer in network.weighted]
        biases = [layer.bias.copy() for layer in network.weighted]
        for array, grad in ((weights[k], dw), (biases[k], db)):
            at = tuple(rng.integers(n) for n in array.shape)
            losses = []
            for step in (1e-5, -2e-5):
                array[at] += step
                losses.append(network.with_weights(weights, biases).gradients(x, y)[0])
            assert (losses[0] - losses[1]) / 2e-5 == pytest.approx(grad[at], rel=1e-4, abs=1e-7)
            assert (losses[0] - losses[1]) / 2e-5 != pytest.approx(1.1 * grad[at] + 1e-4, rel=1e-3)


class Tensor(SimpleNamespace):
    def detach(self) -> Tensor:
        return self

    cpu = double = to_dense = detach

    def is_complex(self) -> bool:
        return self.values.dtype.kind == "c"

    def numpy(self) -> np.ndarray:
        return self.values


def module(name: str, children: tuple[Any, ...] = (), **fields: Any) -> Any:
    iterated = {"__module__": "torch.nn.modules.any", "__iter__": lambda _: iter(children)}
    found = type(name, (), iterated)()
    for field, value in fields.items():
        setattr(found, field, Tensor(values=value) if isinstance(value, np.ndarray) else value)
    found.children = lambda: children
    return found


def test_a_torch_sequential_without_torch() -> None:
    rng = RNG(5)
    k, w, b = rng.normal(size=(3, 1, 3, 3)), rng.normal(size=(4, 12)), rng.normal(size=4)
    conv = module("Conv2d", weight=k, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1)
    norm = module(
        "BatchNorm2d", running_mean=np.full(3, 0.2), running_var=np.full(3, 4.0), eps=0.0,
        weight=np.full(3, 3.0), bias=np.full(3, 1.0),
    )  # fmt: skip
    pool = module("MaxPool2d", kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    tail = [
        module("ReLU"),
        pool,
        module("Dropout"),
        module("Flatten", start_dim=1, end_dim=-1),
        module("Linear", weight=w, bias=b),
    ]
    network = Network.from_torch(module("Sequential", (module("Sequential", (conv, norm)), *tail)))
    x = rng.normal(size=(2, 1, 6, 6))
    z = (slow_convolution(x, k, np.zeros(3), (1, 1), (0, 0)) - 0.2) / 2 * 3 + 1
    hidden = np.maximum(z, 0).reshape(2, 3, 2, 2, 2, 2).max(axis=(3, 5)).reshape(2, -1)
    assert network.forward(x) == pytest.approx(hidden @ w.T + b)
    with pytest.raises(ValueError, match=r"model: must have layers that are known here \(got GRU\)"):
        Network.from_torch(module("Sequential", (module("GRU"),)))
    conv.groups = 3
    with pytest.raises(ValueError, match="model: groups of Conv2d must be 1"):
        Network.from_torch(module("Sequential", (conv,)))


def linear(**fields: Any) -> Any:
    return module("Linear", **({"weight": np.eye(3), "bias": np.zeros(3)} | fields))


def own() -> Any:
    found = linear()
    type(found).__module__ = "laboratory"
    return found


NORM = {"running_mean": np.zeros(3), "running_var": np.ones(3), "eps": 0.0, "weight": None, "bias": None}
ODD: list[tuple[tuple[Any, ...], str]] = [
    ((linear(_forward_hooks={1: print}),), "model: Linear must compute what its class does"),
    ((linear(_forward_pre_hooks={1: print}),), "model: Linear must compute what its class does"),
    ((linear(forward=print),), "model: Linear must compute what its class does"),
    ((own(),), "model: must be of torch's own layers (got Linear of laboratory)"),
    ((linear(weight=None),), "model: weight of Linear must hold real numbers"),
    ((linear(weight=np.eye(3) * 1j),), "model: weight of Linear must hold real numbers"),
    ((linear(weight=np.full((3, 3), np.nan)),), "weights: must be finite"),
    ((linear(), module("Softmax", dim=0)), "model: Softmax must work on the last axis"),
    ((module("Unflatten", dim=1, unflattened_size=(3, 1, 1)), module("Softmax", dim=1)), "model: Softmax must work on"),
    ((module("Flatten", start_dim=0, end_dim=-1),), "model: Flatten must work on all axes but the first"),
    ((module("Unflatten", dim=2, unflattened_size=(3, 1)),), "model: Unflatten must work on the axis after the first"),
    ((module("AvgPool2d", kernel_size=2, stride=2, divisor_override=3),), "divisor_override of AvgPool2d must be None"),
    ((linear(), module("BatchNorm1d", **NORM | {"running_mean": None})), "BatchNorm must have running statistics"),
    ((linear(), module("BatchNorm1d", **NORM | {"running_mean": np.zeros(1)})), "BatchNorm must have 3 features"),
    ((module("Sequential"),), "layers: must have at least one with weights"),
]


@pytest.mark.parametrize(("children", "sentence"), ODD, ids=[sentence[:40] for _, sentence in ODD])
def test_what_torch_would_compute_otherwise_is_refused(children: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Network.from_torch(module("Sequential", children))


def test_a_module_that_stands_in_two_places_comes_twice() -> None:
    twice = linear(weight=2 * np.eye(3))
    assert len(Network.from_torch(module("Sequential", (twice, module("ReLU"), twice))).layers) == 3
    with pytest.raises(TypeError, match="model: must be a torch Sequential"):
        Network.from_torch(type(module("Sequential")))


def test_weights_by_name() -> None:
    w0, w1 = RNG(1).normal(size=(3, 4)), RNG(2).normal(size=(4, 2))
    given = {"10.weight": w1.T, "2.weight": w0.T, "2.bias": np.ones(4)}
    ours = Network.from_arrays([w0, w1], [np.ones(4), np.zeros(2)])
    x = RNG(3).normal(size=(5, 3))
    assert np.array_equal(Network.from_weights(given).forward(x), ours.forward(x))
    sklearn = {"coefs_0": w0, "coefs_1": w1, "intercepts_0": np.ones(4), "intercepts_1": np.zeros(2)}
    assert np.array_equal(Network.from_weights(sklearn).forward(x), ours.forward(x))


BAD: list[tuple[Any, str]] = [
    (lambda: Network.from_arrays([[[np.nan]]]), "weights: must be finite (got NaN or infinity); correct the numbers"),
    (
        lambda: Network.from_arrays([np.ones((2, 3)), np.ones((2, 3))]),
        "weights: must take the 3 outputs of the layer before (got 2 inputs); correct their order, or transpose them",
    ),
    (
        lambda: Network.from_arrays([np.ones((2, 3))]).forward(np.ones((4, 5))),
        "x: must have 2 numbers an image (got shape (5,)); give images of that size",
    ),
    (
        lambda: Network.from_arrays([np.ones((2, 3))]).check_labels([0, 3], 2),
        "y: must be among the classes [0, 1, 2] (got 3); correct the labels",
    ),
    (
        lambda: Network.from_sklearn(object()),
        "model: must be a fitted MLPClassifier (got object without coefs_); call fit first",
    ),
    (lambda: Network([Relu()]), "layers: must have at least one with weights (got none); add a Dense"),
    (
        lambda: Network([Reshape((1, 4, 4)), Conv2d.of_kernels(np.ones((2, 1, 5, 5)))]).forward(np.ones((1, 16))),
        "x: must be at least 5 x 5 pixels (got (4, 4)); give larger images",
    ),
]


@pytest.mark.parametrize(("make", "sentence"), BAD)
def test_bad_input(make: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    assert str(error.value) == sentence
