from __future__ import annotations

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar.circuit.bias import Bias, bias, read_bias
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.programming.outcomes import verify_statistics
from synaptogen_core.crossbar.programming.program_and_verify import program_and_verify
from synaptogen_core.crossbar.programming.pulse import pulse, through_lines
from synaptogen_core.crossbar.solver.solve import solve_lines
from synaptogen_core.errors import ConvergenceError

DEVICE = sc.load_device("hennen2024")
IDEAL = Lines(0, 0)


def cells_of(shape: tuple[int, int], seed: int = 1) -> sc.CellArray:
    return sc.CellArray(shape, DEVICE, seed=seed)


# ------------------------------------------------------------------------------------------------ one pulse


def test_ideal_lines_apply_the_voltage_itself() -> None:
    through, alone = cells_of((6, 5)), cells_of((6, 5))
    for volts in (-1.5, 0.8, 1.1, -0.7, 1.5):
        done = pulse(through, bias((6, 5), "all", volts), IDEAL)
        alone.apply_voltage(volts)
        assert through.state_hash() == alone.state_hash()
        assert done.settled and done.rounds == 2 and np.all(done.first == volts)


def test_one_cell_rests_where_its_curve_meets_the_lead() -> None:
    cells, lines = cells_of((1, 1)), Lines(0, 0, source=1500.0)
    cells.apply_voltage(-1.5)
    done = pulse(cells, Bias([1.1], [0.0]), lines, rounds=200)
    u = done.last[0, 0]
    assert done.settled and done.first[0, 0] < u < 1.1  # its current fell, and its voltage rose
    assert 1.1 - u == pytest.approx(1500.0 * float(cells.current(u)[0, 0]), abs=2e-3)
    once = cells.state_hash()
    cells.apply_voltage(float(np.float32(u)) - 1e-3)
    assert cells.state_hash() == once  # the rule has nothing left to do at that voltage


def test_far_corners_get_weaker_pulses() -> None:
    cells = cells_of((24, 24))
    cells.apply_voltage(-1.5)
    done = pulse(cells, bias((24, 24), "all", 1.0), Lines(8.0, 8.0))
    near, far = done.last[-4:, :4], done.last[:4, -4:]  # terminals: on the left, and at the bottom
    assert near.min() > far.max() + 0.05
    conductance = cells.conductance()
    assert conductance[:4, -4:].mean() > 1.1 * conductance[-4:, :4].mean()
    same = cells_of((24, 24))
    same.apply_voltage(-1.5)
    pulse(same, bias((24, 24), "all", 1.0), IDEAL)
    ratio = same.conductance()[:4, -4:].mean() / same.conductance()[-4:, :4].mean()
    assert abs(ratio - 1) < 0.3  # negative control: without resistance the corners are alike


def test_a_transistor_protects_the_other_rows() -> None:
    cells = cells_of((5, 4))
    pulse(cells, bias((5, 4), "half", -1.5, row=2, column=1, selector="transistor"), Lines(1.0, 1.0))
    assert np.flatnonzero(cells.state().any(axis=1)).tolist() == [2]


def test_failing_or_bad_pulses_change_nothing() -> None:
    cells = cells_of((1, 1))
    cells.apply_voltage(-1.5)
    before = cells.state_hash()
    with pytest.raises(ConvergenceError):
        pulse(cells, Bias([60.0], [0.0]), Lines(0, 0, 1e4, 0))
    with pytest.raises(ValueError, match="bias: must be one vector"):
        pulse(cells, read_bias([[0.1], [0.2]], 1))
    with pytest.raises(ValueError, match="rounds: must be from 1"):
        pulse(cells, read_bias([0.1], 1), rounds=0)
    assert cells.state_hash() == before


# ------------------------------------------------------------------------------------------------ a cell, a row at once


@pytest.mark.parametrize("ends", [("left", "bottom"), ("right", "top"), ("both", "both")])
@pytest.mark.parametrize("at_once", ["cell", "row"])
def test_what_reaches_cells_in_turn(ends: tuple[str, str], at_once: str) -> None:
    """Against the whole crossbar, solved for each cell or row with all other transistors off."""
    cells = cells_of((3, 4))
    cells.apply_voltage(-1.5)
    lines = Lines(30.0, 50.0, 20.0, 10.0, *ends)
    wanted = np.random.default_rng(1).uniform(0.3, 1.2, (3, 4))
    found = through_lines(lines, at_once)(cells, wanted)
    for i in range(3):
        on = np.arange(3) == i
        for j in range(4):
            bit, faults = -wanted[i], Faults()
            if at_once == "cell":  # the cells beside it are not selected either
                bit = np.where(np.arange(4) == j, -wanted[i], 0.0)
                faults = Faults(open_cells=[(i, k) for k in range(4) if k != j])
            each = Lines(30.0, 50.0, 20.0, 10.0, *ends, faults)
            seen = solve_lines(cells, Bias(np.zeros(3), bit, on), each).cell_voltage
            assert found[i, j] == pytest.approx(seen[i, j], abs=1e-9)
    assert np.abs(found - wanted).max() > 0.01  # the lines do take something


