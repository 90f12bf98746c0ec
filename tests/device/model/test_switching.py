"""The rule, state by state and limit by limit, and against its statement in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import synaptogen_core as sc
from synaptogen_core.device.model import conduction, random_streams, switching, variability
from synaptogen_core.device.model.float32 import constants
from synaptogen_core.device.model.state import State
from synaptogen_core.schema import HRS, IRS, LRS, R_HRS, R_LRS, U_RESET, U_SET

DEVICE = sc.load_device("hennen2024")
C = constants(DEVICE)
U_S, U_R, U_PARTIAL = (np.float32(v) for v in (-0.7, 0.75, 0.9))
U_MAX = np.float32(1.46)
NOMINAL = (75.6e3, -0.68, 4545.0, 0.734)


def above(u: np.float32) -> np.float32:
    return np.nextafter(u, np.float32(9))


def below(u: np.float32) -> np.float32:
    return np.nextafter(u, np.float32(-9))


def one_cell(code: int) -> State:
    """A cell in a state, with U_S, U_R and (if partly reset) its threshold at the voltages above."""
    state = variability.fresh_cells(np.array([17]), 5, "stationary", C)
    state.features[U_SET], state.features[U_RESET] = U_S, U_R
    state.code[:] = code
    if code == LRS:
        state.r[:] = conduction.mixing_of_resistance(state.features[R_LRS], C)
        state.threshold[:] = U_R
    if code == IRS:
        state.r[:] = 0.5
        state.threshold[:] = U_PARTIAL
        state.slope[:], state.floor[:] = 2e-4, 1e-5
    return state


def apply(state: State, u: np.float32) -> NDArray[np.float32]:
    """Apply the rule with the normals of the cells' addresses; returns the normals."""
    volts = np.array([u], np.float32)
    drawing = switching.drawing_cells(state, volts)
    normals = random_streams.normals(5, random_streams.CYCLE, state.cell[drawing], state.count[drawing] + np.uint32(1))
    switching.apply(state, volts, normals, C)
    return normals


def differences(before: State, after: State) -> set[str]:
    return {name for name, array in before.arrays().items() if not np.array_equal(array, after.arrays()[name])}


NOTHING: set[str] = set()
SETS = {"r", "threshold", "code"}
CONTINUES = {"r", "threshold"}
FINISHES = {"r", "threshold", "code"}
DRAW = {"count", "history", "features"}
CASES = [
    # state, voltage, next state, what changes
    (HRS, U_S, LRS, SETS),
    (HRS, below(U_S), LRS, SETS),
    (HRS, above(U_S), HRS, NOTHING),
    (HRS, np.float32(0), HRS, NOTHING),
    (HRS, above(U_R), HRS, NOTHING),
    (HRS, U_MAX, HRS, NOTHING),
    (IRS, U_S, LRS, SETS),
    (IRS, above(U_S), IRS, NOTHING),
    (IRS, U_R, IRS, NOTHING),
    (IRS, above(U_R), IRS, NOTHING),
    (IRS, U_PARTIAL, IRS, NOTHING),
    (IRS, above(U_PARTIAL), IRS, CONTINUES),
    (IRS, below(U_MAX), IRS, CONTINUES),
    (IRS, U_MAX, HRS, FINISHES),
    (IRS, above(U_MAX), HRS, FINISHES),
    (LRS, np.float32(-1.5), LRS, NOTHING),
    (LRS, U_S, LRS, NOTHING),
    (LRS, np.float32(0), LRS, NOTHING),
    (LRS, U_R, LRS, NOTHING),
    (LRS, above(U_R), IRS, {"threshold", "code", "slope", "floor", "r"} | DRAW),
    (LRS, below(U_MAX), IRS, {"r", "threshold", "code", "slope", "floor"} | DRAW),
    (LRS, U_MAX, HRS, FINISHES | DRAW),
    (LRS, above(U_MAX), HRS, FINISHES | DRAW),
]


@pytest.mark.parametrize(("code", "u", "expected", "changes"), CASES)
def test_every_transition_and_limit(code: int, u: np.float32, expected: int, changes: set[str]) -> None:
    state = one_cell(code)
    before = state.copy()
    apply(state, u)
    assert state.code.tolist() == [expected]
    assert differences(before, state) == changes


def test_values_after_set() -> None:
    state = one_cell(IRS)
    apply(state, U_S)
    assert state.threshold[0] == U_R
    assert state.r[0] == conduction.mixing_of_resistance(state.features[R_LRS], C)[0]


