from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.crossbar.circuit.bias import SCHEMES, Bias, bias, read_bias
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.solver.solve import solve_lines

# what cells see without line resistance, in parts of V: chosen, same row, same column, all others
SEEN = {"all": (1, 1, 1, 1), "row": (1, 1, 0, 0), "half": (1, 1 / 2, 1 / 2, 0), "third": (1, 1 / 3, 1 / 3, -1 / 3)}


@given(st.sampled_from(list(SEEN)), st.integers(2, 6), st.integers(2, 6), st.floats(-1.5, 1.5), st.data())
def test_what_cells_see(scheme: str, rows: int, columns: int, volts: float, data: st.DataObject) -> None:
    row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    held = bias((rows, columns), scheme, volts, row=row, column=column)
    seen = solve_lines(np.full((rows, columns), 1e-5), held, Lines(0, 0)).cell_voltage
    wanted = np.full((rows, columns), float(SEEN[scheme][3]))
    wanted[row], wanted[:, column], wanted[row, column] = SEEN[scheme][1], SEEN[scheme][2], SEEN[scheme][0]
    np.testing.assert_allclose(seen, volts * wanted, atol=1e-12)


def test_floating_lines_find_their_own_voltage() -> None:
    seen = solve_lines(np.full((3, 3), 1e-5), bias((3, 3), "floating", 0.9, row=1, column=2), Lines(0, 0)).cell_voltage
    # four cells from the chosen row in parallel with none ... all equal: V splits as 1/2 : 1/4 : 1/2 conductances
    assert seen[1, 2] == pytest.approx(0.9)
    assert seen[1, 0] + seen[0, 2] - seen[0, 0] == pytest.approx(0.9)  # once around a loop
    assert seen[1, 0] == pytest.approx(2 * -seen[0, 0]) and seen[0, 2] == pytest.approx(2 * -seen[0, 0])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_transistors_leave_only_the_chosen_row(scheme: str) -> None:
    held = bias((4, 3), scheme, 1.0, row=2, selector="transistor")
    assert held.conducting is not None
    assert held.conducting.tolist() == ([True] * 4 if scheme == "all" else [False, False, True, False])
    assert bias((4, 3), scheme, 1.0).conducting is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"scheme": "V/2"}, "scheme: must be one of all, row"),
        ({"selector": "diode"}, "selector: must be 'none' or 'transistor'"),
        ({"row": 4}, "row: must be from 0 to 3"),
        ({"column": -1}, "column: must be from 0 to 2"),
        ({"voltage": float("inf")}, "voltage: must be finite"),
        ({"shape": (0, 3)}, "shape: must be from 1"),
    ],
)
def test_bad_schemes_are_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        bias(**({"shape": (4, 3), "scheme": "half", "voltage": 1.0} | arguments))


@pytest.mark.parametrize(
    ("word", "bit", "on", "says"),
    [
        ([np.inf], [0.0], None, "word: must be finite, or NaN"),
        ("ab", [0.0], None, "word: must be numbers"),
        ([0.0], [[0.0]], None, "bit: must be one voltage a line"),
        ([], [0.0], None, "word: must be one voltage a line"),
        ([0.0, 1.0], [0.0], [True], r"conducting: must have shape \(2,\)"),
        ([[0.0, np.nan], [0.0, 0.0]], [0.0], None, "word: must float the same lines in every vector"),
    ],
)
def test_bad_voltages_are_refused(word: Any, bit: Any, on: Any, says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        Bias(word, bit, on)


def test_a_bias_owns_its_arrays() -> None:
    word = np.array([0.1, 0.2])
    held = read_bias(word, 3)
    word[0] = 5.0
    assert held.word.tolist() == [0.1, 0.2] and not held.word.flags.writeable
    assert held.shape == (2, 3) and held.amplitude == 0.2
    assert bias((2, 2), "third", -1.5).amplitude == 1.5
