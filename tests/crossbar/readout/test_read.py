"""Reading a crossbar: against sums cell by cell, steps worked by hand, and a circuit simulator."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import synaptogen_core as sc
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.readout import read
from synaptogen_core.crossbar.readout.converters import Dac, TransimpedanceAmplifier
from synaptogen_core.crossbar.readout.line_noise import LineNoise
from synaptogen_core.crossbar.readout.read import Periphery, _with_faults, read_columns

DEVICE = sc.load_device("hennen2024")
F32 = 2.0**-24


def crossbar(rows: int = 4, columns: int = 3) -> sc.CellArray:
    """Cells in all states."""
    cells = sc.CellArray((rows, columns), DEVICE, seed=6)
    cells.apply_voltage(-1.5)
    cells.apply_voltage(np.linspace(0.5, 1.5, cells.size))
    return cells


def current(r: float, u: float) -> float:
    return float((1 - r) * np.polyval(DEVICE.llrs, u) + r * np.polyval(DEVICE.hhrs, u))


def mixing(cells: sc.CellArray) -> NDArray[np.float64]:
    return np.asarray(cells.to_state()["arrays"]["r"].reshape(cells.shape), np.float64)


@settings(max_examples=20)
@given(st.lists(st.floats(-0.4, 0.4), min_size=4, max_size=4), st.lists(st.floats(-0.4, 0.4), min_size=3, max_size=3))
def test_line_currents_are_the_sums_over_their_cells(on_rows: list[float], on_columns: list[float]) -> None:
    cells = crossbar()
    r = mixing(cells)
    columns = [sum(current(r[i, j], on_rows[i]) for i in range(4)) for j in range(3)]
    rows = [sum(current(r[i, j], on_columns[j]) for j in range(3)) for i in range(4)]
    allowed = 40 * F32 * 0.4 * DEVICE.g_llrs
    assert sc.ideal_read(cells, on_rows) == pytest.approx(columns, abs=allowed)
    assert sc.ideal_read(cells, on_columns, along="columns") == pytest.approx(rows, abs=allowed)


def test_one_voltage_for_all_lines() -> None:
    cells = crossbar()
    assert np.array_equal(sc.ideal_read(cells, 0.2), sc.ideal_read(cells, np.full(4, 0.2)))
    assert sc.ideal_read(cells, 0.2) == pytest.approx(cells.current(0.2).sum(axis=0, dtype=float))


def test_a_line_alone_reads_its_cells() -> None:
    cells = crossbar()
    for i in range(4):
        volts = np.zeros(4)
        volts[i] = 0.3
        assert sc.ideal_read(cells, volts) == pytest.approx(cells.current(0.3)[i].astype(float))


def test_reading_leaves_everything_as_it_is() -> None:
    cells = crossbar()
    before = cells.state_hash()
    volts = np.full(4, 0.2)
    volts.flags.writeable = False
    result = sc.ideal_read(cells, volts)
    assert (result.dtype, result.shape) == (np.float64, (3,))
    assert sc.ideal_read(cells, np.full(3, 0.2), along="columns").shape == (4,)
    result[:] = 0
    assert cells.state_hash() == before
    assert cells.reads == 0


BAD: list[tuple[Any, str, str]] = [
    ([0.2] * 3, "rows", "voltages: must have shape (4,) (got (3,)); give one voltage for each of rows"),
    ([0.2] * 4, "columns", "voltages: must have shape (3,) (got (4,)); give one voltage for each of columns"),
    (np.zeros((4, 3)), "rows", "voltages: must have shape (4,) (got (4, 3)); give one voltage for each of rows"),
    ([0.2, 0.2, np.nan, 0.2], "rows", "voltages: must be finite (got NaN or infinity); correct the voltages"),
    ([0.2, 0.2, 1e39, 0.2], "rows", "voltages: must be finite (got NaN or infinity); correct the voltages"),
    ("high", "rows", "voltages: must be numbers (got str); give volts"),
    ([0.2] * 4, "lines", "along: must be 'rows' or 'columns' (got 'lines'); name the driven lines"),
]


@pytest.mark.parametrize(("voltages", "along", "sentence"), BAD)
def test_bad_input(voltages: Any, along: str, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        sc.ideal_read(crossbar(), voltages, along=along)
    assert str(error.value) == sentence


# --------------------------------------------------------------------------------------- the whole read of the columns
MATRIX = np.array([[1e-4, 2e-4, 0.0], [3e-4, 1e-5, 5e-5]])
VOLTAGES = st.lists(st.floats(-0.4, 0.4), min_size=4, max_size=4)


@settings(max_examples=20)
@given(st.lists(VOLTAGES, min_size=1, max_size=3))
def test_bare_columns_are_the_ideal_read(vectors: list[list[float]]) -> None:
    cells = crossbar()
    found = read_columns(cells, vectors)
    assert np.array_equal(found, np.stack([sc.ideal_read(cells, volts) for volts in vectors]))
    assert np.array_equal(read_columns(cells, vectors[0]), found[0])
    assert read_columns(MATRIX.T, np.array(vectors)[:, :3]) == pytest.approx(np.array(vectors)[:, :3] @ MATRIX.T)


def test_a_read_in_its_steps() -> None:
    """0.13 V becomes 0.1 V, so that 10, 24 and 90 uA flow."""
    periphery = Periphery(
        dac=Dac(2, 0.0, 0.3),
        amplifier=TransimpedanceAmplifier(gain=1e4, limit=0.35),
        adc=sc.Adc(3, 0.0, 0.7, offset=0.02),
    )
    found = read_columns([[1e-4, 2.4e-4, 9e-4]], [0.13], periphery=periphery)
    # volts: 0.1, 0.24, 0.9 cut to 0.35; with the offset 0.12, 0.26, 0.37; codes 1, 3, 4
    assert found == pytest.approx([1e-5, 3e-5, 4e-5])


def test_without_an_amplifier_the_adc_sees_the_current() -> None:
    assert read_columns([[1e-4]], [0.17], periphery=Periphery(adc=sc.Adc(4, 0.0, 15e-6)))[0] == pytest.approx(
        17e-6 - 2e-6
    )
    assert read_columns([[1e-4]], [0.17], periphery=Periphery(amplifier=TransimpedanceAmplifier(1e5, 1.0)))[
        0
    ] == pytest.approx(1e-5)


@pytest.mark.parametrize("of_cells", [False, True])
def test_one_cell_behind_its_leads(of_cells: bool) -> None:
    """Ohm's law by hand; a true cell finds the voltage that its own current leaves to it."""
    cells = crossbar(1, 1) if of_cells else np.array([[2e-4]])
    lines = Lines(1.0, 1.0, source=500.0, sense=300.0)
    found = read_columns(cells, [[0.2], [0.1]], lines)[:, 0]
    for v, i in zip((0.2, 0.1), found, strict=True):
        left = v - 800 * i
        assert i == pytest.approx(current(mixing(cells)[0, 0], left) if of_cells else 2e-4 * left, rel=1e-5)


