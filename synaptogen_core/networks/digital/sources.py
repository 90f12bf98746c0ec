"""Where networks come from: arrays, scikit-learn, torch, files; by what they look like, without importing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.errors import shown
from synaptogen_core.networks.digital.convolution import Conv2d, Pool2d
from synaptogen_core.networks.digital.layers import Dense, Layer, Relu, Reshape, Sigmoid, Softmax, Tanh, Weighted
from synaptogen_core.types import F64

ACTIVATIONS: dict[str, Layer | None] = {"relu": Relu(), "tanh": Tanh(), "logistic": Sigmoid(), "identity": None}
NOTHING = ("Dropout", "Dropout1d", "Dropout2d", "Identity")


def dense_layers(weights: Sequence[ArrayLike], biases: Sequence[ArrayLike] | None, activation: str) -> list[Layer]:
    """Dense layers with an activation between them.

    Parameters
    ----------
    weights : sequence of arrays, shape (inputs, outputs) each
    biases : sequence of arrays, shape (outputs,) each, or None
    activation : str
        A name of `ACTIVATIONS`.

    Returns
    -------
    list of Layer

    Raises
    ------
    TypeError, ValueError
        If something does not fit.
    """
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise ValueError(f"activation: must be one of {', '.join(ACTIVATIONS)} (got {activation!r}); choose one")
    checks.instance("weights", weights, Sequence, "give a list of matrices")
    checks.instance("biases", () if biases is None else biases, Sequence, "give a list of rows")
    if not len(weights):
        raise ValueError("weights: must be at least one matrix (got none); give one for each layer")
    if biases is not None and len(biases) != len(weights):
        raise ValueError(f"biases: must be {len(weights)} (got {len(biases)}); give one for each matrix")
    layers: list[Layer] = []
    for k, given in enumerate(weights):
        matrix = checks.numbers("weights", given)
        if matrix.ndim != 2:
            raise ValueError(f"weights: must have shape (inputs, outputs) (got {matrix.shape}); give matrices")
        if layers and layers_outputs(layers) != matrix.shape[0]:
            raise ValueError(
                f"weights: must take the {layers_outputs(layers)} outputs of the layer before "
                f"(got {matrix.shape[0]} inputs); correct their order, or transpose them"
            )
        layers.append(Dense(matrix, np.zeros(matrix.shape[1]) if biases is None else np.asarray(biases[k])))
        between = ACTIVATIONS[activation]
        if between is not None and k < len(weights) - 1:
            layers.append(between)
    return layers


def layers_outputs(layers: Sequence[Layer]) -> int:
    """Outputs of the last layer with weights."""
    return next(int(layer.matrix.shape[1]) for layer in reversed(layers) if isinstance(layer, Weighted))


def of_sklearn(model: Any) -> tuple[list[Layer], NDArray[Any]]:
    """Layers and classes of a fitted MLPClassifier; two classes on one output become two outputs.

    Raises
    ------
    TypeError, ValueError
        If it is no fitted classifier of one label an image.
    """
    for name in ("coefs_", "intercepts_", "classes_", "activation", "out_activation_"):
        if not hasattr(model, name):
            raise TypeError(
                f"model: must be a fitted MLPClassifier (got {type(model).__name__} without {name}); call fit first"
            )
    weights, biases = list(model.coefs_), list(model.intercepts_)
    if model.out_activation_ == "logistic":
        if len(model.classes_) != 2 or weights[-1].shape[1] != 1:
            raise ValueError("model: must give one label an image (got several); train one network for each label")
        weights[-1] = np.hstack([np.zeros_like(weights[-1]), weights[-1]])
        biases[-1] = np.concatenate([[0.0], biases[-1]])
    return dense_layers(weights, biases, model.activation), np.array(model.classes_)


def of_names(named: Mapping[str, ArrayLike]) -> tuple[list[F64], list[F64]]:
    """Weights, shape (inputs, outputs), and biases out of arrays by name.

    Raises
    ------
    TypeError, ValueError
        If they are no matrices by known names, numbered from 0.
    """
    checks.instance("named", named, Mapping, "give what load_weights returned")
    coefs = [name for name in named if name.startswith("coefs_")]
    if coefs:
        pairs = [(f"coefs_{k}", f"intercepts_{k}", False) for k in range(len(coefs))]
    else:
        stems = [name.removesuffix("weight") for name in named if name.endswith("weight")]
        pairs = [(f"{stem}weight", f"{stem}bias", True) for stem in sorted(stems, key=_order)]
    if not pairs:
        raise ValueError(
            f"weights: must be named *.weight and *.bias, or coefs_0 and intercepts_0 (got {shown(sorted(named))}); "
            "rename them"
        )
    weights, biases = [], []
    for weight, bias, turned in pairs:
        if weight not in named:
            raise ValueError(f"weights: must have {weight} (got {shown(sorted(named))}); number them from 0")
        matrix = checks.numbers(weight, named[weight])
        if matrix.ndim != 2:
            raise ValueError(f"{weight}: must be a matrix (got shape {matrix.shape}); build the Network of its layers")
        weights.append(matrix.T if turned else matrix)
        biases.append(checks.numbers(bias, named[bias]) if bias in named else np.zeros(weights[-1].shape[1]))
    return weights, biases


def _order(stem: str) -> tuple[Any, ...]:
    """Numbers in a name count as numbers: layer 10 comes after layer 9."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in stem.split("."))


