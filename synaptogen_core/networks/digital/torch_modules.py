"""The layers of a torch Sequential, by what its modules look like: torch itself is not imported here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from synaptogen_core.networks.digital.convolution import Conv2d, Pool2d
from synaptogen_core.networks.digital.layers import Dense, Layer, Relu, Reshape, Sigmoid, Softmax, Tanh, Weighted
from synaptogen_core.types import F64

NOTHING = ("Dropout", "Dropout1d", "Dropout2d", "Identity")
HOME = "torch.nn.modules."
BUILD = "build the Network of its layers"
BATCH_NORM = ("BatchNorm1d", "BatchNorm2d")


def of_torch(model: Any) -> list[Layer]:
    """Layers of a Sequential, by the names of their classes.

    Parameters
    ----------
    model : torch.nn.Sequential

    Returns
    -------
    list of Layer

    Raises
    ------
    TypeError, ValueError
        If a layer is not known here, or computes something else than its name says.
    """
    if isinstance(model, type) or not callable(getattr(model, "children", None)):
        raise TypeError(f"model: must be a torch Sequential (got {type(model).__name__}); give one")
    layers: list[Layer] = []
    for module in _leaves(model):
        name = type(module).__name__
        if name in BATCH_NORM:
            layers[-1:] = [_folded(layers[-1] if layers else None, module)]
        elif name in MAKERS:
            layers.append(MAKERS[name](module, _rank(layers)))
        elif name not in NOTHING:
            raise ValueError(f"model: must have layers that are known here (got {name}); {BUILD}")
    return layers


def _leaves(module: Any) -> list[Any]:
    """The modules that compute, in their order; one that stands in two places comes twice."""
    name = type(module).__name__
    if name != "Sequential" and list(module.children()):
        raise ValueError(f"model: must be Sequential, so that its layers follow each other (got {name}); {BUILD}")
    if not type(module).__module__.startswith(HOME):
        raise ValueError(f"model: must be of torch's own layers (got {name} of {type(module).__module__}); {BUILD}")
    hooks = [*getattr(module, "_forward_hooks", ()), *getattr(module, "_forward_pre_hooks", ())]
    if hooks or "forward" in vars(module):
        raise ValueError(
            f"model: {name} must compute what its class does (got forward hooks, or another forward); remove them, as "
            "torch.nn.utils.prune.remove and remove_weight_norm do"
        )
    return [leaf for child in module for leaf in _leaves(child)] if name == "Sequential" else [module]


def _rank(layers: Sequence[Layer]) -> int:
    """Number of axes after these layers, with that of the batch; 0 if they do not tell."""
    for layer in reversed(layers):
        if isinstance(layer, (Conv2d, Pool2d)):
            return 4
        if isinstance(layer, Dense):
            return 2
        if isinstance(layer, Reshape):
            return 1 + len(layer.shape)
    return 0


def _array(module: Any, name: str) -> F64:
    tensor = getattr(module, name)
    try:
        if tensor.is_complex():
            raise TypeError
        return np.array(tensor.detach().to_dense().cpu().double().numpy(), np.float64)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        raise ValueError(
            f"model: {name} of {type(module).__name__} must hold real numbers (got "
            f"{getattr(tensor, 'dtype', 'none')} on {getattr(tensor, 'device', 'no device')}); convert the model"
        ) from None


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _plain(module: Any, **wanted: Any) -> None:
    """Refuse options that change what a layer computes."""
    for option, value in wanted.items():
        found = getattr(module, option, value)
        if found != value and found not in ((value, value), [value, value]):
            raise ValueError(f"model: {option} of {type(module).__name__} must be {value} (got {found}); replace it")


def _axes(module: Any, right: bool, which: str) -> None:
    """Refuse axes other than those that a layer here has."""
    if not right:
        name = type(module).__name__
        raise ValueError(f"model: {name} must work on {which} (got {module}); replace it, or {BUILD}")


def _linear(module: Any, rank: int) -> Layer:
    matrix = _array(module, "weight").T
    return Dense(matrix, np.zeros(matrix.shape[-1]) if module.bias is None else _array(module, "bias"))


def _conv(module: Any, rank: int) -> Layer:
    _plain(module, dilation=1, groups=1, padding_mode="zeros")
    if isinstance(module.padding, str):
        raise ValueError(f"model: padding of Conv2d must be numbers (got {module.padding!r}); give its size")
    bias = None if module.bias is None else _array(module, "bias")
    kernels = _array(module, "weight")
    return Conv2d.of_kernels(kernels, bias, stride=_pair(module.stride), padding=_pair(module.padding))


def _pool(how: str) -> Callable[[Any, int], Layer]:
    def make(module: Any, rank: int) -> Layer:
        _plain(module, padding=0, dilation=1, ceil_mode=False, return_indices=False, divisor_override=None)
        return Pool2d(_pair(module.kernel_size), _pair(module.stride or module.kernel_size), how)

    return make


def _softmax(module: Any, rank: int) -> Layer:
    dim = 1 if module.dim is None and rank in (2, 4) else module.dim
    _axes(module, dim == -1 or (dim is not None and dim == rank - 1), "the last axis, that of the classes")
    return Softmax()


def _flatten(module: Any, rank: int) -> Layer:
    starts, ends = (1, 1 - rank if rank else 1), (-1, rank - 1 if rank else -1)
    _axes(module, module.start_dim in starts and module.end_dim in ends, "all axes but the first")
    return Reshape()


def _unflatten(module: Any, rank: int) -> Layer:
    _axes(module, rank in (0, 2) and (module.dim == 1 or (rank == 2 and module.dim == -1)), "the axis after the first")
    return Reshape(tuple(int(n) for n in module.unflattened_size))


def _folded(before: Layer | None, norm: Any) -> Weighted:
    if not isinstance(before, Weighted):
        raise ValueError("model: BatchNorm must follow a layer with weights (got another one before it); move it")
    if norm.running_mean is None:
        raise ValueError("model: BatchNorm must have running statistics (got none); train it with them")
    mean, variance = _array(norm, "running_mean"), _array(norm, "running_var")
    if mean.shape != before.bias.shape:
        raise ValueError(
            f"model: BatchNorm must have {before.bias.size} features, as the layer before it has outputs "
            f"(got {mean.size}); correct it"
        )
    factor = 1 / np.sqrt(variance + float(norm.eps))
    shift = np.zeros_like(mean)
    if norm.weight is not None:
        factor, shift = factor * _array(norm, "weight"), _array(norm, "bias")
    return before.with_weights(before.matrix * factor, (before.bias - mean) * factor + shift)


MAKERS: dict[str, Callable[[Any, int], Layer]] = {
    "Linear": _linear,
    "Conv2d": _conv,
    "MaxPool2d": _pool("max"),
    "AvgPool2d": _pool("mean"),
    "ReLU": lambda module, rank: Relu(),
    "Tanh": lambda module, rank: Tanh(),
    "Sigmoid": lambda module, rank: Sigmoid(),
    "Softmax": _softmax,
    "LogSoftmax": _softmax,  # the same largest class
    "Flatten": _flatten,
    "Unflatten": _unflatten,
}
