"""Long runs straight into a Zarr store, by this process or by a Dask cluster, that go on after a kill."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from synaptogen_core.array.cells import CellArray, check_cells
from synaptogen_core.array.runs import cluster
from synaptogen_core.array.runs.recording import ITEM_BYTES, request
from synaptogen_core.array.runs.row_groups import Group, Parts
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.device.model.random_streams import STREAM_VERSION
from synaptogen_core.errors import Cancelled, FileError
from synaptogen_core.exchange.datasets import datasets
from synaptogen_core.exchange.files.atomic import told
from synaptogen_core.exchange.runs import store as stores
from synaptogen_core.exchange.runs.store import Store
from synaptogen_core.progress import Cancel, Progress, Shown, shown

BUDGET = 256 * 2**20  # bytes
PIECES = 16  # so that a kill costs little, and a cluster has something to deal
SMALL = 10**9  # bytes: what is found out soon enough by writing
PACKED = 0.4  # of their size in memory, features that cells draw take more than this in a file
GO_ON = "; what is done is kept, and the same call (synaptogen generate --resume) resumes it"


def simulate_to_zarr(
    cells: CellArray,
    train: PulseTrain,
    path: str | os.PathLike[str],
    *,
    record: str | Iterable[str] = ("features",),
    every: str | int = "cycle",
    read_voltage: float | None = None,
    bandwidth: float | None = None,
    budget: int = BUDGET,
    progress: Shown = None,
    cancel: Cancel | None = None,
    threads: int | None = None,
    scheduler: Any = None,
) -> None:
    """Simulate straight into a Zarr folder, in bounded memory; after a stop of any kind the same call goes on.

    Groups of rows are written one by one, and marked in the store when they are on the disk. Called again with the same
    settings, after a cancel, a crash or a power cut, it does what is not marked: the same bits as in one go. A store
    that is not whole yet opens with no reader; `load_dataset` says how far it is. A whole store of the same run is left
    as it is.

    Parameters
    ----------
    cells, train, record, every, read_voltage, bandwidth, progress
        As for `simulate`. The cells are left as they are.
    path : str or path
        .zarr. With a cluster, a folder that all workers see under this name.
    budget : int
        Bytes that the parts of the Dataset may take at once; one row of the array at least. With a cluster, in each
        thread of a worker. A run that goes on keeps the parts it began with.
    cancel : callable or threading.Event, optional
        Looked at now and then; if true, the run ends with `Cancelled`, and the store can be gone on with.
    threads : int, optional
        Default: as many as the process has processors; with a cluster, one for each row group.
    scheduler : str, distributed.Client or cluster, optional
        Where to compute: the address of a Dask scheduler such as "tcp://host:8786", a client, or a cluster such as
        `distributed.LocalCluster`. Default: here. The data are the same to the last bit.

    Raises
    ------
    FileError
        If the suffix is another, the folder does not exist, something else has this name (a run with other settings,
        too), another process takes the store over, or the file system refuses the write (full, read-only): what is
        done is kept, and the same call goes on with it.
    ValueError, TypeError
        If an argument breaks its rule.
    Cancelled
        If `cancel` said so.
    ClusterError
        If the cluster cannot be reached or could not do its work; what is done is marked.
    """
    if datasets.format_of(path) != ".zarr":
        raise FileError(f"{path}: must end in .zarr, to be resumed after a stop (got another suffix); rename it")
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileError(f"{path}: must lie in a folder that exists (got {target.parent}); make it first")
    with told(path):
        there = target.exists()
    wish = request(check_cells(cells), record, every, None, read_voltage, bandwidth)
    parts = Parts.of(cells, train, wish, budget=budget, pieces=PIECES)
    store = Store(target)
    if not there:
        check_room(path, parts)
    try:
        with shown(progress, "simulate") as tell:
            if not stores.is_finished(target, parts):
                fill(store, parts, tell, cancel, threads, scheduler)
            elif tell is not None:
                tell(1.0)
    except OSError:
        begun = store.marks.there()
        if not there and not begun:
            shutil.rmtree(target, ignore_errors=True)
        with told(path, GO_ON if begun else ""):
            raise


def check_room(path: str | os.PathLike[str], parts: Parts) -> None:
    """Refuse a run of which the features alone cannot fit on the disk, before days are spent on it.

    Parameters
    ----------
    path : str or path
        In a folder that exists.
    parts : Parts

    Raises
    ------
    FileError
        If it cannot fit; what it takes at least, and what is free.
    """
    drawn = "features" in parts.recording.quantities
    least = int(PACKED * parts.cells.size * parts.train.cycles * ITEM_BYTES["features"]) if drawn else 0
    with told(path):
        free = shutil.disk_usage(Path(os.path.realpath(path)).parent).free
    if least > max(free, SMALL):
        raise FileError(
            f"{path}: must fit on its disk, where {free / 1e9:,.1f} GB are free (got a run that takes "
            f"{least / 1e9:,.1f} GB at least); take fewer cells or cycles, or choose another place"
        )


def fill(
    store: Store,
    parts: Parts,
    progress: Progress | None,
    cancel: Cancel | None,
    threads: int | None,
    scheduler: Any = None,
) -> None:
    """Do all row groups that a store lacks, and finish it; parameters as for `simulate_to_zarr`.

    Parameters
    ----------
    store : Store
    parts : Parts
        The row groups of the run.
    progress, cancel, threads, scheduler
        As of `simulate_to_zarr`.

    Raises
    ------
    FileError
        If another process has taken the store over; `Cancelled` if the caller wants to stop.
    """
    parts = store.open(parts)
    parts.warn_range()
    left = store.left(parts)
    token = store.marks.claim()
    local = scheduler is None
    filling = Filling(store, token, parts if local else parts.bare(), threads if local else threads or 1)
    rows_done = parts.cells.rows - sum(last - first for first, last in left)

    def tell(rows: float) -> None:
        if progress is not None:
            progress(rows / parts.cells.rows)

    def done(piece: Piece) -> None:
        nonlocal rows_done
        rows_done += piece[0][1] - piece[0][0]
        tell(rows_done)

    tell(rows_done)
    try:
        if local:
            _here(filling, left, lambda rows: tell(rows_done + rows), cancel)
        else:
            cluster.deal(
                filling,
                ((group, parts.state(group)) for group in left),
                scheduler,
                done=done,
                halt=lambda: store.marks.release(token),
                cancel=cancel,
            )
        filling.check_held()
        store.finish()
    finally:
        store.marks.release(token)


def _here(filling: Filling, groups: list[Group], tell: Progress, cancel: Cancel | None) -> None:
    """Do groups in this process: one is computed while the one before goes to the disk."""
    before = 0
    with ThreadPoolExecutor(1, thread_name_prefix="synaptogen-writer") as writer:
        writing: Future[None] | None = None
        for group in groups:
            ds = filling.simulate((group, None), _share(tell, before, group), cancel)
            if writing is not None:
                writing.result()
            writing = writer.submit(filling.write, ds, group)
            before += group[1] - group[0]
        if writing is not None:
            writing.result()
    tell(before)


def _share(tell: Progress, before: int, group: Group) -> Progress:
    return lambda share: tell(before + share * (group[1] - group[0]))


Piece = tuple[Group, CellArray | None]  # the cells of the group, where they are used ones that a worker does not know


@dataclass(frozen=True)
class Filling:
    """The work on a store, as it is sent to the workers of a cluster."""

    store: Store
    token: str
    parts: Parts
    threads: int | None
    stream_version: int = STREAM_VERSION

    def __call__(self, piece: Piece) -> None:
        """Do one row group, on whatever machine this is."""
        if self.stream_version != STREAM_VERSION:
            raise FileError(
                f"scheduler: workers must draw from random streams of version {self.stream_version} "
                f"(got {STREAM_VERSION} on {socket.gethostname()}); install the same release there"
            )
        if not self.store.path.is_dir():
            raise FileError(
                f"{self.store.path}: must be seen by every worker under this name (got no such folder on "
                f"{socket.gethostname()}); choose a shared folder"
            )
        if self.store.marks.is_done(piece[0][0]):  # by a worker that was lost before it could say so
            return
        try:
            self.write(self.simulate(piece, None, lambda: not self.store.marks.held(self.token)), piece[0])
        except Cancelled:
            self.check_held()
            raise

    def simulate(self, piece: Piece, progress: Progress | None, cancel: Cancel | None) -> xr.Dataset:
        """The Dataset of one row group.

        Parameters
        ----------
        piece : (int, int)
            First row, and the end.
        progress, cancel : optional
            As of `simulate`.

        Returns
        -------
        xarray.Dataset

        Raises
        ------
        FileError
            If another process has taken the store over.
        """
        self.check_held()
        return self.parts.simulate(*piece, progress=progress, cancel=cancel, threads=self.threads)

    def write(self, ds: xr.Dataset, group: Group) -> None:
        """Put it into the store, and mark it.

        Parameters
        ----------
        ds : xarray.Dataset
            Of the group.
        group : (int, int)
            First row, and the end.

        Raises
        ------
        FileError
            If another process has taken the store over.
        """
        self.check_held()
        self.store.write(ds, group)

    def check_held(self) -> None:
        """Refuse to work on a store that somebody else has taken over.

        Raises
        ------
        FileError
            If another process has.
        """
        if not self.store.marks.held(self.token):
            raise FileError(
                f"{self.store.path}: must be worked on by one process (got another one); let that one finish"
            )
