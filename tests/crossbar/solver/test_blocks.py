"""The matrix of a crossbar put together from blocks, against the solver that is told one vector after another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.crossbar import Faults, Lines, effective_conductance, solve_lines
from synaptogen_core.crossbar.circuit.bias import read_bias
from synaptogen_core.crossbar.solver.blocks import can_be_put_together, put_together

OHM = st.sampled_from([0.0, 1e-3, 1.0, 20.0, 1e4])


def siemens(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return 10 ** np.random.default_rng(seed).uniform(-6, -3, shape)


@given(
    shape=st.tuples(st.integers(1, 19), st.integers(1, 19)),
    ohm=st.tuples(OHM, OHM, OHM, OHM),
    ends=st.tuples(st.sampled_from(["left", "right"]), st.sampled_from(["top", "bottom"])),
    seed=st.integers(0, 99),
)
def test_it_is_what_each_vector_gives(
    shape: tuple[int, int], ohm: tuple[float, ...], ends: tuple[str, str], seed: int
) -> None:
    g, lines = siemens(shape, seed), Lines(*ohm, *ends)
    volts = np.random.default_rng(seed).uniform(-1, 1, (3, shape[0]))
    found = volts @ put_together(g, lines)
    wanted = solve_lines(g, read_bias(volts, shape[1]), lines).bit_current
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())  # as the solver promises


def test_what_drives_and_what_flows_may_be_exchanged() -> None:
    """Reciprocity, far closer than any iteration gets; another resistance is seen at once."""
    g = siemens((37, 52))
    one = put_together(g, Lines(2.0, 3.0, 5.0, 7.0))
    other = put_together(g.T, Lines(3.0, 2.0, 7.0, 5.0, "right", "top"))  # driven where currents left, and read there
    assert np.abs(one - other.T).max() < 1e-14 * one.max()
    wrong = put_together(g, Lines(2.0, 3.0, 5.0, 7.1))
    assert np.abs(one - wrong).max() > 1e-6 * one.max()


def test_ideal_lines_leave_the_cells_as_they_are() -> None:
    g = siemens((9, 13))
    np.testing.assert_allclose(put_together(g, Lines(0.0, 0.0)), g, rtol=1e-13)
    one = put_together(g, Lines(0.0, 0.0, 40.0, 0.0, "both"))
    behind = 1 / (1 + 20.0 * g.sum(axis=1, keepdims=True))  # two terminals side by side
    np.testing.assert_allclose(one, g * behind, rtol=1e-13)


def test_lines_that_are_broken_or_have_two_terminals_are_left_to_the_solver() -> None:
    size = 20
    assert can_be_put_together(Lines(2.0, 2.0, faults=Faults(open_cells=((0, 0),))), size)
    for lines in (
        Lines(2.0, 2.0, word_ends="both"), Lines(2.0, 2.0, bit_ends="both"),
        Lines(2.0, 2.0, faults=Faults(open_word=((1, 2),))), Lines(2.0, 2.0, faults=Faults(grounded_bit=((1, 2),))),
    ):  # fmt: skip
        assert not can_be_put_together(lines, size)
        g = siemens((4, 5))
        whole = solve_lines(g, read_bias(np.eye(4), 5), lines).bit_current
        np.testing.assert_allclose(effective_conductance(g, lines), whole, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("faults", [Faults(open_cells=((2, 3),)), Faults(shorted_cells=((2, 3), (0, 0)), short=30.0)])
def test_cells_may_be_broken(faults: Faults) -> None:
    g, lines = siemens((7, 6)), Lines(2.0, 5.0, faults=faults)
    whole = solve_lines(g, read_bias(np.eye(7), 6), lines).bit_current
    np.testing.assert_allclose(effective_conductance(g, lines), whole, rtol=1e-9, atol=1e-15)
    assert np.abs(whole - effective_conductance(g, Lines(2.0, 5.0))).max() > 1e-3 * whole.max()
