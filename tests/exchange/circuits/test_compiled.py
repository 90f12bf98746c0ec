"""Compiled modules at given node voltages: each is the cell of the same seed and address in Python."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.device.model.float32 import Constants, constants
from synaptogen_core.exchange.circuits import veriloga as module
from synaptogen_core.exchange.circuits.veriloga import veriloga
from synaptogen_core.schema import FEATURE_NAMES, IRS
from tests.exchange.circuits.simulators import Library
from tests.exchange.circuits.test_veriloga import features_of

pytestmark = pytest.mark.spice

SEED, CELLS, CYCLE = 12345678901234567, 2000, 20
AGREE = 1e-5  # relative, of currents: Python's are in single precision
SAME_VOLT = 3e-7  # V
READ, SET, RESET, PART = 0.2, -1.5, 1.5, 1.0
ADDRESS = {"seedlo": SEED % 2**32, "seedhi": SEED >> 32}
Compile = Callable[[str], Path]


@dataclass(frozen=True)
class Seen:
    """Worst differences from Python: relative of read currents, and of thresholds [V]."""

    hrs: float
    lrs: float
    irs: float
    u_set: float
    u_reset: float

    def good(self) -> bool:
        return max(self.hrs, self.lrs, self.irs) < AGREE and max(self.u_set, self.u_reset) < SAME_VOLT


def in_cycle(device: sc.DeviceParameters, cells: int, cycle: int, **options: Any) -> sc.CellArray:
    """An array in HRS of a cycle."""
    array = sc.CellArray((1, cells), device, seed=SEED, **options)
    for _ in range(cycle):
        array.apply_voltage(-3.0)  # beyond every threshold
        array.apply_voltage(3.0)
    return array


def compare(library: Library, device: sc.DeviceParameters, cells: int, cycle: int, **options: Any) -> Seen:
    """HRS, LRS and the next cycle's IRS, and both thresholds, of the cells of a cycle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = in_cycle(device, cells, cycle, **options)
        features = {name: values[0].astype(float) for name, values in array.features().items()}
        hrs = READ / features["r_hrs"]  # not array.current: of 1 uA, single precision leaves five digits
        array.apply_voltage(-3.0)
        lrs = array.current(READ)[0]
        array.apply_voltage(PART)
        irs, state = array.current(READ)[0], array.state()[0]
    made = [library.cell(**ADDRESS, addr=k) for k in range(cells)]
    half, rest = 5e-4, float(np.float32(device.u_max)) - PART  # V: the latches begin to move in proportion

    def flow(node: int, nodes: Callable[[int], list[float]]) -> np.ndarray:
        return np.array([library.flows(cell, nodes(k))[node] for k, cell in enumerate(made)])

    n = float(cycle)
    seen_set = flow(2, lambda k: [features["u_set"][k] - half, 0, n, n, 0, 0])
    seen_reset = flow(3, lambda k: [features["u_reset"][k] + half, 0, n + 1, n, 0, 0])
    part = flow(0, lambda k: [READ, 0, n + 1, n + 1, rest, rest])
    return Seen(
        np.abs(flow(0, lambda k: [READ, 0, n, n, 0, 0]) / hrs - 1).max(),
        np.abs(flow(0, lambda k: [READ, 0, n + 1, n, 0, 0]) / lrs - 1).max(),
        np.abs(part / irs - 1)[state == IRS].max(initial=0.0),
        np.abs(seen_set + 0.5).max() * 1e-3,
        np.abs(seen_reset + 0.5).max() * 1e-3,
    )


@pytest.fixture(scope="module")
def library(device: sc.DeviceParameters, compiled: Compile, osdi_py: Any) -> Library:
    return Library(osdi_py, compiled(veriloga(device, cycles=32)))


# ------------------------------------------------------------------------------------------------- the published device


@pytest.mark.parametrize("cycle", [0, CYCLE])
def test_two_thousand_cells(device: sc.DeviceParameters, library: Library, cycle: int) -> None:
    seen = compare(library, device, CELLS, cycle)
    assert seen.good(), seen


def test_the_population_is_that_of_the_paper(library: Library) -> None:
    made = [library.cell(seedlo=5, addr=k) for k in range(CELLS)]
    ohm = READ / np.array([library.flows(cell, [READ, 0, 1, 0, 0, 0])[0] for cell in made])
    mean, sd = 4545.0, 264.9  # of R_LRS, stationary
    assert abs(ohm.mean() - mean) < 4.89 * sd / np.sqrt(CELLS) + 1
    assert abs(ohm.std() / sd - 1) < 0.25  # heavy tails: the outliers


