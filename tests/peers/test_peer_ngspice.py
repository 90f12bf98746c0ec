"""The operating point of whole crossbars in ngspice, from our netlists, against Kirchhoff's equations solved otherwise:
by a general sparse solver, and by the project's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar.circuit.bias import SCHEMES, Bias, bias
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.solver.solve import solve_lines
from tests.peers import kirchhoff, spice
from tests.peers.kirchhoff import difference

pytestmark = pytest.mark.spice

DEVICE = sc.load_device("hennen2024")
REQUIRED = 1e-6  # of the largest voltage, and of the largest current
UNLIKE = 1e-3  # what a fault must do at least
SOLVERS: dict[str, Callable[..., Any]] = {"Kirchhoff": kirchhoff.solve, "solve_lines": solve_lines}

UNEQUAL = Lines(word=3, bit=7, source=20, sense=50)


@cache
def cells(rows: int, columns: int) -> sc.CellArray:
    """Cells in all three states; they are not switched by what is tested here."""
    made = sc.CellArray((rows, columns), DEVICE, seed=5)
    rng = np.random.default_rng(3)
    for _ in range(6):
        made.apply_voltage(rng.uniform(-1.5, 1.5, made.size))
    return made


def compare(ngspice: str, folder: Path, array: Any, volts: Bias, lines: Lines) -> kirchhoff.Solution:
    """Every solver gives what ngspice gives."""
    expected = spice.solve(ngspice, folder, array, volts, lines)
    found = {name: solve(array, volts, lines) for name, solve in SOLVERS.items()}
    assert {name: d for name, one in found.items() if not (d := difference(one, expected)) < REQUIRED} == {}
    u = expected.word_voltage - expected.bit_voltage
    if volts.conducting is not None:
        u[~volts.conducting] = 0.0
    seen = found["solve_lines"].cell_voltage
    assert np.allclose(seen, u, rtol=0, atol=REQUIRED * volts.amplitude, equal_nan=True)
    return expected


# -------------------------------------------------------------------------------------------------- true I-V curves


def test_the_cells_are_in_all_states() -> None:
    assert all(np.bincount(cells(*shape).state().ravel(), minlength=3).min() > 0 for shape in ((2, 3), (8, 5)))


@pytest.mark.parametrize("volts", [0.2, 1.2])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("shape", [(2, 3), (8, 5), (32, 32)], ids=str)
def test_every_scheme(ngspice: str, tmp_path: Path, shape: tuple[int, int], scheme: str, volts: float) -> None:
    both = replace(UNEQUAL, word_ends="both", bit_ends="both")
    for lines in (UNEQUAL, both) if shape != (32, 32) else (UNEQUAL,):
        held = bias(shape, scheme, volts, row=1, column=2)
        found = compare(ngspice, tmp_path, cells(*shape), held, lines)
        assert found.word_current.sum() == pytest.approx(found.bit_current.sum(), abs=1e-9 * abs(found.word_current[1]))
        i = kirchhoff.law_of(cells(*shape))(found.word_voltage - found.bit_voltage)[0]
        own = solve_lines(cells(*shape), held, lines).cell_current
        assert np.abs(own - i).max() < REQUIRED * np.abs(i).max()


LINES = {
    "right and top": replace(UNEQUAL, word_ends="right", bit_ends="top"),
    "both, no leads": Lines(3, 7, 0, 0, "both", "both"),
    "ideal word lines": Lines(0, 7, 0, 5),
    "ideal bit lines": Lines(3, 0, 1, 0, bit_ends="both"),
    "only leads": Lines(0, 0, 3, 5, "both", "top"),
    "ideal": Lines(0, 0, 0, 0, "both", "both"),
    "very good": Lines(1e-3, 1e-3, 1e-3, 1e-3),
    "better than metal": Lines(1e-4, 1e-4, 1e-4, 1e-4),
    "bad": Lines(100, 30, 1e4, 1e3),
    "nearly open": Lines(1, 1, 1e9, 0),
    "touching": replace(UNEQUAL, faults=Faults(bridged_word=((2, 3), (0, 0)), bridged_bit=((5, 1),))),
}


@pytest.mark.parametrize("selector", ["none", "transistor"])
@pytest.mark.parametrize("scheme", ["half", "floating"])
@pytest.mark.parametrize("lines", LINES.values(), ids=list(LINES))
def test_every_kind_of_lines(ngspice: str, tmp_path: Path, lines: Lines, scheme: str, selector: str) -> None:
    held = bias((6, 4), scheme, -0.9, row=4, column=1, selector=selector)
    found = compare(ngspice, tmp_path, cells(6, 4), held, lines)
    off = scheme == "floating" and selector == "transistor"  # then the other rows hang on nothing
    assert np.isnan(found.word_voltage).any() == off


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1)], ids=str)
def test_single_lines(ngspice: str, tmp_path: Path, shape: tuple[int, int]) -> None:
    compare(ngspice, tmp_path, cells(*shape), bias(shape, "row", 0.2), UNEQUAL)
    compare(ngspice, tmp_path, cells(*shape), bias(shape, "all", 1.2), replace(UNEQUAL, word_ends="both", source=0))


def test_conductances(ngspice: str, tmp_path: Path) -> None:
    g = np.random.default_rng(1).uniform(0, 3e-4, (9, 12))
    g[2, 3] = 0
    g[5] = 0
    found = compare(ngspice, tmp_path, g, bias((9, 12), "floating", 0.2), UNEQUAL)
    assert np.isnan(found.word_voltage[5]).all() and np.isnan(found.word_voltage).sum() == 12


def test_ideal_lines_give_the_cells_own_currents(ngspice: str, tmp_path: Path) -> None:
    found = spice.solve(ngspice, tmp_path, cells(8, 5), bias((8, 5), "all", 0.2), LINES["ideal"])
    expected = sc.ideal_read(cells(8, 5), 0.2)  # sums of float32
    assert np.abs(found.bit_current - expected).max() < 2e-6 * expected.max()


# ----------------------------------------------------------------------------------------------------------- faults


def some_faults(seed: int, rows: int, columns: int) -> Faults:
    """A few of every kind."""
    rng = np.random.default_rng(seed)

    def places(count: int, first: int, second: int) -> tuple[tuple[int, int], ...]:
        return tuple((int(rng.integers(first)), int(rng.integers(second))) for _ in range(count))

    return Faults(
        open_cells=places(3, rows, columns),
        shorted_cells=places(2, rows, columns),
        open_word=places(4, rows, columns + 1),
        open_bit=places(4, columns, rows + 1),
        grounded_word=places(seed % 2, rows, columns),
        grounded_bit=places(seed // 2 % 2, rows, columns),
        short=25,
    )


@pytest.mark.parametrize("seed", range(16))
def test_faults(ngspice: str, tmp_path: Path, seed: int) -> None:
    ends = ("left", "right", "both")[seed % 3], ("top", "both")[seed % 2]
    lines = Lines(4, 9, 0 if seed % 5 == 0 else 30, 11, *ends, some_faults(seed, 5, 6))
    held = bias((5, 6), SCHEMES[seed % 5], 0.7, row=seed % 5, column=2, selector=("none", "transistor")[seed // 8])
    compare(ngspice, tmp_path, cells(5, 6), held, lines)


def test_a_cut_off_node_has_no_voltage(ngspice: str, tmp_path: Path) -> None:
    lines = replace(UNEQUAL, faults=Faults(open_word=((0, 1), (0, 2)), open_cells=((0, 1),)))
    found = compare(ngspice, tmp_path, cells(3, 3), bias((3, 3), "all", 0.2), lines)
    assert np.argwhere(np.isnan(found.word_voltage)).tolist() == [[0, 1]]
    assert not np.isnan(found.bit_voltage).any()


# ------------------------------------------------------------------------------------------------- negative controls

HELD = bias((8, 5), "third", 1.2, row=1, column=2)
WRONG_LINES = {
    "word and bit resistances exchanged": replace(UNEQUAL, word=UNEQUAL.bit, bit=UNEQUAL.word),
    "source and sense exchanged": replace(UNEQUAL, source=UNEQUAL.sense, sense=UNEQUAL.source),
    "word lines from the other end": replace(UNEQUAL, word_ends="right"),
    "bit lines from the other end": replace(UNEQUAL, bit_ends="top"),
    "no lead": replace(UNEQUAL, sense=0),
    "a lost segment": replace(UNEQUAL, faults=Faults(open_word=((1, 2),))),
    "a lost cell": replace(UNEQUAL, faults=Faults(open_cells=((1, 2),))),
}


@pytest.mark.parametrize("wrong", WRONG_LINES.values(), ids=list(WRONG_LINES))
def test_wrong_lines_are_seen(ngspice: str, tmp_path: Path, wrong: Lines) -> None:
    found = spice.solve(ngspice, tmp_path, cells(8, 5), HELD, UNEQUAL)
    for solve in SOLVERS.values():
        assert difference(found, solve(cells(8, 5), HELD, UNEQUAL)) < REQUIRED
        assert difference(found, solve(cells(8, 5), HELD, wrong)) > UNLIKE


SPOILED = {
    "a cell turned round": (r"(xc_1_2) (\S+) (\S+)", r"\1 \3 \2"),
    "all cells turned round": (r"\n(xc_\S+) (\S+) (\S+)", r"\n\1 \3 \2"),
    "curves exchanged": (r"\.func llrs(.*)\n\.func hhrs", r".func hhrs\1\n.func llrs"),
    "a lost segment": (r"\nrw_1_2 .*", ""),
    "a segment of another resistance": (r"(\nrb_2_7 .*) 7\.0", r"\1 14.0"),
    "a lost cell": (r"\nxc_1_2 .*", ""),
    "another cell": (r"(xc_1_2 .*) r=\S+", r"\1 r=0.4"),
    "a source turned round": (r"(vw_1) (\S+) 0", r"\1 0 \2"),
    "a source at another voltage": (r"(vb_1 .*) dc .*", r"\1 dc 0.79"),
}


@pytest.mark.parametrize(("pattern", "instead"), SPOILED.values(), ids=list(SPOILED))
def test_a_spoiled_netlist_is_seen(ngspice: str, tmp_path: Path, pattern: str, instead: str) -> None:
    def change(text: str) -> str:
        changed, count = re.subn(pattern, instead, text)
        assert count
        return changed

    found = spice.solve(ngspice, tmp_path, cells(8, 5), HELD, UNEQUAL, change)
    for solve in SOLVERS.values():
        assert difference(found, solve(cells(8, 5), HELD, UNEQUAL)) > UNLIKE


def test_what_ngspice_complains_of_is_an_error(ngspice: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ngspice ended"):
        spice.run(
            ngspice, "nothing to hold it\nr1 a b 1\ni1 a 0 dc 1\n.op\n.control\nrun\nprint all\nquit\n.endc\n", tmp_path
        )
