"""Exact curves against the law's moments, a published tail, and sampled cells."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

import synaptogen_core as sc
from synaptogen_core.analysis.retention.exact import distribution
from synaptogen_core.device.retention import jumps

Z = 4.89
LAW = sc.RetentionLaw("test", [1e-5], [1e-6], [0.35], 6e-3, 1e-9, [-1e-7], [0.3e-6])
PLAIN = sc.RetentionLaw("test", [1e-5], [1e-6], [0.35], 6e-3, 1e-9, reversible=[0.3e-6])


@pytest.mark.parametrize("time", [1e-3, 1.0, 3.156e8])
def test_moments(time: float) -> None:
    there = distribution(LAW, 1e-5, time)
    u = math.log1p(time / 6e-3)
    mean = float((there.x * there.share).sum())
    variance = float(((there.x - mean) ** 2 * there.share).sum())
    assert there.share.sum() == pytest.approx(1, abs=1e-9)
    assert mean == pytest.approx(-1e-7 * u, rel=1e-3) and variance == pytest.approx(1e-12 * u, rel=2e-3)
    assert there.share.max() >= math.exp(-0.35 * u) * 0.999, "those that never moved stay where they are"


def test_early_tails_are_not_gaussian_and_late_ones_are() -> None:
    """P(|dG| > 8 uS) is 7.5e-3 after a second (a Gaussian walk: 4.6e-4), and after ten years .106 (.108)."""

    def tail(law: sc.RetentionLaw, time: float) -> float:
        there = distribution(law, 1e-5, time, reversible=True)
        return float(there.below(-8e-6) + 1 - there.below(8e-6))

    sd = math.sqrt(math.log1p(1 / 6e-3) + 0.09)
    assert tail(PLAIN, 1.0) == pytest.approx(7.5e-3, rel=0.02)
    assert tail(PLAIN.vary(jumps="gaussian"), 1.0) == pytest.approx(2 * special.ndtr(-8 / sd), rel=0.15)
    assert tail(PLAIN, 3.156e8) == pytest.approx(0.106, rel=0.01)
    assert tail(PLAIN.vary(jumps="gaussian"), 3.156e8) == pytest.approx(0.108, rel=0.01)


def test_flicker_grows_with_the_time_since_birth_and_scales_as_all_do() -> None:
    flickering = sc.RetentionLaw("test", [1e-5], [1e-6], [0.35], 6e-3, 1e-9, reversible=[0.3e-6], flicker=[0.2e-6])
    for time in (0.0, 1.0, 1e6):
        u = math.log1p(time / 6e-3)
        for law, rest in ((flickering, 0.04e-12 * u), (PLAIN, 0.0)):
            there = distribution(law, 1e-5, time, reversible=True)
            variance = float((there.x**2 * there.share).sum())
            assert variance == pytest.approx(1e-12 * u + 0.09e-12 + rest, rel=2e-3)
    assert flickering.vary(scale=2.0).flicker[0] == 0.4e-6
    assert flickering.hash != PLAIN.hash and "flicker" in PLAIN.to_dict()


@pytest.mark.parametrize("name", ["stanford-b", "stanford-c"])
def test_sampled_cells_lie_in_the_bands(name: str) -> None:
    law, n, g0, time = sc.load_retention(name), 20_000, 1.2e-5, 100.0
    numbers = jumps.numbers(law, sc.load_device("hennen2024"))
    born, age = np.full(n, g0), np.full(n, int(time * 1e9))
    moved, _ = jumps.walk(3, np.arange(n, dtype=np.uint64), np.zeros(n, np.uint32), born, age, numbers)
    g = jumps.conductance(jumps.coordinate(born, law.corner) + moved, law.corner)
    quantiles = [0.01, 0.1, 0.9, 0.99]
    exact = sc.retention.curve(law, g0, [time], quantiles).values[0, :, 0]
    for p, value in zip(quantiles, exact, strict=True):
        assert abs(np.mean(g <= value) - p) < Z * math.sqrt(p * (1 - p) / n)
    wrong = sc.retention.curve(law.vary(scale=1.2), g0, [time], [0.01]).values[0, 0, 0]
    assert abs(np.mean(g <= wrong) - 0.01) > Z * math.sqrt(0.01 * 0.99 / n), "the control"
    errors = sc.retention.bit_error_rate(law, [g0, 3e-5], [1.5e-5], [time]).values[0, 0]
    assert abs(np.mean(g > 1.5e-5) - errors) < Z * math.sqrt(errors / n)


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="thresholds: must lie one between"):
        sc.retention.bit_error_rate(LAW, [1e-5, 2e-5], [3e-5], [1.0])
    with pytest.raises(ValueError, match="times"):
        sc.retention.curve(LAW, 1e-5, [-1.0])
    with pytest.raises(ValueError, match="quantiles"):
        sc.retention.curve(LAW, 1e-5, [1.0], [1.5])
    curve = sc.retention.curve(LAW, [1e-5, 2e-5], [0.0, 1.0])
    assert (
        np.allclose(curve.sel(time=0.0), curve.level.values[:, None])
        and "extrapolated" in curve.attrs["retention_note"]
    )
