"""Where networks come from: arrays, scikit-learn, files; by what they look like, without importing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.errors import shown
from synaptogen_core.networks.digital.layers import Dense, Layer, Relu, Sigmoid, Tanh, Weighted
from synaptogen_core.types import F64

ACTIVATIONS: dict[str, Layer | None] = {"relu": Relu(), "tanh": Tanh(), "logistic": Sigmoid(), "identity": None}


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
