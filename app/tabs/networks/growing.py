"""What is worked out piece by piece, each drawn when it is there: a curve point by point, a training epoch by epoch."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from synaptogen_core.networks import AnalogNetwork, Chip, Network, sweep_chips
from synaptogen_core.networks.learning.in_the_loop import Epoch, Lesson, epoch_by_epoch, held_out

T = TypeVar("T")

SEEDS = 3  # chips of a curve's band
EPOCHS, RATE, TOLERANCE, BAND = 20, 1e-3, 0.05, 2.0


class Growing(Generic[T]):
    """Pieces as they come; pages that share a run share them, too, and each call makes one."""

    def __init__(self, pieces: Iterator[T]):
        self._pieces, self._lock = pieces, threading.Lock()
        self.found: tuple[T, ...] = ()
        self.more = True

    def grow(self) -> Growing[T]:
        with self._lock:
            if self.more:
                try:
                    self.found = (*self.found, next(self._pieces))
                except StopIteration:
                    self.more = False
        return self


@dataclass(frozen=True)
class Curve:
    """Accuracies of several chips over a setting, as far as they are known."""

    over: str
    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chips: int
    span: tuple[float, float]  # of the setting, when all is known


@dataclass(frozen=True)
class Loop:
    """Training in the loop, epoch by epoch; epoch 0 is the chip as it came."""

    loss: np.ndarray
    accuracy: np.ndarray
    pulses: np.ndarray  # a cell
    before: float  # accuracy on the test images
    after: float  # NaN while it goes on
    epochs: int


def points(
    network: Network, chip: Chip, training: Any, test: Any, over: str, values: Sequence[float], **options: Any
) -> Iterator[np.ndarray]:
    """Accuracies of the chips, value by value."""
    seeds = [chip.seed + k for k in range(SEEDS)]
    for value in values:
        ds = sweep_chips(network, chip, training[0], *test, over=over, values=[value], seeds=seeds, **options)
        yield ds["accuracy"].values[0]


def curve(growing: Growing[np.ndarray], over: str, values: Sequence[float]) -> Curve:
    found = np.array(growing.found).reshape(-1, SEEDS)
    x = np.array(values[: len(found)], float)
    mean, low, high = (of(found, axis=1) for of in (np.mean, np.min, np.max)) if len(found) else (x, x, x)
    return Curve(over, x, mean, low, high, SEEDS, (float(values[0]), float(values[-1])))


class Training(Growing[Epoch]):
    """A copy of a chip that learns."""

    def __init__(self, analog: AnalogNetwork, training: Any):
        x, y = analog.network.check_images(training[0]), np.asarray(training[1])
        labels = analog.network.check_labels(y, len(x))
        self.lesson = Lesson(analog, RATE, TOLERANCE, BAND)
        super().__init__(epoch_by_epoch(self.lesson, x, labels, held_out(len(x)), EPOCHS))

    @property
    def analog(self) -> AnalogNetwork:
        """The chip as it is now; itself, so nothing may be done to it."""
        return self.lesson.analog

    def loop(self, before: float, after: float) -> Loop:
        losses, accuracies, written = zip(*self.found, strict=True)
        cells = sum(layer.cells.size for layer in self.analog.layers)
        pulses = np.array([w.pulses for w in written]) / cells
        return Loop(np.array(losses), np.array(accuracies), pulses, before, after, EPOCHS)
