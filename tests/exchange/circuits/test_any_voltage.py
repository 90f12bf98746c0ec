"""Devices fitted to loops that switch at .3, 5 and 8 V: programmed, and in circuit simulators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.array.tally import notes
from synaptogen_core.crossbar import Lines, bias, read_bias
from synaptogen_core.exchange.circuits.files import save_netlist
from synaptogen_core.schema import U_RESET
from tests.analysis.conduction.test_powers import fitted
from tests.exchange.circuits.simulators import run
from tests.exchange.circuits.test_switching import final, in_python
from tests.peers.test_peer_ngspice import compare


@pytest.fixture(scope="module", params=[0.3, 5.0, 8.0])
def device(request: pytest.FixtureRequest) -> sc.DeviceParameters:
    found = fitted(request.param / 1.2, 0.3)
    assert found.population_mean[U_RESET] == pytest.approx(1.1 / 1.2 * request.param, rel=0.05)
    return found


def test_the_library(device: sc.DeviceParameters) -> None:
    end = device.valid_range
    assert notes(sc.simulate(sc.CellArray((8, 8), device, seed=1), sc.PulseTrain.cycling(20, -end, end))) == ()
    for target in (40e-6, 80e-6):
        done = sc.crossbar.program_and_verify(sc.CellArray((8, 8), device, seed=2), target)
        assert sc.crossbar.verify_statistics(done)["share_reached"] > 0.95


@pytest.mark.spice
def test_operating_points(device: sc.DeviceParameters, ngspice: str, tmp_path: Path) -> None:
    end = device.valid_range
    cells = sc.CellArray((4, 3), device, seed=3)
    cells.apply_voltage(np.linspace(-end, end, cells.size).reshape(cells.shape))
    for scheme in ("half", "third", "floating"):
        for u in (-end, 0.6 * end):
            compare(ngspice, tmp_path, cells, bias(cells.shape, scheme, u, row=2, column=1), Lines(2.0, 2.0))


@pytest.mark.spice
def test_switching(
    device: sc.DeviceParameters, compiled: Callable[[str], Path], ngspice_osdi: str, tmp_path: Path
) -> None:
    end, shape = device.valid_range, (3, 3)
    cells = sc.CellArray(shape, device, seed=3)
    pulses = [bias(shape, "half", u * end, row=1, column=c) for c, u in ((0, -1), (1, -1), (0, 0.8), (1, 1), (0, 1))]
    pulses.insert(3, read_bias([device.u_0] * 3, 3))
    expected = in_python(cells, pulses[:4])
    assert (expected.mixing() != cells.mixing()).any()
    save_netlist(cells, pulses[:4], Lines(0, 0), tmp_path / "array.cir", cells="veriloga", edge=1e-6, flat=0.5e-6)
    (tmp_path / "array.osdi").write_bytes(compiled((tmp_path / "array.va").read_text()).read_bytes())
    found = final(run([ngspice_osdi, "-b", "array.cir"], tmp_path), shape)
    np.testing.assert_array_equal(found["state"], expected.state())
    np.testing.assert_array_equal(found["cycle"], expected.cycle_count())
    np.testing.assert_allclose(found["r"], expected.mixing(), rtol=0, atol=1e-6)
