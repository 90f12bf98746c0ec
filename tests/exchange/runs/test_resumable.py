"""A run into a Zarr store goes on after a stop of any kind: same bits, nothing lost, no second store."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.datasets import unfinished as marks
from synaptogen_core.exchange.datasets.unfinished import FOLDER, Marks
from synaptogen_core.exchange.runs import store

SETTINGS = {"record": ["features", "current", "state"], "every": 2, "bandwidth": 1e8}
BUDGET = 1 << 12
LONG = """
import sys, synaptogen_core as sc
cells = sc.CellArray((48, 16), sc.load_device("hennen2024"), seed=7)
sc.simulate_to_zarr(cells, sc.PulseTrain.cycling(2000), sys.argv[1], budget=1 << 20)
"""


def train() -> sc.PulseTrain:
    return sc.PulseTrain.staircase(3) + sc.PulseTrain.random(9, "uniform", low=-1.5, high=1.5)


def cells(seed: int = 7, used: bool = False) -> sc.CellArray:
    array = sc.CellArray((13, 10), sc.load_device("hennen2024"), seed=seed)
    if used:
        array.apply_voltage(-1.5)
    return array


def same(left: xr.Dataset, right: xr.Dataset) -> bool:
    for ds in (left, right):
        ds.attrs.pop("created", None)
    return left.identical(right)


def files_of(path: Path) -> dict[Path, int]:
    """Pieces of a store, and when each was written."""
    return {file: file.stat().st_mtime_ns for file in path.rglob("c/**/*") if file.is_file()}


class Killed(BaseException):
    """Ends a run at a chosen step, as a kill would."""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is Unix's")
def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    process = subprocess.Popen([sys.executable, "-c", LONG, str(path)])
    try:
        end = time.monotonic() + 150
        while not (Marks(path).folder / "done").is_dir() or len(Marks(path).done()) < 5:
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < end, "the run did not get so far"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    done = Marks(path).done()
    assert 5 <= len(done) < 48, "the kill must have come in the middle"
    with pytest.raises(
        FileError, match=r"run\.zarr: must be complete \(got \d+ of 48 row groups\); resume it by simulate_to"
    ):
        sc.load_dataset(path)
    with pytest.raises((FileNotFoundError, ValueError)):  # plain xarray does not take it for a whole one either
        xr.open_zarr(path)
    finished = {file: written for file, written in files_of(path).items() if _row_of(file, path) in done}
    assert finished

    array = sc.CellArray((48, 16), sc.load_device("hennen2024"), seed=7)
    shares: list[float] = []
    sc.simulate_to_zarr(array, sc.PulseTrain.cycling(2000), path, progress=shares.append)
    assert shares[0] == len(done) / 48
    assert shares[-1] == 1.0
    assert {file: file.stat().st_mtime_ns for file in finished} == finished, "what was done is not done again"
    assert same(sc.load_dataset(path), sc.simulate(array.copy(), sc.PulseTrain.cycling(2000)))
    assert [inner.name for inner in tmp_path.iterdir()] == ["run.zarr"]
    assert not [file for file in path.rglob("*") if FOLDER in file.parts or file.suffix in (".partial", ".tmp")]


def _row_of(file: Path, path: Path) -> int:
    """First row of a piece: each group has one row here."""
    place = file.relative_to(path).parts
    return int(place[3] if len(place) == 5 else place[2])


@pytest.mark.parametrize("used", [False, True])
def test_a_run_killed_at_every_step_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: bool) -> None:
    path = tmp_path / "run.zarr"
    left = 0

    def fatal(work: object) -> object:
        def step(*arguments: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            return work(*arguments)

        return step

    for module in (marks, store):
        monkeypatch.setattr(module, "flush", fatal(module.flush))
    monkeypatch.setattr(store.os, "replace", fatal(os.replace))
    monkeypatch.setattr(Marks, "remove", fatal(Marks.remove))
    array = sc.CellArray((3, 2), sc.load_device("hennen2024"), seed=7)
    if used:
        array.apply_voltage(-1.5)
    kills = 0
    while True:
        kills += 1
        left = kills
        try:
            sc.simulate_to_zarr(array, train(), path, budget=1, record="state")
            break
        except Killed:
            Marks(path).claim() if Marks(path).folder.is_dir() else None  # a kill gives nothing back
    assert kills > 15
    assert same(sc.load_dataset(path), sc.simulate(array.copy(), train(), record="state"))
    assert not (path / FOLDER).exists()
    assert [inner.name for inner in tmp_path.iterdir()] == ["run.zarr"]


def test_a_cancelled_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    stop = threading.Event()
    with pytest.raises(sc.Cancelled):
        sc.simulate_to_zarr(
            cells(), train(), path, budget=BUDGET, cancel=stop, progress=lambda s: s > 0.4 and stop.set(), **SETTINGS
        )
    assert 0 < len(Marks(path).done()) < 13
    sc.simulate_to_zarr(cells(), train(), path, budget=BUDGET, **SETTINGS)
    assert same(sc.load_dataset(path), sc.simulate(cells(), train(), **SETTINGS))


def test_a_run_with_a_clock_goes_on(tmp_path: Path) -> None:
    law = sc.RetentionLaw("test", [1e-5], [2e-6], [0.4], 6e-3, 1e-6)
    array = sc.CellArray(
        (6, 10), sc.load_device("hennen2024"), seed=7, retention=law, traps=sc.retention.Traps.stanford_a()
    )
    wave = sc.PulseTrain.staircase(1) + sc.PulseTrain.wait(10.0) + sc.PulseTrain.read_only(2, every=1.0)
    options = {"record": ["current", "conductance"], "every": 1, "budget": 1}
    path, stop = tmp_path / "run.zarr", threading.Event()
    with pytest.raises(sc.Cancelled):
        sc.simulate_to_zarr(array, wave, path, cancel=stop, progress=lambda s: s > 0.4 and stop.set(), **options)
    assert Marks(path).done()
    sc.simulate_to_zarr(array, wave, path, **options)
    options.pop("budget")
    assert same(sc.load_dataset(path), sc.simulate(array, wave, **options))


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """A store of which some groups are done."""
    path = tmp_path / "run.zarr"
    stop = threading.Event()
    with pytest.raises(sc.Cancelled):
        sc.simulate_to_zarr(
            cells(), train(), path, budget=BUDGET, cancel=stop, progress=lambda s: s > 0.4 and stop.set(), **SETTINGS
        )
    return path


OTHERS = {
    "seed": (lambda: cells(seed=8), train, {}),
    "train": (cells, lambda: 2 * train(), {}),
    "record": (cells, train, {"record": "features"}),
    "bandwidth": (cells, train, {"bandwidth": None}),
    "start, state_hash": (lambda: cells(used=True), train, {}),
    "device": (lambda: sc.CellArray((13, 10), sc.load_device("hennen2024").vary(d2d=2), seed=7), train, {}),
}


def test_other_settings_are_refused(unfinished: Path) -> None:
    for sentence in (
        "must be resumed with the settings that it began with (got another {})",
        "must not hold another run (got a finished one with another {})",
    ):
        before = files_of(unfinished)
        for names, (make, wave, changes) in OTHERS.items():
            with pytest.raises(FileError, match=re.escape(sentence.format(names))):
                sc.simulate_to_zarr(make(), wave(), unfinished, budget=BUDGET, **{**SETTINGS, **changes})
        assert files_of(unfinished) == before
        sc.simulate_to_zarr(cells(), train(), unfinished, **SETTINGS)


def test_another_long_table_is_another_train(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    volts = [-1.5, 1.5] * 600
    sc.simulate_to_zarr(cells(), sc.PulseTrain.table(volts), path)
    volts[-1] = 1.4
    with pytest.raises(FileError, match="with another train"):
        sc.simulate_to_zarr(cells(), sc.PulseTrain.table(volts), path)


def test_a_finished_run_is_left_alone(unfinished: Path) -> None:
    sc.simulate_to_zarr(cells(), train(), unfinished, **SETTINGS)
    before = files_of(unfinished)
    shares: list[float] = []
    sc.simulate_to_zarr(cells(), train(), unfinished, progress=shares.append, **SETTINGS)
    assert shares == [1.0]
    assert files_of(unfinished) == before


def test_nothing_else_replaces_an_unfinished_run(unfinished: Path) -> None:
    before = files_of(unfinished)
    with pytest.raises(FileError, match="must not be an unfinished run"):
        sc.simulate_to_file(cells(), train(), unfinished)
    with pytest.raises(FileError, match="must not be an unfinished run"):
        sc.save_dataset(sc.simulate(cells(), train()), unfinished)
    assert files_of(unfinished) == before


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    path.mkdir()
    (path / "thesis.txt").write_text("mine", encoding="utf-8")
    for write, sentence in (
        (sc.simulate_to_zarr, "must not be something else"),
        (sc.simulate_to_file, "must not be a folder of other things"),
    ):
        with pytest.raises(FileError, match=sentence):
            write(cells(), train(), path)
    assert [inner.name for inner in path.iterdir()] == ["thesis.txt"]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"

    def intrude(share: float) -> None:
        if share > 0.4:
            Marks(path).claim()

    with pytest.raises(FileError, match=r"must be worked on by one process \(got another one\)"):
        sc.simulate_to_zarr(cells(), train(), path, budget=BUDGET, progress=intrude, **SETTINGS)
    assert Marks(path).there()


def test_damaged_marks_get_their_sentence(unfinished: Path) -> None:
    file = unfinished / FOLDER / "run.json"
    file.write_text('{"format": "of tomorrow"}', encoding="utf-8")
    with pytest.raises(FileError, match="must hold the format"):
        sc.simulate_to_zarr(cells(), train(), unfinished, **SETTINGS)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(FileError, match="must hold a run that can be resumed"):
        sc.load_dataset(unfinished)


def test_only_a_zarr_folder_can_go_on(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"must end in \.zarr, to be resumed after a stop"):
        sc.simulate_to_zarr(cells(), train(), tmp_path / "run.nc")
    with pytest.raises(FileError, match="must lie in a folder that exists"):
        sc.simulate_to_zarr(cells(), train(), tmp_path / "nowhere" / "run.zarr")


def test_a_missing_piece_would_be_seen(unfinished: Path) -> None:
    """The negative control of these tests: a group that is marked and lost makes the store unreadable."""
    sc.simulate_to_zarr(cells(), train(), unfinished, **SETTINGS)
    shutil.rmtree(next(folder for folder in (unfinished / "r_lrs" / "c").rglob("*") if folder.is_dir()))
    with pytest.raises(FileError, match=r"must have 13 pieces of r_lrs \(got 0\)"):
        sc.load_dataset(unfinished)
