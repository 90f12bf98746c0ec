"""The owner of the matrices: against the solver, and solved again only where cells have changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar import Adc, EffectiveMatrix, Faults, Lines, Periphery, read_bias, read_tiles, solve_lines
from synaptogen_core.crossbar.readout import effective_matrix

G = np.random.default_rng(2).uniform(1e-5, 2e-4, (9, 7))
VOLTS = np.random.default_rng(3).uniform(0, 0.2, (5, 9))
LINES = Lines(5.0, 5.0)


def test_the_matrix_is_the_solver_on_each_tile() -> None:
    owner = EffectiveMatrix(G, LINES, tile=(4, 3))
    total = np.zeros((5, 7))
    for place, matrix in owner.blocks():
        found = solve_lines(G[place.rows, place.columns], read_bias(VOLTS[:, place.rows], matrix.shape[1]), LINES)
        total[:, place.columns] += found.bit_current
    assert owner.product(VOLTS) == pytest.approx(total, rel=1e-9)
    assert owner.product(VOLTS) == pytest.approx(read_tiles(G, VOLTS, LINES, tile=(4, 3)), rel=1e-9)
    assert not np.allclose(total, VOLTS @ G, rtol=1e-3)  # the lines do take something


def test_only_changed_tiles_are_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    solved: list[tuple[int, ...]] = []
    real = effective_matrix.effective_conductance

    def counted(g: Any, lines: Lines) -> Any:
        solved.append(g.shape)
        return real(g, lines)

    monkeypatch.setattr(effective_matrix, "effective_conductance", counted)
    cells = sc.CellArray((6, 4), sc.load_device("hennen2024"), seed=1)
    owner = EffectiveMatrix(cells, LINES, tile=(3, 4))
    before = owner.matrix()
    assert np.array_equal(owner.matrix(), before) and len(solved) == 2
    volts = np.zeros((6, 4))
    volts[4, 2] = -1.5
    cells.apply_voltage(volts)
    after = owner.matrix()
    assert len(solved) == 3 and np.array_equal(after[:3], before[:3]) and after[4, 2] > 2 * before[4, 2]


def test_lines_and_converters_of_each_tile() -> None:
    broken = Lines(5.0, 5.0, faults=Faults(open_cells=((0, 0),)))
    grid = [[LINES, broken], [LINES, LINES]]
    found = EffectiveMatrix(G, grid, tile=(5, 4)).matrix()
    whole = EffectiveMatrix(G, LINES, tile=(5, 4)).matrix()
    assert found[0, 4] == 0 and whole[0, 4] > 0 and np.array_equal(found[5:], whole[5:])
    adcs = [[Periphery(adc=Adc(8, 0.0, high)) for high in row] for row in ((2e-4, 1e-4), (1e-4, 5e-5))]
    read = read_tiles(G, VOLTS, grid, adcs, tile=(5, 4))
    left = read_tiles(G[:, :4], VOLTS, [[row[0]] for row in grid], [[row[0]] for row in adcs], tile=(5, 4))
    assert np.array_equal(read[:, :4], left)
    with pytest.raises(ValueError, match=r"periphery: must be one, or 2 rows of 2 \(got rows of \[2\]\)"):
        read_tiles(G, VOLTS, LINES, adcs[:1], tile=(5, 4))
    with pytest.raises(TypeError, match="lines: must be Lines"):
        read_tiles(G, VOLTS, [[1, 2], [3, 4]], tile=(5, 4))  # type: ignore[list-item]
