"""Conduction by odd powers: devices that switch at a few tenths of a volt or at eight work everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import synaptogen_core as sc
from app.settings.limits import limits_of
from synaptogen_core.analysis.conduction import powers
from synaptogen_core.device import curve_rules
from tests.analysis.made_loops import Cell, made_loops


def fitted(scale: float, bend: float = 0.0) -> sc.DeviceParameters:
    """A device learnt from loops that switch at 1.2 and 1.1 V, times `scale`."""
    cell = Cell(
        u_set=1.2 * scale,
        u_reset=1.1 * scale,
        u_min=1.5 * scale,
        u_max=1.5 * scale,
        step=0.03 * scale,
        bend=bend / scale**2,
    )
    loops = made_loops(cell, 60, seed=1).dataset()
    found = sc.fitting.extract_features(loops)
    high = 60e3 / (1 + bend * (0.2 / scale) ** 2)  # read at 0.2 V
    for name, truth in (("u_set", -1.2 * scale), ("u_reset", 1.1 * scale), ("r_hrs", high), ("r_lrs", 6e3)):
        assert np.nanmedian(found[name]) == pytest.approx(truth, rel=0.04)
    loops = loops.assign(found.data_vars).assign_attrs(found.attrs)
    return sc.fitting.fit(loops, sc.load_device("hennen2024"), name="made", max_order=1, intervals=False).device


@pytest.fixture(scope="module", params=[0.25, 6.5])
def device(request: pytest.FixtureRequest) -> sc.DeviceParameters:
    found = fitted(request.param, 0.3)
    assert found.valid_range == pytest.approx(found.u_max) and found.u_max == pytest.approx(1.5 * request.param)
    return found


def test_currents_rise_at_every_voltage() -> None:
    high = fitted(6.5, 0.3)
    grid = np.linspace(-20, 20, 801)
    difference = np.polyval(np.polysub(high.llrs, high.hhrs), grid)
    assert (difference * grid >= 0).all() and (difference[grid != 0] != 0).all()
    for curve in (high.hhrs, high.llrs):
        assert (np.diff(np.polyval(curve, grid)) > 0).all()
    published = sc.load_device("hennen2024")  # negative control
    assert np.any(np.diff(np.polyval(published.llrs, grid)) < 0)
    assert curve_rules.most_u_max(published.hhrs, published.llrs) == 1.6
    with pytest.raises(ValueError, match="hhrs, llrs: must be curves of like size"):
        curve_rules.most_u_max(np.array([5e-324, 1.0, 1.0, 0.0]), np.zeros(4))


def test_it_is_used_everywhere(device: sc.DeviceParameters, tmp_path: Path) -> None:
    end, read = device.valid_range, 0.2 if device.valid_range > 1 else 0.05
    cells = sc.CellArray((4, 4), device, seed=1)
    cells.apply_voltage(-end)
    low = read / np.median(cells.read(read, bandwidth=0))
    cells.apply_voltage(end)
    assert low == pytest.approx(6e3, rel=0.1) and read / np.median(cells.read(read, bandwidth=0)) > 40e3
    done = sc.crossbar.program_and_verify(cells, 60e-6, u_read=read)
    assert sc.crossbar.verify_statistics(done)["share_reached"] > 0.9
    lines = sc.crossbar.Lines(word=1.0, bit=1.0)
    seen = sc.crossbar.solve_lines(cells, sc.crossbar.bias(cells.shape, "half", end, row=3, column=3), lines)
    assert seen.residual < 1e-6 and 0.9 * end < seen.cell_voltage[3, 3] < end
    sc.save_netlist(cells, sc.crossbar.read_bias([read] * 4, 4), lines, tmp_path / "a.cir")
    sc.save_device(device, tmp_path / "a.json")
    assert sc.load_device(tmp_path / "a.json").hash == device.hash
    limits = limits_of(device)
    assert limits.reach == pytest.approx(end) and limits.bounds["u_max"][0] < device.u_max <= limits.bounds["u_max"][1]


def test_features_alone_stretch_the_curves_of_the_template() -> None:
    rng = np.random.default_rng(1)
    table = sc.measurement.measurement(
        np.zeros(60, int), np.arange(60), labels=["a"],
        features={"r_hrs": 6e4 * rng.lognormal(0, 0.2, 60), "u_set": -8 * rng.lognormal(0, 0.05, 60),
                  "r_lrs": 6e3 * rng.lognormal(0, 0.05, 60), "u_reset": 7 * rng.lognormal(0, 0.03, 60)},
    )  # fmt: skip
    found = sc.fitting.fit(table, sc.load_device("hennen2024"), name="made", max_order=1, intervals=False).device
    assert 7.5 < found.u_max < 9 and found.valid_range > found.u_max
    cells = sc.CellArray((16, 16), found, seed=1)
    cells.apply_voltage(-found.valid_range)
    assert 0.2 / np.median(cells.read(0.2, bandwidth=0)) == pytest.approx(6e3, rel=0.1)
    cells.apply_voltage(found.valid_range)
    assert 0.2 / np.median(cells.read(0.2, bandwidth=0)) == pytest.approx(6e4, rel=0.3)


def test_the_nonlinear_part_is_bounded_and_never_below_zero() -> None:
    v = np.linspace(-1, 1, 101)
    basis = v[:, None] ** np.arange(1, powers.DEGREE + 1)
    squares = (basis.T @ basis)[None]
    for truth, most in ((2e-6, 1e-5), (-2e-6, 1e-5), (2e-6, 1e-9)):
        wanted = basis.T @ (truth * (v**3 - 0.01 * v))
        found = powers.solve_odd(squares, wanted[None], 1.0, 0.1, most)[0]
        assert (found[[2, 4, 6]] >= 0).all() and (found[[1, 3, 5]] == 0).all() and -found[0] <= most * (1 + 1e-12)
        if truth > 0 and most > 1e-8:
            np.testing.assert_allclose(found[2], truth, rtol=1e-5)
