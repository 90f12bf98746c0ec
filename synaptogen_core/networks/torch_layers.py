"""Optional extra ``[torch]``: layers whose forward pass is a chip, for training loops of one's own; torch loads here.

from synaptogen_core.networks.torch_layers import AnalogConv2d, AnalogLinear
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from synaptogen_core import checks
from synaptogen_core.networks.digital import convolution, layers
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.networks.digital.torch_modules import of_torch
from synaptogen_core.networks.hardware.analog import AnalogNetwork
from synaptogen_core.networks.hardware.calibration import calibrate
from synaptogen_core.networks.hardware.chip import Chip
from synaptogen_core.networks.hardware.inference import product
from synaptogen_core.networks.hardware.programming import program
from synaptogen_core.networks.learning.in_the_loop import Lesson, Written
from synaptogen_core.progress import Work

try:
    import torch
except ImportError as missing:
    raise ImportError(
        "torch: must be installed for analog layers (got none); pip install 'synaptogen-lab[torch]'"
    ) from missing

KEPT = "the cells are as they were before"
_LAYERS: WeakValueDictionary[int, _Analog] = WeakValueDictionary()  # operators of torch take tensors and numbers alone


@torch.library.custom_op("synaptogen::read", mutates_args=())
def _read(vectors: torch.Tensor, weight: torch.Tensor, effective: torch.Tensor, layer: int) -> torch.Tensor:
    """Products of vectors with the cells of a layer; the weights are there for their gradients."""
    lesson, given = _LAYERS[layer].lesson, vectors.detach().cpu().double().numpy()
    found = product(lesson.stages()[0], given, lesson.reads)
    lesson.reads += len(given)
    return torch.from_numpy(found).to(vectors)


@_read.register_fake
def _shape(vectors: torch.Tensor, weight: torch.Tensor, effective: torch.Tensor, layer: int) -> torch.Tensor:
    return vectors.new_empty((vectors.shape[0], weight.shape[0]))


def _remember(ctx: Any, inputs: Any, output: Any) -> None:
    vectors, _, effective, _ = inputs
    ctx.save_for_backward(vectors, effective)


def _backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
    vectors, effective = ctx.saved_tensors
    return dy @ effective, dy.T @ vectors, None, None


_read.register_autograd(_backward, setup_context=_remember)


def _shape_of(x: Any) -> str:
    return str(tuple(x.shape)) if isinstance(x, torch.Tensor) else type(x).__name__


class _Analog(torch.nn.Module):
    """The weights of a torch layer in the cells of a chip."""

    kind: type[torch.nn.Module]

    def __init__(
        self, module: torch.nn.Module, chip: Chip, x: torch.Tensor, tolerance: float = 0.05, band: float = 2.0
    ) -> None:
        super().__init__()
        checks.instance("module", module, self.kind, "take such a layer")
        checks.instance("x", x, torch.Tensor, "give training inputs")
        checks.instance("chip", chip, Chip, "give a Chip(...)")
        of_torch(module)  # refuses what computes something else than its weights say
        if checks.number("band", band) < 1:
            raise ValueError(f"band: must be 1 or more (got {band:g}); below, cells are never left alone")
        if chip.mapping.bias != "digital":
            raise ValueError(f"chip: must have its bias 'digital' here (got {chip.mapping.bias!r}); torch adds it")
        self.weight, self.bias = module.weight, module.bias
        analog = program(self._network(), chip, tolerance)
        images = x.detach().cpu().double().numpy()
        self.lesson = Lesson(calibrate(analog, images), 1.0, tolerance, band)
        self._see()

    def _network(self) -> Network:
        raise NotImplementedError

    def _matrix(self) -> torch.Tensor:
        """The weights as (outputs, inputs)."""
        return self.weight.flatten(1)

    def _see(self) -> None:
        found = torch.from_numpy(np.ascontiguousarray(self.analog.weights("effective")[0].T))
        self.register_buffer("effective", found.to(self.weight), persistent=False)

    def _products(self, vectors: torch.Tensor) -> torch.Tensor:
        if not vectors.is_floating_point():
            raise ValueError(f"x: must hold floats (got {vectors.dtype}); say x.float()")
        _LAYERS[id(self)] = self  # here, as copies never saw __init__
        found = _read(vectors, self._matrix(), self.effective, id(self))
        return found if self.bias is None else found + self.bias

    @property
    def analog(self) -> AnalogNetwork:
        """The cells, as a network of one layer."""
        return self.lesson.analog

    def write(self) -> Written:
        """Program the cells that left their bands since the weights have learnt.

        Returns
        -------
        Written
            Pulses, and cells.
        """
        self.lesson.network = self._network()
        written = self.lesson.write(Work(None, None, "write", KEPT))
        self._see()
        return written


class AnalogLinear(_Analog):
    """A linear layer on a chip: forward its cells compute, noise, lines and converters included.

    Backward, gradients go through the effective weights, those that the read-out finds behind the lines; they change
    `weight`, floats that an optimiser of torch keeps. `write`, an epoch, say, brings the cells after them.

    Parameters
    ----------
    module : torch.nn.Linear
        Its parameters are taken over.
    chip : Chip
        With a digital bias.
    x : tensor, shape (vectors, inputs)
        Training inputs of this layer, from which its ranges and its gain come.
    tolerance, band : float
        As for `train_in_the_loop`.

    Raises
    ------
    TypeError, ValueError
        If something does not fit.
    """

    kind = torch.nn.Linear

    def _network(self) -> Network:
        matrix = self._matrix().detach().cpu().double().numpy().T
        return Network([layers.Dense(matrix, np.zeros(matrix.shape[1]))])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs; shape (..., outputs) for (..., inputs)."""
        inputs = self.weight.shape[1]
        if not isinstance(x, torch.Tensor) or x.ndim < 1 or x.shape[-1] != inputs:
            raise ValueError(f"x: must have shape (..., {inputs}) (got {_shape_of(x)}); give a tensor of such vectors")
        found = self._products(x.reshape(-1, x.shape[-1]))
        return found.reshape(*x.shape[:-1], found.shape[-1])


