"""Runs every writer on a disk that refuses, and prints what came of it; for test_full_disk.py.

Arguments: the folder to write in, and what refuses. It is a process of its own, as HDF5 used to kill it.
"""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import synaptogen_core as sc
from synaptogen_core import networks as nets
from synaptogen_core.cli.program import app
from synaptogen_core.crossbar.circuit.bias import bias
from synaptogen_core.errors import FileError
from synaptogen_core.exchange import api
from synaptogen_core.exchange.circuits import files
from synaptogen_core.exchange.networks.analog import save_table
from synaptogen_core.report import page
from synaptogen_core.report.run import save_run_report

CELLS = sc.CellArray((16, 16), sc.load_device("hennen2024"), seed=1)
TRAIN = sc.PulseTrain.cycling(20)
RUN = sc.simulate(CELLS, TRAIN, advance=False)
LAZY = RUN.chunk({"row": 5})
LONG = sc.PulseTrain.table([-1.5, 1.5] * 5000)
NETWORK = nets.program(nets.Network.from_arrays([np.eye(2)]), nets.Chip(CELLS.device, seed=1))
LAW = replace(sc.load_retention("stanford-c"), source="long " * 1999)
PARTS = {"budget": 1 << 15, "threads": 1}  # several groups
page.report_html = lambda *_, **__: "page " * 4000  # type: ignore[assignment]  # a fit takes longer


def generate(path: Path) -> None:
    said = io.StringIO()
    with redirect_stderr(said):
        code = app(["generate", str(path), "--shape", "16x16", "--force", "-q"], standalone_mode=False)
    if code:
        assert code == 1
        raise FileError(said.getvalue().strip().removeprefix("synaptogen: "))


WRITERS: dict[str, Callable[[Path], object]] = {
    "run.nc": lambda path: sc.save_dataset(RUN, path),
    "lazy.nc": lambda path: sc.save_dataset(LAZY, path),
    "run.zarr": lambda path: sc.save_dataset(RUN, path),
    "run.zarr.zip": lambda path: sc.save_dataset(RUN, path),
    "run.csv": lambda path: api.save_features_csv(RUN, path),
    "streamed.nc": lambda path: sc.simulate_to_file(CELLS, TRAIN, path, **PARTS),
    "streamed.zarr": lambda path: sc.simulate_to_file(CELLS, TRAIN, path, **PARTS),
    "streamed.zarr.zip": lambda path: sc.simulate_to_file(CELLS, TRAIN, path, **PARTS),
    "streamed.csv": lambda path: sc.simulate_to_file(CELLS, TRAIN, path, **PARTS),
    "generated.nc": generate,
    "cells.nc": lambda path: api.save_cells(CELLS, path),
    "train.csv": lambda path: api.save_train(LONG, path),
    "device.json": lambda path: api.save_device(CELLS.device, path),
    "array.cir": lambda path: files.save_netlist(CELLS, bias(CELLS.shape, "half", 0.2), None, path),
    "report.html": lambda path: page.save_report(None, None, path),  # type: ignore[arg-type]
    "numbers.nc": lambda path: api.save_estimates(RUN, path),
    "table.nc": lambda path: save_table(RUN, path),
    "network.nc": lambda path: sc.save_network(NETWORK, path),
    "cell.va": lambda path: sc.save_veriloga(CELLS.device, path),
    "law.json": lambda path: sc.save_retention(LAW, path),
    "run.html": lambda path: save_run_report(RUN, path),
}


@contextmanager
def limit(folder: Path, nbytes: int) -> Iterator[None]:
    """No file may grow beyond some bytes."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def full(folder: Path, nbytes: int) -> Iterator[None]:
    """The disk has some bytes left."""
    filler = folder.parent / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(4096)) == 4096:
                pass
        except OSError:
            stream.truncate(max(0, stream.tell() - nbytes))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def readonly(folder: Path, nbytes: int) -> Iterator[None]:
    """The disk takes nothing."""
    for mode in ("ro", "rw"):
        subprocess.run(["mount", "-o", f"remount,{mode}", str(folder.parent)], check=True)
        if mode == "ro":
            yield


NEW = ("run.nc", "streamed.nc", "streamed.zarr", "run.zarr.zip", "run.csv")  # also where there is no old file
KINDS = {"limit": limit, "full": full, "readonly": readonly}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() if f.is_file() else b"" for f in sorted(folder.rglob("*"))}


def tried(work: Callable[[], object]) -> str | None:
    """What a FileError says; None if all went well."""
    try:
        work()
    except FileError as error:
        return str(error)
    return None


def refused(folder: Path) -> dict[str, Any]:
    """Every writer where nothing can be written: what it says, and whether it left all as it was."""
    found = {}
    temporary = folder / "temporary"
    before = contents(folder)
    for name, writer in [*WRITERS.items(), *((f"new-{name}", WRITERS[name]) for name in NEW)]:
        said = tried(partial(writer, folder / name))
        found[name] = [said, contents(folder) == before]
    tempfile.tempdir = str(temporary)
    for suffix in ("nc", "zarr.zip", "csv"):
        said = tried(lambda suffix=suffix: api.dataset_stream(RUN, suffix).close())  # type: ignore[misc]
        found[f"download.{suffix}"] = [said, contents(folder) == before]
    tempfile.tempdir = None
    return found


def main(folder: Path, kinds: list[str]) -> None:
    (folder / "temporary").mkdir(parents=True)
    for name, write in WRITERS.items():
        write(folder / name)
    seen = {}
    for kind in kinds:
        name, _, nbytes = kind.partition(":")
        store = folder / f"{name}.zarr"
        with KINDS[name](folder, int(nbytes or 0)):
            found = refused(folder)
            resumed = tried(lambda store=store: sc.simulate_to_zarr(CELLS, TRAIN, store, **PARTS))  # type: ignore[misc]
            left = sorted(contents(store)) if store.exists() else []
        seen[name] = {"found": found, "resumed": resumed, "left": left}
        sc.simulate_to_zarr(CELLS, TRAIN, store, **PARTS)
        assert sc.load_dataset(store).drop_attrs().identical(RUN.drop_attrs()), "the run goes on to the same numbers"
    again = {name: tried(partial(write, folder / name)) for name, write in WRITERS.items()}
    print(json.dumps({"seen": seen, "again": again}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
