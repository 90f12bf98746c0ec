"""Spiking layers: pixels become spikes in time, a dense layer acts at every step, neurons leak, integrate and fire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.networks.digital.layers import Dense, Layer, Shape
from synaptogen_core.types import F64

MAX_STEPS = 10_000
DECAY = 0.9  # of a membrane in a step
SLOPE = 2.0  # of the surrogate derivative, in thresholds


@dataclass(frozen=True)
class Latency(Layer):
    """Pixels as spikes: one each, the brighter the earlier; dark ones have none.

    Parameters
    ----------
    steps : int
        In time.
    dark : float
        Pixels up to here have no spike; 1 has it in the first step.

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.
    """

    steps: int = 8
    dark: float = 0.1

    def __post_init__(self) -> None:
        checks.whole("steps", self.steps, 1, MAX_STEPS)
        if not 0 <= checks.number("dark", self.dark) < 1:
            raise ValueError(f"dark: must be 0 or more and below 1 (got {self.dark:g}); 0.1 is a usual one")

    def forward(self, x: F64) -> F64:
        share = (1 - np.minimum(x, 1.0)) / (1 - self.dark)
        when = np.where(x > self.dark, np.minimum((share * self.steps).astype(np.int64), self.steps - 1), -1)
        return np.asarray(when[:, None, :] == np.arange(self.steps)[:, None], np.float64)

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        return np.zeros_like(x)  # a spike stays where it is when its pixel changes a little

    def shape_after(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ValueError(f"x: must have shape (pixels,) an image (got {shape}); put a Reshape() before")
        return (self.steps, *shape)

    def range_after(self, low: float, high: float) -> tuple[float, float]:
        return 0.0, 1.0


class EachStep(Dense):
    """A dense layer that is multiplied with what comes at each step in time: so many vectors an image.

    Parameters
    ----------
    matrix : array, shape (inputs, outputs)
    bias : array, shape (outputs,)
        Flows at every step.

    Raises
    ------
    TypeError, ValueError
        If they are not finite numbers of these shapes.
    """

    def vectors(self, x: F64) -> F64:
        return np.ascontiguousarray(x).reshape(-1, self.matrix.shape[0])

    def assembled(self, z: F64, shape: Shape) -> F64:
        return z.reshape(*shape[:2], self.matrix.shape[1])

    def taken_apart(self, dy: F64) -> F64:
        return np.ascontiguousarray(dy).reshape(-1, self.matrix.shape[1])

    def scattered(self, dvectors: F64, shape: Shape) -> F64:
        return dvectors.reshape(shape)

    def shape_after(self, shape: Shape) -> Shape:
        if len(shape) != 2 or shape[1] != self.matrix.shape[0]:
            raise ValueError(
                f"x: must have shape (steps, {self.matrix.shape[0]}) an image (got {shape}); put a Latency before"
            )
        return (shape[0], self.matrix.shape[1])


@dataclass(frozen=True)
class LeakyIntegrator(Layer):
    """Membranes that leak and never fire; the answer is how far each rose at its highest.

    Parameters
    ----------
    decay : float
        What is left of a membrane after a step, 0 to 1.

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.

    References
    ----------
    The largest membrane of the outputs as their answer: Cramer, Billaudelle et al. 2022, PNAS 119, e2109194119.
    """

    decay: float = DECAY

    def __post_init__(self) -> None:
        _check_decay(self.decay)

    def forward(self, x: F64) -> F64:
        return np.asarray(self._membranes(x).max(axis=1))

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        membranes = self._membranes(x)
        highest = membranes.argmax(axis=1)[:, None] == np.arange(x.shape[1])[:, None]
        return _through_time(highest * dy[:, None], self.decay)

    def _membranes(self, x: F64) -> F64:
        found, membrane = np.empty_like(x), np.zeros_like(x[:, 0])
        for step in range(x.shape[1]):
            membrane = self.decay * membrane + x[:, step]
            found[:, step] = membrane
        return found

    def shape_after(self, shape: Shape) -> Shape:
        return _in_time(shape)[1:]

    def range_after(self, low: float, high: float) -> tuple[float, float]:
        most = MAX_STEPS if self.decay == 1 else 1 / (1 - self.decay)  # times the current of a step
        return min(low, most * low), max(high, most * high)


@dataclass(frozen=True)
class LeakyIntegrateAndFire(Layer):
    """Membranes that leak, fire above their threshold, and are then lower by it.

    Parameters
    ----------
    decay : float
        What is left of a membrane after a step, 0 to 1.
    threshold : float
        Above 0.

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.

    References
    ----------
    Back through a spike goes a surrogate derivative, 1 / (1 + slope abs(v - threshold))^2, the reset left out: Zenke
    and Ganguli 2018, Neural Comput. 30, 1514; Neftci et al. 2019, IEEE Signal Process. Mag. 36, 51.
    """

    decay: float = DECAY
    threshold: float = 1.0

    def __post_init__(self) -> None:
        _check_decay(self.decay)
        if checks.number("threshold", self.threshold) <= 0:
            raise ValueError(f"threshold: must be above 0 (got {self.threshold:g}); 1 is a usual one")

    def forward(self, x: F64) -> F64:
        return np.asarray(self._membranes(x) > self.threshold, np.float64)

    def backward(self, x: F64, y: F64, dy: F64) -> F64:
        away = np.abs(self._membranes(x) / self.threshold - 1)
        return _through_time(dy / (1 + SLOPE * away) ** 2 / self.threshold, self.decay)

    def _membranes(self, x: F64) -> F64:
        """Before the resets of their own step."""
        found, membrane = np.empty_like(x), np.zeros_like(x[:, 0])
        for step in range(x.shape[1]):
            membrane = self.decay * membrane + x[:, step]
            found[:, step] = membrane
            membrane = membrane - self.threshold * (membrane > self.threshold)
        return found

    def shape_after(self, shape: Shape) -> Shape:
        return _in_time(shape)

    def range_after(self, low: float, high: float) -> tuple[float, float]:
        return 0.0, 1.0


def _through_time(at_membranes: F64, decay: float) -> F64:
    """Gradients at the currents, of those at the membranes: what a membrane kept, it hands back."""
    found = np.array(at_membranes)
    for step in range(found.shape[1] - 2, -1, -1):
        found[:, step] += decay * found[:, step + 1]
    return found


def _check_decay(decay: Any) -> None:
    if not 0 <= checks.number("decay", decay) <= 1:
        raise ValueError(f"decay: must be from 0 to 1 (got {decay:g}); 1 is without a leak")


def _in_time(shape: Shape) -> Shape:
    if len(shape) != 2:
        raise ValueError(f"x: must have shape (steps, neurons) an image (got {shape}); put an EachStep before")
    return shape


def spiking_layers(sizes: Sequence[int], steps: int = 8) -> list[Layer]:
    """Layers of a spiking network that has not learnt: latencies, then weights and neurons in turn.

    Parameters
    ----------
    sizes : sequence of int
        Pixels, hidden neurons ..., classes. Draw weights with `draw_weights`.
    steps : int
        In time.

    Returns
    -------
    list of Layer

    Raises
    ------
    TypeError, ValueError
        If the numbers are none of layers.
    """
    counts = [checks.whole("sizes", n, 1, 2**24) for n in checks.instance("sizes", sizes, Sequence, "give a list")]
    if len(counts) < 2:
        raise ValueError(f"sizes: must be pixels and classes, at least (got {len(counts)}); give two or more")
    found: list[Layer] = [Latency(steps)]
    for inputs, outputs in pairwise(counts[:-1]):
        found += [EachStep(np.zeros((inputs, outputs)), np.zeros(outputs)), LeakyIntegrateAndFire()]
    return [*found, EachStep(np.zeros((counts[-2], counts[-1])), np.zeros(counts[-1])), LeakyIntegrator()]
