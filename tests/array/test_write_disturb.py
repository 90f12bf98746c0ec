"""Write disturb: the law against the model's own next cycle, and what a pulse does now against apply_voltage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import synaptogen_core as sc
from synaptogen_core.array.write_disturb import switching_probability, would_switch
from synaptogen_core.device.model.state import State
from synaptogen_core.schema import HRS, IRS, LRS

DEVICE = sc.load_device("hennen2024")
DEVICES = {"published": DEVICE, "order 1": DEVICE.vary(order=1), "C2C x 2": DEVICE.vary(c2c=2.0)}
Z = 4.89  # two-sided false-alarm rate 1e-6
STRONG = 40.0  # V: beyond every threshold
VOLTS = {HRS: (-0.5, -0.6, -0.7, -0.9), LRS: (0.6, 0.7, 0.75, 0.85)}

pytestmark = pytest.mark.filterwarnings("ignore::synaptogen_core.errors.RangeWarning")


def mixed(device: sc.DeviceParameters = DEVICE, seed: int = 4, shape: tuple[int, int] = (12, 11)) -> sc.CellArray:
    """Cells in all states and in different cycles."""
    cells = sc.CellArray(shape, device, seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(9):
        cells.apply_voltage(rng.uniform(-1.5, 1.5, cells.size))
    return cells


def standing(device: sc.DeviceParameters, code: int) -> sc.CellArray:
    """Cells that have been through some cycles and stand in HRS or LRS."""
    cells = sc.CellArray((300, 400), device, seed=21)
    for u in (-STRONG, STRONG, -STRONG, STRONG, -STRONG) + (() if code == LRS else (STRONG,)):
        cells.apply_voltage(u)
    assert np.all(cells.state() == code)
    return cells


def next_switches(cells: sc.CellArray, u: float) -> NDArray[np.bool_]:
    """Whether `u` switches the cells a cycle on, by the rule."""
    later = cells.copy()
    up = cells.state()[0, 0] == LRS
    for voltage in (STRONG, -STRONG) if up else (-STRONG, STRONG):
        later.apply_voltage(voltage)
    before = later.state()
    later.apply_voltage(u)
    return np.asarray(later.state() != before)


def forgetful(cells: sc.CellArray) -> sc.CellArray:
    """The same cells, as if every vector before had been zero, the mean of all."""
    data = cells.to_state()
    data["arrays"]["history"][:] = 0
    return sc.CellArray.from_state(data)


def distances(p: NDArray[np.float64], hit: NDArray[np.bool_], groups: NDArray[np.bool_]) -> list[float]:
    """Of counts from their expectation in standard errors (a sum of independent Bernoulli numbers), by group."""
    found = []
    for chosen in (groups, ~groups):
        q = p[chosen]
        found.append(abs(hit[chosen].sum() - q.sum()) / np.sqrt((q * (1 - q)).sum() + 1))
    return found


@pytest.mark.parametrize("code", [HRS, LRS])
@pytest.mark.parametrize("name", DEVICES)
def test_law_against_the_next_cycle(name: str, code: int) -> None:
    cells = standing(DEVICES[name], code)
    blank = forgetful(cells)
    wrong = []
    for u in VOLTS[code]:
        p, without = switching_probability(cells, u), switching_probability(blank, u)
        hit = next_switches(cells, u)
        likelier = p > without  # cells whose past makes switching likelier, and the others
        assert max(distances(p, hit, likelier)) < Z
        wrong.append(max(distances(without, hit, likelier)))
    assert max(wrong) > 3 * Z, "who ignores the history is seen"


def test_another_device_would_fail() -> None:
    cells = standing(DEVICE, LRS)
    data = cells.to_state()
    data["arrays"]["sigma"] *= np.float32(1.05)
    hit, other = next_switches(cells, 0.66), sc.CellArray.from_state(data)
    everyone = np.ones(cells.shape, bool)
    assert distances(switching_probability(other, 0.66), hit, everyone)[0] > Z


def test_partly_reset_cells() -> None:
    cells = mixed()
    irs = cells.state() == IRS
    threshold = cells.to_state()["arrays"]["threshold"].reshape(cells.shape)
    assert irs.sum() > 10
    for u in (0.5, 0.8, 1.2):
        assert np.array_equal(switching_probability(cells, u)[irs], (u > threshold)[irs])
    assert np.array_equal(switching_probability(cells, threshold)[irs], np.zeros(irs.sum()))
    p = switching_probability(cells, -0.7)[irs]
    assert np.all((p > 0) & (p < 1))


def test_voltages_of_the_wrong_sign_do_nothing() -> None:
    cells = mixed()
    hrs, lrs = cells.state() == HRS, cells.state() == LRS
    assert np.all(switching_probability(cells, 0) == 0)
    assert np.all(switching_probability(cells, 1.2)[hrs] == 0)
    assert np.all(switching_probability(cells, -1.2)[lrs] == 0)
    assert np.all(switching_probability(cells, 0.01)[lrs] == 0), "RESET asks for more than the least threshold"


def test_without_cycle_to_cycle_spread_all_is_certain() -> None:
    cells = mixed(DEVICE.vary(c2c=0.0))
    mu = cells.device_vectors()["mu"]
    state = cells.state()
    for u in (-0.7, -0.66, 0.7, 0.74):
        expected = np.where(state == LRS, u > mu[3], (u < 0) & (u <= mu[1]))
        chosen = (state != IRS) | (u < 0)
        assert np.array_equal(switching_probability(cells, u)[chosen], expected[chosen])
    u_set = mu[1][state != LRS]
    exactly = switching_probability(cells, np.where(state == LRS, mu[3], mu[1]))
    assert np.all(exactly[state != LRS] == 1) and u_set.size, "SET at U_SET itself"
    assert np.all(exactly[state == LRS] == 0), "RESET only above U_RESET"


@settings(max_examples=60)
@given(st.integers(0, 50), st.floats(-3, 3), st.floats(-3, 3), st.sampled_from(sorted(DEVICES)))
def test_monotone_in_the_voltage(seed: int, one: float, two: float, name: str) -> None:
    cells = mixed(DEVICES[name], seed, (4, 5))
    low, high = sorted((one, two))
    left, right = switching_probability(cells, low), switching_probability(cells, high)
    up = cells.state() == LRS
    assert np.all((left >= 0) & (left <= 1))
    assert np.all(left[up] <= right[up] + 1e-12)
    if high < 0:
        assert np.all(left[~up] >= right[~up] - 1e-12)


@settings(max_examples=100)
@given(st.integers(0, 1000), st.sampled_from([DEVICE, DEVICE.vary(c2c=3.0), DEVICE.vary(c2c=0.0)]))
def test_switches_is_what_apply_voltage_does(seed: int, device: sc.DeviceParameters) -> None:
    cells = mixed(device, seed, (5, 8))
    rng = np.random.default_rng(seed)
    u = rng.uniform(-1.2, 1.6, cells.shape).astype(np.float32)
    edge = rng.random(cells.shape) < 0.3  # exactly at a threshold
    state = cells.to_state()["arrays"]
    u[edge] = np.where(rng.random(cells.shape) < 0.5, cells.features()["u_set"], state["threshold"].reshape(5, 8))[edge]
    before, said = cells.to_state()["arrays"], would_switch(cells, u)
    cells.apply_voltage(u)
    after = cells.to_state()["arrays"]
    changed = (before["code"] != after["code"]) | (before["threshold"] != after["threshold"])
    assert np.array_equal(said.ravel(), changed)
    others = State(**{k: v[..., ~changed] for k, v in after.items()})
    for name, array in others.arrays().items():
        assert np.array_equal(array, before[name][..., ~changed]), name


def test_cells_stay_and_blocks_agree() -> None:
    cells = mixed(shape=(300, 300))
    before = cells.state_hash()
    u = np.random.default_rng(1).uniform(-1, 1, cells.shape)
    p = switching_probability(cells, u)
    assert (p.dtype, p.shape) == (np.float64, cells.shape)
    np.testing.assert_allclose(p[:3], switching_probability(cells.part(slice(0, 3)), u[:3]), rtol=1e-9, atol=1e-300)
    one_a_cell = np.full(cells.size, -0.7)
    np.testing.assert_allclose(switching_probability(cells, -0.7), switching_probability(cells, one_a_cell), rtol=1e-9)
    assert cells.state_hash() == before
    assert would_switch(cells, 0.7).shape == cells.shape


@pytest.mark.parametrize("u", [np.nan, np.inf, np.zeros(3), "high", 1e39])
def test_bad_voltages(u: Any) -> None:
    cells = mixed()
    for ask in (switching_probability, would_switch):
        with pytest.raises((TypeError, ValueError), match=r"^u: must be .* \(got .*\); "):
            ask(cells, u)