def test_lines_take_from_the_currents() -> None:
    cells, volts, lines = crossbar(), np.full(4, 0.2), Lines(20.0, 20.0)
    ideal, found = read_columns(cells, volts), read_columns(cells, volts, lines)
    assert np.all((found > 0.8 * ideal) & (found < ideal))
    assert read_columns(MATRIX, [[0.2, 0.1]], lines)[0] == pytest.approx(read_columns(MATRIX, [0.2, 0.1], lines))


def test_noise_of_linear_cells_behind_lines_has_the_law_of_their_voltages() -> None:
    """One vector many times: the spread is that of the currents and voltages that the solver finds."""
    lines = Lines(0.0, 0.0, source=2000.0)
    volts = np.full((4000, 1), 0.2)
    found = read_columns([[4e-4]], volts, lines, Periphery(noise=LineNoise(1e8)), seed=2)[:, 0]
    i = 0.2 / (2500 + 2000)
    variance = (4 * 1.380649e-23 * 300 * 4e-4 + 2 * 1.602176634e-19 * i) * 1e8
    assert found.mean() == pytest.approx(i, abs=5 * np.sqrt(variance / 4000))
    assert found.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / 4000))
    assert abs(found.var() / (variance * 1.2) - 1) > 5 * np.sqrt(2 / 4000)  # seen if it were 20 % more


def test_noise_goes_by_seed_line_and_read() -> None:
    cells = crossbar()
    noisy = Periphery(noise=LineNoise(1e8))
    volts = np.tile([0.2, 0.1, 0.0, -0.1], (5, 1))
    both = read_columns(cells, volts, periphery=noisy, seed=3)
    assert np.array_equal(both, read_columns(cells, volts, periphery=noisy, seed=3))
    assert np.array_equal(both[3:], read_columns(cells, volts[3:], periphery=noisy, seed=3, first_read=3))
    assert np.unique(both).size == both.size
    for other in ({"seed": 4}, {"seed": 3, "first_line": 3}, {"seed": 3, "first_read": 5}):
        assert not np.isin(read_columns(cells, volts, periphery=noisy, **other), both).any()
    silent = Periphery(noise=LineNoise(0.0))
    assert np.array_equal(read_columns(cells, volts, periphery=silent), read_columns(cells, volts))
    with_lines = read_columns(cells, volts, Lines(1.0, 1.0), noisy, seed=3)
    assert (with_lines - read_columns(cells, volts, Lines(1.0, 1.0))) == pytest.approx(
        both - read_columns(cells, volts), rel=0.05
    )


def test_open_and_shorted_cells_make_the_noise_of_what_they_are() -> None:
    g = _with_faults(MATRIX, Faults(open_cells=((0, 1),), shorted_cells=((1, 2),), short=50.0))
    assert g.tolist() == [[1e-4, 0.0, 0.0], [3e-4, 1e-5, 0.02]]
    assert MATRIX[0, 1] == 2e-4


