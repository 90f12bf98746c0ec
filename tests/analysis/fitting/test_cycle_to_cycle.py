"""Intervals of shapes: a correction that follows what it corrects makes the result scatter more than what was seen."""

from __future__ import annotations

import numpy as np
import pytest

from synaptogen_core.analysis.fitting import cycle_to_cycle as cycles
from synaptogen_core.analysis.fitting import shapes

TRUTH = np.stack([shapes.normalised(np.array(p)) for p in ([0.01, 0.04, -0.02, 0.9, 0.0], [0.0, 0.02, 0.1, 0.95, 0.0])])
RECIPE = cycles.Recipe(1, 1, 4, "ols", "bic")


def fit_of(polynomials: np.ndarray, spread: float) -> cycles.CycleFit:
    chance = np.random.Generator(np.random.PCG64(3))
    found = []
    for own in polynomials:
        drawn = own + spread * chance.standard_normal((50, own.size))
        found.append(shapes.Shape(own, np.array([shapes.normalised(p) for p in drawn]), False))
    return cycles.CycleFit(tuple(found), np.eye(4), np.eye(4)[None], 1e6, 1, {})


@pytest.mark.parametrize("share", [0.0, -0.25, 0.25])
def test_replicates_are_stretched_as_the_correction_stretches(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """If standardising makes (1 + share) of every deviation, then the corrected shape has 1 / (1 + share) of it."""
    plain = np.array([0.05, 0.05, 0.05, 0.05, 0.05])

    def bias(fit: cycles.CycleFit, *_: object) -> np.ndarray:
        return plain + share * (np.array([shape.polynomial for shape in fit.shapes]) - TRUTH)

    monkeypatch.setattr(cycles, "shape_bias", bias)
    fit = fit_of(TRUTH, 1e-4)
    found = cycles.stretched(fit, lambda fit: pytest.fail("nothing to simulate"), RECIPE)
    for before, after in zip(fit.shapes, found.shapes, strict=True):
        np.testing.assert_array_equal(after.polynomial, before.polynomial)
        seen = (before.replicates - before.polynomial) / (1 + share)
        np.testing.assert_allclose(after.replicates - after.polynomial, seen, atol=3e-5)


def test_without_a_correction_nothing_is_stretched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycles, "shape_bias", lambda *_: np.zeros_like(TRUTH))
    fit = fit_of(TRUTH, 1e-3)
    assert cycles.stretched(fit, lambda fit: pytest.fail("nothing to simulate"), RECIPE) is fit
