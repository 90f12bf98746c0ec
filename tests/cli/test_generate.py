"""`synaptogen generate` writes what the library writes, or nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from distributed import LocalCluster
from typer.testing import CliRunner, Result

import synaptogen_core as sc
from synaptogen_core.cli import app
from synaptogen_core.exchange.datasets.unfinished import Marks

COMMAND = [sys.executable, "-m", "synaptogen_core.cli"]
SMALL = ["--shape", "6x5", "--seed", "3", "--train", "cycling:cycles=4"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def same(left: object, right: object) -> bool:
    for ds in (left, right):
        del ds.attrs["created"]
    return left.identical(right)


def one_sentence(result: Result) -> str:
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("synaptogen: ")
    assert "Traceback" not in result.output
    return lines[0]


@pytest.mark.parametrize("suffix", ["nc", "zarr", "zarr.zip"])
def test_the_file_holds_what_simulate_returns(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run.{suffix}"
    options = ["--record", "features,current", "--every", "3", "--bandwidth", "1e8", "--c2c", "r_hrs=2,u_set=1.5"]
    variations = ["--d2d", "0.5", "--order", "4", "--no-autocorrelation", "--u-max", "1.5"]
    result = run("generate", path, *SMALL, *options, *variations)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"wrote {path}: 6 x 5 cells, 8 pulses in 4 cycles")
    assert len(result.stdout.splitlines()) == 1  # nothing else is to be known of this run
    device = sc.load_device("hennen2024").vary(
        c2c={"r_hrs": 2.0, "u_set": 1.5}, d2d=0.5, order=4, autocorrelation=False, u_max=1.5
    )
    cells = sc.CellArray((6, 5), device, seed=3)
    expected = sc.simulate(cells, sc.PulseTrain.cycling(4), record=["features", "current"], every=3, bandwidth=1e8)
    assert same(sc.load_dataset(path), expected)


def test_parts_of_a_train_follow_each_other(tmp_path: Path) -> None:
    (tmp_path / "wave.csv").write_text("-1.2\n0.9\n1.4\n", encoding="utf-8")
    trains = [
        f"--train={name}"
        for name in ("staircase:steps=3", f"{tmp_path / 'wave.csv'}", "random:pulses=4,per_cell=false")
    ]
    path = tmp_path / "run.nc"
    assert run("generate", path, "--shape", "3x3", *trains, "--repeat", 2, "--quiet").stdout == ""
    train = 2 * (
        sc.PulseTrain.staircase(steps=3)
        + sc.PulseTrain.table([-1.2, 0.9, 1.4])
        + sc.PulseTrain.random(4, per_cell=False)
    )
    expected = sc.simulate(sc.CellArray((3, 3), sc.load_device("hennen2024"), seed=0), train)
    assert same(sc.load_dataset(path), expected)


def test_the_table_of_features(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    assert run("generate", path, *SMALL).exit_code == 0
    assert np.loadtxt(path, delimiter=",", skiprows=1).shape == (6 * 5 * 4, 7)


def test_a_file_is_replaced_only_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    path.write_text("mine", encoding="utf-8")
    result = run("generate", path, *SMALL)
    assert result.exit_code == 1
    assert one_sentence(result).endswith("must not exist yet (got one); give --force to replace it, or another name")
    assert path.read_text(encoding="utf-8") == "mine"
    assert run("generate", path, *SMALL, "--force").exit_code == 0
    assert sc.load_dataset(path).sizes["cycle"] == 4


def test_a_dry_run_that_cannot_write_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "must lie in a folder that exists" in run("generate", tmp_path / "no" / "run.nc", *SMALL, "--dry-run").stderr

    def refused(*arguments: object, **options: object) -> str:
        raise PermissionError(13, "Permission denied", str(tmp_path / ".run.nc.abc"))

    monkeypatch.setattr(tempfile, "mkdtemp", refused)
    path = tmp_path / "run.nc"
    result = run("generate", path, *SMALL, "--dry-run")
    assert result.exit_code == 1 and ".abc" not in result.stderr
    assert result.stderr.startswith(f"synaptogen: {path}: must be writable (got: Permission denied); ")


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    result = run("generate", tmp_path / "run.nc", *SMALL, "--dry-run")
    assert result.exit_code == 0
    assert re.search(r"240 updates, 0\.0 MB before packing, about \S+ (ms|s) here", result.stdout)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run.txt"], "run.txt: must end in .nc, .zarr, .zarr.zip or .csv (got .txt); rename it"),
        (["nowhere/run.nc"], "must lie in a folder that exists"),
        (["run.nc", "--shape", "64"], "--shape: must be rows x columns (got '64'); write 256x256"),
        (["run.nc", "--shape", "0x3"], "shape: must be from 1 to"),
        (["run.nc", "--seed", "-1"], "seed: must be from 0 to"),
        (["run.nc", "--device", "nothing"], "nothing: must be a packaged set or a file (got neither)"),
        (["run.nc", "--d2d", "wide"], "--d2d: must be a factor (got 'wide')"),
        (["run.nc", "--d2d", "r_hrs=1,2"], "--d2d: must be one factor, or feature=factor once each (got '2')"),
        (["run.nc", "--c2c", "r_hsr=1"], "c2c: must name features"),
        (["run.nc", "--order", "99"], "has orders up to 10 (got 99)"),
        (["run.nc", "--train", "cycle"], "--train: must be one of cycling, iv_sweep"),
        (["run.nc", "--train", "cycling:5"], "--train: settings must be name=value (got '5')"),
        (["run.nc", "--train", "cycling:kind=x"], "--train: settings must be name=value (got 'kind=x')"),
        (["run.nc", "--train", "cycling:u_set=1"], "u_set: must be negative (got 1 V)"),
        (["run.nc", "--train", "cycling:n=1"], "cycling: must have no settings but cycles, u_set, u_reset (got n)"),
        (["run.nc", "--train", "gone.csv"], "gone.csv: must exist (got no such file)"),
        (["run.nc", "--record", "charge"], "record: must name some of features, conductance"),
        (["run.nc", "--every", "day"], "every: must be 'cycle' or a number of pulses (got 'day')"),
        (["run.nc", "--bandwidth", "-1"], "bandwidth: must be 0 Hz or more (got -1)"),
        (["run.nc", "--budget", "much"], "--budget: must be a number of bytes (got 'much'); write 256MB or 2GiB"),
        (["run.nc", "--budget", " "], "--budget: must be a number of bytes (got ' '); write 256MB or 2GiB"),
        (["run.nc", "--budget", "-1MB"], "--budget: must be a number of bytes (got '-1MB'); write 256MB or 2GiB"),
        (["run.zarr", "--resume", "--force"], "--resume: must not stand with --force (got both)"),
        (["run.nc", "--resume"], "run.nc: must end in .zarr, to be resumed after a stop"),
        (["run.nc", "--scheduler", "tcp://127.0.0.1:9"], "run.nc: must end in .zarr or .zarr.zip, for a cluster"),
        (["run.nc", "--threads", "0"], "threads: must be from 1 to"),
    ],
)
def test_every_failure_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("generate", *arguments)
    assert result.exit_code == 1
    assert sentence in one_sentence(result)
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["generate"], "Missing argument 'OUTPUT'; see synaptogen generate --help"),
        (["generate", "run.nc", "--sead", "1"], "No such option: --sead"),
        (["generate", "run.nc", "--seed", "x"], "Invalid value for '--seed'"),
        (["generat"], "No such command 'generat'"),
    ],
)
def test_a_misuse_is_one_sentence(arguments: list[str], sentence: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert sentence in one_sentence(result)


@pytest.mark.filterwarnings("default::synaptogen_core.errors.RangeWarning")  # as in a shell
def test_a_warning_is_one_sentence(tmp_path: Path) -> None:
    result = run("generate", tmp_path / "run.nc", "--shape", "2x2", "--train", "cycling:cycles=1,u_reset=1.7")
    assert result.exit_code == 0
    assert "note: |U| = 1.7 V lies above 1.5 V" in one_sentence(result)


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are Unix's")
def test_ctrl_c_leaves_nothing(tmp_path: Path, name: str, code: int) -> None:
    long = ["--shape", "64x64", "--train", "cycling:cycles=20000", "--budget", "10MB"]
    process = subprocess.Popen(
        [*COMMAND, "generate", str(tmp_path / "run.zarr"), *long], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        wait_for(lambda: any("c" in folders for _, folders, _ in os.walk(tmp_path)), process)  # a piece is written
        process.send_signal(getattr(signal, name))
        stdout, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code, stderr
    reason = "Ctrl-C" if name == "SIGINT" else name
    expected = f"synaptogen: stopped by {reason}; nothing was written to {tmp_path / 'run.zarr'}"
    assert stderr.decode().strip() == expected
    assert stdout == b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are Unix's")
def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    long = [
        "generate",
        str(path),
        "--shape",
        "48x16",
        "--train",
        "cycling:cycles=1000",
        "--budget",
        "512KB",
        "--resume",
    ]
    process = subprocess.Popen([*COMMAND, *long], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        wait_for(lambda: (path / ".unfinished" / "done").is_dir() and len(Marks(path).done()) > 2, process)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, stderr
    left = r"synaptogen: stopped by Ctrl-C; .*run\.zarr has \d+ of 48 row groups, and the same command resumes it"
    assert re.fullmatch(left, stderr.decode().strip())
    refused = run("inspect", path)
    assert refused.exit_code == 1
    assert "run.zarr: must be complete (got" in one_sentence(refused)
    assert "--resume to continue it" in one_sentence(run("generate", path, "--shape", "48x16"))
    other = run("generate", path, "--shape", "48x16", "--seed", "8", "--resume", "--train", "cycling:cycles=1000")
    assert "got another seed" in one_sentence(other)
    result = run(*long)
    assert result.exit_code == 0
    assert re.search(r" m?s after \d+ of 48 row groups", result.stdout)
    assert run(*long).stdout.startswith(f"{path}: is complete already")
    cells = sc.CellArray((48, 16), sc.load_device("hennen2024"), seed=0)
    assert same(sc.load_dataset(path), sc.simulate(cells, sc.PulseTrain.cycling(1000)))


def test_a_cluster_out_of_reach_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synaptogen_core.array.runs.cluster.CONNECTING", 0.5)
    result = run("generate", tmp_path / "run.zarr", *SMALL, "--scheduler", "tcp://127.0.0.1:9")
    assert result.exit_code == 1
    assert "that answers (got no answer of 'tcp://127.0.0.1:9'); start one with: " in one_sentence(result)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_a_cluster_computes_the_same(tmp_path: Path) -> None:
    with LocalCluster(n_workers=1, processes=False, threads_per_worker=2, dashboard_address=":0") as cluster:
        address = cluster.scheduler_address
        assert run("generate", tmp_path / "there.zarr", *SMALL, "--scheduler", address).exit_code == 0
    assert run("generate", tmp_path / "here.zarr", *SMALL).exit_code == 0
    assert same(sc.load_dataset(tmp_path / "there.zarr"), sc.load_dataset(tmp_path / "here.zarr"))


def wait_for(ready: object, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "the program did not get so far"
        time.sleep(0.02)


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".zarr.zip"])
def test_what_should_be_known_of_a_run_is_said_then_and_later(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run{suffix}"
    said = run("generate", path, "--shape", "8x8", "--train", "cycling:cycles=3,u_set=-0.1,u_reset=0.1").stdout
    assert "No cell switched" in said and "reaches 0.1 V" in said
    assert "No cell switched" in run("inspect", path).stdout
    assert "No cell switched" not in run("generate", path, "--shape", "8x8", "--force").stdout
