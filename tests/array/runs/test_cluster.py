"""The same run on a Dask cluster: equal to the last bit, whoever computes, and whoever is lost on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import xarray as xr
from distributed import Client, LocalCluster

import synaptogen_core as sc
from synaptogen_core.array.runs.recording import request
from synaptogen_core.array.runs.row_groups import Parts
from synaptogen_core.errors import ClusterError, FileError
from synaptogen_core.exchange.datasets.unfinished import FOLDER, Marks
from synaptogen_core.exchange.runs.resumable import Filling
from synaptogen_core.exchange.runs.store import Store

# the workers are new processes, which load and perhaps compile everything again
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
SETTINGS = {"record": ["features", "current", "state"], "every": 2, "bandwidth": 1e8}
BUDGET = 1 << 12
SHAPE = (13, 10)
TIME = {
    "retention": sc.RetentionLaw("test", [1e-5], [2e-6], [0.4], 6e-3, 1e-6),
    "traps": sc.retention.Traps.stanford_a(),
}


def train(lasting: bool = False) -> sc.PulseTrain:
    before, after = sc.PulseTrain.staircase(3), sc.PulseTrain.random(9, "uniform", low=-1.5, high=1.5)
    return before + sc.PulseTrain.wait(10.0) + after.timed(delay=1e-3) if lasting else before + after


def cells(used: bool = False, shape: tuple[int, int] = SHAPE) -> sc.CellArray:
    array = sc.CellArray(shape, sc.load_device("hennen2024").vary(d2d=1.5), seed=7, **(TIME if used else {}))
    if used:
        array.wait(1.0)
        array.apply_voltage(-1.5)
    return array


def same(left: xr.Dataset, right: xr.Dataset) -> bool:
    for ds in (left, right):
        ds.attrs.pop("created", None)
    return left.identical(right)


def cluster_of(workers: int) -> LocalCluster:
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1"
    )


@pytest.fixture(scope="module")
def one() -> Iterator[LocalCluster]:
    with cluster_of(1) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def two() -> Iterator[LocalCluster]:
    with cluster_of(2) as cluster:
        yield cluster


@pytest.mark.parametrize("workers", ["one", "two"])
@pytest.mark.parametrize("used", [False, True])
def test_a_cluster_gives_the_same_bits(
    tmp_path: Path, request: pytest.FixtureRequest, workers: str, used: bool
) -> None:
    cluster = request.getfixturevalue(workers)
    shares: list[float] = []
    path = tmp_path / "run.zarr"
    sc.simulate_to_zarr(
        cells(used), train(used), path, budget=BUDGET, scheduler=cluster, progress=shares.append, **SETTINGS
    )
    assert same(sc.load_dataset(path), sc.simulate(cells(used), train(used), **SETTINGS))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1], len(shares)) == (0.0, 1.0, 14)
    assert not (path / FOLDER).exists()


def test_other_cells_give_other_bits(tmp_path: Path, one: LocalCluster) -> None:
    """The negative control of these tests."""
    path = tmp_path / "run.zarr"
    other = sc.CellArray(SHAPE, cells().device, seed=8)
    sc.simulate_to_zarr(other, train(), path, budget=BUDGET, scheduler=one, **SETTINGS)
    ds = sc.load_dataset(path)
    expected = sc.simulate(cells(), train(), **SETTINGS)
    assert not (ds.r_lrs.values == expected.r_lrs.values).any()


@pytest.mark.parametrize("suffix", ["zarr", "zarr.zip"])
def test_all_or_nothing_on_a_cluster_by_its_address(tmp_path: Path, two: LocalCluster, suffix: str) -> None:
    path = tmp_path / f"run.{suffix}"
    address = two.scheduler_address
    sc.simulate_to_file(cells(), train(), path, budget=BUDGET, scheduler=address, **SETTINGS)
    assert same(sc.load_dataset(path), sc.simulate(cells(), train(), **SETTINGS))
    assert [inner.name for inner in tmp_path.iterdir()] == [path.name]


def test_what_a_lost_worker_had_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask deals a piece again whose worker died after writing it and before saying so."""
    path = tmp_path / "run.zarr"
    store = Store(path)
    parts = store.open(Parts.of(cells(), train(), request(cells(), **SETTINGS), budget=BUDGET))
    filling = Filling(store, store.marks.claim(), parts.bare(), threads=1)
    filling((parts.groups[3], None))
    monkeypatch.setattr(Parts, "simulate", lambda *_, **__: pytest.fail("done twice"))
    filling((parts.groups[3], None))


