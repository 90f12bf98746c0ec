"""CSV: pulse trains, voltage by voltage."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import load_train, save_train, train_from_text
from synaptogen_core.exchange.measurements.source import NEEDS

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
        ("0,5;1\n-1,25;0\n", [0.5, -1.25], [0]),
        ("voltage_V\tcycle_end\n0,5\t1\n", [0.5], [0]),
        ("0,5;1\n-1;0\n", [0.5, -1], [0]),
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
        ('"1', "x: line 1 must have a voltage or the heading voltage_V (got a quote without its end); add it"),
        ("1\n\ntwo\n", "x: line 3 must begin with a voltage (got 'two'); correct it"),
        ("1\n1_000\n", "x: line 2 must begin with a voltage (got '1_000'); correct it"),
        ("1,0\n2\n", "x: line 2 must have 2 cells as the table has columns (got 1: '2'); correct or remove the line"),
        ("1,2\n", "x: line 1 must have a cycle_end of 0 or 1 (got '2'); correct it"),
        ("0,5;1\n1.5;1\n", "x: line 2 must begin with a voltage (got '1.5'); correct it"),
        ("voltage_V,delay_s\n1,soon\n", "x: line 2 must have a number as delay_s (got 'soon'); correct it"),
        ("1\n\0\n", "x: line 2 must be text (got a zero byte); " + NEEDS + ", saved as UTF-8"),
        ("1,0,0\n", "x: must have a heading where there are more than two columns (got 3); add one"),
        ("1\nnan\n", NOT_A_TRAIN + "voltages: must be finite (got nan V at pulse 1); give voltages in V"),
        ("1\n1e60\n", NOT_A_TRAIN + "voltages: must be finite (got 1e+60 V at pulse 1); give voltages in V"),
        (
            "voltage_V,note\n1," + "x" * 200_000,
            "x: line 2 must have at most 65,536 characters (got more); " + NEEDS,
        ),
    ],
)  # fmt: skip
def test_files_of_pulses_that_are_not(content: str, sentence: str) -> None:
    with pytest.raises(FileError) as caught:
        train_from_text(content, "x")
    assert str(caught.value) == sentence


def test_files_come_packed_and_in_other_encodings(tmp_path: Path) -> None:
    content = "# 5 \u00b5s\r\n0,5;1\r\n-1;0\r\n"
    for name, data in (
        ("a.csv", content.encode("cp1252")),
        ("b.csv", content.encode("utf-16")),
        ("c.csv.gz", gzip.compress(content.encode())),
        ("d.csv", ("0,5;1\n-1;0\n" + "# no mark\n" * 7000 + "# 5 \u00b5s\n").encode("cp1252")),  # of UTF-8 up to there
    ):
        (tmp_path / name).write_bytes(data)
        assert load_train(tmp_path / name) == sc.PulseTrain.table([0.5, -1], [0])


def test_widths_and_delays_come_back(tmp_path: Path) -> None:
    train = sc.PulseTrain.table([0.5, -1.0], [1], width=[1e-7, 3e-6], delay=[0.1, 0.1])
    save_train(train, tmp_path / "train.csv")
    again = load_train(tmp_path / "train.csv")
    assert again == train
    assert again.duration == train.duration == pytest.approx(0.2 + 3.1e-6)
    assert train_from_text("delay_s,voltage_V\n2.5,1\n", "x") == sc.PulseTrain.table([1.0], delay=2.5)


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
