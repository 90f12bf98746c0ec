"""CSV: the table of features, and pulse trains."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import dataset_bytes, load_train, save_features_csv, save_train, train_from_text
from synaptogen_core.exchange.datasets import feature_csv

HEADING = ["cycle", "row", "column", "r_hrs_ohm", "u_set_V", "r_lrs_ohm", "u_reset_V"]


def read_table(content: str) -> tuple[list[str], np.ndarray]:
    heading, *lines = csv.reader(io.StringIO(content))
    return heading, np.array(lines, float)


# ---------------------------------------------------------------------------------------------------------- of features


@pytest.mark.parametrize("rows_at_once", [1, 50, 1 << 16])
def test_the_table_holds_every_number(
    rows_at_once: int, run: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_csv, "ROWS_AT_ONCE", rows_at_once)
    save_features_csv(run, tmp_path / "run.csv")
    heading, table = read_table((tmp_path / "run.csv").read_text(encoding="utf-8"))
    assert heading == HEADING
    cycle, row, column = table[:, :3].astype(int).T
    assert len(table) == run["r_hrs"].size == len(set(zip(cycle, row, column, strict=True)))
    for name, values in zip(("r_hrs", "u_set", "r_lrs", "u_reset"), table[:, 3:].T, strict=True):
        np.testing.assert_array_equal(values.astype(np.float32), run[name].values[cycle, row, column])


def test_the_table_of_chosen_cells(chosen: xr.Dataset) -> None:
    heading, table = read_table(dataset_bytes(chosen, "csv").decode())
    assert heading == HEADING
    np.testing.assert_array_equal(np.unique(table[:, 1:3], axis=0), [[0, 1], [1, 3], [3, 0]])
    first = table[table[:, 0] == 0]
    np.testing.assert_array_equal(first[:, 5].astype(np.float32), chosen["r_lrs"].values[0])


def test_the_table_of_a_part_keeps_its_addresses(run: xr.Dataset) -> None:
    part = run.isel(cycle=[4, 5], row=[2], column=[3, 1])
    _, table = read_table(dataset_bytes(part, "csv").decode())
    np.testing.assert_array_equal(table[:, :3], [[4, 2, 3], [4, 2, 1], [5, 2, 3], [5, 2, 1]])


def test_a_table_needs_features_and_its_suffix(run: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:
        save_features_csv(run[["state", "u_set"]], tmp_path / "a.csv")
    assert str(caught.value) == "ds: must hold all features (missing r_hrs, r_lrs, u_reset); record them with simulate"
    with pytest.raises(FileError) as caught:
        save_features_csv(run, tmp_path / "a.txt")
    assert str(caught.value) == f"{tmp_path / 'a.txt'}: must end in .csv (got .txt); rename it"
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------------------ of pulses

NOT_A_TRAIN = "x: must hold a pulse train; "
VOLT = st.floats(-3, 3, width=32).map(lambda u: u + 0.0)


@given(st.lists(st.tuples(VOLT, st.booleans()), min_size=1, max_size=40))
def test_a_saved_train_comes_back(rows: list[tuple[float, bool]]) -> None:
    volts, ends = [u for u, _ in rows], [end for _, end in rows]
    content = "voltage_V,cycle_end\n" + "".join(f"{u!r},{end:d}\n" for u, end in rows)
    assert train_from_text(content, "x") == sc.PulseTrain.table(volts, np.array(ends))


def test_any_fixed_train_can_be_saved(tmp_path: Path) -> None:
    train = 3 * (sc.PulseTrain.cycling(2, -1.1, 1.3) + sc.PulseTrain.staircase(1, steps=7))
    save_train(train, tmp_path / "train.csv")
    again = load_train(tmp_path / "train.csv")
    np.testing.assert_array_equal(again.pulses.voltage, train.pulses.voltage)
    np.testing.assert_array_equal(again.pulses.cycle_end, train.pulses.cycle_end)
    for other in (sc.PulseTrain.random(3), sc.PulseTrain.read_only(2)):
        with pytest.raises(ValueError, match=r"^train: must have neither random nor read-only pulses \(got some\)"):
            save_train(train + other, tmp_path / "other.csv")


@pytest.mark.parametrize(
    ("content", "volts", "ends"),
    [
        ("0.5\n-1\n", [0.5, -1], [1]),
        ("0.5,1\n-1,0\n", [0.5, -1], [0]),
        ("voltage_V\n1e-1\n2\n", [0.1, 2], [1]),
        ("\ufeffVoltage_V;cycle_end\r\n1;TRUE\r\n2;false\r\n", [1, 2], [0]),
        ("# made by hand; see notes\n\ncycle_end,time,voltage_V\n1,0,0.3\n\n0,1,0.4\n# end", [0.3, 0.4], [0]),
        ("0.5\t0\n-1\t1", [0.5, -1], [1]),
        (' 0.5 , 1 \n" -1",0', [0.5, -1], [0]),
    ],
)
def test_files_of_pulses_that_are_understood(content: str, volts: list[float], ends: list[int], tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(content, encoding="utf-8")
    assert load_train(tmp_path / "train.csv") == sc.PulseTrain.table(volts, ends)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "x: must hold at least one voltage (got no line of numbers); give one line a pulse"),
        ("# nothing\n", "x: must hold at least one voltage (got no line of numbers); give one line a pulse"),
        (
            "voltage_V\n",
            NOT_A_TRAIN + "voltages: must be a row of at least one number (got shape (0,)); give one a pulse",
        ),
        ("volts\n1\n", "x: line 1 must have a voltage or the heading voltage_V (got 'volts'); add it"),
        ("1\n\ntwo\n", "x: line 3 must begin with a voltage (got 'two'); correct it"),
        ("1\n1_000\n", "x: line 2 must begin with a voltage (got '1_000'); correct it"),
        ("1,0\n2\n", "x: line 2 must have 2 columns (got 1); correct the line"),
        ("1,2\n", "x: line 1 must have a cycle_end of 0 or 1 (got '2'); correct it"),
        ("0,5;1\n", "x: line 1 must have a voltage or the heading voltage_V (got '0,5'); add it"),
        ("1,0,0\n", "x: must have a heading where there are more than two columns (got 3); add one"),
        ("1\nnan\n", NOT_A_TRAIN + "voltages: must be finite (got nan V at pulse 1); give voltages in V"),
        ("1\n1e60\n", NOT_A_TRAIN + "voltages: must be finite (got 1e+60 V at pulse 1); give voltages in V"),
        (
            "voltage_V,note\n1," + "x" * 200_000,
            "x: must be CSV (got a fault in line 2: field larger than field limit (131072)); correct it",
        ),
    ],
)  # fmt: skip
def test_files_of_pulses_that_are_not(content: str, sentence: str) -> None:
    with pytest.raises(FileError) as caught:
        train_from_text(content, "x")
    assert str(caught.value) == sentence


def test_a_missing_file_of_pulses(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load_train(tmp_path / "no.csv")
    assert str(caught.value) == f"{tmp_path / 'no.csv'}: must exist (got no such file); check the name"


def test_a_long_train_goes_through_json_and_csv(tmp_path: Path) -> None:
    train = sc.PulseTrain.table(np.linspace(-1, 1, 20_000))
    save_train(train, tmp_path / "train.csv")
    again = load_train(tmp_path / "train.csv")
    np.testing.assert_array_equal(again.pulses.voltage, train.pulses.voltage)
    assert sc.PulseTrain.from_dict(json.loads(json.dumps(again.to_dict()))) == again
