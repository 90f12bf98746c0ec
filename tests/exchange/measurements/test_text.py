"""Text of instruments: every separator, mark, encoding and heading gives the same numbers; faults name their line."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import inspect_measurements, measurements_from_bytes
from synaptogen_core.exchange.measurements.source import Source
from synaptogen_core.exchange.measurements.tables import MAX_COLUMNS, find_table
from synaptogen_core.exchange.measurements.text import MAX_LINE, to_number
from tests.exchange.measurements.test_load import asked, fault, notes, read

FACTORS = {"V": {"V": 1.0, "mV": 1e-3}, "A": {"A": 1.0, "mA": 1e-3, "uA": 1e-6, "µA": 1e-6, "nA": 1e-9}}


# ----------------------------------------------------------------------------------------------------- the same numbers


AS_WRITTEN = {"sign": "measured", "repeats": "pieces", "halves": "apart"}


@st.composite
def tables(draw: st.DrawFn) -> tuple[bytes, list[list[float]], tuple[float, float]]:
    """A table of loops in any dress, its numbers as written, and the factors of its units."""
    numbers = st.floats(-20, 20, allow_subnormal=False).map(lambda x: float(f"{x:.17g}"))
    rows = draw(st.lists(st.tuples(st.integers(0, 3), numbers, numbers), min_size=3, max_size=60))
    separator, decimal = draw(
        st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), (" ", ".")])
    )
    volt, ampere = (draw(st.sampled_from(sorted(FACTORS[base]))) for base in "VA")
    heading = draw(st.sampled_from(["{} [{}]", "{}({})", "{}/{}"])) if separator != " " else "{}[{}]"
    header = separator.join(["Cycle", heading.format("Spannung", volt), heading.format("Current", ampere)])
    spaces = draw(st.sampled_from(["", " "])) if separator != " " else draw(st.sampled_from(["", "   "]))
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quote = draw(st.sampled_from(["", '"'])) if separator != " " else ""
    trailing = draw(st.sampled_from(["", separator])) if separator != " " else ""

    def cell(value: float) -> str:
        return f"{quote}{value!r}{quote}".replace(".", decimal)

    lines = [separator.join([str(n), spaces + cell(v), spaces + cell(i)]) + trailing for n, v, i in rows]
    for position in draw(st.lists(st.integers(0, len(lines)), max_size=3)):
        lines.insert(position, draw(st.sampled_from(["", "# paused", "   "])))
    before = draw(st.lists(st.sampled_from(["Keithley 4200", "Date: 1.2.2024", "", "Prüfling µ-7", "! x"]), max_size=6))
    comment = draw(st.sampled_from(["", "# ", "%"]))
    text = ending.join([*before, comment + header + trailing, *lines]) + draw(st.sampled_from(["", ending, ending * 3]))
    data = text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])))
    return draw(st.sampled_from([bytes, gzip.compress]))(data), [list(map(float, row)) for row in rows], (volt, ampere)


@given(tables())
def test_any_dress_gives_identical_arrays(drawn: tuple[bytes, list[list[float]], tuple[str, str]]) -> None:
    data, rows, units = drawn
    ds = measurements_from_bytes(
        data, "t.txt", units=dict(zip(("voltage", "current"), units, strict=True)), reading=AS_WRITTEN
    )
    volt, ampere = FACTORS["V"][units[0]], FACTORS["A"][units[1]]
    cycle, voltage, current = np.array(rows).T
    order = np.argsort(cycle, kind="stable")
    assert np.repeat(ds["cycle"].values, ds["sample_count"].values).tolist() == cycle[order].astype(int).tolist()
    assert ds["voltage"].values.tolist() == (voltage[order] * volt).tolist()
    assert ds["current"].values.tolist() == (current[order] * ampere).tolist()


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([".", ","]))
def test_a_number_has_all_its_digits(value: float, decimal: str) -> None:
    assert to_number(f" {value!r} ".replace(".", decimal), decimal) == value


@given(st.text(max_size=12) | st.from_regex(r"[-+0-9.,einfna_ ]{1,8}", fullmatch=True))
def test_no_cell_is_a_number_one_way_and_none_the_other(cell: str) -> None:
    """Columns of plain numbers are read at once, the rest cell by cell."""
    table = ("cycle;V;I\n" + "0;1.5;1e-6\n" * 20 + f"0;{cell};1e-6\n").encode(errors="replace")
    value = to_number(cell, ".")
    if any(mark in cell for mark in ';\r\n"\0'):
        return
    try:
        got = measurements_from_bytes(table, "t.csv", units={"voltage": "V"})["voltage"].values[20]
    except FileError:
        assert value is None
    else:
        assert value is not None
        np.testing.assert_equal(got, value if abs(value) < 1e30 else np.nan)


def test_blocks_join_without_a_seam() -> None:
    count = 60_000  # more than two blocks
    values = np.random.default_rng(1).normal(size=(count, 2)) * [1, 1e-5]
    text = "cycle\tV\tI\r\n" + "".join(f"{n // 300}\t{v!r}\t{i!r}\r\n" for n, (v, i) in enumerate(values.tolist()))
    ds = measurements_from_bytes(text.encode(), "t.txt", reading=AS_WRITTEN)
    assert ds["voltage"].values.tolist() == values[:, 0].tolist()
    assert ds["current"].values.tolist() == values[:, 1].tolist()
    assert ds["sample_count"].values.tolist() == [300] * 200
    assert f"line {count + 2}, column 'I' must be" in fault(text + "0\t1\tx\n")


def test_latin_letters_far_down() -> None:
    head = "device,cycle,V,I\n" + "a,0,1,1e-6\n" * 100_000
    ds = read(head.encode() + "Gerät µ,0,1,1e-6\n".encode("cp1252"))
    assert ds["device"].values.tolist() == ["a", "Gerät µ"]
    assert "encoding cp1252" not in notes(ds)[0]
    sentence = fault(head.encode() + b"\x81,0,1,1e-6\n")
    assert "must be text of one encoding (got bytes that are none after line" in sentence


# ------------------------------------------------------------------------------------------------- how it is understood


@pytest.mark.parametrize(
    ("text", "delimiter", "decimal", "first_line"),
    [
        ("cycle;V;I\n0;1,5;1e-6\n0;2,5;1e-6\n", ";", ",", 2),
        ("cycle;V;I\n0;1;1\n0;2;1\n", ";", ".", 2),
        ("cycle, V, I\n0, 1.5, 1e-6\n", ",", ".", 2),
        ("cycle V I\n0  1.5  1e-6\n", " ", ".", 2),
        ("Voltage (V)  Current (A) Cycle\n0.5  1e-6  0\n", " ", ".", 2),
        ("cycle\tV\tI\n0\t1,5\t1e-6\n", "\t", ",", 2),
        ("x=1\ny=2,5\n\ncycle,V,I\n0,1.5,1e-6\n", ",", ".", 5),
        ("Start;0\nStop;2\nSteps;100\ncycle;V;I\n" + "0;1;1e-6\n" * 9, ";", ".", 5),
        ("cycle;V;I\n;mV;uA\n0;1;1\n", ";", ".", 3),
        ("#cycle;V;I\n0;1;1e-6\n", ";", ".", 2),
        ("device,cycle,V,I\nA 1,0,1,1e-6\nA 2,0,1,1e-6\n", ",", ".", 2),
        ("time,cycle,V,I\n2024-01-01 12:00,0,1,1e-6\n", ",", ".", 2),
    ],
)
def test_how_a_table_is_cut(text: str, delimiter: str, decimal: str, first_line: int) -> None:
    table = find_table(Source("t", text.encode()))
    assert (table.delimiter, table.decimal, table.first_line) == (delimiter, decimal, first_line)
    assert read(text, units={"current": "A"}).sizes["record"] >= 1


def test_what_was_understood_is_told() -> None:
    text = "Agilent\nB1500\ncell;cycle;U [mV];I;temp\n1;0;1,5;1e-6;20\n1;0;-;2e-6;20\n"
    assert notes(read(text.encode("utf-16"))) == [
        "column 'cell' read as device",
        "column 'cycle' read as cycle",
        "column 'U [mV]' read as voltage in mV",
        "column 'I' read as current in A, as it says nothing else",
        "left out: 'temp'",
        "decimal commas",
        "cells separated by semicolon",
        "2 lines before the table skipped",
        "encoding utf-16",
        "1 gap",
    ]


# ------------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "t.csv: must not be empty (got 0 bytes); give a CSV"),
        ("no table here\n", "t.csv: must hold a table of numbers in its first lines (got none); give a CSV"),
        ("cycle,V,I\n0,1,1e-6\n0,x,1e-6\n", "t.csv: line 3, column 'V' must be a number or empty (got 'x'); correct"),
        ("cycle,V,I\n0,1,1e-6\n0,1_0,1e-6\n", "line 3, column 'V' must be a number or empty (got '1_0')"),
        ("cycle;V;I\n0;1,5;1e-6\n0;1.234,5;1e-6\n", "line 3, column 'V' must be a number or empty (got '1.234,5')"),
        ("cycle,V,I\n0,1,1e-6\n0,1\n", "line 3 must have 3 cells as the table has columns (got 2: '0,1'); correct"),
        ("cycle,V,I\n0,1,1e-6\n0,1,1e-6,7\n", "line 3 must have 3 cells as the table has columns (got 4: "),
        ("cycle,V,I\n0,1,1e-6\n0,1,1e-6\nend of data\n", "line 4 must have 3 cells as the table has columns (got 1: "),
        ('cycle,V,I\n0,1,1e-6\n0,"1,1e-6\n', "line 3 must have 3 cells as the table has columns (got 0: "),
        ("cycle,V,I\n0,1,1e-6\n\n0.5,1,1e-6\n", "line 4: cycle must be a whole number (got 0.5); number the cycles"),
        ("cycle,V,I\n0,1,1e-6\n,1,1e-6\n", "line 3: cycle must be a whole number (got nan); number the cycles"),
        ("cycle,V,I\n0,1,1e-6\n1e999,1,1e-6\n", "line 3: cycle must be a whole number (got inf); number the cycles"),
        ("cycle,V,I\n0,1,1e-6\n1e300,1,1e-6\n", "line 3: cycle must be a whole number (got 1e+300)"),
        ("cycle,HRS\n0,1e5\n1,0\n", "line 3: r_hrs must be above 0 (got 0); leave the cell empty"),
        ("cycle,HRS\n0,1e5\n1,-2e5\n", "line 3: r_hrs must be above 0 (got -200000)"),
        ("cycle,HRS\n0,1e5\n1,2e5\n0,3e5\n", "line 4: cycle 0 must be there once a device (got it in line 2 too)"),
        ("cycle,Vset\n0,-1\n1,-1\n2,0.5\n", "line 4: u_set must have the sign of the others (got 0.5 V); leave"),
        ("cycle,Vset,Vreset\n0,-1,-1\n", "u_set, u_reset must have opposite signs, or be magnitudes (got both"),
        ("device,cycle,HRS\na,0,1e5\n ,0,1e5\n", "line 3: must name the device (got an empty cell)"),
        ("cycle,V,I\n0,1,1e-6\n0,\0,1e-6\n", "line 3 must be text (got a zero byte)"),
        ("V,I\n0,5,1,25\n0,6,1,25\n", "line 2 must have 2 cells as the header has (got 4); decimal commas between"),
        ("cycle,V,I\n0,1," + "9" * MAX_LINE, f"line 2 must have at most {MAX_LINE:,} characters (got more)"),
        ("cycle;V (mV);I (A)\n0;950;1e-6\n0;-1.250;1e-6\n", "line 3, column 'V (mV)' must have no separators of"),
        ("cycle\tV (mV)\tI (A)\n0\t950\t1e-6\n0\t1,250\t1e-6\n", "thousands (got '1,250' beside 950); write"),
        ("cycle,HRS,LRS\n0,6e3,6e4\n1,6e3,6e4\n", "r_hrs must be above r_lrs (got it below in 2 of 2 cycles)"),
        ("1," * (MAX_COLUMNS + 1) + "1\n", f"must have at most {MAX_COLUMNS:,} columns (got {MAX_COLUMNS + 2:,})"),
    ],
)  # fmt: skip
def test_refused_with_the_line(text: str, sentence: str) -> None:
    assert sentence in fault(text)
    if "\0" not in text and text:
        assert sentence in fault(gzip.compress(text.encode()))


@pytest.mark.parametrize(
    "voltages",
    [
        ["0.95", "1.25"],
        ["950.000", "1.250"],
        ["100", "0.125"],
        ["100", "1.125", "1.5"],
        ["150", "1000.125"],
        ["99", "1.250"],
    ],
)
def test_numbers_that_are_no_thousands(voltages: list[str]) -> None:
    rows = "".join(f"0,{v},1e-6\n" for v in voltages)
    found = read(f"cycle,V (mV),I (A)\n{rows}")["voltage"].values
    np.testing.assert_allclose(found, np.array(voltages, float) / 1000, rtol=1e-15)


def test_words_for_a_gap_and_a_printed_minus() -> None:
    words = ["OVERFLOW", "#DIV/0!", "1.#QNAN", "-nan(ind)", "N.A."]
    ds = read("cycle,V,I\n0,\u22121.5,\u22121e-6\n" + "".join(f"0,1,{word}\n" for word in words))
    assert ds["voltage"].values[0] == -1.5 and ds["current"].values[0] == -1e-6
    assert np.isnan(ds["current"].values[1:]).all() and "5 gaps" in notes(ds)


def test_windows_line_ends_count_once() -> None:
    assert "line 3, column 'V'" in fault("cycle,V,I\r\n0,1,1e-6\r\n0,x,1e-6\r\n")
    assert "line 3, column 'V'" in fault("cycle,V,I\r0,1,1e-6\r0,x,1e-6\r")


def test_an_unknown_unit_line_is_asked_about() -> None:
    assert "current: in which unit is column 'I [a.u.]'? 'a.u.' is not known" in str(asked("cycle,V,I [a.u.]\n0,1,1\n"))
    assert inspect_measurements(b"cycle,V,I [a.u.]\n0,1,1\n", "t").kind == "loops"
