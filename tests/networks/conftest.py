"""A small network that is trained once, and chips that it is programmed into."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc

nets = sc.networks


@dataclass(frozen=True)
class Digits:
    """Handwritten digits of 8 x 8 pixels: other writers in the test images; a 64-16-10 network."""

    model: Any
    network: Any
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


@pytest.fixture(scope="session")
def digits() -> Digits:
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    x, y = load_digits(return_X_y=True)
    x = x / 16
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged: of no matter here
        model = MLPClassifier((16,), random_state=1, max_iter=60).fit(x[:1347], y[:1347])
    return Digits(model, nets.Network.from_sklearn(model), x[:1347], y[:1347], x[1347:], y[1347:])


@pytest.fixture(scope="session")
def device() -> Any:
    return sc.load_device("hennen2024")