# ---------------------------------------------------------------------------------------- torch, by what it looks like
def of_torch(model: Any) -> list[Layer]:
    """Layers of a Sequential, by the names of their classes.

    Raises
    ------
    TypeError, ValueError
        If it is no Sequential, or has a layer that is not known.
    """
    if not callable(getattr(model, "children", None)):
        raise TypeError(f"model: must be a torch Sequential (got {type(model).__name__}); give one")
    layers: list[Layer] = []
    for module in _leaves(model):
        name = type(module).__name__
        if name.startswith("BatchNorm"):
            layers[-1:] = [_folded(layers[-1] if layers else None, module)]
        elif name in MAKERS:
            layers.append(MAKERS[name](module))
        elif name not in NOTHING:
            raise ValueError(f"model: has a layer {name} that is not known here; build the Network of its layers")
    return layers


def _leaves(module: Any) -> list[Any]:
    children = list(module.children())
    if not children:
        return [module]
    if type(module).__name__ != "Sequential":
        raise ValueError(
            f"model: must be Sequential, so that its layers follow each other (got {type(module).__name__}); "
            "build the Network of its layers"
        )
    return [leaf for child in children for leaf in _leaves(child)]


def _array(tensor: Any) -> F64:
    return np.array(tensor.detach().cpu().numpy(), np.float64)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _plain(module: Any, **wanted: Any) -> None:
    """Refuse options that change what a layer computes."""
    for option, value in wanted.items():
        found = getattr(module, option, value)
        if found != value and found not in ((value, value), [value, value]):
            raise ValueError(f"model: {option} of {type(module).__name__} must be {value} (got {found}); replace it")


def _linear(module: Any) -> Layer:
    matrix = _array(module.weight).T
    return Dense(matrix, np.zeros(matrix.shape[1]) if module.bias is None else _array(module.bias))


def _conv(module: Any) -> Layer:
    _plain(module, dilation=1, groups=1, padding_mode="zeros")
    if isinstance(module.padding, str):
        raise ValueError(f"model: padding of Conv2d must be numbers (got {module.padding!r}); give its size")
    bias = None if module.bias is None else _array(module.bias)
    return Conv2d.of_kernels(_array(module.weight), bias, stride=_pair(module.stride), padding=_pair(module.padding))


def _pool(how: str) -> Callable[[Any], Layer]:
    def make(module: Any) -> Layer:
        _plain(module, padding=0, dilation=1, ceil_mode=False, return_indices=False)
        return Pool2d(_pair(module.kernel_size), _pair(module.stride or module.kernel_size), how)

    return make


def _folded(before: Layer | None, norm: Any) -> Weighted:
    if not isinstance(before, Weighted):
        raise ValueError("model: BatchNorm must follow a layer with weights (got another one before it); move it")
    mean, variance = _array(norm.running_mean), _array(norm.running_var)
    factor = 1 / np.sqrt(variance + float(norm.eps))
    shift = np.zeros_like(mean)
    if norm.weight is not None:
        factor, shift = factor * _array(norm.weight), _array(norm.bias)
    return before.with_weights(before.matrix * factor, (before.bias - mean) * factor + shift)


MAKERS: dict[str, Callable[[Any], Layer]] = {
    "Linear": _linear,
    "Conv2d": _conv,
    "MaxPool2d": _pool("max"),
    "AvgPool2d": _pool("mean"),
    "ReLU": lambda module: Relu(),
    "Tanh": lambda module: Tanh(),
    "Sigmoid": lambda module: Sigmoid(),
    "Softmax": lambda module: Softmax(),
    "LogSoftmax": lambda module: Softmax(),  # the same largest class
    "Flatten": lambda module: Reshape(),
    "Unflatten": lambda module: Reshape(tuple(int(n) for n in module.unflattened_size)),
}
