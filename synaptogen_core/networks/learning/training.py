"""Training in float64, with the chip's errors injected as noise if one likes; and the optimiser of both trainings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.blas import one_thread
from synaptogen_core.array.identity import MAX_SEED
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.progress import Cancel, Progress, Work, check_callbacks
from synaptogen_core.types import F64

MAX_EPOCHS = 100_000
DRAW, ORDER, NOISE = range(3)  # what chance is for, in the address of a generator


@dataclass
class Adam:
    """Steps of gradients, each in parts of its own recent size.

    Parameters
    ----------
    rate : float
        Length of a step, about.

    References
    ----------
    Kingma and Ba 2015, arXiv 1412.6980.
    """

    rate: float
    count: int = 0
    mean: list[F64] = field(default_factory=list)
    square: list[F64] = field(default_factory=list)

    def steps(self, gradients: Sequence[F64]) -> list[F64]:
        """What is to be added to the parameters whose gradients these are."""
        if not self.mean:
            self.mean, self.square = ([np.zeros_like(g) for g in gradients] for _ in range(2))
        self.count += 1
        fresh, fresh_square = 1 - 0.9**self.count, 1 - 0.999**self.count
        found = []
        for g, m, s in zip(gradients, self.mean, self.square, strict=True):
            m += 0.1 * (g - m)
            s += 0.001 * (g**2 - s)
            found.append(-self.rate * (m / fresh) / (np.sqrt(s / fresh_square) + 1e-8))
        return found


def draw_weights(network: Network, seed: int = 0) -> Network:
    """The same layers before they have learnt: normal weights whose variance is 2 over the inputs, biases 0.

    Parameters
    ----------
    network : Network
    seed : int

    Returns
    -------
    Network

    Raises
    ------
    TypeError, ValueError
        If it is no network, or the seed no such number.

    References
    ----------
    He et al. 2015, arXiv 1502.01852.
    """
    rng = np.random.default_rng((checks.whole("seed", seed, 0, MAX_SEED), DRAW))
    shapes = [layer.matrix.shape for layer in checks.instance("network", network, Network, "give a Network").weighted]
    weights = [rng.normal(0, np.sqrt(2 / shape[0]), shape) for shape in shapes]
    return network.with_weights(weights, [np.zeros(shape[1]) for shape in shapes])


def batches(images: int, batch: int, seed: int, epoch: int) -> Iterator[NDArray[np.intp]]:
    """All images once, in an order of their own for each epoch.

    Parameters
    ----------
    images, batch : int
        How many there are, and how many go together.
    seed, epoch : int

    Returns
    -------
    iterator of ndarray of int
        Numbers of images.
    """
    order = np.random.default_rng((seed, ORDER, epoch)).permutation(images)
    return iter([order[k : k + batch] for k in range(0, images, batch)])


@one_thread()
def train(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int = 20,
    rate: float = 1e-3,
    batch: int = 64,
    weight_noise: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> tuple[Network, xr.Dataset]:
    """Train a network in float64; the given one stays as it is.

    With `weight_noise` each batch sees other weights, off by normal errors: the network becomes one that bears the
    errors of cells.

    Parameters
    ----------
    network : Network
        Where it begins; see `draw_weights`.
    x : array, shape (images, ...)
        Training images.
    y : array, shape (images,)
        Their labels.
    epochs, batch : int
    rate : float
        Of Adam.
    weight_noise : float
        Standard deviation of the errors of weights, in parts of the layer's largest weight.
    seed : int
        Of the order of images and of the errors.
    progress, cancel : callable, optional
        Called after each epoch with the share that is done; looked at before each batch.

    Returns
    -------
    network : Network
    log : xarray.Dataset
        ``loss`` and ``accuracy`` (with the errors, as they came) over ``epoch``.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    Cancelled
        If `cancel` said so.
    """
    checks.instance("network", network, Network, "give a Network")
    images, labels, rate = _checked(network, x, y, epochs, batch, rate, seed)
    if checks.number("weight_noise", weight_noise) < 0:
        raise ValueError(f"weight_noise: must be 0 or more (got {weight_noise:g}); 0 is without")
    check_callbacks(progress, cancel)
    work, adam, found = Work(progress, cancel, "train"), Adam(rate), network
    losses, accuracies = [], []
    for epoch in range(epochs):
        loss, right = 0.0, 0
        rng = np.random.default_rng((seed, NOISE, epoch))
        for chosen in batches(len(images), batch, seed, epoch):
            work.stop_if_asked()
            weights = [layer.matrix for layer in found.weighted]
            biases = [layer.bias for layer in found.weighted]
            seen = found
            if weight_noise:
                noisy = [w + weight_noise * np.abs(w).max() * rng.standard_normal(w.shape) for w in weights]
                seen = found.with_weights(noisy, biases)
            some, gradients, hits = seen.gradients(images[chosen], labels[chosen])
            loss, right = loss + some * len(chosen), right + hits
            steps = adam.steps([array for pair in gradients for array in pair])
            found = found.with_weights(
                [w + step for w, step in zip(weights, steps[0::2], strict=True)],
                [b + step for b, step in zip(biases, steps[1::2], strict=True)],
            )
        losses.append(loss / len(images))
        accuracies.append(right / len(images))
        work.report((epoch + 1) / epochs)
    data = {
        "loss": ("epoch", losses, {"long_name": "mean cross entropy", "units": "1"}),
        "accuracy": ("epoch", accuracies, {"long_name": "accuracy on training images", "units": "1"}),
    }
    about = {"rate": rate, "batch": batch, "weight_noise": weight_noise, "seed": seed}
    return found, xr.Dataset(data, {"epoch": np.arange(1, epochs + 1)}, {"title": "Training"} | about)


def _checked(
    network: Network, x: ArrayLike, y: ArrayLike, epochs: int, batch: int, rate: float, seed: int
) -> tuple[F64, NDArray[np.intp], float]:
    images = network.check_images(x)
    labels = network.check_labels(y, len(images))
    check_schedule(epochs, batch, rate, seed)
    return images, labels, float(rate)


def check_schedule(epochs: int, batch: int, rate: float, seed: int) -> None:
    """Refuse what is no schedule of a training.

    Parameters
    ----------
    epochs, batch : int
        At least 1.
    rate : float
        Above 0.
    seed : int

    Raises
    ------
    TypeError, ValueError
        If one breaks its rule.
    """
    checks.whole("epochs", epochs, 1, MAX_EPOCHS)
    checks.whole("batch", batch, 1, 2**40)
    checks.whole("seed", seed, 0, MAX_SEED)
    if checks.number("rate", rate) <= 0:
        raise ValueError(f"rate: must be above 0 (got {rate:g}); 0.001 is a usual one")
