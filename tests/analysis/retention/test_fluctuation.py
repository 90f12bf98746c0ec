"""Spectrum, autocovariance and Allan variance of the traps of an array, against the exact ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.array.ageing import flickering

Z = 4.89
DEVICE = sc.load_device("hennen2024")
TRAPS = sc.retention.Traps("test", [1e-5], [0.02], 1.5, 2e-3, 2.0, 0.3)
CELLS, READS, STEP = 500, 512, 5e-3  # s
G = 5e-5


@pytest.fixture(scope="module")
def reads() -> np.ndarray:
    """Conductances (reads, cells) over G, less 1."""
    low, window = float(DEVICE.g_llrs), float(DEVICE.g_llrs - DEVICE.g_hhrs)
    cell, r = np.arange(CELLS, dtype=np.uint64), np.full(CELLS, (low - G) / window, np.float32)
    times = range(10**10, 10**10 + READS * round(STEP * 1e9), round(STEP * 1e9))
    found = np.array([flickering("auto", 3, cell, r, time, TRAPS, DEVICE) for time in times])
    return np.asarray((low - found.astype(float) * window) / G - 1)


def close(values: np.ndarray, exact: float, control: float) -> None:
    """The mean over cells is the exact value, by its own standard error; the control is not."""
    error = Z * values.std() / math.sqrt(values.size)
    assert abs(values.mean() - exact) < error
    assert abs(values.mean() - control) > error, "the control"


def test_autocovariance(reads: np.ndarray) -> None:
    exact = sc.retention.autocovariance(TRAPS, G, np.array([0, 1, 8, 64]) * STEP).values / G**2
    for k, value in zip((0, 1, 8, 64), exact, strict=True):
        there = (reads[: READS - k] * reads[k:]).mean(axis=0)
        close(there, value, 0.5 * value)
    assert exact[0] == pytest.approx(0.02**2 * 0.21 * 1.5 * math.log(1000), rel=1e-9)


def test_spectrum(reads: np.ndarray) -> None:
    """The periodogram of a finite record at a finite rate has the expectation that the autocovariance gives."""
    lags = np.arange(READS)
    exact = sc.retention.autocovariance(TRAPS, G, lags * STEP).values / G**2 * (1 - lags / READS)
    expected = 2 * STEP * (2 * np.fft.rfft(exact).real - exact[0])
    power = 2 * STEP / READS * np.abs(np.fft.rfft(reads, axis=0)) ** 2
    f = np.fft.rfftfreq(READS, STEP)
    for k in (2, 8, 32):
        close(power[k], expected[k], 0.4 * expected[k])
    # in the band between the time constants the spectrum itself is flicker noise, and the periodogram lies on it
    sf = sc.retention.spectrum(TRAPS, G, f[1:]).values / G**2
    assert power[4:12].mean() == pytest.approx(sf[3:11].mean(), rel=0.15)
    wide = sc.retention.Traps("wide", [1e-5], [0.01], 1.0, 1e-6, 1e6)
    plateau = 5.0 * sc.retention.spectrum(wide, G, 5.0).values / G**2
    assert plateau == pytest.approx(float(wide.flicker[0]) ** 2, rel=1e-4)


def test_allan_variance(reads: np.ndarray) -> None:
    """Means over windows of many reads; the exact one integrates, so the shortest windows are left out."""
    for length in (32, 128):
        mean = reads.reshape(READS // length, length, CELLS).mean(axis=1)
        there = (np.diff(mean, axis=0) ** 2).mean(axis=0) / 2
        exact = float(sc.retention.allan_variance(TRAPS, G, length * STEP).values[0]) / G**2
        c = sc.retention.autocovariance(TRAPS, G, np.arange(2 * length) * STEP).values / G**2
        within = (c[0] * length + 2 * sum((length - k) * c[k] for k in range(1, length))) / length**2
        across = sum((length - abs(k)) * c[length + k] for k in range(1 - length, length)) / length**2
        close(there, within - across, 0.5 * (within - across))
        assert within - across == pytest.approx(exact, rel=0.06)
    wide = sc.retention.Traps("wide", [1e-5], [0.01], 1.0, 1e-7, 1e7)
    flat = sc.retention.allan_variance(wide, G, [0.1, 1.0, 10.0]).values / G**2
    assert flat == pytest.approx(2 * math.log(2) * float(wide.flicker[0]) ** 2, rel=1e-3)


def test_arguments_are_checked() -> None:
    for function in (sc.retention.autocovariance, sc.retention.spectrum, sc.retention.allan_variance):
        with pytest.raises(ValueError, match="must be a row of numbers"):
            function(TRAPS, G, [-1.0])
        with pytest.raises(ValueError, match="g: must be above 0"):
            function(TRAPS, -1.0, [1.0])