@pytest.mark.parametrize("volts", [(SET,), (SET, PART), (SET, RESET), (SET, PART, 1.2), (SET, PART, SET)])
def test_a_cell_begins_where_python_left_it(
    device: sc.DeviceParameters, library: Library, volts: tuple[float, ...]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = in_cycle(device, 50, 7)
    for u in volts:
        array.apply_voltage(u)
    state = array.to_state()["arrays"]
    currents = array.current(READ)[0]
    for k in range(50):
        cell = library.cell(
            **ADDRESS, addr=k, state0=state["code"][k], cycle0=state["count"][k], ureset0=state["threshold"][k]
        )
        assert library.flows(cell, [READ, 0, 0, 0, 0, 0], time=0.0)[0] == pytest.approx(currents[k], rel=AGREE)


def test_currents_beyond_the_measured_range_grow(library: Library) -> None:
    cell = library.cell(**ADDRESS)
    for nodes in ([0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0.3, 0.3]):
        i = np.array([library.flows(cell, [u, 0, *nodes])[0] for u in np.linspace(-4, 4, 161)])
        assert np.all(np.diff(i)[np.abs(np.linspace(-4, 4, 161))[1:] > 1.6] > 0)


def test_derivatives(library: Library) -> None:
    """Newton's method needs them; where the voltage lies between the corners of the model."""
    rng = np.random.default_rng(1)
    h = 1e-6
    for _ in range(30):
        cell = library.cell(**ADDRESS, addr=rng.integers(2000))
        nodes = np.array([rng.uniform(-1.4, 1.4), 0, *rng.choice([0.0, 0.2, 0.7, 1.0], 2), *rng.uniform(0.05, 0.6, 2)])
        if nodes[3] > nodes[2]:
            continue  # a RESET before its SET
        found = library.jacobian(cell, nodes.tolist())
        for k in range(6):
            step = np.eye(6)[k] * h
            ahead, behind = (library.flows(cell, (nodes + sign * step).tolist()) for sign in (1, -1))
            assert found[:, k] == pytest.approx((ahead - behind) / (2 * h), rel=1e-4, abs=2e-9)


# -------------------------------------------------------------------------------------------------------- other devices

VARIED: dict[str, dict[str, Any]] = {
    "order 1, no spread of devices": {"order": 1, "d2d": 0},
    "order 3, twice the spread": {"order": 3, "d2d": 2},
    "no correlations": {"correlations": False},
    "no memory, Gaussian": {"autocorrelation": False, "shapes": "gaussian"},
    "another RESET": {"eta": 2.0, "u_max": 1.3},
}


@pytest.mark.parametrize("changes", VARIED.values(), ids=list(VARIED))
def test_varied_devices(device: sc.DeviceParameters, compiled: Compile, osdi_py: Any, changes: dict[str, Any]) -> None:
    varied = device.vary(**changes)
    seen = compare(Library(osdi_py, compiled(veriloga(varied, cycles=6))), varied, 200, 4)
    assert seen.good(), seen


@pytest.mark.parametrize("order", range(2, 10))
def test_every_order(device: sc.DeviceParameters, compiled: Compile, osdi_py: Any, order: int) -> None:
    """Orders 1 and 10 stand elsewhere. From the first cycle on, all of the history counts."""
    varied = device.vary(order=order)
    assert compare(Library(osdi_py, compiled(veriloga(varied, cycles=3))), varied, 20, 1).good()


def test_an_empty_start(device: sc.DeviceParameters, compiled: Compile, osdi_py: Any) -> None:
    library = Library(osdi_py, compiled(veriloga(device, cycles=6, start="empty")))
    assert compare(library, device, 200, 0, start="empty").good()
    assert compare(library, device, 200, 4, start="empty").good()
    assert not compare(library, device, 200, 0).good()


def test_a_fitted_device(device: sc.DeviceParameters, compiled: Compile, osdi_py: Any) -> None:
    measured = sc.simulate(sc.CellArray((1, 12), device, seed=2), sc.PulseTrain.cycling(80))
    fitted = sc.fitting.fit(measured, device, name="fitted", order=2).device
    seen = compare(Library(osdi_py, compiled(veriloga(fitted, cycles=6))), fitted, 200, 4)
    assert seen.good(), seen


def test_cycles_are_played_back(device: sc.DeviceParameters, compiled: Compile, osdi_py: Any) -> None:
    features = features_of(device, 6)
    library = Library(osdi_py, compiled(veriloga(device, features=features)))
    cell, other = library.cell(), library.cell(r_lrs_5=5000.0)
    for n in range(6):
        hrs, lrs = (library.flows(cell, [READ, 0, a, n, 0, 0])[0] for a in (n, n + 1))
        assert hrs == pytest.approx(READ / features["r_hrs"][n], rel=AGREE)
        assert lrs == pytest.approx(READ / features["r_lrs"][n], rel=AGREE)
    assert READ / library.flows(other, [READ, 0, 6, 5, 0, 0])[0] == pytest.approx(5000, rel=AGREE)
    assert set(FEATURE_NAMES) == set(features)


# ---------------------------------------------------------------------------------------------------- negative controls


def averaged(c: Constants, weights: np.ndarray) -> Constants:
    """The fault of the published module: one mean component instead of one of three."""
    mean = np.tensordot(weights, c.means, 1)
    return replace(c, means=mean[None], factors=np.tensordot(weights, c.factors, 1)[None], limits=c.limits[:0])


@pytest.mark.parametrize("fault", ["lags reversed", "components averaged", "a Philox constant", "a SET threshold"])
def test_faults_are_seen(
    fault: str, device: sc.DeviceParameters, compiled: Compile, osdi_py: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = constants(device)
    if fault == "lags reversed":
        monkeypatch.setattr(module, "constants", lambda _: replace(c, a=c.a[::-1]))
    elif fault == "components averaged":
        monkeypatch.setattr(module, "constants", lambda _: averaged(c, device.weights))
    text = veriloga(device, cycles=6)
    if fault == "a Philox constant":
        text = text.replace("3528531795.0", "3528531793.0")
    elif fault == "a SET threshold":
        text = text.replace("v <= u_set)", "v <= u_set - 0.02)").replace("u_set - v", "u_set - 0.02 - v")
    seen = compare(Library(osdi_py, compiled(text)), device, 200, 4)
    assert not seen.good(), seen
