"""Measured cycles out of files: what is recognised, what is asked for, what comes out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from synaptogen_core.errors import ColumnsUnclear, FileError
from synaptogen_core.exchange.api import (
    inspect_measurements,
    load_measurements,
    measurements_from_bytes,
    save_dataset,
    save_features_csv,
)
from synaptogen_core.exchange.measurements.columns import role_of, split_unit, unit_of
from synaptogen_core.exchange.measurements.records import sweeps
from synaptogen_core.measurement import from_simulation, measurement
from synaptogen_core.schema import FEATURE_NAMES

LOOPS = "device,cycle,V,I\nA,0,-0.5,-1e-6\nA,0,0.5,1e-6\nA,1,-0.4,-2e-6\nB,0,-0.3,-3e-6\nB,0,0.3,3e-6\n"


def read(content: str | bytes, **wishes: Any) -> xr.Dataset:
    return measurements_from_bytes(content if isinstance(content, bytes) else content.encode(), "t.csv", **wishes)


def fault(content: str | bytes, **wishes: Any) -> str:
    with pytest.raises(FileError) as caught:
        read(content, **wishes)
    assert type(caught.value) is FileError
    return str(caught.value)


def asked(content: str | bytes, **wishes: Any) -> ColumnsUnclear:
    with pytest.raises(ColumnsUnclear) as caught:
        read(content, **wishes)
    return caught.value


def notes(ds: xr.Dataset) -> list[str]:
    return list(json.loads(ds.attrs["notes"]))


# -------------------------------------------------------------------------------------------------------- what it makes


def test_loops() -> None:
    ds = read(LOOPS)
    assert ds["device"].values.tolist() == ["A", "B"]
    assert ds["device_index"].values.tolist() == [0, 0, 1]
    assert ds["cycle"].values.tolist() == [0, 1, 0]
    assert ds["sample_count"].values.tolist() == [2, 1, 2]
    assert ds["voltage"].values.tolist() == [-0.5, 0.5, -0.4, -0.3, 0.3]
    assert ds["current"].values.tolist() == [-1e-6, 1e-6, -2e-6, -3e-6, 3e-6]
    assert ds.attrs["source"] == "t.csv"


def test_rows_of_one_cycle_keep_their_order_wherever_they_stand() -> None:
    rows = LOOPS.splitlines()
    mixed = "\n".join([rows[0], rows[5], rows[1], rows[3], rows[4], rows[2]])
    ds = read(mixed)
    assert ds["device"].values.tolist() == ["B", "A"]
    assert ds["sample_count"].values.tolist() == [2, 2, 1]
    assert ds["voltage"].values.tolist() == [0.3, -0.3, -0.5, 0.5, -0.4]


def test_features_with_gaps_and_one_device() -> None:
    ds = read("cycle,HRS,Vset\n3,1e5,-0.5\n1,,-0.6\n2,NaN,-\n5,inf,9.91e37\n")
    assert ds["device"].values.tolist() == ["1"]
    assert ds["cycle"].values.tolist() == [1, 2, 3, 5]
    np.testing.assert_array_equal(ds["r_hrs"], [np.nan, np.nan, 1e5, np.nan])
    np.testing.assert_array_equal(ds["u_set"], [-0.6, np.nan, -0.5, np.nan])
    assert "r_lrs" not in ds
    assert "5 gaps" in notes(ds)


@pytest.mark.parametrize(
    ("given", "turned", "note"),
    [
        ([(-0.5, 0.7), (-0.6, 0.8)], False, ""),
        ([(0.5, -0.7), (0.6, -0.8)], True, "mirrored: SET made negative and RESET positive"),
        ([(0.5, 0.7), (0.6, 0.8)], True, "SET and RESET voltages read as magnitudes: SET made negative"),
    ],
)
def test_set_is_negative(given: list[tuple[float, float]], turned: bool, note: str) -> None:
    ds = read("cycle,U_S,U_R\n" + "".join(f"{n},{s},{r}\n" for n, (s, r) in enumerate(given)))
    assert ds["u_set"].values.tolist() == [-0.5, -0.6]
    assert ds["u_reset"].values.tolist() == [0.7, 0.8]
    assert [n for n in notes(ds) if "SET made" in n] == ([note] if turned else [])


def test_loops_keep_the_sign_that_was_measured() -> None:
    assert read("cycle,V,I\n0,0.5,1e-6\n0,-0.5,-1e-6\n")["voltage"].values.tolist() == [0.5, -0.5]


@pytest.mark.parametrize(
    ("heading", "cells", "labels"),
    [
        ("device", ["7", "8"], ["7", "8"]),
        ("Cell ID", ["7.0", " 8.0 "], ["7", "8"]),
        ("row,col", ["1,2", "1,3"], ["1,2", "1,3"]),
        ("chip,row,column", ["x,1,2", "y,1,2"], ["x 1,2", "y 1,2"]),
        ("chip,row,column", ["x,1,2", "x,1,3"], ["1,2", "1,3"]),
        ("file,device", ["a.csv,1", "b.csv,1"], ["a.csv 1", "b.csv 1"]),
        ("file,device", ['"a b",c', '"a","b c"'], ["a b | c", "a | b c"]),
    ],
)
def test_labels(heading: str, cells: list[str], labels: list[str]) -> None:
    ds = read(f"{heading},cycle,R_HRS\n" + "".join(f"{cell},0,1e5\n" for cell in cells))
    assert ds["device"].values.tolist() == labels


def test_a_packed_file_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(LOOPS.encode()))
    ds = load_measurements(tmp_path / "a.csv.gz")
    assert ds.attrs["data_hash"] == read(LOOPS).attrs["data_hash"]
    assert ds.attrs["source"] == "a.csv.gz"  # not where it lies


# ------------------------------------------------------------------------------------------------------ names and units


@pytest.mark.parametrize(
    ("name", "role", "unit"),
    [
        ("V", "voltage", None), ("Voltage", "voltage", None), ("U", "voltage", None), ("Voltage (V)", "voltage", "V"),
        ("U / mV", "voltage", "mV"), ("I [uA]", "current", "uA"), ("Current/mA", "current", "mA"),
        ("I_A", "current", "A"), ("I(µA)", "current", "µA"), ("R_HRS", "r_hrs", None), ("HRS", "r_hrs", None),
        ("r_off", "r_hrs", None), ("r_hrs_ohm", "r_hrs", "ohm"), ("R_LRS [kΩ]", "r_lrs", "kΩ"),
        ("Vset", "u_set", None), ("U_S", "u_set", None), ("V reset (V)", "u_reset", "V"), ("u_reset_V", "u_reset", "V"),
        ("G_HRS (uS)", "r_hrs", "uS"), ("Cell", "device", None), ("chip", "group", None), ("Cycle #", "cycle", None),
        ("n", "cycle", None), ("loop", "cycle", None), ("t_s", "time", None), ("dV/dI", "", "dI"),
        ("readpoint", "", None), ("us", "", None), ("R_S", "", "S"),
    ],
)  # fmt: skip
def test_names(name: str, role: str, unit: str | None) -> None:
    plain, found = split_unit(name)
    assert (role_of(plain), found) == (role, unit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("V", ("V", 1)), ("mV", ("V", 1e-3)), ("A", ("A", 1)), ("mA", ("A", 1e-3)), ("uA", ("A", 1e-6)),
        ("\N{MICRO SIGN}A", ("A", 1e-6)), ("μA", ("A", 1e-6)), ("nA", ("A", 1e-9)), ("pA", ("A", 1e-12)),
        ("ohm", ("ohm", 1)), ("Ω", ("ohm", 1)), ("\N{OHM SIGN}", ("ohm", 1)), ("kohm", ("ohm", 1e3)),
        ("KΩ", ("ohm", 1e3)), ("MΩ", ("ohm", 1e6)), ("mΩ", ("ohm", 1e-3)), ("S", ("S", 1)), ("uS", ("S", 1e-6)),
        ("MV", None), ("MA", None), ("s", None), ("A/cm2", None), ("", None), ("a.u.", None),
    ],
)  # fmt: skip
def test_units(text: str, expected: tuple[str, float] | None) -> None:
    assert unit_of(text) == expected


def test_units_of_the_header_and_of_the_caller() -> None:
    table = "cycle,U [mV],I_nA\n0,-500,20\n"
    ds = read(table)
    assert (ds["voltage"].item(), ds["current"].item()) == (-0.5, 20 * 1e-9)
    assert read(table, units={"current": "mA"})["current"].item() == 0.02
    assert read("cycle,G_HRS [uS],R_LRS [kohm]\n0,20,4.5\n")["r_hrs"].item() == pytest.approx(5e4, rel=1e-15)
    assert read("cycle,V,I\n,V,mA\n0,1,2\n")["current"].item() == 2e-3  # units in a line of their own


@pytest.mark.parametrize(
    ("table", "role"),
    [
        ("cycle,V,I\n0,1500,1e-6\n", "voltage"),
        ("cycle,V,I\n0,1.5,150\n", "current"),
        ("cycle,HRS\n0,75\n", "r_hrs"),
        ("cycle,LRS\n0,4.5\n", "r_lrs"),
        ("cycle,HRS\n0,1e13\n", "r_hrs"),
        ("cycle,G_HRS\n0,20\n", "r_hrs"),
        ("cycle,I (mA/cm2),V\n0,20,1\n", "current"),
    ],
)
def test_implausible_numbers_ask_for_their_unit(table: str, role: str) -> None:
    error = asked(table)
    assert f"{role}: in which unit is column" in str(error)
    assert error.layout.questions == inspect_measurements(table.encode(), "t.csv").questions
    unit = {"voltage": "mV", "current": "uA", "r_hrs": "kohm", "r_lrs": "kohm"}[role]
    read(table, units={role: unit})


def test_implausible_numbers_far_down_the_file() -> None:
    table = "cycle,V,I\n" + "0,0.1,1e-6\n" * 50_000 + "0,1500,1e-6\n"
    assert "voltage: in which unit" in str(asked(table))


# ---------------------------------------------------------------------------------------------------- what is asked for


def test_unknown_columns_are_asked_for_and_told() -> None:
    table = "Loop,Probe 1,Probe 2\n0,-0.5,-1e-6\n"
    error = asked(table)
    assert "say columns={'voltage': ..., 'current': ...} with some of 'Loop', 'Probe 1', 'Probe 2'" in str(error)
    assert error.layout.kind == "unclear"
    assert error.layout.columns == ("Loop", "Probe 1", "Probe 2")
    assert error.layout.roles == ("cycle", "", "")
    assert error.layout.rows == (("0", "-0.5", "-1e-6"),)
    ds = read(table, columns={"voltage": "Probe 1", "current": "Probe 2"})
    assert (ds["voltage"].item(), ds["current"].item()) == (-0.5, -1e-6)


def test_two_columns_of_one_role() -> None:
    table = "cycle,V,Voltage,I\n0,1,2,1e-6\n"
    assert "voltage: which of the columns 'V', 'Voltage' is it?" in str(asked(table))
    assert read(table, columns={"voltage": "Voltage"})["voltage"].item() == 2


def test_no_header() -> None:
    assert "'column 1', 'column 2'" in str(asked("0.1;1e-6\n0.2;2e-6\n"))
    given = {"voltage": "column 1", "current": "column 2", "cycle": "in order"}
    assert read("0.1;1e-6\n0.2;2e-6\n", columns=given)["voltage"].values.tolist() == [0.1, 0.2]


def test_a_column_can_be_taken_away() -> None:
    table = "cell,cycle,V,I\n1,0,1,1e-6\n2,0,2,1e-6\n"
    assert read(table, columns={"device": ""}).sizes["device"] == 1


def test_cycles_that_are_not_numbered() -> None:
    sweep = np.concatenate([np.linspace(0, -1.5, 20), np.linspace(-1.5, 1.5, 40), np.linspace(1.5, 0, 20)])
    voltage = np.tile(sweep, 3)
    table = "V,I\n" + "".join(f"{v!r},1e-6\n" for v in voltage.tolist())
    assert "columns={'cycle': 'in order'} if each full sweep is one" in str(asked(table))
    ds = read(table, columns={"cycle": "in order"})
    assert ds["cycle"].values.tolist() == [0, 1, 2]
    assert ds["sample_count"].values.tolist() == [80, 80, 80]
    assert ds["voltage"].values.tolist() == voltage.tolist()
    assert "cycles counted: each full sweep is one" in notes(ds)
    features = "cell,HRS\nx,1e5\ny,2e5\nx,3e5\n"
    assert "if each row is one" in str(asked(features))
    assert read(features, columns={"cycle": "in order"})["r_hrs"].values.tolist() == [1e5, 3e5, 2e5]


def test_sweeps_are_cut_nearest_to_zero() -> None:
    one = np.sin(np.linspace(0.01, 2 * np.pi + 0.01, 100, endpoint=False))
    noisy = np.tile(one, 5) + np.random.default_rng(3).normal(0, 0.02, 500)  # crosses zero several times
    counts = sweeps(noisy)
    assert counts.sum() == 500
    assert len(counts) == 5
    assert np.abs(np.cumsum(counts) - 100 * np.arange(1, 6)).max() <= 3
    assert sweeps(np.abs(noisy)).tolist() == [500]  # never of the other sign: one sweep
    assert sweeps(np.full(7, np.nan)).tolist() == [7]


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        (
            {"columns": {"voltage": "X"}},
            "columns: voltage must be one of 'device', 'cycle', 'V', 'I' (got 'X')",
        ),
        ({"columns": {"volts": "V"}}, "columns: must name some of group, device"),
        (
            {"columns": {"voltage": "V", "current": "V"}},
            "columns: must give each column one role (got",
        ),
        ({"units": {"current": "V"}}, "units: current must be in A, with a prefix (got 'V'); write mA"),
        ({"units": {"cycle": "V"}}, "units: must name some of voltage, current"),
    ],
)
def test_wishes_that_cannot_be(wishes: dict[str, Any], sentence: str) -> None:
    assert sentence in fault(LOOPS, **wishes)


def test_a_look_at_a_file() -> None:
    layout = inspect_measurements(LOOPS.encode(), "t.csv")
    assert (layout.kind, layout.delimiter, layout.decimal) == ("loops", ",", ".")
    assert layout.roles == ("device", "cycle", "voltage", "current")
    assert layout.units == ("", "", "V", "A")
    assert layout.assumed == (False, False, True, True)
    assert (layout.header_line, layout.first_line, layout.questions) == (1, 2, ())
    assert layout.rows[0] == ("A", "0", "-0.5", "-1e-6")


# --------------------------------------------------------------------------------------------------------------- NetCDF


def test_our_own_measurement(tmp_path: Path) -> None:
    ds = measurement(
        [0, 1, 0], [5, 5, 3], labels=["Ω 1", "b"], features={"r_hrs": [1e5, np.nan, 2e5]}, failure=[0, 4, 0],
        loops=([1.0, 2, 3, 4], [1e-6, 2e-6, np.nan, 4e-6], [1, 2, 1]), source="lab",
    )  # fmt: skip
    ds.to_netcdf(tmp_path / "m.nc", engine="h5netcdf")
    again = load_measurements(tmp_path / "m.nc")
    xr.testing.assert_equal(again, ds)
    assert again.attrs["data_hash"] == ds.attrs["data_hash"]
    assert again["failure"].attrs == ds["failure"].attrs


def test_a_simulation(run: xr.Dataset, tmp_path: Path) -> None:
    save_dataset(run, tmp_path / "run.nc")
    xr.testing.assert_equal(load_measurements(tmp_path / "run.nc"), from_simulation(run))


def test_chosen_cells_of_a_simulation_packed(chosen: xr.Dataset, tmp_path: Path) -> None:
    save_dataset(chosen, tmp_path / "run.nc")
    packed = gzip.compress((tmp_path / "run.nc").read_bytes())
    xr.testing.assert_equal(measurements_from_bytes(packed, "run.nc.gz"), from_simulation(chosen))


def test_plain_netcdf(tmp_path: Path) -> None:
    voltage = np.array([[-1.0, 1, np.nan], [-2, 0, 2]])
    xr.Dataset(
        {"U": (("cycle", "time"), voltage, {"units": "V"}), "I": (("time", "cycle"), voltage.T * 7, {"units": "uA"})},
        {"cycle": [10, 20]},
    ).to_netcdf(tmp_path / "loops.nc", engine="h5netcdf")
    ds = load_measurements(tmp_path / "loops.nc")
    assert ds["cycle"].values.tolist() == [10, 20]
    assert ds["sample_count"].values.tolist() == [2, 3]  # what fills up is left out
    assert ds["voltage"].values.tolist() == [-1, 1, -2, 0, 2]
    np.testing.assert_allclose(ds["current"], ds["voltage"] * 7e-6, rtol=1e-15)
    xr.Dataset({"HRS": (("device", "cycle"), [[1e5, 2e5], [3e5, 4e5]]), "name": ("x", ["a"])}).to_netcdf(
        tmp_path / "features.nc", engine="h5netcdf"
    )
    ds = load_measurements(tmp_path / "features.nc")
    assert ds["r_hrs"].values.tolist() == [1e5, 2e5, 3e5, 4e5]
    assert ds["device"].values.tolist() == ["0", "1"]


def test_plain_netcdf_is_asked_about_and_refused(tmp_path: Path) -> None:
    xr.Dataset({"a": ("x", [1.0]), "b": ("x", [1e-6])}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(ColumnsUnclear) as caught:
        load_measurements(tmp_path / "a.nc")
    assert caught.value.layout == inspect_measurements((tmp_path / "a.nc").read_bytes(), str(tmp_path / "a.nc"))
    wishes = {"voltage": "a", "current": "b", "cycle": "in order"}
    assert load_measurements(tmp_path / "a.nc", columns=wishes).sizes["sample"] == 1
    xr.Dataset({"HRS": ("cycle", [1e5, -1.0])}).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    with pytest.raises(FileError, match=r"b.nc: entry 2: r_hrs must be above 0 \(got -1\)"):
        load_measurements(tmp_path / "b.nc")


# ----------------------------------------------------------------------------------------------------------- real files


def test_real_loops(shared_data: Path) -> None:
    ds = load_measurements(shared_data / "hennen_ivtools_loops.csv.gz")
    assert dict(ds.sizes) == {"record": 100, "sample": 31350, "device": 1}
    assert set(np.unique(ds["sample_count"])) == {313, 314}
    content = gzip.decompress((shared_data / "hennen_ivtools_loops.csv.gz").read_bytes()).decode().split("\n")
    assert ds["current"].values[-1] == float(content[31350].split(",")[3])


def test_real_endurance(shared_data: Path) -> None:
    ds = load_measurements(shared_data / "stanford_mit_endurance_RHRS_RLRS.csv.gz")
    assert (ds.sizes["device"], ds.sizes["record"]) == (20, 6504)
    cycles = np.bincount(ds["device_index"].values)
    assert cycles.tolist() == [2724, *[200] * 18, 180]  # 778 of the first file is not 778 of the second
    assert not any("gaps" in note for note in notes(ds))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"must exist \(got no such file\); check the name"):
        load_measurements(tmp_path / "no.csv")
    with pytest.raises(FileError, match=r"must hold 1 to 10,000 files \(got 0\)"):
        load_measurements(tmp_path)


def test_the_features_that_we_write(run: xr.Dataset, tmp_path: Path) -> None:
    save_features_csv(run, tmp_path / "features.csv")
    again, expected = load_measurements(tmp_path / "features.csv"), from_simulation(run)
    order = {label: i for i, label in enumerate(again["device"].values.tolist())}
    places = [order[label] for label in expected["device"].values.tolist()]
    for name in FEATURE_NAMES:
        one = again[name].values.reshape(len(places), -1)[places].ravel()
        np.testing.assert_array_equal(one.astype(np.float32), expected[name].values.astype(np.float32))


SWEPT = "cycle,Voltage [{v}],Current [{i}]\n" + "".join(
    f"{n},{1500 * u},{i}\n" for n in (1, 2) for u, i in ((0.1, 9), (1, 210), (-0.1, -9), (-1, -180))
)


def test_a_unit_that_the_file_names_is_doubted_too() -> None:
    """mV under a heading of V: asked, and the caller's word ends the question, with a note."""
    data = SWEPT.format(v="V", i="uA").encode()
    with pytest.raises(ColumnsUnclear, match=r"voltage: in which unit .* run from 150 to 1500, hardly V"):
        measurements_from_bytes(data, "t.csv")
    assert abs(measurements_from_bytes(data, "t.csv", units={"voltage": "mV"})["voltage"]).max() == 1.5
    said = measurements_from_bytes(data, "t.csv", units={"voltage": "V"})
    assert "hardly V, though it was specified" in said.attrs["notes"]
    with pytest.raises(ColumnsUnclear, match=r"current: in which unit .* hardly mA"):
        measurements_from_bytes(SWEPT.format(v="mV", i="mA").encode(), "t.csv")
    plain = measurements_from_bytes(SWEPT.format(v="mV", i="uA").encode(), "t.csv")
    assert "hardly" not in plain.attrs["notes"]


@pytest.mark.parametrize("heading", ["Chip", "die", "Wafer"])
def test_a_chip_alone_is_the_device(heading: str) -> None:
    text = SWEPT.format(v="mV", i="uA").replace("cycle,", f"{heading},Sweep no.,").replace("\n1,", "\nA7,1,")
    layout = inspect_measurements(text.replace("\n2,", "\nA7,2,").replace("Voltage", "Vforce").encode(), "t.csv")
    assert layout.roles == ("device", "cycle", "voltage", "current") and not layout.questions
