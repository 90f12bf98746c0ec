"""Layers of a network in float64: what each computes, and the gradients that lead back through it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from synaptogen_core import checks
from synaptogen_core.device.frozen import Frozen
from synaptogen_core.types import F64

Shape = tuple[int, ...]


class Layer:
    """A layer without weights; images and activations have the batch in front."""

    def forward(self, x: F64) -> F64:
        """Activations of the next layer, of those of this one.

        Parameters
        ----------
        x : ndarray of float64, shape (batch, ...)

        Returns
        -------
        ndarray of float64, shape (batch, ...)
        """
        raise NotImplementedError

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        """The gradient at the input.

        Parameters
        ----------
        x, y : ndarray of float64, shape (batch, ...)
            Input and output of the forward pass.
        dy : ndarray of float64, shape of `y`
            Gradient of the loss at the output.

        Returns
        -------
        ndarray of float64, shape of `x`
        """
        raise NotImplementedError

    def shape_after(self, shape: Shape) -> Shape:
        """Shape of what it makes of one input.

        Parameters
        ----------
        shape : tuple of int
            Of one input, without the batch.

        Returns
        -------
        tuple of int

        Raises
        ------
        ValueError
            If it does not take such an input.
        """
        return shape

    def range_after(self, low: float, high: float) -> tuple[float, float]:
        """Between what its outputs lie if its inputs lie between these; here of what rises with its input.

        Parameters
        ----------
        low, high : float

        Returns
        -------
        low, high : float
        """
        ends = self.forward(np.array([[low], [high]]))
        return float(ends[0, 0]), float(ends[1, 0])


@dataclass(frozen=True)
class Relu(Layer):
    """Rectifier: what is above zero."""

    def forward(self, x: F64) -> F64:
        return np.maximum(x, 0.0)

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        return np.asarray(dy * (x > 0))


@dataclass(frozen=True)
class Tanh(Layer):
    """Hyperbolic tangent."""

    def forward(self, x: F64) -> F64:
        return np.asarray(np.tanh(x))

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        return np.asarray(dy * (1 - y**2))


@dataclass(frozen=True)
class Sigmoid(Layer):
    """The logistic function."""

    def forward(self, x: F64) -> F64:
        return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        return np.asarray(dy * y * (1 - y))


@dataclass(frozen=True)
class Softmax(Layer):
    """Probabilities of the classes."""

    def forward(self, x: F64) -> F64:
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return np.asarray(e / e.sum(axis=-1, keepdims=True))

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        return np.asarray(y * (dy - (dy * y).sum(axis=-1, keepdims=True)))


@dataclass(frozen=True)
class Reshape(Layer):
    """The same numbers in another shape; by default in a row.

    Parameters
    ----------
    shape : tuple of int
        Of one output, without the batch; one entry may be -1.
    """

    shape: Shape = (-1,)

    def forward(self, x: F64) -> F64:
        return x.reshape(len(x), *self.shape)

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        return dy.reshape(x.shape)

    def range_after(self, low: float, high: float) -> tuple[float, float]:
        return low, high

    def shape_after(self, shape: Shape) -> Shape:
        try:
            return np.empty(shape, np.uint8).reshape(self.shape).shape
        except ValueError:
            raise ValueError(
                f"layers: must bring {shape} into a shape of as many numbers (got {self.shape}); correct the layer"
            ) from None


@dataclass(frozen=True, eq=False)
class Weighted(Frozen, Layer):
    """A layer with a matrix of weights, which can lie on an array: each vector that it reads is multiplied with it.

    matrix : (inputs, outputs), bias : (outputs,)
    """

    matrix: F64
    bias: F64

    def __post_init__(self) -> None:
        matrix = checks.numbers("weights", self.matrix)
        if matrix.ndim != 2 or not matrix.size:
            raise ValueError(f"weights: must have shape (inputs, outputs) (got {matrix.shape}); give a matrix")
        bias = checks.numbers("bias", self.bias)
        if bias.shape != matrix.shape[1:]:
            raise ValueError(f"bias: must have shape {matrix.shape[1:]} (got {bias.shape}); give one for each output")
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "bias", bias)

    def vectors(self, x: F64) -> F64:
        """What is multiplied with the matrix.

        Parameters
        ----------
        x : ndarray of float64, shape (batch, ...)

        Returns
        -------
        ndarray of float64, shape (vectors, inputs)
            As many vectors an image as the layer has places.
        """
        raise NotImplementedError

    def assembled(self, z: F64, shape: Shape) -> F64:
        """The layer's output, of the products and their bias.

        Parameters
        ----------
        z : ndarray of float64, shape (vectors, outputs)
        shape : tuple of int
            Of the layer's input, with the batch.

        Returns
        -------
        ndarray of float64, shape (batch, ...)
        """
        raise NotImplementedError

    def taken_apart(self, dy: F64) -> F64:
        """Gradients at the products; the opposite of `assembled`.

        Parameters
        ----------
        dy : ndarray of float64, shape (batch, ...)

        Returns
        -------
        ndarray of float64, shape (vectors, outputs)
        """
        raise NotImplementedError

    def scattered(self, dvectors: F64, shape: Shape) -> F64:
        """The gradient at the layer's input, of that at the vectors.

        Parameters
        ----------
        dvectors : ndarray of float64, shape (vectors, inputs)
        shape : tuple of int
            Of the layer's input, with the batch.

        Returns
        -------
        ndarray of float64, shape `shape`
        """
        raise NotImplementedError

    def with_weights(self, matrix: F64, bias: F64) -> Self:
        """The same layer with other weights.

        Parameters
        ----------
        matrix : ndarray of float64, shape (inputs, outputs)
        bias : ndarray of float64, shape (outputs,)

        Returns
        -------
        Weighted
        """
        return replace(self, matrix=matrix, bias=bias)

    def forward(self, x: F64) -> F64:
        return self.assembled(self.vectors(x) @ self.matrix + self.bias, x.shape)

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        return self.scattered(self.taken_apart(dy) @ self.matrix.T, x.shape)

    def range_after(self, low: float, high: float) -> tuple[float, float]:
        up, down = np.maximum(self.matrix, 0).sum(axis=0), np.minimum(self.matrix, 0).sum(axis=0)
        lowest, highest = (low * up + high * down + self.bias).min(), (high * up + low * down + self.bias).max()
        return min(float(lowest), 0.0), float(highest)  # what lies beyond the edge of an image counts as 0

    def gradients(self, x: F64, dy: F64) -> tuple[F64, F64]:
        """Gradients of the weights and of the bias.

        Parameters
        ----------
        x : ndarray of float64, shape (batch, ...)
            Input of the forward pass.
        dy : ndarray of float64, shape (batch, ...)
            Gradient of the loss at the output.

        Returns
        -------
        ndarray of float64, shapes (inputs, outputs) and (outputs,)
        """
        dz = self.taken_apart(dy)
        return self.vectors(x).T @ dz, dz.sum(axis=0)


@dataclass(frozen=True, eq=False)
class Dense(Weighted):
    """Each output a sum over all inputs.

    Parameters
    ----------
    matrix : array, shape (inputs, outputs)
    bias : array, shape (outputs,)

    Raises
    ------
    TypeError, ValueError
        If they are not finite numbers of these shapes.
    """

    def vectors(self, x: F64) -> F64:
        return x

    def assembled(self, z: F64, shape: Shape) -> F64:
        return z

    def taken_apart(self, dy: F64) -> F64:
        return dy

    def scattered(self, dvectors: F64, shape: Shape) -> F64:
        return dvectors

    def shape_after(self, shape: Shape) -> Shape:
        if shape != self.matrix.shape[:1]:
            raise ValueError(
                f"x: must have {self.matrix.shape[0]} numbers an image (got shape {shape}); give images of that size"
            )
        return self.matrix.shape[1:]
