"""Workbooks: sheets as cycles, halves in two files, tables with currents; and hostile ones."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synaptogen_core.errors import ColumnsUnclear, FileError
from synaptogen_core.exchange.api import inspect_measurements, load_measurements, measurements_from_bytes
from tests.analysis.made_loops import Cell, made_loops
from tests.exchange.measurements.made_files import clarius, ratio_table, workbook
from tests.exchange.measurements.test_cases import is_right, notes

CELL = Cell(step=0.1)
NUMBERS = [1, 2, 3, 7, 8]  # Clarius leaves some out


def test_the_runs_of_clarius_are_cycles() -> None:
    made = made_loops(CELL, 5, seed=1)
    ds = measurements_from_bytes(clarius(made, NUMBERS), "a.xlsx")
    assert ds["cycle"].values.tolist() == NUMBERS
    is_right(ds, made, CELL)
    said = notes(ds)
    assert "5 sheets, each a cycle: Run1 ... Run8" in said and "sheets left out: 'Settings'" in said
    assert "column 'AV' read as voltage" in said and "separated" not in said
    assert inspect_measurements(clarius(made), "a.xlsx").roles == ("time", "voltage", "current")


def test_set_and_reset_sweeps_in_two_workbooks(tmp_path: Path) -> None:
    made = made_loops(CELL, 5, seed=1)
    for name, half in (("set.xlsx", -1), ("reset.xlsx", 1)):
        (tmp_path / name).write_bytes(clarius(made, NUMBERS, half))
    ds = load_measurements([tmp_path / "set.xlsx", tmp_path / "reset.xlsx"])
    assert ds["cycle"].values.tolist() == NUMBERS
    is_right(ds, made, CELL)
    assert "set.xlsx and reset.xlsx hold the sweeps of one sign each: joined" in notes(ds)


def test_currents_of_a_table_become_resistances_at_the_voltage_that_is_said() -> None:
    made = made_loops(CELL, 6, seed=2)
    data = ratio_table(made, 0.2)
    with pytest.raises(ColumnsUnclear, match=r"read_voltage: .*at which voltage.* reading=\{'read_voltage': \.\.\.\}"):
        measurements_from_bytes(data, "a.xlsx")
    ds = measurements_from_bytes(data, "a.xlsx", reading={"read_voltage": 0.2})
    for name in ("r_hrs", "r_lrs", "u_set", "u_reset"):
        np.testing.assert_allclose(ds[name], made.truth[name], rtol=1e-12)
    assert "left out: 'IHRS/ILRS'" in notes(ds)
    with pytest.raises(FileError, match=r"reading: read_voltage must be above 0 and at most 100 \(got -1\)"):
        measurements_from_bytes(data, "a.xlsx", reading={"read_voltage": -1})


def test_sheets_of_different_tables_are_asked_for() -> None:
    made = made_loops(replace(CELL, spread=0.01), 3, seed=2)
    loops = [["cycle", "V", "I"], *([n, a, b] for n in range(3) for a, b in zip(made.voltage[n], made.current[n],
                                                                               strict=True))]  # fmt: skip
    other = [["cycle", "HRS", "LRS"], *([n, 6e4, 6e3] for n in range(9))]
    data = workbook({"Loops": loops, "Summary": other})
    with pytest.raises(ColumnsUnclear, match="sheet: its sheets hold different tables") as caught:
        measurements_from_bytes(data, "a.xlsx")
    choice = caught.value.layout.choices[0]
    assert choice.options == ("Loops", "Summary") and choice.guess == "Loops"
    is_right(measurements_from_bytes(data, "a.xlsx", reading={"sheet": "Loops"}), made, CELL)
    assert measurements_from_bytes(data, "a.xlsx", reading={"sheet": "Summary"}).sizes["record"] == 9
    with pytest.raises(FileError, match=r"sheet must be one of 'Loops', 'Summary' \(got 'x'\)"):
        measurements_from_bytes(data, "a.xlsx", reading={"sheet": "x"})


def test_a_fault_names_its_sheet_and_its_row() -> None:
    rows = [["n", "V", "I"], *([0, 0.1 * k, 1e-6 * k] for k in range(20))]
    rows[12] = [0, "x", 1e-6]
    with pytest.raises(FileError, match=r"a\.xlsx, sheet 'Run 1': line 13, column 'V' must be a number"):
        measurements_from_bytes(workbook({"Run 1": rows}), "a.xlsx")


def test_hostile_workbooks_are_sentences() -> None:
    good = clarius(made_loops(CELL, 2, seed=1))
    far = workbook({"a": [["n", "V", "I"], [0, 1, 1]]})
    for data in (good[:300] + good[400:], b"\xd0\xcf\x11\xe0" + bytes(600), good[:-30]):
        with pytest.raises(FileError, match=r"a\.xlsx: must be"):
            measurements_from_bytes(data, "a.xlsx")
    with pytest.raises(FileError, match="must be readable as a workbook"):  # two cells, 17e9 between them
        measurements_from_bytes(changed(far, b'r="C2"', b'r="XFD1048576"'), "a.xlsx")
    with pytest.raises(FileError, match=r"must unpack to at most 200 times its size \(got"):
        measurements_from_bytes(changed(far, b"<sheetData>", b"<sheetData>" + b" " * 20_000_000), "a.xlsx")
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet '
    try:
        measurements_from_bytes(changed(far, b"<worksheet ", entities).replace(b">n<", b">&b;<"), "a.xlsx")
    except FileError as error:
        assert str(error).startswith("a.xlsx")
    with pytest.raises(FileError, match="must hold a sheet with a table of numbers"):
        measurements_from_bytes(workbook({"a": [["no", "numbers"]]}), "a.xlsx")


def changed(book: bytes, old: bytes, new: bytes) -> bytes:
    """The workbook with other text in its sheets."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old_book, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in old_book.namelist():
            archive.writestr(name, old_book.read(name).replace(old, new))
    return stream.getvalue()


