"""Convolution as a matrix product on patches (im2col), and pooling; plain NumPy. Images are (batch, channel, y, x)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.networks.digital.layers import Layer, Shape, Weighted
from synaptogen_core.types import F64

Pair = tuple[int, int]


def patches(x: F64, kernel: Pair, stride: Pair, padding: Pair) -> F64:
    """All patches of images, in a row each.

    Parameters
    ----------
    x : ndarray of float64, shape (batch, channels, y, x)
    kernel, stride, padding : tuple of two int
        Along y and x.

    Returns
    -------
    ndarray of float64, shape (batch, down, across, channels, kernel y, kernel x)
        A view where there is no padding.
    """
    (sy, sx), (py, px) = stride, padding
    if py or px:
        x = np.pad(x, ((0, 0), (0, 0), (py, py), (px, px)))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))[:, :, ::sy, ::sx]
    return windows.transpose(0, 2, 3, 1, 4, 5)


def add_patches(found: F64, shape: Shape, stride: Pair, padding: Pair) -> F64:
    """The sum of all patches where they lie in the images: the transpose of `patches`.

    Parameters
    ----------
    found : ndarray of float64, shape (batch, down, across, channels, kernel y, kernel x)
    shape : tuple of int
        Of the images.
    stride, padding : tuple of two int

    Returns
    -------
    ndarray of float64, shape `shape`
    """
    (sy, sx), (py, px) = stride, padding
    down, across = found.shape[1:3]
    total = np.zeros((shape[0], shape[1], shape[2] + 2 * py, shape[3] + 2 * px))
    for ky in range(found.shape[4]):
        for kx in range(found.shape[5]):
            inside = total[:, :, ky : ky + sy * down : sy, kx : kx + sx * across : sx]
            inside += found[..., ky, kx].transpose(0, 3, 1, 2)
    return total[:, :, py : py + shape[2], px : px + shape[3]]


@dataclass(frozen=True, eq=False)
class Conv2d(Weighted):
    """Convolution (cross-correlation, as everybody's): one matrix, multiplied with every patch of the images.

    `of_kernels` makes it from kernels.

    Parameters
    ----------
    matrix : array, shape (channels * kernel y * kernel x, outputs)
    bias : array, shape (outputs,)
    kernel, stride, padding : tuple of two int
        Along y and x; the image is padded with zeros.

    Raises
    ------
    TypeError, ValueError
        If something does not fit.
    """

    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "kernel", checks.pair("kernel", self.kernel, 10_000))
        object.__setattr__(self, "stride", checks.pair("stride", self.stride, 10_000))
        object.__setattr__(self, "padding", checks.pair("padding", self.padding, 10_000, low=0))
        if self.matrix.shape[0] % (self.kernel[0] * self.kernel[1]):
            raise ValueError(
                f"weights: must have a row for each number of a patch of {self.kernel[0]} x {self.kernel[1]} "
                f"(got {self.matrix.shape[0]}); correct the kernel"
            )

    @classmethod
    def of_kernels(cls, kernels: Any, bias: Any = None, *, stride: Pair = (1, 1), padding: Pair = (0, 0)) -> Conv2d:
        """From kernels as torch and others keep them.

        Parameters
        ----------
        kernels : array, shape (outputs, channels, kernel y, kernel x)
        bias : array, shape (outputs,), optional
            Default: 0.
        stride, padding : tuple of two int

        Returns
        -------
        Conv2d

        Raises
        ------
        TypeError, ValueError
            If something does not fit.
        """
        k = checks.numbers("weights", kernels)
        if k.ndim != 4 or not k.size:
            raise ValueError(f"weights: must have shape (outputs, channels, y, x) (got {k.shape}); give kernels")
        given = np.zeros(len(k)) if bias is None else bias
        return cls(k.reshape(len(k), -1).T, given, (k.shape[2], k.shape[3]), stride, padding)

    @property
    def channels(self) -> int:
        """Of its input."""
        return int(self.matrix.shape[0]) // (self.kernel[0] * self.kernel[1])

    def vectors(self, x: F64) -> F64:
        found = patches(x, self.kernel, self.stride, self.padding)
        return np.ascontiguousarray(found).reshape(-1, self.matrix.shape[0])

    def assembled(self, z: F64, shape: Shape) -> F64:
        outputs, down, across = self.shape_after(shape[1:])
        return np.ascontiguousarray(z.reshape(shape[0], down, across, outputs).transpose(0, 3, 1, 2))

    def taken_apart(self, dy: F64) -> F64:
        return np.ascontiguousarray(dy.transpose(0, 2, 3, 1)).reshape(-1, dy.shape[1])

    def scattered(self, dvectors: F64, shape: Shape) -> F64:
        _, down, across = self.shape_after(shape[1:])
        found = dvectors.reshape(shape[0], down, across, shape[1], *self.kernel)
        return add_patches(found, shape, self.stride, self.padding)

    def shape_after(self, shape: Shape) -> Shape:
        if len(shape) != 3 or shape[0] != self.channels:
            raise ValueError(
                f"x: must have shape ({self.channels}, y, x) an image (got {shape}); give images of that size"
            )
        return (self.matrix.shape[1], *_places(shape[1:], self.kernel, self.stride, self.padding))


@dataclass(frozen=True)
class Pool2d(Layer):
    """The largest, or the mean, of each window.

    Parameters
    ----------
    kernel : tuple of two int
    stride : tuple of two int, optional
        Default: the kernel, so that windows lie side by side.
    how : {"max", "mean"}

    Raises
    ------
    TypeError, ValueError
        If something does not fit.
    """

    kernel: Pair = (2, 2)
    stride: Pair | None = None
    how: str = "max"

    def __post_init__(self) -> None:
        object.__setattr__(self, "kernel", checks.pair("kernel", self.kernel, 10_000))
        stride = self.kernel if self.stride is None else self.stride
        object.__setattr__(self, "stride", checks.pair("stride", stride, 10_000))
        if self.how not in ("max", "mean"):
            raise ValueError(f"how: must be 'max' or 'mean' (got {self.how!r}); choose one of them")

    @property
    def _steps(self) -> Pair:
        return self.stride or self.kernel

    def forward(self, x: F64) -> F64:
        windows = patches(x, self.kernel, self._steps, (0, 0))
        found = windows.max(axis=(4, 5)) if self.how == "max" else windows.mean(axis=(4, 5))
        return np.ascontiguousarray(found.transpose(0, 3, 1, 2))

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        windows = patches(x, self.kernel, self._steps, (0, 0))
        grad = dy.transpose(0, 2, 3, 1)[..., None, None]
        if self.how == "mean":
            share = np.broadcast_to(grad / (self.kernel[0] * self.kernel[1]), windows.shape)
            return add_patches(np.asarray(share), x.shape, self._steps, (0, 0))
        flat = windows.reshape(*windows.shape[:4], -1)
        first = flat.argmax(axis=-1)[..., None] == np.arange(flat.shape[-1])  # one of equals, as everybody's
        return add_patches(first.reshape(windows.shape) * grad, x.shape, self._steps, (0, 0))

    def range_after(self, low: float, high: float) -> tuple[float, float]:
        return min(low, 0.0), high

    def shape_after(self, shape: Shape) -> Shape:
        if len(shape) != 3:
            raise ValueError(f"x: must have shape (channels, y, x) an image (got {shape}); reshape the images")
        return (shape[0], *_places(shape[1:], self.kernel, self._steps, (0, 0)))


def _places(size: Shape, kernel: Pair, stride: Pair, padding: Pair) -> Shape:
    found = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in zip(size, kernel, stride, padding, strict=True))
    if min(found) < 1:
        raise ValueError(f"x: must be at least {kernel[0]} x {kernel[1]} pixels (got {size}); give larger images")
    return found
