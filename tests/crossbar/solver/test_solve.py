from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.crossbar.circuit.bias import FLOATING, SCHEMES, Bias, bias, read_bias
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.solver import cells as elements
from synaptogen_core.crossbar.solver.solve import effective_conductance, solve_lines
from synaptogen_core.errors import ConvergenceError, RangeWarning
from tests.crossbar import resistor_list

DEVICE = sc.load_device("hennen2024")
OHM = st.floats(1e-3, 1e4)
SIDE = st.integers(1, 7)


def mixed_cells(shape: tuple[int, int], seed: int = 1) -> sc.CellArray:
    """Cells in all three states."""
    cells, rng = sc.CellArray(shape, DEVICE, seed=seed), np.random.default_rng(seed)
    cells.apply_voltage(-1.5)
    cells.apply_voltage(np.where(rng.random(shape) < 0.6, rng.uniform(0.6, 1.5, shape), 0.0))
    return cells


@st.composite
def crossbars(draw: st.DrawFn) -> tuple[np.ndarray, Bias, Lines]:
    """Linear cells, with lines, ends, voltages and floating lines of every kind; the first lines are always driven."""
    m, n = draw(SIDE), draw(SIDE)
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    g = 10 ** rng.uniform(-6, -3, (m, n))
    word, bit = rng.uniform(-1, 1, m), rng.uniform(-0.2, 0.2, n) * draw(st.booleans())
    for volts in (word[1:], bit[1:]):
        volts[rng.random(volts.size) < draw(st.sampled_from([0.0, 0.4]))] = FLOATING
    lines = Lines(
        draw(OHM), draw(OHM), draw(OHM), draw(OHM),
        draw(st.sampled_from(["left", "right", "both"])), draw(st.sampled_from(["top", "bottom", "both"])),
    )  # fmt: skip
    return g, Bias(word, bit), lines


def rounding(lines: Lines, volts: float, most: float) -> float:
    """What the last bits of voltages are as currents through the best conductor, in parts of the largest current."""
    return 8 * np.finfo(float).eps * volts / min(lines.word, lines.bit, lines.source, lines.sense) / most


# ------------------------------------------------------------------------------------------------ worked by hand


def test_one_cell_is_a_voltage_divider() -> None:
    read = solve_lines(np.array([[1 / 700.0]]), read_bias([1.0], 1), Lines(source=100, sense=200))
    assert read.bit_current[0] == pytest.approx(1e-3, rel=1e-14)
    assert read.word_current[0] == pytest.approx(1e-3, rel=1e-14)
    assert read.word_voltage[0, 0] == pytest.approx(0.9, rel=1e-14)
    assert read.bit_voltage[0, 0] == pytest.approx(0.2, rel=1e-14)
    assert read.cell_voltage[0, 0] == pytest.approx(0.7, rel=1e-14)
    both = solve_lines(np.array([[1 / 850.0]]), read_bias([1.0], 1), Lines(1, 1, 100, 200, "both", "both"))
    assert both.bit_current[0] == pytest.approx(1e-3, rel=1e-14)


def test_two_by_two_by_hand() -> None:
    # One column of two cells of 1 kohm, word lines without resistance, 1 kohm of bit line between and below them:
    # node 1: (V - a)/1k = (a - b)/1k; node 2: (V - b)/1k + (a - b)/1k = b/1k  =>  a = 0.8 V, b = 0.6 V
    column = solve_lines(np.full((2, 1), 1e-3), read_bias([1.0, 1.0], 1), Lines(0, 1e3, 0, 1e3))
    assert column.bit_voltage[:, 0] == pytest.approx([0.8, 0.6], rel=1e-13)
    assert column.bit_current[0] == pytest.approx(0.6e-3, rel=1e-13)
    assert column.word_current == pytest.approx([0.2e-3, 0.4e-3], rel=1e-13)
    # Two by two of them in parallel, ideal word lines: each column as if it were alone.
    square = solve_lines(np.full((2, 2), 1e-3), read_bias([1.0, 1.0], 2), Lines(0, 1e3, 0, 1e3))
    assert square.bit_current == pytest.approx([0.6e-3] * 2, rel=1e-13)
    assert square.word_current == pytest.approx([0.4e-3, 0.8e-3], rel=1e-13)