@pytest.mark.parametrize(("size", "ohm"), [(60, 20.0), (128, 20.0), (128, 50.0)])
def test_rows_are_solved_together_where_each_has_a_solution(size: int, ohm: float) -> None:
    """Cells in LRS at -1.5 V: their current falls with the voltage, and Newton's steps lead nowhere at first."""
    lines, some = Lines(ohm, ohm), [0, size // 2, size - 1]
    cells = cells_of((size, size))
    cells.apply_voltage(-1.5)
    wanted = np.full((size, size), -1.5)
    together = through_lines(lines, "row")(cells, wanted)
    for i in some:
        row = np.where(np.arange(size)[:, None] == i, wanted, 0.0)
        np.testing.assert_allclose(through_lines(lines, "row")(cells, row)[i], together[i], rtol=0, atol=1e-6)
    # Kirchhoff's law, by hand: what a row's cells take flows through the segments of its word line, from 0 V on
    current = cells.current(together.astype(np.float32)).astype(np.float64)
    into = np.cumsum(current[:, ::-1], axis=1)[:, ::-1]  # A: through the segment before each cell, the first has none
    word = -np.concatenate([np.zeros((size, 1)), np.cumsum(into[:, 1:] * ohm, axis=1)], axis=1)
    bit = ohm * np.arange(size)[::-1, None] * current  # alone on its bit line, which leads down
    np.testing.assert_allclose(word - bit + wanted, together, rtol=0, atol=1e-5)


def test_set_and_reset_of_a_row_do_not_meet() -> None:
    cells = cells_of((2, 3))
    cells.apply_voltage(-1.5)
    wanted = np.array([[-1.5, 1.2, 0.0], [0.0, 0.0, 0.0]])
    found = through_lines(Lines(10.0, 10.0), "row")(cells, wanted)
    assert -1.5 <= found[0, 0] < 0 < found[0, 1] <= 1.2
    assert abs(found[0, 2]) < 0.2 and not found[1].any()


def test_ideal_lines_reach_everything() -> None:
    wanted = np.random.default_rng(1).uniform(-1.5, 1.5, (4, 5))
    for at_once in ("cell", "row"):
        np.testing.assert_allclose(through_lines(IDEAL, at_once)(cells_of((4, 5)), wanted), wanted, atol=1e-8)


def test_program_and_verify_through_lines() -> None:
    target, tolerance = np.linspace(20e-6, 120e-6, 16 * 16).reshape(16, 16), 0.05
    cells = cells_of((16, 16))
    done = program_and_verify(cells, target, tolerance=tolerance, reach=through_lines(Lines(2.0, 2.0), "cell"))
    reached = done["outcome"].values == 1
    assert reached.mean() > 0.95
    error = np.abs(cells.conductance().astype(float) / target - 1)
    assert error[reached].max() <= tolerance * (1 + 1e-6)
    ideal = verify_statistics(program_and_verify(cells_of((16, 16)), target, tolerance=tolerance))
    hard = program_and_verify(cells_of((16, 16)), target, reach=through_lines(Lines(60.0, 60.0), "row"))
    assert verify_statistics(hard)["share_reached"] < ideal["share_reached"]


def test_bad_lines_are_refused() -> None:
    with pytest.raises(ValueError, match="at_once: must be 'cell' or 'row'"):
        through_lines(IDEAL, "column")
    for tile, error, sentence in (
        ((0, 3), ValueError, r"tile: must be .* \(got 0\)"),
        (4, TypeError, r"tile: must be rows and columns \(got 4\)"),
    ):
        with pytest.raises(error, match=sentence):
            through_lines(Lines(5.0, 5.0), tile=tile)
    with pytest.raises(ValueError, match=r"lines: must have no faults here \(got open_word\)"):
        through_lines(Lines(faults=Faults(open_word=((0, 1),))))