@pytest.mark.parametrize("code", [IRS, LRS])
def test_values_after_full_reset(code: int) -> None:
    state = one_cell(code)
    before = state.copy()
    apply(state, np.float32(1.5))
    assert state.threshold[0] == np.float32(1.5)
    assert state.r[0] == conduction.mixing_of_resistance(state.features[R_HRS], C)[0]
    assert (state.features[R_HRS, 0] != before.features[R_HRS, 0]) == (code == LRS), "R_HRS of the cycle now begun"
    assert state.count[0] == before.count[0] + (code == LRS)


def test_the_draw_is_that_of_the_next_cycle() -> None:
    state = one_cell(LRS)
    before = state.copy()
    normals = apply(state, np.float32(1.0))
    assert np.array_equal(normals, random_streams.normals(5, random_streams.CYCLE, np.array([17]), 1))
    x = variability.next_vector(before.history, 1, normals, C)
    assert np.array_equal(state.history[1], x)
    assert np.array_equal(state.features, variability.features_of(x, state.mu, state.sigma, C))


def test_a_partial_reset_starts_at_the_lrs_current_and_ends_in_the_next_hrs() -> None:
    """The transition curve meets the LRS line at the old threshold, and the new HRS at Umax."""
    lrs = conduction.mixing_of_resistance(one_cell(LRS).features[R_LRS], C)
    begin = one_cell(LRS)
    apply(begin, above(U_R))
    assert begin.r[0] == pytest.approx(float(lrs[0]), abs=2e-6)
    end = one_cell(LRS)
    apply(end, below(U_MAX))
    assert end.r[0] == pytest.approx(float(conduction.mixing_of_resistance(end.features[R_HRS], C)[0]), abs=2e-6)


def test_the_way_up_does_not_matter() -> None:
    """A staircase and one pulse end in the same place: the curve is fixed when RESET starts."""
    stairs, jump = one_cell(LRS), one_cell(LRS)
    for u in (0.8, 0.85, 0.99, 1.1):
        apply(stairs, np.float32(u))
    apply(jump, np.float32(1.1))
    assert differences(stairs, jump) == NOTHING


def test_set_and_reset_at_once() -> None:
    """Only an outlier with U_S above its threshold: RESET has the last word, as in the published code."""
    state = one_cell(IRS)
    state.features[U_SET] = 1.2
    apply(state, np.float32(1.0))
    alone = one_cell(IRS)
    apply(alone, np.float32(1.0))
    assert (state.code[0], state.r[0], state.threshold[0]) == (alone.code[0], alone.r[0], alone.threshold[0])


def test_the_voltages_and_normals_given_are_not_written_to() -> None:
    state = one_cell(LRS)
    volts, normals = np.array([1.0], np.float32), np.ones((4, 1), np.float32)
    volts.flags.writeable = normals.flags.writeable = False
    switching.apply(state, volts, normals, C)
    assert state.code[0] == IRS


# -------------------------------------------------------------------------------------------------------- golden values
def nominal_cell(u_reset: float = NOMINAL[3]) -> State:
    """A cell whose every cycle is the nominal one."""
    state = variability.fresh_cells(np.array([0]), 0, "stationary", C)
    state.mu[:, 0] = np.log10(NOMINAL[0]), *NOMINAL[1:3], u_reset
    state.sigma[:] = 0
    state.features[:, 0] = *NOMINAL[:3], u_reset
    return state


@pytest.mark.parametrize(("u", "r"), [(0.8, 0.343), (0.9, 0.532), (1.0, 0.653), (1.2, 0.777), (1.46, 0.846)])
def test_golden_nominal_cell_after_one_pulse(u: float, r: float) -> None:
    """U_R is given to 1 mV, and shifts r by up to 2 a volt: the golden digits lie between its two roundings."""
    ends = []
    for u_reset in (0.7335, 0.7345):
        state = nominal_cell(u_reset)
        apply(state, np.float32(-1.5))
        apply(state, np.float32(u))
        ends.append(float(state.r[0]))
    assert min(ends) - 0.0005 < r < max(ends) + 0.0005
    assert np.ptp(ends) < 0.0025


def test_a_straight_transition_would_miss_the_golden_values() -> None:
    straight = constants(DEVICE.vary(eta=1.0))
    state = nominal_cell()
    apply(state, np.float32(-1.5))
    switching.apply(state, np.array([0.9], np.float32), np.zeros((4, 1), np.float32), straight)
    assert abs(float(state.r[0]) - 0.532) > 0.05