def test_a_workbook_in_an_archive(tmp_path: Path) -> None:
    made = made_loops(CELL, 5, seed=1)
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for name, half in (("1 set.xlsx", -1), ("2 reset.xlsx", 1)):
            archive.writestr(name, clarius(made, NUMBERS, half))
    ds = load_measurements(tmp_path / "both.zip")
    is_right(ds, made, CELL)
    assert json.loads(ds.attrs["notes"])[0].startswith("1 set.xlsx and 2 reset.xlsx")


def wide(names: list[str], columns: list[np.ndarray], mark: str = ",") -> bytes:
    """Columns of unequal lengths beside each other."""
    rows = [[f"{c[k]:.8g}" if k < len(c) else "" for c in columns] for k in range(max(map(len, columns)))]
    return "\n".join(mark.join(row) for row in [*([names] * bool(names)), *rows]).encode()


@pytest.mark.parametrize("numbered", [True, False])
def test_pairs_of_voltage_and_current_beside_each_other(numbered: bool) -> None:
    made = made_loops(replace(CELL, one_way=True), 4, seed=3)
    made.voltage[1], made.current[1] = made.voltage[1][:-2], made.current[1][:-2]  # they need not be of one length
    columns = [c for pair in zip(made.voltage, made.current, strict=True) for c in pair]
    data = wide([f"{n}{k}" if numbered else n for k in range(1, 5) for n in "VI"], columns, "\t")
    with pytest.raises(ColumnsUnclear, match="pairs: its columns are 4 pairs of voltage and current") as caught:
        measurements_from_bytes(data, "a.txt")
    assert caught.value.layout.choices[0].options == ("cycles", "devices")
    ds = measurements_from_bytes(data, "a.txt", reading={"pairs": "cycles"})
    is_right(ds, made, CELL)
    assert "4 pairs of columns: each loop is a cycle" in notes(ds)
    devices = measurements_from_bytes(data, "a.txt", reading={"pairs": "devices"})
    assert (devices.sizes["device"], devices.sizes["record"]) == (4, 4)
    as_book = workbook({"a": [["V", "I"] * 4, *([c[k] if k < len(c) else "" for c in columns] for k in range(62))]})
    is_right(measurements_from_bytes(as_book, "a.xlsx", reading={"pairs": "cycles"}), made, CELL)


@pytest.mark.parametrize("larger_first", [True, False])
def test_rows_of_a_cell_with_its_cycles_beside_each_other(larger_first: bool) -> None:
    rng = np.random.default_rng(1)
    high, low = 6e4 * rng.lognormal(0, 0.2, (5, 30)), 6e3 * rng.lognormal(0, 0.1, (5, 30))
    first, second = (high, low) if larger_first else (low, high)
    cells = np.stack([first, second], axis=2).reshape(5, 60)
    data = "\n".join(",".join([f"cell {k}", *(f"{x:.6g}" for x in row)]) for k, row in enumerate(cells)).encode()
    with pytest.raises(ColumnsUnclear, match=r"pairs: by their sizes, its columns are 30 pairs"):
        measurements_from_bytes(data, "a.csv")
    ds = measurements_from_bytes(data, "a.csv", reading={"pairs": "cycles"})
    assert ds["device"].values.tolist() == [f"cell {k}" for k in range(5)] and ds.sizes["record"] == 150
    np.testing.assert_allclose(ds["r_hrs"].values.reshape(5, 30), high, rtol=1e-5)
    np.testing.assert_allclose(ds["r_lrs"].values.reshape(5, 30), low, rtol=1e-5)


def test_what_is_said_must_be_about_something() -> None:
    data = b"cycle,HRS,LRS,ratio,HRS/LRS\n" + b"".join(b"%d,60000,6000,10,10\n" % n for n in range(5))
    assert measurements_from_bytes(data, "a.csv")["r_lrs"].values.tolist() == [6000.0] * 5
    for said, rule in (({"pairs": "cycles"}, "pairs must stand with"), ({"read_voltage": 0.2}, "read_voltage must"),
                       ({"sheet": "a"}, "sheet must stand with a workbook")):  # fmt: skip
        with pytest.raises(FileError, match=rule):
            measurements_from_bytes(data, "a.csv", reading=said)
