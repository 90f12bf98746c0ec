"""How the threshold depends on the width of the pulse: found where it does, and zero where it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import synaptogen_core as sc


def pulses(k: float, n: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    width, volts = 10.0 ** rng.uniform(-8, -5, n), rng.uniform(0.8, 1.5, n)
    threshold = 1.15 * (1 - k * np.log10(width / 1e-7)) + rng.logistic(0, 0.06, n)
    return width, -volts, volts > threshold


@pytest.mark.parametrize("k", [0.0, 0.04])
def test_k_is_found(k: float) -> None:
    fit = sc.fitting.fit_pulse_width(*pulses(k))
    u_ref = 1.15 * (1 - k * np.log10(fit.reference / 1e-7))
    assert fit.threshold == pytest.approx(u_ref, abs=0.01)
    error = (fit.interval[1] - fit.interval[0]) / 2 / 1.96
    assert abs(fit.per_decade - 1.15 * k) < 4.89 * error
    assert (fit.interval[0] > 0) == (k > 0), "the control: none where there is none"


def test_the_measured_set_pulses(shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "stanford_mit_set_pulse_width.csv.gz")
    here = table[(table.resistance_before_ohm > 2e4) & (table.wl_voltage_V >= 1.5) & (table.bl_voltage_V <= 1.5)]
    switched = (here.resistance_after_ohm < 2e4).to_numpy()
    fit = sc.fitting.fit_pulse_width(here.width_s.to_numpy(), here.bl_voltage_V.to_numpy(), switched)
    assert fit.voltages == 3, "the bit line has steps of half a volt: the shape is assumed"
    assert 0.03 < fit.per_decade < 0.06 and fit.interval[0] > 0.02


def test_bad_tables_are_refused() -> None:
    width, volts, switched = pulses(0.0, 100)
    both_signs = np.where(np.arange(100) % 2, volts, -volts)
    for wrong in (
        (width, both_signs, switched),
        (width, volts, switched * 1),
        (width[:5], volts, switched),
        (width * 0 + 1, volts, switched),
    ):
        with pytest.raises((ValueError, TypeError)):
            sc.fitting.fit_pulse_width(*wrong)