def test_a_sneak_path_by_hand() -> None:
    # Chosen cell open, the other three 1 kohm, unchosen lines floating: three in a row carry the current.
    g = np.array([[0.0, 1e-3], [1e-3, 1e-3]])
    read = solve_lines(g, bias((2, 2), "floating", 0.9), Lines(0, 0))
    assert read.bit_current == pytest.approx([0.3e-3, 0.0], rel=1e-12)
    assert read.word_current == pytest.approx([0.3e-3, 0.0], rel=1e-12)
    assert read.bit_voltage[:, 1] == pytest.approx([0.6, 0.6], rel=1e-12)


# ------------------------------------------------------------------------------------------------ properties


@given(crossbars())
def test_any_linear_crossbar_as_a_list_of_resistors(case: tuple[np.ndarray, Bias, Lines]) -> None:
    g, held, lines = case
    read, (word, bit) = solve_lines(g, held, lines), resistor_list.solved(g, held, lines)
    largest = max(np.nanmax(np.abs(held.word)), np.nanmax(np.abs(held.bit)))
    assert np.abs(read.word_voltage - word).max() <= 1e-8 * largest
    assert np.abs(read.bit_voltage - bit).max() <= 1e-8 * largest
    current = g * (word - bit)
    most = max(np.abs(current.sum(axis=0)).max(), np.abs(current.sum(axis=1)).max())
    assert np.abs(read.cell_current - current).max() <= 1e-8 * most
    assert read.residual <= 1e-9 + rounding(lines, largest, most)


@given(crossbars(), st.booleans(), st.floats(0.05, 1.0))
def test_kirchhoff_and_energy(case: tuple[np.ndarray, Bias, Lines], linear: bool, scale: float) -> None:
    g, held, lines = case
    held = Bias(scale * held.word, scale * held.bit)
    cells = g if linear else mixed_cells(g.shape, int(g[0, 0] * 1e9))
    read = solve_lines(cells, held, lines)
    most = max(np.abs(read.word_current).max(), np.abs(read.bit_current).max(), 1e-15)
    stiff = rounding(lines, 400.0, 1.0)  # of whole voltages, not of drops alone
    gap = resistor_list.missing(read.word_voltage, read.bit_voltage, read.cell_current, held, lines)
    assert gap <= 1e-9 * most + stiff
    # what the terminals deliver is what cells and lines turn into heat
    delivered = np.nansum(held.word * read.word_current) - np.nansum(held.bit * read.bit_current)
    in_cells = (read.cell_voltage * read.cell_current).sum()
    in_lines = 0.0
    known, volts = resistor_list.held(held), {"w": read.word_voltage, "b": read.bit_voltage}
    for start, end, ohm in resistor_list.wires(held, lines):
        u = [known[x] if x in known else volts[x[0]][x[1:]] for x in (start, end)]
        in_lines += (u[0] - u[1]) ** 2 / ohm
    assert delivered == pytest.approx(in_cells + in_lines, rel=1e-8, abs=1e-8 * most)
    if not linear:  # and the cells' currents are those of their own curves
        of_curves = elements.of(cells, held, lines.faults).evaluate(read.cell_voltage)[0]
        np.testing.assert_allclose(read.cell_current, of_curves, rtol=1e-12, atol=1e-18)
        near = np.asarray(cells.current(read.cell_voltage), np.float64)
        assert np.abs(near - read.cell_current).max() <= 1e-5 * np.abs(near).max() + 1e-12


def test_the_checks_above_can_fail() -> None:
    cells, held, lines = mixed_cells((5, 4)), read_bias(np.linspace(0.1, 0.3, 5), 4), Lines(5.0, 20.0, 3.0, 7.0)
    read = solve_lines(cells, held, lines)
    voltages = read.word_voltage, read.bit_voltage
    most = np.abs(read.word_current).max()
    assert resistor_list.missing(*voltages, read.cell_current, held, lines) <= 1e-9 * most
    for wrong in (
        replace(lines, word=20.0, bit=5.0),  # swapped
        replace(lines, source=7.0, sense=3.0),
        replace(lines, faults=Faults(open_word=((2, 3),))),  # a lost segment
        replace(lines, faults=Faults(open_bit=((1, 2),))),
        replace(lines, word_ends="right"),
        replace(lines, bit_ends="top"),
    ):
        assert resistor_list.missing(*voltages, read.cell_current, held, wrong) > 1e-4 * most
    assert resistor_list.missing(*voltages, -read.cell_current, held, lines) > 1e-4 * most  # a wrong sign
    assert resistor_list.missing(*voltages[::-1], read.cell_current, held, lines) > 1e-4 * most


