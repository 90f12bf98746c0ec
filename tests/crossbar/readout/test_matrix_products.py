"""Signed weights in pairs of columns, products, and tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.readout.converters import Dac
from synaptogen_core.crossbar.readout.line_noise import LineNoise
from synaptogen_core.crossbar.readout.matrix_products import DifferentialPairs, differences, matvec, read_tiles
from synaptogen_core.crossbar.readout.read import BARE, IDEAL, Periphery, read_columns

PAIRS = DifferentialPairs(low=1.3e-5, high=2.2e-4)
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 7)


def matrix(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (rows, columns))


def crossbar(rows: int = 5, columns: int = 6) -> sc.CellArray:
    cells = sc.CellArray((rows, columns), sc.load_device("hennen2024"), seed=6)
    cells.apply_voltage(-1.5)
    cells.apply_voltage(np.linspace(0.5, 1.5, cells.size))
    return cells


# ------------------------------------------------------------------------------------------------------- signed weights
def test_a_pair_by_hand() -> None:
    pairs = DifferentialPairs(low=1e-5, high=5e-5, largest=2.0)
    assert pairs.conductances([[2.0, -1.0], [0.0, 0.5]]) == pytest.approx(
        np.array([[5e-5, 1e-5, 1e-5, 3e-5], [1e-5, 1e-5, 2e-5, 1e-5]])
    )
    assert pairs.weights([[4e-5, 2e-5]]) == pytest.approx(np.array([[1.0]]))
    assert differences([[5.0, 3.0, 1.0, 4.0]]).tolist() == [[2.0, -3.0]]


@given(SIZES, SIZES, SEEDS, st.floats(1e-3, 1e3))
def test_weights_come_back(rows: int, columns: int, seed: int, largest: float) -> None:
    pairs, w = DifferentialPairs(0.0, 1e-4, largest), largest * matrix(rows, columns, seed)
    g = pairs.conductances(w)
    assert g.shape == (rows, 2 * columns)
    assert pairs.weights(g) == pytest.approx(w, abs=1e-12 * largest)
    assert g.min() >= 0
    assert g.max() <= 1e-4 * (1 + 1e-12)


@given(SIZES, SIZES, SEEDS, st.booleans(), st.one_of(st.none(), st.tuples(SIZES, SIZES)))
def test_exact_conductances_give_the_product(
    rows: int, columns: int, seed: int, two_phases: bool, tile: tuple[int, int] | None
) -> None:
    w, x = 3.0 * matrix(rows, columns, seed), matrix(4, rows, seed + 1)
    pairs = DifferentialPairs(1.3e-5, 2.2e-4, largest=3.0)
    g = pairs.conductances(w)
    found = matvec(g, x, pairs, two_phases=two_phases, tile=tile, read_voltage=0.1)
    assert found == pytest.approx(x @ w, abs=1e-12 * rows)
    assert matvec(g, x[0], pairs, two_phases=two_phases) == pytest.approx(x[0] @ w, abs=1e-12 * rows)


def test_negative_inputs_are_negative_voltages_or_a_second_phase() -> None:
    """True cells conduct otherwise below 0 V, so the two differ; each is the sum of what its voltages give."""
    cells, x = crossbar(), np.array([1.0, -1.0, 0.5, -0.25, 0.0])
    one, two = matvec(cells, x, PAIRS), matvec(cells, x, PAIRS, two_phases=True)
    per_ampere = PAIRS.scale / 0.2
    assert one == pytest.approx(differences(sc.ideal_read(cells, 0.2 * x)) * per_ampere)
    phases = sc.ideal_read(cells, 0.2 * np.maximum(x, 0)) - sc.ideal_read(cells, 0.2 * np.maximum(-x, 0))
    assert two == pytest.approx(differences(phases) * per_ampere)
    assert one != pytest.approx(two, rel=1e-3)


def test_two_phases_serve_a_dac_that_ends_at_zero() -> None:
    g, x = PAIRS.conductances(matrix(4, 2)), np.array([1.0, -1.0, 1 / 3, -2 / 3])
    unipolar = Periphery(dac=Dac(2, 0.0, 0.2 * 1.0))  # 0, 1/3, 2/3 and 1
    assert matvec(g, x, PAIRS, periphery=unipolar, two_phases=True) == pytest.approx(x @ PAIRS.weights(g))
    with pytest.raises(ValueError, match="take one that goes below 0 V, or two_phases=True"):
        matvec(g, x, PAIRS, periphery=unipolar)


def test_two_phases_have_twice_the_variance_of_the_noise() -> None:
    g, x = PAIRS.conductances(matrix(6, 1)), np.full((20_000, 6), 0.5)
    thermal = Periphery(noise=LineNoise(1e8, density=1e-11))  # the amplifier's, the same in either phase, outweighs
    one, two = (matvec(g, x, PAIRS, periphery=thermal, two_phases=two).var() for two in (False, True))
    assert two / one == pytest.approx(2, rel=0.1)


# ---------------------------------------------------------------------------------------------------------------- tiles
@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(1, 9), st.tuples(st.integers(1, 10), st.integers(1, 10)), SEEDS)
def test_ideal_tiles_add_up_to_the_whole(rows: int, columns: int, tile: tuple[int, int], seed: int) -> None:
    g, volts = 1e-4 * np.abs(matrix(rows, columns, seed)), 0.2 * matrix(3, rows, seed)
    assert read_tiles(g, volts, tile=tile) == pytest.approx(volts @ g, abs=1e-18 * rows)
    assert np.array_equal(read_tiles(g, volts), read_columns(g, volts))


@pytest.mark.parametrize("tile", [(2, 4), (5, 6), (3, 1), (1, 6), (9, 9), (5, 5)])
@pytest.mark.parametrize("fresh", [True, False])
def test_tiles_of_cells(tile: tuple[int, int], fresh: bool) -> None:
    cells = sc.CellArray((5, 6), sc.load_device("hennen2024"), seed=6) if fresh else crossbar()
    before = cells.state_hash()
    volts = np.linspace(-0.2, 0.3, 10).reshape(2, 5)
    assert read_tiles(cells, volts, tile=tile) == pytest.approx(read_columns(cells, volts), abs=1e-10)
    assert cells.state_hash() == before


def test_each_tile_has_its_own_lines_and_converters() -> None:
    """Against the parts cut out by hand, read one by one, and added."""
    g = 1e-4 * np.abs(matrix(4, 3)) + 1e-5
    lines, periphery = Lines(30.0, 20.0), Periphery(adc=sc.Adc(4, -1e-5, 1e-4))
    volts = np.array([0.2, 0.1, -0.1, 0.15])
    expected = np.zeros(3)
    for rows in (slice(0, 3), slice(3, 4)):
        for columns in (slice(0, 2), slice(2, 3)):
            expected[columns] += read_columns(g[rows, columns], volts[rows], lines, periphery)
    assert read_tiles(g, volts, lines, periphery, tile=(3, 2)) == pytest.approx(expected, abs=1e-12)
    volts = np.abs(volts)
    assert np.all(read_tiles(g, volts, lines, tile=(3, 2)) > read_columns(g, volts, lines))  # shorter lines lose less


def test_true_cells_of_a_tile_are_those_of_the_array() -> None:
    """Cells are nearly linear at small voltages: what a tile of them reads is what their conductances read."""
    cells, lines, volts = crossbar(), Lines(30.0, 20.0), np.full(5, 0.01)
    found = read_tiles(cells, volts, lines, tile=(2, 4))
    near, far = (read_tiles(cells.conductance(u).astype(float), volts, lines, tile=(2, 4)) for u in (0.01, 0.2))
    assert found == pytest.approx(near, rel=1e-3)
    assert found != pytest.approx(far, rel=1e-3)


def test_every_line_of_every_tile_has_its_own_noise() -> None:
    g, volts = np.full((4, 6), 1e-4), np.zeros(4)
    noisy = Periphery(noise=LineNoise(1e8))
    bands = [read_columns(g[:2], volts[:2], IDEAL, noisy, seed=5, first_line=first) for first in (0, 6)]
    assert read_tiles(g, volts, IDEAL, noisy, tile=(2, 4), seed=5) == pytest.approx(bands[0] + bands[1], rel=1e-12)
    assert not np.isin(bands[0], bands[1]).any()


def test_an_adc_for_each_partial_sum() -> None:
    """Two tiles of 14 uA each: 10 uA each in steps of 10; the sum would be 30 uA."""
    g, volts, coarse = np.full((2, 1), 7e-5), np.full(2, 0.2), Periphery(adc=sc.Adc(2, 0.0, 3e-5))
    assert read_tiles(g, volts, IDEAL, coarse, tile=(1, 1))[0] == pytest.approx(2e-5)
    assert read_tiles(g, volts, IDEAL, coarse)[0] == pytest.approx(3e-5)


BAD: list[tuple[Any, str]] = [
    (lambda: DifferentialPairs(-1e-5, 1e-4), "low: must be 0 S or more (got -1e-05); give the smallest conductance"),
    (lambda: DifferentialPairs(1e-4, 1e-4), "high: must lie above low, 0.0001 S (got 0.0001); swap or widen them"),
    (lambda: DifferentialPairs(0.0, 1e-4, 0), "largest: must be above 0 (got 0); give the largest absolute weight"),
    (lambda: PAIRS.conductances([[1.5]]), "weights: must be from -1 to 1 (got 1.5); scale them, or raise `largest`"),
    (lambda: PAIRS.conductances([1.0]), "weights: must have shape (inputs, outputs) (got (1,)); give a matrix"),
    (lambda: PAIRS.weights([[1.0]]), "columns: must come in pairs (got shape (1, 1)); give two for each output"),
    (
        lambda: matvec(np.ones((2, 2)), [1.0], PAIRS),
        "inputs: must have shape (2,) or (vectors, 2) (got (1,)); give one for each row",
    ),
    (lambda: matvec(np.ones((2, 2)), [1.0, -1.2], PAIRS), "inputs: must be from -1 to 1 (got 1.2); scale them"),
    (
        lambda: matvec(np.ones((1, 2)), [1.0], PAIRS, read_voltage=0),
        "read_voltage: must be above 0 V (got 0); a common one is 0.2 V",
    ),
    (
        lambda: read_tiles([[1.0]], [1.0], tile=(0, 4)),
        "tile: must be from 1 to 1099511627776 (got 0); choose one in that range",
    ),
    (
        lambda: read_tiles([[1.0]], [1.0], tile=8),
        "tile: must be rows and columns (got 8); give a pair such as (64, 64)",
    ),
    (
        lambda: read_tiles(np.ones((2, 2)), [1, 1], Lines(faults=Faults(((0, 0),))), BARE, tile=(1, 2)),
        "lines: must be without faults where there are several tiles (got some); give Lines for each tile",
    ),
]


@pytest.mark.parametrize(("make", "sentence"), BAD)
def test_bad_input(make: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    assert str(error.value) == sentence


def test_tiles_side_by_side_without_lines_are_read_as_one_and_give_the_same() -> None:
    cells = crossbar(50, 70)
    volts = np.random.default_rng(3).uniform(0, 0.2, (3, 50))
    around = Periphery(dac=Dac(6, 0.0, 0.3), noise=LineNoise(1e6))
    read = read_tiles(cells, volts, IDEAL, around, tile=(16, 20), seed=3)
    one_by_one = read_tiles(cells, volts, [[IDEAL] * 4] * 4, around, tile=(16, 20), seed=3)
    assert np.array_equal(read, one_by_one)
    assert not np.array_equal(read, read_tiles(cells, volts, IDEAL, around, tile=(25, 20), seed=3)), (
        "noise of the bands"
    )
