"""What is worked out piece by piece, each drawn when it is there: a curve point by point, a training epoch by epoch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from synaptogen_core.networks import AnalogNetwork, Chip, Network, sweep_chips
from synaptogen_core.networks.learning.in_the_loop import Epoch, Lesson, epoch_by_epoch, held_out

T = TypeVar("T")

SEEDS = 5  # chips of a curve's band
EPOCHS, RATE, TOLERANCE, BAND = 20, 1e-3, 0.05, 2.0


class Growing(Generic[T]):
    """So many pieces, as they come; pages that share a run share them, too, and each call makes one."""

    def __init__(self, pieces: Iterator[T], count: int, held: int = 0):
        self._pieces, self._lock, self.count = pieces, threading.Lock(), count
        self.held = held  # bytes of what the pieces are made of
        self.found: tuple[T, ...] = ()

    @property
    def more(self) -> bool:
        return len(self.found) < self.count

    def grow(self) -> Growing[T]:
        with self._lock:
            if self.more:
                self.found = (*self.found, next(self._pieces))
            if not self.more:
                self._pieces = iter(())  # what they were made of may go
        return self


def later(make: Callable[[], T], held: int) -> Growing[T | None]:
    """Nothing, then what is made: whatever does not wait for it is drawn before."""

    def pieces() -> Iterator[T | None]:
        yield None
        yield make()

    return Growing(pieces(), 2, held)


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
    note: str = ""


@dataclass(frozen=True)
class Loop:
    """Training in the loop, epoch by epoch; epoch 0 is the chip as it came."""

    loss: np.ndarray
    accuracy: np.ndarray
    pulses: np.ndarray  # a cell
    before: float  # accuracy on the test images
    after: float  # NaN while it goes on
    epochs: int
    float_accuracy: float  # of the float network, on the images that are held out here


def points(
    network: Network, chip: Chip, training: Any, test: Any, over: str, values: Sequence[float], how: dict[str, Any]
) -> Growing[np.ndarray]:
    """Accuracies of the chips, value by value."""
    seeds = [chip.seed + k for k in range(SEEDS)]

    def pieces() -> Iterator[np.ndarray]:
        for value in values:
            ds = sweep_chips(network, chip, training[0], *test, over=over, values=[value], seeds=seeds, **how)
            yield ds["accuracy"].values[0]

    return Growing(pieces(), len(values))


def curve(growing: Growing[np.ndarray], over: str, values: Sequence[float]) -> Curve:
    found, span = np.array(growing.found), (float(values[0]), float(values[-1]))
    x = np.array(values[: len(found)], float)
    return Curve(over, x, found.mean(axis=1), found.min(axis=1), found.max(axis=1), SEEDS, span)


class Training(Growing[Epoch]):
    """A copy of a chip that learns."""

    def __init__(self, analog: AnalogNetwork, training: Any, held: int):
        x, y = analog.network.check_images(training[0]), np.asarray(training[1])
        labels = analog.network.check_labels(y, len(x))
        out = held_out(len(x))
        self.lesson = Lesson(analog, RATE, TOLERANCE, BAND)
        self.float_accuracy = float((analog.meant.forward(x[out]).argmax(axis=1) == labels[out]).mean())
        super().__init__(epoch_by_epoch(self.lesson, x, labels, out, EPOCHS), EPOCHS + 1, held)

    @property
    def analog(self) -> AnalogNetwork:
        """The chip as it is now; itself, so nothing may be done to it."""
        return self.lesson.analog

    def loop(self, before: float, after: float) -> Loop:
        losses, accuracies, written = zip(*self.found, strict=True)
        cells = sum(layer.cells.size for layer in self.analog.layers)
        pulses = np.array([w.pulses for w in written]) / cells
        return Loop(np.array(losses), np.array(accuracies), pulses, before, after, EPOCHS, self.float_accuracy)
