"""Files that were read wrong or refused once, and any made file: right values, a question, or a gap with its reason."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from synaptogen_core.analysis.loops.extraction import extract_features
from synaptogen_core.errors import ColumnsUnclear, FileError
from synaptogen_core.exchange.api import inspect_measurements, load_measurements, measurements_from_bytes
from synaptogen_core.exchange.measurements.formats import instruments
from synaptogen_core.measurement import select_records
from synaptogen_core.schema import FEATURE_NAMES
from tests.analysis.made_loops import Cell, Made, cut, made_loops
from tests.exchange.measurements import made_files
from tests.exchange.measurements.made_files import Dress

USUAL = Cell()
IN_ORDER = {"cycle": "in order"}
EXAMPLES = int(os.environ.get("SYNAPTOGEN_MADE_FILES", "60"))  # 10,000 at night


def notes(ds: xr.Dataset) -> str:
    return "; ".join(json.loads(ds.attrs["notes"]))


def is_right(ds: xr.Dataset, made: Made, cell: Cell, *, all_there: bool = True) -> None:
    """Every feature is within its step, or empty with a reason; between the first and the last cycle all are there.

    A resistance is within 12 %, or what its confidence says: that is 1 less two relative standard errors.
    """
    assert ds.sizes["record"] == len(made.voltage)
    found = extract_features(ds)
    for name in FEATURE_NAMES:
        value, truth = found[name].values, made.truth[name]
        off = np.abs(value - truth) / cell.step if name[0] == "u" else np.abs(value / truth - 1)
        slack = (cell.slow_set / cell.step if name == "u_set" else 0.0) + 50 * cell.noise  # noise moves a crossing
        known = np.maximum(0.12, 2 * (1 - found[f"{name}_confidence"].values))
        assert not (off > (1.6 + slack if name[0] == "u" else known)).any(), (name, value, truth)
        np.testing.assert_array_equal(np.isnan(value), found[f"{name}_reason"].values > 0)
        if all_there:
            assert np.isfinite(value[1:-1]).all(), name


@pytest.mark.parametrize("row_names", ["numbers", "R"])
@pytest.mark.parametrize("separator", ["tab", "comma", "semicolon"])
def test_row_numbers_shift_nothing(separator: str, row_names: str) -> None:
    cell = replace(USUAL, step=0.1)
    made = made_loops(cell, 3, seed=1)
    ds = measurements_from_bytes(made_files.table(made, Dress(separator, row_names=row_names)), "t.txt")
    is_right(ds, made, cell)
    assert "left out: 'column 1'" in notes(ds)


def test_rows_that_end_in_a_separator_shift_nothing() -> None:
    made = made_loops(USUAL, 3, seed=1)
    text = made_files.table(made).decode().split("\n")
    ended = "\n".join([text[0], *(f"{line}," for line in text[1:] if line)])
    is_right(measurements_from_bytes(ended.encode(), "t.csv"), made, USUAL)


@pytest.mark.parametrize(("sign", "said"), [(-1, "opposite to the voltage throughout: turned"), (0, "never negative")])
def test_signs_of_the_current_are_told_by_the_voltage(sign: int, said: str) -> None:
    made = made_loops(USUAL, 12, seed=2)
    ds = measurements_from_bytes(made_files.table(made, Dress(sign=sign)), "t.csv")
    is_right(ds, made, USUAL)
    assert said in notes(ds)
    as_it_is = measurements_from_bytes(made_files.table(made, Dress(sign=sign)), "t.csv", reading={"sign": "measured"})
    assert not extract_features(as_it_is)["failure"].values.all() or sign == -1  # what was said is done


def test_a_sign_that_changes_from_record_to_record_is_asked() -> None:
    made = made_loops(USUAL, 10, seed=2)
    mixed = replace(made, current=[-i if n % 2 else i for n, i in enumerate(made.current)])
    with pytest.raises(ColumnsUnclear, match=r"sign: the current has the sign of the voltage in 50%") as caught:
        measurements_from_bytes(made_files.table(mixed), "t.csv")
    assert caught.value.layout.choices[0].options == ("measured", "turned", "magnitude")


def test_cycle_numbers_that_come_back_are_asked_with_their_line() -> None:
    cell = replace(USUAL, step=0.1)
    other = replace(cell, u_set=0.8, u_reset=0.7, r_hrs=200e3, r_lrs=8e3)
    one, two = made_loops(cell, 3, seed=1), made_loops(other, 3, seed=2)
    data = made_files.restarted([one, two])
    with pytest.raises(ColumnsUnclear, match=r"repeats: line 185 begins cycle 0 again"):
        measurements_from_bytes(data, "t.csv")
    ds = measurements_from_bytes(data, "t.csv", reading={"repeats": "devices"})
    assert dict(ds.sizes)["device"] == 2 and ds.sizes["record"] == 6
    is_right(ds.isel(device=[0]).isel(record=slice(0, 3), sample=slice(0, 183)), one, cell)
    halves = "\n".join(sorted(made_files.table(one).decode().split("\n")[1:-1], key=lambda line: "-" not in line))
    pieces = measurements_from_bytes(("cycle,voltage,current\n" + halves).encode(), "t.csv")
    assert pieces.sizes["record"] == 3 and "stand in pieces" in notes(pieces)


def test_a_file_name_in_each_row_names_cycles() -> None:
    rng = np.random.default_rng(1)
    rows = [f"sweep_{n:03}.txt,{n},{-1.2 + 0.03 * rng.standard_normal():.3f},60000,6000" for n in range(60)]
    data = ("filename,cycle,V_set,HRS,LRS\n" + "\n".join(rows)).encode()
    ds = measurements_from_bytes(data, "t.csv")
    assert (ds.sizes["device"], ds.sizes["record"]) == (1, 60)
    assert "taken as names of cycles" in notes(ds)
    assert measurements_from_bytes(data, "t.csv", reading={"files": "devices"}).sizes["device"] == 60


def test_halves_as_records_of_their_own_are_joined() -> None:
    made = made_loops(USUAL, 20, seed=4)
    data = made_files.table(made, Dress(halves=True))
    ds = measurements_from_bytes(data, "t.csv")
    is_right(ds, made, USUAL)
    assert "40 of 40 records have one sign" in notes(ds)
    apart = measurements_from_bytes(data, "t.csv", reading={"halves": "apart"})
    assert apart.sizes["record"] == 40


def test_one_way_sweeps_have_all_features() -> None:
    cell = replace(USUAL, one_way=True)
    made = made_loops(cell, 20, seed=4)
    ds = measurements_from_bytes(made_files.table(made), "t.csv")
    is_right(ds, made, cell)
    assert "20 of 20 records go out only, at both signs: what a SET leaves" in notes(ds)


def test_one_way_sweeps_are_said_and_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Some of the records: the last seven lost their way back at V < 0, the first of these comes back only at V > 0."""
    made = made_loops(USUAL, 20, seed=4)
    for n in range(13, 20):
        v = made.voltage[n]
        keep = np.arange(v.size) <= v.argmin()
        keep |= (v > 0) & (np.arange(v.size) >= (v.argmax() if n == 13 else 0))
        made.voltage[n], made.current[n] = v[keep], made.current[n][keep]
    path = tmp_path / "t.csv"
    path.write_bytes(made_files.table(made))
    ds = load_measurements(path, explain=True)
    said = capsys.readouterr().out
    assert "7 of 20 records go out only, at V < 0: what a SET leaves is read in the RESET sweep after it" in said
    assert "1 of 20 records come back only, at V > 0: no threshold is sought there" in said
    found = extract_features(ds)
    assert np.isnan(found["u_reset"].values[13]) and np.isfinite(found["u_set"].values).all()
    rest = load_measurements(path, reading={"one_way": "left out"})
    assert rest.sizes["record"] == 13 and "7 of 20 records left out: a sweep has one way only" in notes(rest)
    assert (
        rest.attrs["data_hash"]
        == measurements_from_bytes(
            made_files.table(replace(made, voltage=made.voltage[:13], current=made.current[:13])), "t.csv"
        ).attrs["data_hash"]
    )
    one = made_files.table(made_loops(replace(USUAL, one_way=True), 4, seed=4))
    with pytest.raises(FileError, match=r"^t.csv: must hold sweeps of both ways \(got 4 records, each with a sweep"):
        measurements_from_bytes(one, "t.csv", reading={"one_way": "left out"})
    whole = measurements_from_bytes(made_files.table(made_loops(USUAL, 4, seed=4)), "t.csv")
    assert " only, at " not in notes(whole)


