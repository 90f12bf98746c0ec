"""Training in the loop: the chip computes, float weights learn, and cells are pulsed where a weight left its band."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.blas import one_thread
from synaptogen_core.crossbar.programming.program_and_verify import program_and_verify
from synaptogen_core.networks.digital.layers import Weighted
from synaptogen_core.networks.hardware.analog import AnalogLayer, AnalogNetwork
from synaptogen_core.networks.hardware.calibration import IMAGES, calibrate
from synaptogen_core.networks.hardware.inference import Stage, product, run, vectors_an_image
from synaptogen_core.networks.hardware.programming import writers
from synaptogen_core.networks.learning.training import Adam, batches, check_schedule
from synaptogen_core.progress import Cancel, Progress, Work, check_callbacks
from synaptogen_core.types import F64

KEPT = "the cells are as they were before"
HOLD_OUT = 0.2


@dataclass(frozen=True)
class Written:
    """What one write took."""

    pulses: int
    cells: int


class Epoch(NamedTuple):
    """One epoch: its loss, the accuracy of the images held out afterwards, and what was written."""

    loss: float
    accuracy: float
    written: Written


@one_thread()
def train_in_the_loop(
    analog: AnalogNetwork,
    x: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int = 20,
    rate: float = 1e-3,
    batch: int = 64,
    tolerance: float = 0.05,
    band: float = 2.0,
    validation: float = HOLD_OUT,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> xr.Dataset:
    """Let the float weights learn on what the chip makes of them.

    Forward, every batch is read from the chip, noise and converters included; backward, gradients go through the float
    weights, which Adam changes. After each epoch those cells are programmed anew that lie farther than `band` times
    `tolerance` from what the weights now ask for, going on from where they are: a weight that becomes smaller takes a
    pulse or two. So the network learns around whatever the chip does, its lines and its odd cells. A network that is
    not calibrated is calibrated first. Too high a rate diverges and burns pulses: choose it by ``accuracy``, which is
    that on the images held out, never by the test images.

    Parameters
    ----------
    analog : AnalogNetwork
        Its cells, and the biases and weights of its `network`, change; as before if the call fails or is cancelled.
    x : array, shape (images, ...)
        Training images.
    y : array, shape (images,)
        Their labels.
    epochs, batch : int
    rate : float
        Of Adam, in parts of each layer's largest weight.
    tolerance : float
        Of the verify reads, as for `program`.
    band : float
        Cells are left alone as long as they are within `band` times `tolerance`.
    validation : float
        Share of the images that are held out, every so-manieth, to say how good the chip is after each epoch.
    seed : int
        Of the order of the images.
    progress, cancel : callable, optional
        Called after each epoch with the share that is done; looked at before each batch.

    Returns
    -------
    xarray.Dataset
        Over ``epoch``, 0 being the chip as it came: ``loss`` and ``accuracy`` (both on the chip; accuracy of the images
        held out), ``pulses`` and ``rewritten`` (cells).

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    Cancelled
        If `cancel` said so.
    """
    checks.instance("analog", analog, AnalogNetwork, "make one with program(...)")
    network = analog.network
    images = network.check_images(x)
    labels = network.check_labels(y, len(images))
    check_schedule(epochs, batch, rate, seed)
    if not 0 < checks.number("tolerance", tolerance) < 1:
        raise ValueError(f"tolerance: must be above 0 and below 1 (got {tolerance:g}); 0.05 is usual")
    if checks.number("band", band) < 1:
        raise ValueError(f"band: must be 1 or more (got {band:g}); below, every cell is rewritten each time")
    if not 0 < checks.number("validation", validation) < 1:
        raise ValueError(f"validation: must be above 0 and below 1 (got {validation:g}); 0.2 holds out a fifth")
    check_callbacks(progress, cancel)
    work = Work(progress, cancel, "train_in_the_loop", KEPT)
    held = held_out(len(images), validation)
    start = analog if analog.calibration is not None else calibrate(analog, images[~held])
    lesson, log = Lesson(start, rate, tolerance, band), []
    for found in epoch_by_epoch(lesson, images, labels, held, epochs, batch, seed, work):
        log.append(found)
        if len(log) > 1:
            work.report((len(log) - 1) / epochs)
    analog.become(lesson.analog)
    return _dataset(log, analog, rate, batch, tolerance, band)


def held_out(images: int, validation: float = HOLD_OUT) -> NDArray[np.bool_]:
    """Which images are held out: every so-manieth.

    Parameters
    ----------
    images : int
        How many there are.
    validation : float
        Share of them.

    Returns
    -------
    ndarray of bool, shape (images,)

    Raises
    ------
    ValueError
        If there are too few.
    """
    held: NDArray[np.bool_] = np.arange(images) % max(2, round(1 / validation)) == 0
    if held.all() or not held.any():
        raise ValueError(f"x: must be enough images to hold some out (got {images}); give more")
    return held


def epoch_by_epoch(
    lesson: Lesson,
    x: F64,
    y: NDArray[np.intp],
    held: NDArray[np.bool_],
    epochs: int,
    batch: int = 64,
    seed: int = 0,
    work: Work | None = None,
) -> Iterator[Epoch]:
    """Train a chip in the loop, and say after each epoch how it stands: first as it came.

    Parameters
    ----------
    lesson : Lesson
        Its chip is the one that learns.
    x : ndarray of float64, shape (images, ...)
        Checked images.
    y : ndarray of int, shape (images,)
        Positions of the right classes.
    held : ndarray of bool, shape (images,)
        Those that are held out.
    epochs, batch : int
    seed : int
        Of the order of the images.
    work : Work, optional
        Asked before each batch whether to go on.

    Returns
    -------
    iterator of Epoch
    """
    work = work or Work(None, None, "train_in_the_loop", KEPT)
    kept, lessons = (x[held], y[held]), (x[~held], y[~held])
    yield Epoch(lesson.loss(*kept), lesson.accuracy(*kept), Written(0, 0))
    for epoch in range(epochs):
        total = 0.0
        for chosen in batches(len(lessons[0]), batch, seed, epoch):
            work.stop_if_asked()
            total += lesson.learn(lessons[0][chosen], lessons[1][chosen]) * len(chosen)
        written = lesson.write(work)
        yield Epoch(total / len(lessons[0]), lesson.accuracy(*kept), written)


class Lesson:
    """A chip that learns: a copy of the given one, its float weights, and where the counting of reads is.

    Parameters
    ----------
    analog : AnalogNetwork
        Calibrated; stays as it is.
    rate, tolerance, band : float
        As for `train_in_the_loop`.
    """

    def __init__(self, analog: AnalogNetwork, rate: float, tolerance: float, band: float) -> None:
        self.analog, self.tolerance, self.band = analog.copy(), tolerance, band
        self.network = analog.network
        self.reads = 0  # images so far
        self.largest = [float(layer.layout.largest.max()) for layer in analog.layers]
        self.adam = Adam(rate)
        of_both = zip(analog.layers, analog.network.weighted, strict=True)
        self.lift = [layer.targets() / _asked_for(layer, weighted) for layer, weighted in of_both]
        self._stages: list[Stage] | None = None

    def stages(self) -> list[Stage]:
        """What is read, solved after each write."""
        if self._stages is None:
            self._stages = self.analog.stages()
        return self._stages

    def learn(self, x: F64, y: NDArray[np.intp]) -> float:
        """One batch on the chip, one step of the float weights; the loss.

        Parameters
        ----------
        x : ndarray of float64, shape (images, ...)
        y : ndarray of int, shape (images,)
            Positions of the right classes.

        Returns
        -------
        float
        """
        stages, begin = self.stages(), self.reads
        each = vectors_an_image(self.network, x.shape[1:])

        def multiply(number: int, vectors: F64) -> F64:
            found = product(stages[number], vectors, begin * each[number])
            return found - self.network.weighted[number].bias if stages[number].layout.biases else found

        self.reads += len(x)
        loss, gradients, _ = self.network.gradients(x, y, multiply)
        steps = self.adam.steps([array for pair in gradients for array in pair])
        weights, biases = [], []
        for k, layer in enumerate(self.network.weighted):
            largest = self.analog.layers[k].layout.largest
            weights.append(np.clip(layer.matrix + self.largest[k] * steps[2 * k], -largest, largest))
            biases.append(layer.bias + self.largest[k] * steps[2 * k + 1])
        self.network = self.network.with_weights(weights, biases)
        return loss

    def write(self, work: Work) -> Written:
        """Program the cells that left their bands."""
        layers, pulses, cells = [], 0, 0
        for number, (layer, weighted) in enumerate(zip(self.analog.layers, self.network.weighted, strict=True)):
            goal = _asked_for(layer, weighted)
            # of a chip whose targets were compensated the weights go on from there
            goal = np.clip(goal * self.lift[number], self.analog.chip.mapping.low, self.analog.chip.mapping.high)
            now = layer.cells.conductance(layer.matrix.u).astype(np.float64)
            away = np.abs(now - goal) > self.band * self.tolerance * goal
            if away.any():
                layer, used = self._rewritten(number, layer, np.where(away, goal, np.nan), work)
                pulses, cells = pulses + used, cells + int(away.sum())
            layers.append(layer)
        self.analog = AnalogNetwork(self.network, self.analog.chip, layers, self.analog.calibration, self.analog.meant)
        self._stages = None
        return Written(pulses, cells)

    def _rewritten(self, number: int, layer: AnalogLayer, goal: F64, work: Work) -> tuple[AnalogLayer, int]:
        reach, verify = writers(self.analog.chip, number, layer.layout)
        before = layer.programming
        ds = program_and_verify(
            layer.cells,
            goal,
            tolerance=self.tolerance,
            u_read=layer.matrix.u,
            reach=reach,
            verify=verify,
            after=before["last_voltage"].values,
            cancel=work.cancel,
        )
        chosen = np.isfinite(goal)
        kept = {
            name: ds[name].copy(data=np.where(chosen, ds[name].values, before[name].values))
            for name in ("target", "outcome", "last_voltage")
        }
        summed = {name: ds[name].copy(data=ds[name].values + before[name].values) for name in ("pulses", "set_pulses")}
        error = ds["reached"].values / kept["target"].values - 1
        merged = ds.assign(kept | summed | {"error": ds["error"].copy(data=error)})
        return replace(layer, programming=merged), int(ds["pulses"].sum())

    def accuracy(self, x: F64, y: NDArray[np.intp]) -> float:
        """Share of right answers, on the chip as it is.

        Parameters
        ----------
        x : ndarray of float64, shape (images, ...)
        y : ndarray of int, shape (images,)
            Positions of the right classes.

        Returns
        -------
        float
        """
        found = run(self.network, self.stages(), x, self.reads)
        self.reads += len(x)
        return float((found.argmax(axis=1) == y).mean())

    def loss(self, x: F64, y: NDArray[np.intp]) -> float:
        """Mean cross entropy, on the chip as it is.

        Parameters
        ----------
        x : ndarray of float64, shape (images, ...)
        y : ndarray of int, shape (images,)
            Positions of the right classes.

        Returns
        -------
        float
        """
        from scipy import special

        z = run(self.network, self.stages(), x, self.reads)
        return -float(np.mean(special.log_softmax(z, axis=1)[np.arange(len(y)), y]))


def _asked_for(layer: AnalogLayer, weighted: Weighted) -> F64:
    """The conductances that weights, and a bias on a row, ask for [S]; shape (rows, columns)."""
    bias = weighted.bias / layer.readout.input_range
    return layer.layout.conductances(np.vstack([weighted.matrix, bias]) if layer.layout.biases else weighted.matrix)


def _dataset(
    log: list[Epoch],
    analog: AnalogNetwork,
    rate: float,
    batch: int,
    tolerance: float,
    band: float,
) -> xr.Dataset:
    losses, accuracies, written = zip(*log, strict=True)
    data = {
        "loss": ("epoch", list(losses), {"long_name": "mean cross entropy on the chip", "units": "1"}),
        "accuracy": ("epoch", list(accuracies), {"long_name": "accuracy on the chip, images held out", "units": "1"}),
        "pulses": ("epoch", [w.pulses for w in written], {"long_name": "pulses", "units": "1"}),
        "rewritten": ("epoch", [w.cells for w in written], {"long_name": "cells that were programmed", "units": "1"}),
    }
    about = {
        "title": "Training in the loop", "cells": sum(layer.cells.size for layer in analog.layers),
        "rate": rate, "batch": batch, "tolerance": tolerance, "band": band, "calibration_images": IMAGES,
    }  # fmt: skip
    return xr.Dataset(data, {"epoch": np.arange(len(log))}, about)