class AnalogConv2d(_Analog):
    """A convolution on a chip, every patch a vector; otherwise as `AnalogLinear`.

    Parameters
    ----------
    module : torch.nn.Conv2d
        In one group, not dilated, padded with zeros.
    chip : Chip
        With a digital bias.
    x : tensor, shape (images, channels, y, x)
        Training inputs of this layer.
    tolerance, band : float
        As for `train_in_the_loop`.

    Raises
    ------
    TypeError, ValueError
        If something does not fit.
    """

    kind = torch.nn.Conv2d

    def __init__(self, module: torch.nn.Conv2d, chip: Chip, x: torch.Tensor, *more: Any, **named: Any) -> None:
        checks.instance("module", module, self.kind, "take such a layer")
        plain = module.groups == 1 and module.dilation == (1, 1) and module.padding_mode == "zeros"
        if not plain or isinstance(module.padding, str):
            raise ValueError(
                f"module: must have one group, no dilation and padding of zeros (got {module}); take such a Conv2d"
            )
        self._options = {"kernel_size": module.kernel_size, "padding": module.padding, "stride": module.stride}
        super().__init__(module, chip, x, *more, **named)

    def _network(self) -> Network:
        kernels = self.weight.detach().cpu().double().numpy()
        padding, stride = self._options["padding"], self._options["stride"]
        return Network([convolution.Conv2d.of_kernels(kernels, stride=stride, padding=padding), layers.Reshape()])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images; shape (images, outputs, y, x) for (images, channels, y, x)."""
        outputs, channels, *least = self.weight.shape
        least = [max(1, k - 2 * p) for k, p in zip(least, self._options["padding"], strict=True)]
        fits = isinstance(x, torch.Tensor) and x.ndim == 4 and x.shape[1] == channels
        if not fits or x.shape[2] < least[0] or x.shape[3] < least[1]:
            raise ValueError(
                f"x: must have shape (images, {channels}, y, x), y and x at least {least[0]} and {least[1]} "
                f"(got {_shape_of(x)}); give a tensor of such images"
            )
        patches = torch.nn.functional.unfold(x, **self._options)
        found = self._products(patches.transpose(1, 2).reshape(-1, patches.shape[1]))
        kernel, padding, stride = self._options.values()
        sizes = zip(x.shape[2:], kernel, padding, stride, strict=True)
        down, across = ((n + 2 * p - k) // s + 1 for n, k, p, s in sizes)
        return found.reshape(len(x), down, across, outputs).permute(0, 3, 1, 2)