@pytest.mark.parametrize("numbered", [True, False])
def test_easyexpert_sweeps_one_below_the_other(numbered: bool) -> None:
    cell = replace(USUAL, step=0.1)
    made = made_loops(cell, 3, seed=5)
    ds = measurements_from_bytes(made_files.easyexpert(made, 200, numbered), "t.csv")
    is_right(ds, made, cell)
    assert ds["cycle"].values.tolist() == ([1, 2, 3] if numbered else [0, 1, 2])
    other = made_files.easyexpert(made_loops(cell, 1, seed=6), 5, columns="V2, I2")
    mixed = measurements_from_bytes(made_files.easyexpert(made) + other, "t.csv")
    assert mixed.sizes["record"] == 3 and "left out: 1 sweep of 'I/V Sweep' with the columns 'V2,I2'" in notes(mixed)


def test_a_fault_in_an_instruments_file_names_its_own_line() -> None:
    data = made_files.easyexpert(made_loops(replace(USUAL, step=0.1), 2, seed=5), 3).replace(
        b"DataValue, -0.3,", b"DataValue, x,"
    )
    line = (
        data.decode().split("\r\n").index(next(r for r in data.decode().split("\r\n") if r.startswith("DataValue, x")))
    )
    with pytest.raises(FileError, match=rf"line {line + 1}, column 'V1' must be a number"):
        measurements_from_bytes(data, "t.csv")


