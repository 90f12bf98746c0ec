"""The ideal read of a crossbar: against a sum cell by cell, and against a circuit simulator."""

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