def test_a_client_of_the_users_stays_open(tmp_path: Path, one: LocalCluster) -> None:
    with Client(one, set_as_default=False) as client:
        sc.simulate_to_zarr(cells(), train(), tmp_path / "run.zarr", budget=BUDGET, scheduler=client)
        assert client.submit(sum, (1, 2)).result() == 3


def test_a_cancelled_run_goes_on_here(tmp_path: Path, two: LocalCluster) -> None:
    path = tmp_path / "run.zarr"
    stop = threading.Event()
    with pytest.raises(sc.Cancelled):
        sc.simulate_to_zarr(
            cells(),
            train(),
            path,
            budget=BUDGET,
            scheduler=two,
            cancel=stop,
            progress=lambda share: share > 0.3 and stop.set(),
            **SETTINGS,
        )
    assert 0 < len(Marks(path).done()) < SHAPE[0]
    with pytest.raises(FileError, match="must be complete"):
        sc.load_dataset(path)
    sc.simulate_to_zarr(cells(), train(), path, **SETTINGS)
    assert same(sc.load_dataset(path), sc.simulate(cells(), train(), **SETTINGS))


def test_a_cancelled_run_leaves_nothing(tmp_path: Path, two: LocalCluster) -> None:
    stop = threading.Event()
    with pytest.raises(sc.Cancelled):
        sc.simulate_to_file(
            cells(shape=(64, 64)),
            200 * train(),
            tmp_path / "run.zarr",
            budget=1 << 22,
            scheduler=two,
            cancel=stop,
            progress=lambda share: share > 0 and stop.set(),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_taken_away_stops_the_workers(tmp_path: Path, two: LocalCluster) -> None:
    path = tmp_path / "run.zarr"
    with pytest.raises(FileError, match="must be worked on by one process"):
        sc.simulate_to_zarr(
            cells(), train(), path, budget=BUDGET, scheduler=two, progress=lambda share: Marks(path).claim()
        )
    assert Marks(path).there()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is Unix's")
def test_a_killed_worker_changes_nothing(tmp_path: Path, two: LocalCluster) -> None:
    path = tmp_path / "run.zarr"
    array, wave = cells(shape=(12, 16)), sc.PulseTrain.cycling(200)
    with Client(two, set_as_default=False) as client:
        pids = client.run(os.getpid)
        assert len(pids) == 2
        killed: list[int] = []

        def kill(share: float) -> None:
            if share > 0.2 and not killed:
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)

        sc.simulate_to_zarr(array, wave, path, budget=1 << 16, scheduler=client, progress=kill)
        assert killed
        assert killed[0] not in client.run(os.getpid).values(), "the worker must have died"
    assert same(sc.load_dataset(path), sc.simulate(array, wave))
    assert not [file for file in path.rglob("*") if FOLDER in file.parts or file.suffix == ".partial"]


def test_a_scheduler_that_does_not_answer_gets_its_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synaptogen_core.array.runs.cluster.CONNECTING", 0.5)
    path = tmp_path / "run.zarr"
    with pytest.raises(
        ClusterError, match=r"scheduler: must be the address of a Dask scheduler that answers \(got no answer of 'tcp"
    ):
        sc.simulate_to_zarr(cells(), train(), path, scheduler="tcp://127.0.0.1:9")
    sc.simulate_to_zarr(cells(), train(), path)
    assert sc.load_dataset(path).sizes["row"] == SHAPE[0]


def test_a_cluster_without_workers_gets_its_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synaptogen_core.array.runs.cluster.JOINING", 0.5)
    with (
        cluster_of(0) as cluster,
        pytest.raises(ClusterError, match="must have workers"),
    ):
        sc.simulate_to_zarr(cells(), train(), tmp_path / "run.zarr", scheduler=cluster)


def test_the_package_is_loaded_only_when_used(tmp_path: Path) -> None:
    program = (
        "import sys, synaptogen_core as sc; cells = sc.CellArray((2, 2), sc.load_device('hennen2024'), seed=1);"
        "sc.simulate_to_zarr(cells, sc.PulseTrain.cycling(2), sys.argv[1]); print('distributed' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "run.zarr")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_a_cluster_writes_zarr_only(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"must end in \.zarr or \.zarr\.zip, for a cluster to write it"):
        sc.simulate_to_file(cells(), train(), tmp_path / "run.nc", scheduler="tcp://127.0.0.1:9")
    assert list(tmp_path.iterdir()) == []
