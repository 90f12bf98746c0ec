"""Scaling over the workers of a Dask cluster: the same run into one Zarr store, by this process and by workers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distributed import LocalCluster

import synaptogen_core as sc
from benchmarks.contestants import ORDER, TRAIN_CYCLES, U_RESET, U_SET, Contestant, shape_of

WORKERS = (1, 2)


@contextmanager
def workers(size: int) -> Iterator[list[Contestant]]:
    """A train of pulses from fresh cells, their last states written down; each worker is a process with one thread."""
    train = sc.PulseTrain.cycling(cycles=TRAIN_CYCLES, u_set=U_SET, u_reset=U_RESET)
    cells = sc.CellArray(shape_of(size), sc.load_device("hennen2024").vary(order=ORDER), seed=1)
    folder = Path(tempfile.mkdtemp(prefix="synaptogen-benchmark"))

    def run(scheduler: LocalCluster | None, threads: int | None) -> Callable[[], None]:
        def once() -> None:
            target = folder / "run.zarr"
            shutil.rmtree(target, ignore_errors=True)
            sc.simulate_to_zarr(
                cells, train, target, record="state", every=len(train), threads=threads, scheduler=scheduler
            )

        return once

    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        contestants = [Contestant("this process, 1 thread", run(None, 1), len(train) * size)]
        contestants.append(Contestant("this process, 2 threads", run(None, 2), len(train) * size))
        for count in WORKERS:
            cluster = stack.enter_context(
                LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=":0", silence_logs=50)
            )
            name = f"cluster, {count} worker{'s' * (count > 1)}"
            contestants.append(Contestant(name, run(cluster, None), len(train) * size))
        yield contestants
