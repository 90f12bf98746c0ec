"""The gradient of the warp's likelihood, and the warp that it leads to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.staged import warps
from synaptogen_core.analysis.staged.coordinates import scores
from synaptogen_core.device.extension import Coordinate
from synaptogen_core.device.shapes import warp_of
from synaptogen_core.types import F64

DEVICES, CYCLES = 120, 1000
KNOTS = np.array([3.0, 4.0, 5.0, 6.0, 7.0])  # of v; the warp is three times as steep in its middle
VALUES = np.array([3.0, 3.5, 5.0, 6.5, 7.0])
WARP = warp_of({"kind": "spline", "knots": KNOTS, "values": VALUES})


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Log resistances of devices that are alike before the warp."""
    rng = np.random.default_rng(3)
    v = np.repeat(rng.normal(5.0, 0.6, DEVICES), CYCLES) + 0.25 * rng.standard_normal(DEVICES * CYCLES)
    starts = CYCLES * np.arange(DEVICES + 1)
    device = np.repeat(np.arange(DEVICES, dtype=np.int32), CYCLES)
    return Panel(WARP.table.at(v)[:, None], device, starts, (0,), 1)


def curve(steepness: F64, panel: Panel) -> tuple[F64, Coordinate]:
    """A warp of some steepness: where its pieces meet, and the coordinate."""
    low, high = np.quantile(panel.values, (0.002, 0.998))
    v = low + (high - low) * np.append(0.0, np.cumsum(np.exp(steepness)) / np.exp(steepness).sum())
    t = np.linspace(low, high, v.size)
    warp = warp_of({"kind": "spline", "knots": v, "values": t})
    return warp.exact(np.linspace(low, high, warps.PIECES + 1)), Coordinate("log10", warp=warp)


@pytest.mark.parametrize("steepness", [[0, 0, 0, 0, 0, 0], [0.5, -0.2, 0.1, 0.4, -0.3, 0.0]])
def test_the_likelihood_is_that_of_scores_and_has_its_gradient(
    panel: Panel, steepness: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    levels, begin = warps.Levels.of(panel, 0, Coordinate("log10")), np.array(steepness, float)

    def value(x: F64) -> float:
        return levels.misfit(curve(x, panel)[0])[0]

    def slopes() -> F64:
        moved = [curve(begin + step, panel)[0] - curve(begin - step, panel)[0] for step in 1e-4 * np.eye(6)]
        return np.array(moved) @ levels.misfit(curve(begin, panel)[0])[1] / 2e-4

    # the likelihood has small jumps, where a value comes to another piece: differences over wide steps, a tolerance
    seen = np.array([value(begin + step) - value(begin - step) for step in 0.02 * np.eye(6)]) / 0.04
    limit = 0.05 * np.abs(seen).max() + 0.002
    assert np.abs(slopes() - seen).max() < limit
    monkeypatch.setattr(warps, "AROUND", 0.0)  # the control: each quantile moves as the one value there does
    assert np.abs(slopes() - seen).max() > limit

    flat, other = np.zeros(6), np.array([0.3, 0.0, -0.4, -0.4, 0.2, 0.1])
    rise = value(other) - value(flat)
    said = [-scores(panel, 0, curve(x, panel)[1], shaped=True).mean() for x in (flat, other)]
    assert rise == pytest.approx(said[1] - said[0], abs=5e-4) and abs(rise) > 0.005


def test_the_warp_is_found_again(panel: Panel) -> None:
    warp = warps.warp_fit(panel, 0, Coordinate("log10")).warp
    assert warp is not None
    inner = np.linspace(4.0, 6.0, 21)
    slopes = warp.table.slope(warp.table.inverse(inner)) / WARP.table.slope(WARP.table.inverse(inner))
    # up to scale; six bins, joined by cubics, follow a steepness that changes threefold within one of them
    assert np.ptp(np.log(slopes)) < 0.5
    plain = Coordinate("log10")
    assert scores(panel, 0, Coordinate("log10", warp=warp), shaped=True).mean() > scores(
        panel, 0, plain, shaped=True).mean() + 0.02  # fmt: skip


def test_devices_of_one_value_and_of_none_do_no_harm(panel: Panel) -> None:
    values = panel.values.copy()
    values[panel.device == 3] = np.nan
    values[1:CYCLES] = np.nan
    levels = warps.Levels.of(replace(panel, values=values), 0, Coordinate("log10"))
    assert levels.counts.tolist()[:4] == [1, CYCLES, CYCLES, CYCLES] and levels.counts.size == DEVICES - 1
    value, gradient = levels.misfit(curve(np.zeros(6), panel)[0])
    assert np.isfinite(value) and np.isfinite(gradient).all()