def test_cells_that_no_path_leads_to_make_no_noise() -> None:
    """The last cell of a word line that is cut before it, on a bit line that is cut on both sides of it."""
    volts, noisy = np.full((2, 4), 0.2), Periphery(noise=LineNoise(1e8))
    cut = Lines(1.0, 1.0, faults=Faults(open_word=((3, 2),), open_bit=((2, 3), (2, 4))))
    for cells in (crossbar(), crossbar().conductance().astype(float)):
        whole, broken = (
            np.abs(read_columns(cells, volts, lines, noisy) - read_columns(cells, volts, lines))[:, 2]
            for lines in (Lines(1.0, 1.0), cut)
        )
        assert np.all((broken > 0) & (broken < whole))


def test_many_vectors_are_solved_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    cells, volts, lines = crossbar(), np.linspace(-0.3, 0.3, 20).reshape(5, 4), Lines(5.0, 5.0)
    whole = read_columns(cells, volts, lines)
    monkeypatch.setattr(read, "BATCH", 2 * cells.size)
    assert read_columns(cells, volts, lines) == pytest.approx(whole, rel=1e-9)


def test_reading_columns_leaves_everything_as_it_is() -> None:
    cells = crossbar()
    before = cells.state_hash()
    volts = np.full(4, 0.2)
    volts.flags.writeable = False
    read_columns(cells, volts, Lines(1.0, 1.0), Periphery(noise=LineNoise()))
    assert (cells.state_hash(), cells.reads) == (before, 0)


BAD_READS: list[tuple[Any, str]] = [
    (
        lambda: read_columns([0.1], [0.2]),
        "cells: must be a CellArray or conductances of shape (rows, columns) (got shape (1,)); give one for each cell",
    ),
    (
        lambda: read_columns([[np.nan]], [0.2]),
        "cells: must be conductances from 0 S on (got a negative one, NaN or infinity); correct them",
    ),
    (
        lambda: read_columns(MATRIX, [0.2]),
        "voltages: must have shape (2,) or (vectors, 2) (got (1,)); give one for each row",
    ),
    (
        lambda: read_columns(MATRIX, [0.2, np.inf]),
        "voltages: must be finite (got NaN or infinity); correct the numbers",
    ),
    (
        lambda: read_columns(MATRIX, [0.2, 0.2], seed=-1),
        "seed: must be from 0 to 9223372036854775807 (got -1); choose one in that range",
    ),
    (
        lambda: read_columns(MATRIX, np.zeros((2, 2)), first_read=2**32 - 1),
        "first_read: must be from 0 to 4294967294 (got 4294967295); choose one in that range",
    ),
    (lambda: Periphery(dac=sc.Adc(3, 0.0, 1.0)), "dac: must be Dac or None (got Adc); give Dac(...)"),
]


@pytest.mark.parametrize(("make", "sentence"), BAD_READS)
def test_bad_reads(make: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    assert str(error.value) == sentence


# --------------------------------------------------------------------------------------------- an independent simulator
def netlist(cells: sc.CellArray, volts: NDArray[np.float64]) -> str:
    """Row sources, cells as current sources that the voltage across them controls, columns held at 0 V."""

    def polynomial(coefficients: NDArray[np.float64], u: str) -> str:
        terms = [f"{c:.17g}*{'*'.join([u] * power)}" for power, c in enumerate(coefficients[::-1]) if power]
        return "+".join(f"({term})" for term in terms)

    lines = ["crossbar, ideal lines"]
    lines += [f"Vr{i} r{i} 0 {u:.17g}" for i, u in enumerate(volts)]
    lines += [f"Vc{j} c{j} 0 0" for j in range(cells.columns)]
    for (i, j), r in np.ndenumerate(mixing(cells)):
        u = f"v(r{i},c{j})"
        low, high = polynomial(DEVICE.llrs, u), polynomial(DEVICE.hhrs, u)
        lines.append(f"B{i}x{j} r{i} c{j} I=(1-({r:.17g}))*({low})+({r:.17g})*({high})")
    currents = " ".join(f"i(vc{j})" for j in range(cells.columns))
    lines += [".control", "set numdgt=15", "op", f"print {currents}", "quit 0", ".endc", ".end"]
    return "\n".join(lines) + "\n"


@pytest.mark.spice
def test_a_circuit_simulator_finds_the_same_currents(ngspice: str, tmp_path: Path) -> None:
    cells = crossbar(5, 4)
    volts = np.array([0.2, -0.15, 0.0, 0.3, 0.05])
    circuit = tmp_path / "crossbar.cir"
    circuit.write_text(netlist(cells, volts), encoding="ascii")
    done = subprocess.run([ngspice, "-b", str(circuit)], capture_output=True, text=True, timeout=60, check=True)
    found = dict(line.split(" = ") for line in done.stdout.splitlines() if line.startswith("i(vc"))
    theirs = [float(found[f"i(vc{j})"]) for j in range(4)]
    ours = sc.ideal_read(cells, volts)
    assert ours == pytest.approx(theirs, abs=40 * F32 * 0.3 * DEVICE.g_llrs)
    assert ours != pytest.approx(sc.ideal_read(cells, volts[::-1]), rel=1e-3)