# -------------------------------------------------------------------------------------------- the statement, in float64
def stated(before: dict[str, Any], u: float, fresh: NDArray[np.float64]) -> dict[str, Any]:
    """Section 4 of the model, written down once more for one cell; `fresh` are the features of its next cycle."""

    def current(r: float, at: float) -> float:
        return float((1 - r) * np.polyval(DEVICE.llrs, at) + r * np.polyval(DEVICE.hhrs, at))

    def r_of(resistance: float) -> float:
        return float((DEVICE.g_llrs - 1 / resistance) / (DEVICE.g_llrs - DEVICE.g_hhrs))

    u_max, eta = float(C.u_max), float(C.eta)
    now = dict(before)
    to_set = before["code"] != LRS and u <= before["y"][U_SET]
    reset = before["code"] != HRS and u > before["u"]
    draw = before["code"] == LRS and reset
    if to_set:
        now |= {"r": r_of(before["y"][R_LRS]), "code": LRS, "u": before["y"][U_RESET]}
    if draw:
        now |= {"y": fresh, "count": before["count"] + 1}
        if u < u_max:
            last = current(r_of(fresh[R_HRS]), u_max)
            first = current(before["r"], before["u"])
            now |= {"a": (first - last) / abs(u_max - before["u"]) ** eta, "c": last}
    if reset:
        now["u"] = u
        if u >= u_max:
            now |= {"r": r_of(now["y"][R_HRS]), "code": HRS}
        else:
            i = now["a"] * abs(u_max - u) ** eta + now["c"]
            low, high = np.polyval(DEVICE.llrs, u), np.polyval(DEVICE.hhrs, u)
            now |= {"r": float((i - low) / (high - low)), "code": IRS}
    return now


@settings(max_examples=30)
@given(
    st.integers(0, 2**40),
    st.lists(
        st.one_of(st.floats(-1.5, -0.4), st.floats(0.55, 1.45), st.sampled_from([-1.5, 1.46, 1.5, 0.0])),
        min_size=1,
        max_size=25,
    ),
)
def test_any_pulses_as_stated(cell: int, pulses: list[float]) -> None:
    """State, threshold and cycle count exactly; r as far as float32 carries it."""
    state = variability.fresh_cells(np.array([cell]), 5, "stationary", C)
    mine: dict[str, Any] = {"code": HRS, "u": 0.0, "count": 0, "a": 0.0, "c": 0.0}
    mine |= {"y": state.features[:, 0].astype(float), "r": float(state.r[0])}
    for pulse in pulses:
        u = np.float32(pulse)
        apply(state, u)
        mine = stated(mine, float(u), state.features[:, 0].astype(float))
        assert (int(state.code[0]), int(state.count[0])) == (mine["code"], mine["count"])
        assert np.array_equal(mine["y"], state.features[:, 0])
        if mine["code"] != HRS:
            assert float(state.threshold[0]) == mine["u"]
        assert float(state.r[0]) == pytest.approx(mine["r"], abs=2e-5)


@given(st.integers(2, 7), st.integers(0, 10**6))
@settings(max_examples=5)
def test_cells_do_not_see_each_other(size: int, first: int) -> None:
    rng = np.random.default_rng(first)
    together = variability.fresh_cells(np.arange(first, first + size), 5, "stationary", C)
    alone = [variability.fresh_cells(np.array([first + k]), 5, "stationary", C) for k in range(size)]
    for _ in range(8):
        u = rng.uniform(-1.5, 1.5, size).astype(np.float32)
        drawing = switching.drawing_cells(together, u)
        normals = random_streams.normals(
            5, random_streams.CYCLE, together.cell[drawing], together.count[drawing] + np.uint32(1)
        )
        switching.apply(together, u, normals, C)
        for state, volts in zip(alone, u, strict=True):
            apply(state, volts)
    for name, array in together.arrays().items():
        assert np.concatenate([state.arrays()[name] for state in alone], axis=-1).tobytes() == array.tobytes(), name


def test_no_threshold_lies_where_the_curves_meet() -> None:
    wide = sc.load_device("hennen2024").vary(c2c=3, d2d=2)
    for engine in ("numpy", "numba"):
        cells = sc.CellArray((250, 200), wide, seed=2, engine=engine)
        ds = sc.simulate(
            cells, sc.PulseTrain.iv_sweep(cycles=2, points=40), record=["features", "conductance"], every=1
        )
        assert (ds.u_reset.values < 0.01).any(), "the test needs such a cell"
        assert np.isfinite(ds.conductance.values).all()
        assert np.isfinite(cells.conductance()).all()