@pytest.mark.parametrize("comment", [True, False])
@pytest.mark.parametrize("segments", [True, False])
@pytest.mark.parametrize("decimal", [",", "."])
def test_labview_says_its_own_layout(decimal: str, segments: bool, comment: bool) -> None:
    made = made_loops(USUAL, 5, seed=5)
    ds = measurements_from_bytes(made_files.labview(made, decimal, segments, comment), "t.lvm")
    assert "left out" not in notes(ds)  # no column of ours is said to be the file's
    is_right(ds, made, USUAL)


def test_a_labview_file_that_ends_in_its_header_says_so() -> None:
    data = made_files.labview(made_loops(USUAL, 2, seed=5))
    with pytest.raises(FileError, match=r"t\.lvm: must have names of columns after .* \(got none\)"):
        measurements_from_bytes(data[: data.index(b"Channels")], "t.lvm")


def test_an_index_is_no_unit() -> None:
    cell = replace(USUAL, step=0.1)
    made = made_loops(cell, 4, seed=5)
    data = made_files.keithley(made)
    assert inspect_measurements(data, "t.csv").roles == ("time", "voltage", "current")
    is_right(measurements_from_bytes(data, "t.csv", columns=IN_ORDER), made, cell)
    two = (
        data.replace(b"Smu1.I[1][1]", b"Smu1.I[1][1],Smu2.V[1][1]")
        .replace(b"\n", b",0\n")
        .replace(b"Smu2.V[1][1],0", b"Smu2.V[1][1]")
    )
    with pytest.raises(ColumnsUnclear, match=r"voltage: which of the columns 'Smu1.V\[1\]\[1\]', 'Smu2.V\[1\]\[1\]'"):
        measurements_from_bytes(two, "t.csv", columns=IN_ORDER)


def test_a_heading_cut_otherwise_than_its_rows() -> None:
    made = made_loops(USUAL, 2, seed=5)
    data = made_files.table(made, Dress("tab", order=(1, 2, 0)))
    data = data.replace(b"voltage\tcurrent\tcycle", b"voltage current cycle")
    is_right(measurements_from_bytes(data, "t.txt"), made, USUAL)


@pytest.mark.parametrize("block", [100, instruments.BLOCK])
def test_a_heading_that_comes_again_begins_a_sweep(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instruments, "BLOCK", block)
    made = made_loops(USUAL, 3, seed=5)
    parts = [
        "voltage,current\n" + "".join(f"{a:.6g},{b:.6g}\n" for a, b in zip(v, i, strict=True))
        for v, i in zip(made.voltage, made.current, strict=True)
    ]
    ds = measurements_from_bytes("".join([f"# {'a title ' * 20}\n", *parts]).encode(), "t.csv")
    is_right(ds, made, USUAL)
    assert "the heading comes 3 times" in notes(ds)


def test_separator_marks_and_lines_can_be_told() -> None:
    text = "a,b,c\n1,2,3\n4,5,6\n\ncycle;voltage;current\n" + "0;0,5;1e-6\n" * 3
    told = {"separator": "semicolon", "decimal": "comma", "header_line": 5}
    ds = measurements_from_bytes(text.encode(), "t.csv", reading=told)
    assert ds["voltage"].values.tolist() == [0.5] * 3
    with pytest.raises(FileError, match="line 2 must name 3 columns"):
        measurements_from_bytes(text.encode(), "t.csv", reading=told | {"header_line": 2})
    with pytest.raises(FileError, match=r"reading: decimal must be one of point, comma \(got ','\)"):
        measurements_from_bytes(text.encode(), "t.csv", reading={"decimal": ","})


