"""`synaptogen inspect`, `device` and `bench`, and the console script itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import synaptogen_core as sc
from synaptogen_core.cli import app
from synaptogen_core.exchange.circuits.veriloga import veriloga


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def ds() -> object:
    cells = sc.CellArray((4, 5), sc.load_device("hennen2024").vary(d2d=2), seed=9)
    return sc.simulate(cells, sc.PulseTrain.cycling(3), record=["features", "conductance"])


@pytest.mark.parametrize("suffix", ["nc", "zarr", "zarr.zip"])
def test_inspect_says_what_a_dataset_holds(tmp_path: Path, ds: object, suffix: str) -> None:
    path = tmp_path / f"run.{suffix}"
    sc.save_dataset(ds, path)
    result = run("inspect", path)
    assert result.exit_code == 0, result.output
    for word in ("4 x 5 cells, seed 9", "d2d x 2", ds.attrs["device_hash"], "r_lrs", "conductance", "median"):
        assert word in result.stdout
    assert ds.attrs["python"] in result.stdout
    assert run("inspect", path, "--python").stdout == ds.attrs["python"]
    assert json.loads(run("inspect", path, "--settings").stdout) == json.loads(ds.attrs["settings"])


def test_inspect_knows_the_other_files(tmp_path: Path, ds: object) -> None:
    cells = sc.CellArray((4, 5), sc.load_device("hennen2024"), seed=9)
    cells.apply_voltage(-1.5)
    sc.save_cells(cells, tmp_path / "cells.nc")
    sc.save_device(cells.device, tmp_path / "device.json")
    (tmp_path / "train.csv").write_text("-1.5\n1.5\n", encoding="utf-8")
    sc.simulate_to_file(cells, sc.PulseTrain.cycling(3), tmp_path / "features.csv")
    for name, words in {
        "cells.nc": ("cells of save_cells", cells.state_hash(), "LRS 100.0 %"),
        "device.json": ("hennen2024", cells.device.hash, "R_HRS (ohm)"),
        "train.csv": ("2 in 1 cycle", "-1.5 to 1.5 V", "sc.PulseTrain.table([-1.5, 1.5])"),
        "features.csv": ("60, one a cycle and cell",),
    }.items():
        result = run("inspect", tmp_path / name)
        assert result.exit_code == 0, result.output
        assert all(word in result.stdout for word in words), result.stdout


def test_inspect_takes_a_stated_sample_of_what_is_large(
    tmp_path: Path, ds: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synaptogen_core.report.run.SAMPLE", ds.nbytes / 2)
    sc.save_dataset(ds, tmp_path / "run.nc")
    assert "the first 2 of 4 rows" in run("inspect", tmp_path / "run.nc").stdout


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("gone.nc", None, "must exist (got no such file)"),
        ("run.txt", b"x", "must end in .nc, .zarr, .zarr.zip, .json or .csv (got .txt)"),
        ("run.nc", b"nothing", "must be NetCDF-4 (got other bytes at its start)"),
        ("run.zarr.zip", b"nothing", "must be a ZIP archive"),
        ("device.json", b"{", "must be JSON"),
        ("train.csv", b"volts\n", "must have a voltage or the heading voltage_V"),
        ("run.nc", b"\x89HDF\r\n\x1a\n" + bytes(50), "must be readable as NetCDF"),
    ],
)
def test_inspect_of_a_bad_file_is_one_sentence(tmp_path: Path, name: str, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run("inspect", tmp_path / name)
    assert result.exit_code == 1
    assert result.stderr.startswith("synaptogen: ")
    assert len(result.stderr.strip().splitlines()) == 1
    assert sentence in result.stderr


def test_device_list_show_and_check(tmp_path: Path) -> None:
    device = sc.load_device("hennen2024")
    assert "hennen2024" in run("device", "list").stdout
    shown = run("device", "show", "hennen2024").stdout
    assert all(word in shown for word in (device.hash, "1.46 V", "U_RESET (V)", "48.4 %"))
    assert json.loads(run("device", "show", "hennen2024", "--json").stdout) == device.to_dict()
    varied = device.vary(autocorrelation=False)
    sc.save_device(varied, tmp_path / "mine.json")
    result = run("device", "check", tmp_path / "mine.json")
    assert result.exit_code == 0
    assert f"good: hennen2024, no memory, hash {varied.hash}" in result.stdout


def test_device_export(tmp_path: Path) -> None:
    path = tmp_path / "cell.va"
    result = run("device", "export", "hennen2024", path, "--veriloga", "--cycles", "8")
    assert result.exit_code == 0 and "module reram_hennen2024 with 8 cycles" in " ".join(result.output.split())
    assert path.read_text() == veriloga(sc.load_device("hennen2024"), cycles=8)
    refused = run("device", "export", "hennen2024", path)
    assert refused.exit_code != 0 and "--veriloga: must say what to write" in refused.output


def test_device_check_refuses_in_one_sentence(tmp_path: Path) -> None:
    data = sc.load_device("hennen2024").to_dict()
    data["eta"] = -1
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    result = run("device", "check", path)
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "eta" in result.stderr
    assert result.stdout == ""


def test_bench_prints_rates_and_the_model_of_the_estimate() -> None:
    result = run("bench", "--cells", 256, "--seconds", 0.01)
    assert result.exit_code == 0, result.output
    for word in ("updates, full cycling", "reads with noise", "s expected", "fresh", "engine"):
        assert word in result.stdout


def test_help_and_version() -> None:
    assert sc.__version__ in run("--version").stdout
    assert "generate" in run().stdout
    for command in ("generate", "inspect", "bench"):
        assert "Usage: synaptogen" in run(command, "--help").stdout.replace("root", "synaptogen")


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    command = [sys.executable, "-m", "synaptogen_core.cli", "device", "show", "hennen2024", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_fault_of_our_own_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("synaptogen_core.cli.devices.list_devices", broken)
    result = run("device", "list")
    assert result.exit_code == 1
    assert result.stderr == "synaptogen: a fault of the program itself, please report it: KeyError: 'surprise'\n"
