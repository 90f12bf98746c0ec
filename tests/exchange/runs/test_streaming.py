"""Runs written part by part hold what a run in one piece holds."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.array.runs.recording import request
from synaptogen_core.array.runs.row_groups import Parts
from synaptogen_core.errors import FileError

SETTINGS = {"record": ["features", "current", "voltage", "state"], "every": 1, "read_voltage": 0.2, "bandwidth": 1e8}
BUDGET = 1 << 18


@pytest.fixture
def train() -> sc.PulseTrain:
    return sc.PulseTrain.staircase(3) + sc.PulseTrain.random(9, "uniform", low=-1.5, high=1.5)


@pytest.fixture
def cells() -> sc.CellArray:
    return sc.CellArray((37, 20), sc.load_device("hennen2024"), seed=7)


@pytest.mark.parametrize("suffix", ["nc", "zarr", "zarr.zip"])
@pytest.mark.parametrize("used", [False, True])
def test_a_file_written_in_parts_equals_the_run_in_one_piece(
    tmp_path: Path, cells: sc.CellArray, train: sc.PulseTrain, suffix: str, used: bool
) -> None:
    if used:
        cells.apply_voltage(-1.5)
    before = cells.state_hash()
    parts = Parts.of(cells, train, request(cells, **SETTINGS), budget=BUDGET)
    assert len(parts.groups) > 2, "the test must cut the run"
    path = tmp_path / f"run.{suffix}"
    sc.simulate_to_file(cells, train, path, budget=BUDGET, **SETTINGS)
    assert cells.state_hash() == before
    whole = sc.simulate(cells.copy(), train, **SETTINGS)
    streamed = sc.load_dataset(path)
    for ds in (whole, streamed):
        del ds.attrs["created"]
    assert streamed.identical(whole)


def test_pieces_of_zeros_are_written(tmp_path: Path) -> None:
    """One cycle, one row of cells none of which is an outlier: a missing piece would make the store unreadable."""
    cells = sc.CellArray((3, 2), sc.load_device("hennen2024"), seed=7)
    assert not cells.outlier().any()
    sc.simulate_to_file(cells, sc.PulseTrain.cycling(1), tmp_path / "run.zarr", budget=1)
    assert not sc.load_dataset(tmp_path / "run.zarr").outlier.any()


def test_the_table_of_features_is_complete(tmp_path: Path, cells: sc.CellArray, train: sc.PulseTrain) -> None:
    sc.simulate_to_file(cells, train, tmp_path / "run.csv", budget=1 << 16)
    table = np.loadtxt(tmp_path / "run.csv", delimiter=",", skiprows=1)
    ds = sc.simulate(cells.copy(), train)
    assert table.shape == (cells.size * train.cycles, 7)
    cycle, row, column = table[:, :3].astype(int).T
    assert np.array_equal(table[:, 3].astype(np.float32), ds.r_hrs.values[cycle, row, column])
    assert np.array_equal(table[:, 6].astype(np.float32), ds.u_reset.values[cycle, row, column])


def test_a_cancelled_run_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, cells: sc.CellArray, train: sc.PulseTrain
) -> None:
    path = tmp_path / "run.nc"
    sc.simulate_to_file(cells, train, path)
    old = path.read_bytes()
    stop = threading.Event()
    stop.set()
    with pytest.raises(sc.Cancelled):
        sc.simulate_to_file(cells, 100 * train, path, budget=BUDGET, cancel=stop)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]


def test_progress_runs_from_zero_to_one_over_all_parts(
    tmp_path: Path, cells: sc.CellArray, train: sc.PulseTrain
) -> None:
    shares: list[float] = []
    sc.simulate_to_file(cells, train, tmp_path / "run.zarr", budget=BUDGET, progress=shares.append, **SETTINGS)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 2


def test_an_unknown_suffix_gets_its_sentence(tmp_path: Path, cells: sc.CellArray, train: sc.PulseTrain) -> None:
    with pytest.raises(FileError, match=r"must end in \.nc, \.zarr, \.zarr\.zip or \.csv"):
        sc.simulate_to_file(cells, train, tmp_path / "run.txt")


def test_a_run_that_cannot_fit_on_the_disk_is_refused_before_it_begins(tmp_path: Path) -> None:
    cells, train = sc.CellArray((1024, 1024), sc.load_device("hennen2024"), seed=0), sc.PulseTrain.cycling(10**7)
    for write, name in ((sc.simulate_to_file, "a.nc"), (sc.simulate_to_file, "a.csv"), (sc.simulate_to_zarr, "a.zarr")):
        with pytest.raises(FileError, match=r"must fit on its disk, .* GB are free \(got a run that takes 67,108"):
            write(cells, train, tmp_path / name)
    assert not list(tmp_path.iterdir())