@given(SIDE, SIDE, st.sampled_from([0.0, 1.0, 40.0]), st.sampled_from([0.0, 25.0]))
def test_ideal_lines_are_the_limit_of_good_ones(m: int, n: int, ohm: float, lead: float) -> None:
    g = 10 ** np.random.default_rng(m * 8 + n).uniform(-6, -3, (m, n))
    held = read_bias(np.linspace(0.1, 1, m), n)
    exact = solve_lines(g, held, Lines(0, ohm, lead, lead, "both"))
    near = solve_lines(g, held, Lines(1e-6, ohm, lead, lead, "both"))
    np.testing.assert_allclose(exact.bit_current, near.bit_current, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(exact.bit_voltage, near.bit_voltage, rtol=1e-6, atol=1e-8)
    turned = solve_lines(g.T, Bias(np.zeros(n), -held.word), Lines(ohm, 0, lead, lead, "right", "both"))
    np.testing.assert_allclose(turned.word_current, exact.bit_current, rtol=1e-9)


def test_conductances_of_any_size() -> None:
    g = np.array([[1e-300, 1e-4, 0.0], [1e-45, 1e-2, 1e3], [1e-12, 1e-30, 1e-6]])
    for held in (read_bias([0.1, 0.2, 0.3], 3), bias((3, 3), "floating", 0.5)):
        for lines in (Lines(1.0, 2.0, 3.0, 4.0), Lines(0, 0), Lines(1e-9, 1e-9), Lines(1e6, 1e6, 1e9, 1e9)):
            read = solve_lines(g, held, lines)
            assert np.isfinite(read.bit_current).all() and np.isfinite(read.cell_voltage).all()


@pytest.mark.parametrize("engine", ["cells", "conductances"])
def test_without_resistance_it_is_the_ideal_read(engine: str) -> None:
    cells, volts = mixed_cells((9, 6)), np.linspace(0.05, 0.3, 9)
    given_ = cells if engine == "cells" else cells.conductance(volts[:, None])
    read = solve_lines(given_, read_bias(volts, 6), Lines(0, 0))
    np.testing.assert_allclose(read.bit_current, sc.ideal_read(cells, volts), rtol=1e-6)
    assert np.array_equal(read.cell_voltage, np.broadcast_to(volts[:, None], (9, 6)))


# ------------------------------------------------------------------------------------------------ faults


@given(st.data())
def test_faults_as_a_list_of_resistors(data: st.DataObject) -> None:
    m, n = data.draw(st.integers(2, 5)), data.draw(st.integers(2, 5))
    g = 10 ** np.random.default_rng(m * 8 + n).uniform(-5, -3, (m, n))
    places = {
        "open_cells": (m, n), "shorted_cells": (m, n), "open_word": (m, n + 1), "open_bit": (n, m + 1),
        "grounded_word": (m, n), "grounded_bit": (m, n), "bridged_word": (m - 1, n), "bridged_bit": (m, n - 1),
    }  # fmt: skip
    faults = Faults(**{
        name: tuple(data.draw(st.lists(st.tuples(st.integers(0, a - 1), st.integers(0, b - 1)), max_size=2)))
        for name, (a, b) in places.items()
    }, short=30.0)  # fmt: skip
    lines = Lines(3.0, 5.0, 7.0, 11.0, "both", "both", faults)
    held = read_bias(np.linspace(0.2, 1, m), n)
    try:
        read = solve_lines(g, held, lines)
    except ValueError as error:
        assert "besides its bridges" in str(error) and (faults.bridged_word or faults.bridged_bit)
        return
    for place in faults.shorted_cells:
        g[place] = 1 / 30.0
    for place in faults.open_cells:
        g[place] = 0.0
    gap = resistor_list.missing(
        np.nan_to_num(read.word_voltage), np.nan_to_num(read.bit_voltage), np.nan_to_num(read.cell_current), held, lines
    )
    assert gap <= 1e-9 * max(np.abs(read.word_current).max(), 1e-9)
    if not read.unreachable:
        word, bit = resistor_list.solved(g, held, lines)
        np.testing.assert_allclose(read.word_voltage, word, atol=1e-9)
        np.testing.assert_allclose(read.bit_voltage, bit, atol=1e-9)
        leak = (word if faults.grounded_bit or faults.grounded_word else 0 * word).sum()
        if not leak:
            assert read.word_current.sum() == pytest.approx(read.bit_current.sum(), rel=1e-9)


def test_lines_that_touch() -> None:
    g, faults = np.full((3, 3), 1e-4), Faults(bridged_word=((0, 2),), bridged_bit=((1, 0),), short=4.0)
    held, whole = bias((3, 3), "row", 0.5), Lines(9.0, 7.0, 11.0, 13.0)
    lines = replace(whole, faults=faults)
    read = solve_lines(g, held, lines)
    word, bit = resistor_list.solved(g, held, lines)
    np.testing.assert_allclose(read.word_voltage, word, atol=1e-11)
    np.testing.assert_allclose(read.bit_voltage, bit, atol=1e-11)
    without = solve_lines(g, held, whole)
    assert read.word_current[0] > 10 * without.word_current[0] and read.word_current[1] < 0  # most goes straight across
    curved = solve_lines(mixed_cells((3, 3)), held, lines)
    gap = resistor_list.missing(curved.word_voltage, curved.bit_voltage, curved.cell_current, held, lines)
    assert gap <= 1e-9 * np.abs(curved.word_current).max()
    alone = Faults(open_word=((1, 0),), open_cells=((1, 0), (1, 1), (1, 2)), bridged_word=((0, 1),))
    with pytest.raises(ValueError, match="faults: must leave every line a path besides its bridges"):
        solve_lines(g, held, replace(whole, faults=alone))


def test_nodes_without_a_path_are_found_and_not_numbers() -> None:
    # cut word line 1 behind its first cell, and take away the other cells of the cut piece
    faults = Faults(open_word=((1, 1),), open_cells=((1, 1), (1, 2)))
    read = solve_lines(np.full((3, 3), 1e-4), read_bias([0.2] * 3, 3), Lines(2.0, 2.0, faults=faults))
    assert read.unreachable == 2
    assert np.isnan(read.word_voltage).tolist() == [[False] * 3, [False, True, True], [False] * 3]
    assert not np.isnan(read.bit_voltage).any() and np.isfinite(read.bit_current).all()
    alone = solve_lines(np.full((2, 2), 1e-4), Bias([0.2, FLOATING], [0.0, FLOATING], [True, False]), Lines())
    assert np.isnan(alone.word_voltage[1]).all() and np.isnan(alone.bit_voltage[1, 1]) == np.False_
    assert alone.cell_current[0, 0] == pytest.approx(2e-5, rel=1e-3)
    nothing = solve_lines(np.zeros((2, 2)), Bias([0.2, FLOATING], [0.0, FLOATING]), Lines())
    assert nothing.unreachable == 4 and nothing.bit_current.tolist() == [0.0, 0.0]


# ------------------------------------------------------------------------------------------------ many vectors


@pytest.mark.parametrize("shape", [(6, 4), (4, 7)])
def test_effective_conductance(shape: tuple[int, int]) -> None:
    g = 10 ** np.random.default_rng(2).uniform(-6, -3, shape)
    lines, volts = Lines(8.0, 3.0, 20.0, 5.0), np.random.default_rng(3).uniform(-1, 1, (11, shape[0]))
    each = solve_lines(g, read_bias(volts, shape[1]), lines)
    assert each.bit_current.shape == (11, shape[1]) and each.cell_voltage.shape == (11, *shape)
    matrix = effective_conductance(g, lines)
    np.testing.assert_allclose(volts @ matrix, each.bit_current, rtol=1e-9, atol=1e-15)
    one = solve_lines(g, read_bias(volts[4], shape[1]), lines)
    np.testing.assert_allclose(one.bit_current, each.bit_current[4], rtol=1e-12)
    swapped = effective_conductance(g, Lines(3.0, 8.0, 20.0, 5.0))
    assert np.abs(swapped / matrix - 1).max() > 1e-3  # negative control


def test_many_vectors_of_curved_cells() -> None:
    cells, volts = mixed_cells((5, 5)), np.random.default_rng(1).uniform(-0.6, 0.6, (7, 5))
    each = solve_lines(cells, read_bias(volts, 5), Lines(10.0, 10.0))
    for k, row in enumerate(volts):
        assert np.array_equal(solve_lines(cells, read_bias(row, 5), Lines(10.0, 10.0)).bit_current, each.bit_current[k])


def test_threads_do_not_change_a_bit() -> None:
    g = 10 ** np.random.default_rng(2).uniform(-6, -3, (512, 520))  # large enough for several
    first, second = (solve_lines(g, read_bias(np.full(512, 0.2), 520), Lines(2.0, 2.0)) for _ in range(2))
    assert np.array_equal(first.word_voltage, second.word_voltage)
    assert first.residual <= 1e-9


# ------------------------------------------------------------------------------------------------ where currents fall


@pytest.mark.filterwarnings("ignore::synaptogen_core.errors.RangeWarning")  # volts beyond are meant
@given(st.integers(0, 400), st.floats(1.0, 5.0), st.floats(-1.86, 1.86))
def test_one_curved_cell_behind_a_resistor(seed: int, decades: float, volts: float) -> None:
    cells, ohm = mixed_cells((1, 1), seed), 10**decades
    held, lines = Bias([volts], [0.0]), Lines(0, 0, ohm / 2, ohm / 2)
    read = solve_lines(cells, held, lines)
    u = read.cell_voltage[0, 0]
    current = elements.of(cells, held, Faults()).evaluate(np.array([[u]]))[0][0, 0]
    assert (volts - u) / ohm == pytest.approx(current, rel=1e-8, abs=1e-14)
    assert min(0.0, volts) <= u <= max(0.0, volts)


def test_the_bends_of_the_curves_are_passed() -> None:
    cells = mixed_cells((24, 24))
    for scheme in SCHEMES:
        for volts in (-1.5, 1.5):
            for ohm in (0.1, 10.0):
                read = solve_lines(cells, bias((24, 24), scheme, volts, row=11, column=7), Lines(ohm, ohm))
                assert read.residual <= 1e-9 and np.isfinite(read.cell_voltage).all()


def test_an_extrapolation_is_said_once() -> None:
    cells = mixed_cells((2, 2))
    with pytest.warns(RangeWarning, match=r"\|U\| = 1\.6"):
        solve_lines(cells, Bias([1.6, 0.1], [0.0, 0.0]), Lines(0, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solve_lines(cells, Bias([1.6, 0.1], [0.0, 0.0]), Lines(0, 0))
        solve_lines(mixed_cells((2, 2)), Bias([1.5, 0.1], [0.0, 0.0]), Lines(1, 1))


def test_where_all_lines_float_nothing_flows() -> None:
    for held in (Bias([1.0] + [FLOATING] * 4, [FLOATING] * 3), Bias([1.0] * 5, [1.0] * 3)):
        for cells in (np.full((5, 3), 1e-4), mixed_cells((5, 3))):
            read = solve_lines(cells, held, Lines(3.0, 2.0, 1.0, 1.0))
            np.testing.assert_allclose(read.bit_voltage, 1.0, rtol=1e-9)
            assert np.abs(read.cell_current).max() < 1e-15 and read.residual <= 1e-9 and read.steps < 100


def test_no_solution_is_an_error_that_names_the_cell() -> None:
    with pytest.raises(ConvergenceError, match=r"cells: .*cell \(0, 0\).*lower the voltage"):
        solve_lines(mixed_cells((1, 1)), Bias([60.0], [0.0]), Lines(0, 0, 1e4, 0))


# ------------------------------------------------------------------------------------------------ the door


@pytest.mark.parametrize(
    ("cells", "held", "lines", "says"),
    [
        (np.ones((2, 3)), read_bias([1.0, 1.0], 2), Lines(), "cells: must have the shape of the bias"),
        (-np.ones((2, 2)), read_bias([1.0, 1.0], 2), Lines(), "cells: must be conductances from 0 S on"),
        (np.full((2, 2), np.nan), read_bias([1.0, 1.0], 2), Lines(), "cells: must be conductances"),
        (np.ones(4), read_bias([1.0, 1.0], 2), Lines(), "cells: must be a CellArray or conductances of shape"),
        ("x", read_bias([1.0, 1.0], 2), Lines(), "cells: must be a CellArray or conductances"),
        (np.ones((2, 2)), [1.0, 1.0], Lines(), "bias: must be a Bias"),
        (np.ones((2, 2)), read_bias([1.0, 1.0], 2), 3.0, "lines: must be Lines"),
        (np.ones((2, 2)), read_bias([1.0, 1.0], 2), Lines(faults=Faults(open_cells=((2, 0),))), "open_cells: must lie"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(cells: object, held: object, lines: object, says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        solve_lines(cells, held, lines)  # type: ignore[arg-type]  # what a user must not do
