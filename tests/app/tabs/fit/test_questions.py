"""What the Fit tab asks about a file, and what its answers become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.settings.sections import Choices
from app.tabs.fit import compute, file_view, text
from synaptogen_core.errors import ColumnsUnclear
from synaptogen_core.exchange.api import inspect_measurements, measurements_from_bytes
from tests.analysis.made_loops import Cell, made_loops
from tests.exchange.measurements.made_files import table
from tests.exchange.measurements.test_cases import is_right

CELL = Cell(step=0.1)


def asked(data: bytes, name: str = "a.csv", **said: Any) -> Any:
    with pytest.raises(ColumnsUnclear) as caught:
        measurements_from_bytes(data, name, **said)
    return caught.value.layout


@pytest.fixture
def columns() -> tuple[file_view.Columns, list[Any]]:
    told: list[Any] = []
    return file_view.Columns(lambda *said: told.append(said)), told


def test_rows_stand_below_a_guess_and_its_reason(columns: tuple[file_view.Columns, list[Any]]) -> None:
    part, told = columns
    made = made_loops(CELL, 2, seed=1)
    bare = b"\n".join(table(made).split(b"\n")[2:])  # without names
    part.ask(inspect_measurements(bare, "a.dat"))
    html = part.rows.object
    assert html.index("taken for") < html.index("voltage") < html.index("because") < html.index("its numbers are")
    assert [what.value for _, what, _ in part.widgets][1:] == ["voltage", "current"]  # the guess is chosen
    part._go(None)
    assert told[0][0]["voltage"] == "column 2" and told[0][2] == {}


def test_several_files_are_one_measurement_once_it_is_said_what_each_is(columns: tuple[Any, list[Any]]) -> None:
    part, told = columns
    made = made_loops(CELL, 4, seed=1)
    names = [f"sweep_{n}.txt" for n in range(4)]
    contents = [
        ("V\tI\n" + "".join(f"{a:.6g}\t{b:.6g}\n" for a, b in zip(v, i, strict=True))).encode()
        for v, i in zip(made.voltage, made.current, strict=True)
    ]
    name, data = compute.packed(names, contents)
    part.ask(asked(data, name))
    assert part.answered["files"].value == "cycles" and list(part.answered["files"].options)[1] == "a device"
    assert "taken for" in part.rows.object and "Each file" in part.answered["files"].label
    part._go(None)
    source = compute.Source(name, data, *(tuple(one.items()) for one in told[0]))
    ds = compute.read(source, {}, Choices({}), lambda done: None, None).data
    is_right(ds, made, CELL)
    assert "4 files, each a cycle" in json.loads(ds.attrs["notes"])[0]


def test_numbers_and_pairs_are_answers(columns: tuple[Any, list[Any]]) -> None:
    part, told = columns
    part.ask(asked(b"cycle,IHRS,ILRS\n" + b"".join(b"%d,1e-6,1e-5\n" % n for n in range(9))))
    part.answered["read_voltage"].value = "0.2"
    part._go(None)
    assert told[-1][2] == {"read_voltage": "0.2"} and told[-1][0]["r_hrs"] == "IHRS"
    part.ask(asked(b"V,I,V,I\n" + b"".join(b"%g,1e-6,%g,1e-6\n" % (0.1 * n, 0.1 * n) for n in range(9))))
    part._go(None)
    assert told[-1] == ({}, {}, {"pairs": "cycles"})
    part.answered["pairs"].value = ""
    part._go(None)
    assert len(told) == 2 and "Only one column can be the voltage" in part.asks.object


def test_what_is_assumed_of_loops_can_be_answered_after_all(columns: tuple[Any, list[Any]]) -> None:
    part, told = columns
    data = table(made_loops(Cell(step=0.1, one_way=True), 4, seed=1))
    part.ask(compute.layout_of(compute.Source("a.csv", data, reading=(("sign", "turned"),))))
    assert {key: widget.value for key, widget in part.answered.items()} == {
        "sign": "turned",
        "halves": "",
        "one_way": "",
    }
    assert list(part.answered["one_way"].options) == ["as the file looks", "read as they are", "left out"]
    part.answered["one_way"].value, part.answered["sign"].value = "left out", ""
    part._go(None)
    assert told[-1][2] == {"sign": "", "halves": "", "one_way": "left out"}
    features = compute.Source("b.csv", b"cycle,U_SET\n" + b"".join(b"%d,-1.2\n" % n for n in range(9)))
    part.ask(compute.layout_of(features))
    assert not part.answered


def test_words_of_a_fit_are_typeset() -> None:
    assert text.typeset("R_HRS -4 % (-1 % <b>), 2-3, A-1, -0.7 V") == "R_HRS −4 % (−1 % &lt;b&gt;), 2-3, A-1, −0.7 V"
    assert text.raised("γ R_HRS, x^4 in A/V^10") == "γ R_HRS, x⁴ in A/V¹⁰"
