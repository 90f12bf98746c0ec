"""A network: layers one after the other, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.blas import one_thread
from synaptogen_core.counts import counted
from synaptogen_core.networks.digital import sources, torch_modules
from synaptogen_core.networks.digital.layers import Layer, Softmax, Weighted
from synaptogen_core.types import F64

BATCH = 4096  # images that go through all layers together: what lies in between fits into memory
Multiply = Callable[[int, F64], F64]  # number of the weighted layer, its vectors -> their products without bias


class Network:
    """Layers one after the other; it does not change.

    Parameters
    ----------
    layers : sequence of Layer
        At least one with weights.
    classes : array, shape (outputs,), optional
        Labels of the outputs; default: 0, 1, 2 ...

    Raises
    ------
    TypeError, ValueError
        If something is no layer, or there is none with weights.

    Examples
    --------
    >>> network = Network.from_arrays([[[1.0, -1.0], [0.0, 1.0]]], [[0.0, 0.5]])
    >>> network.forward([[2.0, 1.0]]).tolist(), network.predict([[2.0, 1.0]]).tolist()
    ([[2.0, -0.5]], [0])
    """

    def __init__(self, layers: Sequence[Layer], classes: ArrayLike | None = None) -> None:
        given = checks.instance("layers", layers, Sequence, "give a list of them")
        self.layers = tuple(checks.instance("layers", layer, Layer, "give layers such as Dense") for layer in given)
        self.weighted = tuple(layer for layer in self.layers if isinstance(layer, Weighted))
        if not self.weighted:
            raise ValueError("layers: must have at least one with weights (got none); add a Dense")
        outputs = self.weighted[-1].matrix.shape[1]
        labels = np.arange(outputs) if classes is None else _labels("classes", classes).copy()
        labels.flags.writeable = False
        if labels.shape != (outputs,):
            raise ValueError(f"classes: must have shape ({outputs},) (got {labels.shape}); give one for each output")
        self.classes = labels

    def __repr__(self) -> str:
        sizes = " ".join("x".join(map(str, layer.matrix.shape)) for layer in self.weighted)
        return f"Network({sizes}, {counted(len(self.layers), 'layer')})"

    # ---- where it comes from

    @classmethod
    def from_arrays(
        cls,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike] | None = None,
        activation: str = "relu",
        classes: ArrayLike | None = None,
    ) -> Network:
        """Dense layers with an activation between them.

        Parameters
        ----------
        weights : sequence of arrays, shape (inputs, outputs) each
        biases : sequence of arrays, shape (outputs,) each, optional
            Default: 0.
        activation : {"relu", "tanh", "logistic", "identity"}
        classes : array, shape (outputs,), optional
            Labels of the outputs.

        Returns
        -------
        Network

        Raises
        ------
        TypeError, ValueError
            If something does not fit.
        """
        return cls(sources.dense_layers(weights, biases, activation), classes)

    @classmethod
    def from_sklearn(cls, model: Any) -> Network:
        """The network of a fitted ``sklearn.neural_network.MLPClassifier``.

        Parameters
        ----------
        model : MLPClassifier

        Returns
        -------
        Network
            Whose `predict` gives the same labels.

        Raises
        ------
        TypeError, ValueError
            If it is none, is not fitted, or gives several labels.
        """
        return cls(*sources.of_sklearn(model))

    @classmethod
    def from_torch(cls, model: Any, classes: ArrayLike | None = None) -> Network:
        """The network of a ``torch.nn.Sequential``; torch itself is not imported here.

        Linear, Conv2d, ReLU, Tanh, Sigmoid, Softmax, Flatten, Unflatten, MaxPool2d and AvgPool2d are known; what does
        nothing when one infers (Dropout, Identity) is left out, and BatchNorm is folded into the weights before it.
        LogSoftmax becomes Softmax: the same class, and probabilities in place of their logarithms.

        Parameters
        ----------
        model : torch.nn.Sequential
        classes : array, shape (outputs,), optional
            Labels of the outputs.

        Returns
        -------
        Network

        Raises
        ------
        TypeError, ValueError
            If a layer is not known, or has options that are not.
        """
        return cls(torch_modules.of_torch(model), classes)

    @classmethod
    def from_weights(cls, named: Mapping[str, ArrayLike], activation: str = "relu") -> Network:
        """Dense layers of named arrays, as `load_weights` reads them from a file.

        Parameters
        ----------
        named : mapping of str to array
            ``*.weight`` of shape (outputs, inputs) and ``*.bias``, as torch names them; or ``coefs_0`` of shape
            (inputs, outputs), ``intercepts_0`` and so on, as scikit-learn does.
        activation : {"relu", "tanh", "logistic", "identity"}

        Returns
        -------
        Network

        Raises
        ------
        TypeError, ValueError
            If something does not fit.
        """
        return cls.from_arrays(*sources.of_names(named), activation)

    # ---- what it does

    def forward(self, x: ArrayLike, multiply: Multiply | None = None) -> F64:
        """Outputs of the last layer.

        Parameters
        ----------
        x : array, shape (images, ...)
        multiply : callable, optional
            What computes the products of the weighted layers: ``multiply(number of the layer, vectors)``, without the
            bias, which is added here. Default: the weights themselves.

        Returns
        -------
        ndarray of float64, shape (images, outputs)

        Raises
        ------
        TypeError, ValueError
            If the images are not finite numbers of the size that the first layer takes.
        """
        given = self.check_images(x)
        with nullcontext() if multiply is None and len(given) > BATCH else one_thread():
            parts = [self._forward(given[k : k + BATCH], multiply) for k in range(0, len(given), BATCH)]
        return np.concatenate(parts)

    def _forward(self, x: F64, multiply: Multiply | None) -> F64:
        number = 0
        for layer in self.layers:
            if isinstance(layer, Weighted):
                vectors = layer.vectors(x)
                z = vectors @ layer.matrix if multiply is None else multiply(number, vectors)
                x, number = layer.assembled(z + layer.bias, x.shape), number + 1
            else:
                x = layer.forward(x)
        return x

    def predict(self, x: ArrayLike) -> NDArray[Any]:
        """Label of the largest output of each image.

        Parameters
        ----------
        x : array, shape (images, ...)

        Returns
        -------
        ndarray, shape (images,)

        Raises
        ------
        TypeError, ValueError
            As `forward`.
        """
        return np.asarray(self.classes[self.forward(x).argmax(axis=1)])

    def check_images(self, x: ArrayLike) -> F64:
        """Images, if all layers can take them.

        Parameters
        ----------
        x : array, shape (images, ...)

        Returns
        -------
        ndarray of float64, shape (images, ...)

        Raises
        ------
        TypeError, ValueError
            If they are not finite numbers of the size that the first layer takes.
        """
        found = np.asarray(checks.numeric("x", x), dtype=np.float64)
        if not np.isfinite(found).all():
            raise ValueError("x: must be finite (got NaN or infinity); correct the images")
        if found.ndim < 2 or not found.size:
            raise ValueError(f"x: must have shape (images, ...) (got {found.shape}); give a batch of images")
        shape = found.shape[1:]
        for layer in self.layers:
            shape = layer.shape_after(shape)
        return found

    def check_labels(self, y: ArrayLike, images: int) -> NDArray[np.intp]:
        """Positions of labels among the classes.

        Parameters
        ----------
        y : array, shape (images,)
        images : int
            How many there must be.

        Returns
        -------
        ndarray of int, shape (images,)

        Raises
        ------
        TypeError, ValueError
            If they are others, or not as many.
        """
        labels = _labels("y", y)
        if labels.shape != (images,):
            raise ValueError(f"y: must have shape ({images},) (got {labels.shape}); give one label for each image")
        known = labels[:, None] == self.classes
        if not known.any(axis=1).all():
            odd = labels[~known.any(axis=1)][0]
            raise ValueError(f"y: must be among the classes {self.classes.tolist()} (got {odd}); correct the labels")
        return np.asarray(known.argmax(axis=1))

    def with_weights(self, weights: Sequence[F64], biases: Sequence[F64]) -> Network:
        """The same layers with other weights.

        Parameters
        ----------
        weights : sequence of ndarray, shape (inputs, outputs) each
        biases : sequence of ndarray, shape (outputs,) each

        Returns
        -------
        Network
        """
        new = iter(zip(weights, biases, strict=True))
        layers = [layer.with_weights(*next(new)) if isinstance(layer, Weighted) else layer for layer in self.layers]
        return Network(layers, self.classes)

    # ---- how it learns

    def gradients(
        self, x: F64, y: NDArray[np.intp], multiply: Multiply | None = None, weights: Sequence[F64] | None = None
    ) -> tuple[float, list[tuple[F64, F64]], int]:
        """Mean cross entropy of the classes, and its gradients.

        Parameters
        ----------
        x : ndarray of float64, shape (batch, ...)
            Checked images.
        y : ndarray of int, shape (batch,)
            Position of the right class.
        multiply : callable, optional
            As for `forward`.
        weights : sequence of ndarray, shape (inputs, outputs) each, optional
            The weights through which the gradients go back. Default: the network's own.

        Returns
        -------
        loss : float
        gradients : list of (ndarray, ndarray)
            Of weights and bias of each layer with weights.
        right : int
            Images whose largest output is that of the right class.
        """
        layers = self.layers[:-1] if isinstance(self.layers[-1], Softmax) else self.layers
        trace, number = [x], 0
        for layer in layers:
            if isinstance(layer, Weighted):
                vectors = layer.vectors(trace[-1])
                z = vectors @ layer.matrix if multiply is None else multiply(number, vectors)
                trace.append(layer.assembled(z + layer.bias, trace[-1].shape))
                number += 1
            else:
                trace.append(layer.forward(trace[-1]))
        p = Softmax().forward(trace[-1])
        right = int((p.argmax(axis=1) == y).sum())
        loss = -float(np.mean(np.log(np.maximum(p[np.arange(len(y)), y], 1e-300))))
        p[np.arange(len(y)), y] -= 1
        dy, found = p / len(y), []
        for layer, before, after in zip(layers[::-1], trace[-2::-1], trace[:0:-1], strict=True):
            if isinstance(layer, Weighted):
                number -= 1
                found.append(layer.gradients(before, dy))
                if number:
                    back = layer if weights is None else layer.with_weights(weights[number], layer.bias)
                    dy = back.backward(before, after, dy)
            elif number:
                dy = layer.backward(before, after, dy)
        return loss, found[::-1], right


def _labels(name: str, value: ArrayLike) -> NDArray[Any]:
    """Numbers or words."""
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):  # rows of unequal length, and what cannot become an array
        found = np.empty(1, np.object_)
    if found.dtype.kind not in "biuUS" and not (found.dtype.kind == "f" and np.isfinite(found).all()):
        raise TypeError(f"{name}: must be a row of numbers or words (got {type(value).__name__}); give one a label")
    return found
