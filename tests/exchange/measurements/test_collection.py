"""Several files, a folder, a ZIP archive: each file a cycle or a device."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from synaptogen_core.errors import ColumnsUnclear, FileError
from synaptogen_core.exchange.api import load_measurements, measurements_from_bytes
from tests.analysis.made_loops import Cell, Made, made_loops
from tests.exchange.measurements.test_cases import is_right

CELL = Cell(step=0.1)


@pytest.fixture
def sweeps(tmp_path: Path) -> tuple[Path, Made]:
    """A folder with a file for each of 12 cycles."""
    made = made_loops(CELL, 12, seed=1)
    for n, (v, i) in enumerate(zip(made.voltage, made.current, strict=True)):
        rows = "".join(f"{a:.6g}\t{b:.6g}\n" for a, b in zip(v, i, strict=True))
        (tmp_path / f"sweep_{n + 1}.txt").write_text("V\tI\n" + rows)
    return tmp_path, made


def zipped(folder: Path) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.iterdir():
            archive.write(path, f"run/{path.name}")
    return stream.getvalue()


def test_a_folder_of_sweeps(sweeps: tuple[Path, Made]) -> None:
    folder, made = sweeps
    with pytest.raises(
        ColumnsUnclear, match=r"files: 12 files of one record each: .*reading=\{'files': 'cycles'\}"
    ) as caught:
        load_measurements(folder)
    layout = caught.value.layout
    assert layout.choices[0].guess == "cycles"
    assert layout.roles == ("voltage", "current") and len(layout.rows[0]) == 2, "the rows of the first one"
    ds = load_measurements(folder, reading={"files": "cycles"})
    assert ds["cycle"].values.tolist() == list(range(1, 13)), "by number, not by letter"
    is_right(ds, made, CELL)
    assert json.loads(ds.attrs["notes"])[0] == "12 files, each a cycle: sweep_1.txt ... sweep_12.txt"
    assert load_measurements(folder, reading={"files": "devices"}).sizes["device"] == 12
    for n in (4, 7):  # what is assumed of some of them is said, too
        rows = "".join(f"{a:.6g}\t{-b:.6g}\n" for a, b in zip(made.voltage[n], made.current[n], strict=True))
        (folder / f"sweep_{n + 1}.txt").write_text("V\tI\n" + rows)
    ds = load_measurements(folder, reading={"files": "cycles"})
    is_right(ds, made, CELL)
    turned = "the current has the sign opposite to the voltage throughout: turned"
    assert f"sweep_5.txt and 1 other: {turned}" in json.loads(ds.attrs["notes"])


def test_a_list_and_an_archive_are_the_same(sweeps: tuple[Path, Made]) -> None:
    folder, made = sweeps
    told = {"files": "cycles"}
    paths = sorted(folder.iterdir(), key=lambda p: int(p.stem[6:]))
    listed = load_measurements(paths, reading=told)
    packed = measurements_from_bytes(zipped(folder), "run.zip", reading=told)
    assert listed.attrs["data_hash"] == packed.attrs["data_hash"]
    is_right(packed, made, CELL)


def test_files_of_several_cycles_are_devices(tmp_path: Path) -> None:
    for name in ("a", "b"):
        made = made_loops(replace(CELL, spread=0.01), 3, seed=ord(name))
        rows = [
            f"{n},{a:.6g},{b:.6g}\n" for n in range(3) for a, b in zip(made.voltage[n], made.current[n], strict=True)
        ]
        (tmp_path / f"{name}.csv").write_text("cycle,V,I\n" + "".join(rows))
    ds = load_measurements(tmp_path)
    assert ds["device"].values.tolist() == ["a", "b"] and ds.sizes["record"] == 6


def test_an_archive_grows_no_more_than_gzip_may(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * (120 * 2**20))
    with pytest.raises(FileError, match=r"must unpack to at most .* bytes \(got more\); split it"):
        measurements_from_bytes(stream.getvalue(), "bomb.zip")
    with pytest.raises(FileError, match=r"must be a table or NetCDF \(got a ZIP archive"):
        measurements_from_bytes(stream.getvalue()[:200], "cut.zip")
    with pytest.raises(FileError, match=r"must hold 1 to 10,000 files \(got 0\)"):
        load_measurements(tmp_path)


def test_an_archive_that_is_not_what_it_says() -> None:
    def packed(*files: tuple[str, str | bytes]) -> bytearray:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names that are there twice
            for name, text in files:
                archive.writestr(name, text)
        return bytearray(stream.getvalue())

    table = "V,I\n" + "0.1,1e-6\n0.2,2e-6\n" * 9
    short = packed(("a.csv", table))
    entry = short.find(b"PK\x01\x02")
    short[entry + 24 : entry + 28] = (20).to_bytes(4, "little")  # it unpacks to more than it says
    locked = packed(("a.csv", table))
    locked[6] |= 1
    locked[locked.find(b"PK\x01\x02") + 8] |= 1
    refused = (
        (short, r"z.zip, 'a.csv': must be a complete .* \(got bytes that contradict their checksum\)"),
        (locked, r"'a.csv' must not be encrypted"),
        (packed(("a.csv", table), ("a.csv", table)), r"'a.csv' must be in it once \(got it twice\)"),
        (packed(("a.csv", table), ("b.zip", bytes(locked))), r"b.zip: must not be an archive among others"),
        (packed(), r"got a ZIP archive that is empty"),
    )
    for data, sentence in refused:
        with pytest.raises(FileError, match=sentence):
            measurements_from_bytes(bytes(data), "z.zip", columns={"cycle": "in order"})
    named = packed(("../../a_1.csv", table), ("..\\b\\a_2.csv", table))
    ds = measurements_from_bytes(bytes(named), "z.zip", columns={"cycle": "in order"}, reading={"files": "cycles"})
    assert json.loads(ds.attrs["notes"])[0].endswith(": a_1.csv ... a_2.csv"), "names lead nowhere, and none is lost"
