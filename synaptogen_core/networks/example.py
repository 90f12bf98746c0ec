"""The example that always works: handwritten digits of 8 x 8 pixels, which come with scikit-learn."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.array.blas import one_thread
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.types import F64

MOST_HIDDEN = 4096
TRAINING = 1347  # images; the others are by other writers
Labelled = tuple[F64, NDArray[Any]]


@lru_cache(maxsize=1)
def digit_images() -> tuple[Labelled, Labelled]:
    """The images of `digits` alone.

    Returns
    -------
    training, test : tuple of ndarray
        As of `digits`.
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = np.asarray(x / 16)
    x.flags.writeable = y.flags.writeable = False
    return (x[:TRAINING], y[:TRAINING]), (x[TRAINING:], y[TRAINING:])


def digits(hidden: int = 32) -> tuple[Network, Labelled, Labelled]:
    """A trained 64-hidden-10 network, its 1,347 training images, and 450 test images by other writers.

    Parameters
    ----------
    hidden : int
        Units of the hidden layer.

    Returns
    -------
    network : Network
    training, test : tuple of ndarray
        Images, shape (images, 64), from 0 to 1, and labels 0 to 9; read-only.

    Raises
    ------
    TypeError, ValueError
        If `hidden` is no whole number from 1 to 4,096.

    References
    ----------
    Data: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
    """
    return _trained(checks.whole("hidden", hidden, 1, MOST_HIDDEN))


@lru_cache(maxsize=8)
def _trained(hidden: int) -> tuple[Network, Labelled, Labelled]:
    from sklearn.neural_network import MLPClassifier

    training, test = digit_images()
    with warnings.catch_warnings(), one_thread():
        warnings.simplefilter("ignore")  # that it might still become a little better
        model = MLPClassifier((hidden,), random_state=0, max_iter=200).fit(*training)
    return Network.from_sklearn(model), training, test
