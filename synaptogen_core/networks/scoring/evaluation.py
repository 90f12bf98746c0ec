"""How good a network is on a chip: accuracy with its interval, confusion, error layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.networks.hardware.analog import MAX_READS, AnalogNetwork
from synaptogen_core.networks.hardware.inference import Stage, product, run
from synaptogen_core.types import F64

SAMPLE = 512  # images on which the errors of layers are judged
PROBABILITY = 0.95


def wilson(right: int, of: int, probability: float = PROBABILITY) -> tuple[float, float]:
    """Wilson's interval of a share.

    Parameters
    ----------
    right, of : int
        Successes, and trials.
    probability : float
        That the interval holds the true share.

    Returns
    -------
    low, high : float

    References
    ----------
    Wilson 1927, J. Am. Stat. Assoc. 22, 209.
    """
    from scipy import special

    z = float(special.ndtri((1 + probability) / 2))
    share, extra = right / of, z**2 / of
    middle = (share + extra / 2) / (1 + extra)
    half = z * np.sqrt(share * (1 - share) / of + extra / (4 * of)) / (1 + extra)
    return (0.0 if right == 0 else float(middle - half)), (1.0 if right == of else float(middle + half))


def evaluate(analog: AnalogNetwork, x: ArrayLike, y: ArrayLike, *, first_read: int = 0) -> xr.Dataset:
    """Judge a network on a chip, beside the float network that was meant.

    Parameters
    ----------
    analog : AnalogNetwork
    x : array, shape (images, ...)
        Test images, which were neither trained nor calibrated on.
    y : array, shape (images,)
        Their labels.
    first_read : int
        As for `AnalogNetwork.forward`.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` and ``float_accuracy`` with Wilson's interval of 95 % over ``bound`` (`accuracy_interval`,
        `float_accuracy_interval`; that of the test images, not of other chips); ``predicted`` and ``float_predicted``
        over ``image``; ``confusion`` over (true_class, predicted_class), in images; ``layer_error`` over ``layer``: RMS
        error of each layer's products, given the inputs that the float network would give it, in parts of their RMS.

    Raises
    ------
    TypeError, ValueError
        If images or labels do not fit the network.
    """
    checks.instance("analog", analog, AnalogNetwork, "make one with program(...)")
    network = analog.network
    images = network.check_images(x)
    labels = network.check_labels(y, len(images))
    first_read = checks.whole("first_read", first_read, 0, MAX_READS)
    stages = analog.stages()
    found = run(network, stages, images, first_read).argmax(axis=1)
    meant = network.forward(images).argmax(axis=1)
    errors = layer_errors(network, stages, images[:SAMPLE], first_read)
    data = {
        **_accuracy("accuracy", "on the chip", found == labels),
        **_accuracy("float_accuracy", "of the float network", meant == labels),
        "predicted": ("image", found, {"long_name": "class on the chip", "units": "1"}),
        "float_predicted": ("image", meant, {"long_name": "class of the float network", "units": "1"}),
        "true": ("image", labels, {"long_name": "right class", "units": "1"}),
        "confusion": (
            ("true_class", "predicted_class"),
            confusion(labels, found, len(network.classes)),
            {"long_name": "images", "units": "1"},
        ),
        "layer_error": ("layer", errors, {"long_name": "RMS error of the layer's products, relative", "units": "1"}),
    }
    classes = [str(label) for label in network.classes]
    coords = {"true_class": classes, "predicted_class": classes, "layer": np.arange(len(errors))}
    about = {"title": "Accuracy of a network on a chip", "images": len(images), "seed": analog.chip.seed}
    return xr.Dataset(data, coords, about | {"interval": "Wilson, 95 %, over test images"})


def _accuracy(name: str, of: str, right: NDArray[np.bool_]) -> dict[str, tuple[object, ...]]:
    bounds = wilson(int(right.sum()), right.size)
    return {
        name: ((), float(right.mean()), {"long_name": f"accuracy {of}", "units": "1"}),
        f"{name}_interval": ("bound", list(bounds), {"long_name": f"interval of the accuracy {of}", "units": "1"}),
    }


def confusion(true: NDArray[np.intp], predicted: NDArray[np.intp], classes: int) -> NDArray[np.intp]:
    """How many images of each class were taken for each.

    Parameters
    ----------
    true, predicted : ndarray of int, shape (images,)
    classes : int

    Returns
    -------
    ndarray of int, shape (classes, classes)
        True classes down, predicted ones across.
    """
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes)


def layer_errors(network: Network, stages: Sequence[Stage], x: F64, first_read: int = 0) -> list[float]:
    """RMS error of each layer's products, given the inputs that the float network would give it; relative.

    Parameters
    ----------
    network : Network
    stages : sequence of Stage
    x : ndarray of float64, shape (images, ...)
    first_read : int

    Returns
    -------
    list of float
    """
    found = []

    def multiply(number: int, vectors: F64) -> F64:
        layer, stage = network.weighted[number], stages[number]
        wanted = vectors @ layer.matrix
        y = product(stage, vectors, first_read) - (layer.bias if stage.layout.biases else 0.0)
        size = float(np.sqrt((wanted**2).mean()))
        found.append(float(np.sqrt(((y - wanted) ** 2).mean())) / size if size else float("nan"))
        return wanted

    network.forward(x, multiply)
    return found