def test_columns_without_names_are_guessed_with_a_reason() -> None:
    made = made_loops(USUAL, 2, seed=5)
    data = b"\n".join(made_files.table(made).split(b"\n")[2:])
    layout = inspect_measurements(data, "t.dat")
    assert layout.guesses[1:] == ("voltage", "current")
    assert layout.reasons[2].startswith("its numbers are the smallest")


def test_any_level_of_noise_alone_turns_nothing() -> None:
    """An open cell at the noise floor: no sign is told by noise."""
    rng = np.random.default_rng(3)
    made = made_loops(USUAL, 6, seed=1)
    noise = replace(made, current=[1e-12 * rng.standard_normal(i.size) for i in made.current])
    ds = measurements_from_bytes(made_files.table(noise), "t.csv")
    assert "turned" not in notes(ds) and "magnitude" not in notes(ds)
    assert extract_features(ds)["failure"].values.all()


PLAIN = ("table", "table", "table", "halves")
OTHERS = ("easyexpert", "labview", "keithley", "pairs", "sweeps", "restarted", "wide_rows")
TOLD = {"pairs": {"pairs": "cycles"}, "sweeps": {"files": "cycles"}, "restarted": {"repeats": "devices"},
        "wide_rows": {"pairs": "cycles"}}  # fmt: skip


@pytest.mark.timeout(max(300, EXAMPLES))
@settings(
    max_examples=EXAMPLES, deadline=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(made_files.cells(), made_files.dresses(), st.data())
def test_any_made_file_is_right_or_empty(drawn: tuple[Cell, int], dress: Dress, data: st.DataObject) -> None:
    cell, seed = drawn
    if cell.offset and not dress.sign:
        dress = replace(dress, sign=1)  # the magnitude of a current with an offset has lost its sign for good
    made = made_files.loops_of(cell, seed)
    form = data.draw(st.sampled_from(PLAIN + OTHERS))
    if form in ("table", "easyexpert", "labview", "pairs", "sweeps"):
        made = cut(made, *(data.draw(st.sampled_from([0, 0, 1, 7, 20])) for _ in range(2)))
    if form in PLAIN:
        content = made_files.table(made, replace(dress, halves=form == "halves"))
    elif form == "restarted":
        content = made_files.restarted([made, made_files.loops_of(cell, seed + 1)])
    else:
        content = getattr(made_files, form)(made)
    units = {}
    if form in PLAIN and "" in dress.units:
        units = {role: unit or base for role, unit, base in zip(("voltage", "current"), dress.units, "VA", strict=True)}
    name, columns = ("made.zip" if form == "sweeps" else "made.txt"), IN_ORDER if form == "keithley" else None
    ds = measurements_from_bytes(content, name, columns=columns, units=units, reading=TOLD.get(form))
    if form == "restarted":
        assert ds.sizes["device"] == 2
        count = ds.sizes["record"] // 2
        for k in range(2):
            one = select_records(ds, np.arange(2 * count) // count == k)
            is_right(one, made_files.loops_of(cell, seed + k), cell, all_there=False)
    elif form == "wide_rows":
        for feature in ("r_hrs", "r_lrs"):
            np.testing.assert_allclose(ds[feature], np.tile(made.truth[feature], 3), rtol=1e-6)
    else:
        is_right(ds, made, cell, all_there=False)


@pytest.mark.timeout(max(300, EXAMPLES))
@settings(max_examples=max(5, EXAMPLES // 20), deadline=None, phases=(Phase.explicit, Phase.generate))
@given(made_files.cells(), st.sampled_from(["whole", "halves"]))
def test_any_made_workbook_is_right_or_empty(drawn: tuple[Cell, int], how: str) -> None:
    cell, seed = drawn
    made = made_files.loops_of(cell, seed)
    if how == "whole":
        ds = measurements_from_bytes(made_files.clarius(made), "made.xlsx")
    else:
        sides = {"set": 1 if cell.mirrored else -1, "reset": -1 if cell.mirrored else 1}
        order = ("reset", "set") if cell.reset_first else ("set", "reset")  # that of the names
        files = {f"{k} {side}.xlsx": made_files.clarius(made, half=sides[side]) for k, side in enumerate(order)}
        ds = measurements_from_bytes(made_files.archive(files), "made.zip")
    is_right(ds, made, cell, all_there=False)
