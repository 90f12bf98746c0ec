"""Offsets of a coordinate from few cycles of many devices."""

from __future__ import annotations

import numpy as np

from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.staged import coordinates
from synaptogen_core.analysis.staged.cycles import halved
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.schema import FEATURE_NAMES

R_LRS, OFFSET, KEPT = FEATURE_NAMES.index("r_lrs"), 3700.0, 0.5
LOG = Coordinate("log10", 1)


def panel(seed: int, devices: int = 200, cycles: int = 30) -> Panel:
    """Resistances above an offset, whose logarithms remember each other."""
    rng = np.random.default_rng(seed)
    x = np.empty((devices, cycles))
    x[:, 0] = rng.standard_normal(devices)
    for n in range(1, cycles):
        x[:, n] = KEPT * x[:, n - 1] + np.sqrt(1 - KEPT**2) * rng.standard_normal(devices)
    values = OFFSET + 10 ** (3.1 + 0.15 * rng.standard_normal((devices, 1)) + 0.25 * x)
    device = np.repeat(np.arange(devices, dtype=np.int32), cycles)
    starts = np.arange(0, devices * cycles + 1, cycles)
    return Panel(values.reshape(-1, 1), device, starts, (R_LRS,), 1)


def test_halves_are_devices_of_their_own() -> None:
    whole = panel(1, 3, 5)
    parts = halved(whole)
    assert parts.starts.tolist() == [0, 2, 5, 7, 10, 12, 15] and parts.devices == 6
    assert parts.device.tolist() == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5]
    assert parts.values is whole.values


def test_short_series_do_not_lead_the_offset_astray() -> None:
    """In standard errors, over 30 panels; the likelihood of the whole alone is the negative control."""
    ours, alone = [], []
    for seed in range(30):
        data = panel(seed)
        least = float(data.values.min())
        _, _, found = coordinates.offset_of(data, 0, LOG, least)
        assert found is not None
        near = int(np.argmin([abs(share * least - found.value) for share in coordinates.OFFSETS]))
        peak, moved = coordinates._peak(data, 0, LOG, least, near)
        truth = np.log(least - OFFSET)
        ours.append((np.log(least - found.value) - truth) / found.error)
        alone.append((peak - truth) / (moved.std(ddof=1) / np.sqrt(moved.size)))
    limit = 3 * np.std(ours) / np.sqrt(len(ours))  # three errors of the mean
    assert abs(np.mean(ours)) < limit < abs(np.mean(alone))
    assert np.mean(np.abs(ours) < 1.96) > 0.8
