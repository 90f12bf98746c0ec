"""The float32 door: every number rounded once, from float64."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.device import stationary
from synaptogen_core.device.model.float32 import Constants, constants

DEVICE = sc.load_device("hennen2024")


@pytest.mark.parametrize("wishes", [{}, {"order": 3}, {"autocorrelation": False}, {"correlations": False, "d2d": 0.5}])
def test_each_number_is_rounded_once(wishes: dict[str, object]) -> None:
    device = DEVICE.vary(**wishes)  # type: ignore[arg-type]  # a mixture of types, checked by vary itself
    c = constants(device)
    for name in ("gamma", "a", "b", "means", "factors", "sigma_floor", "hhrs", "llrs"):
        assert np.array_equal(getattr(c, name), np.asarray(getattr(device, name)).astype(np.float32)), name
    for name in ("g_llrs", "eta", "u_max"):
        assert getattr(c, name) == np.float32(getattr(device, name))
    assert c.inverse_window == np.float32(1 / (device.g_llrs - device.g_hhrs))
    assert c.order == device.order


def test_the_start_is_a_factor_of_the_history() -> None:
    c = constants(DEVICE)
    assert np.array_equal(c.start, np.tril(c.start))
    product = c.start.astype(float) @ c.start.T.astype(float)
    assert np.abs(product - stationary.history_covariance(DEVICE)).max() < 1e-6


def test_limits_split_the_words_by_the_weights() -> None:
    limits = constants(DEVICE).limits.astype(float)
    assert np.abs(limits / 2**32 - np.cumsum(DEVICE.weights)[:-1]).max() <= 2.0**-33


def test_constants_cannot_be_changed_and_are_made_once() -> None:
    c = constants(DEVICE)
    for field in fields(Constants):
        value = getattr(c, field.name)
        if isinstance(value, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                value[...] = 0
    assert constants(sc.load_device("hennen2024")) is c
    assert constants(DEVICE.vary(eta=3)) is not c
