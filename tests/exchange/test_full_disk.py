"""A disk that is full or read-only: a sentence about the user's file, the old file whole, nothing left, and alive."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files import atomic, netcdf

CHILD = Path(__file__).with_name("full_disk.py")
SAID = {
    "limit": "File too large); write less, or choose a place that takes larger files",
    "full": "No space left on device); make room, or choose another place",
    "readonly": "Read-only file system); choose another folder, or have it opened for writing",
}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 8 MB."""
    place = tmp_path / "small"
    place.mkdir()
    try:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True)
    except OSError as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    if mounted.returncode:
        pytest.skip(f"no disk may be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def survived(folder: Path, *kinds: str) -> None:
    ended = subprocess.run(
        [sys.executable, str(CHILD), str(folder), *kinds],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(CHILD.parents[2])},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert not ended.stderr
    told = json.loads(ended.stdout)
    assert len(told["seen"]) == len(kinds)
    for kind, seen in told["seen"].items():
        for name, (said, untouched) in seen["found"].items():
            if name.startswith("download."):
                assert said.startswith("download: must fit into the temporary folder of the server (got: "), name
            else:
                assert said == f"{folder / name}: must be writable (got: {SAID[kind]}", name
            assert untouched, f"{name}: what was there must be as it was, and nothing else be there"
        assert seen["resumed"].startswith(f"{folder / kind}.zarr: must be writable (got: {SAID[kind]}")
        begun = "what is done is kept" in seen["resumed"]
        assert begun == bool(seen["left"]), "what is begun can be gone on with; else nothing is left"
        assert not [name for name in seen["left"] if name.endswith((".tmp", ".partial"))]
    assert set(told["again"].values()) == {None}, "with room, every one of them writes"


def test_every_writer_is_tried_on_a_full_disk() -> None:
    tried = CHILD.read_text(encoding="utf-8")
    files = [file.read_text(encoding="utf-8") for file in (CHILD.parents[2] / "synaptogen_core").rglob("*.py")]
    writers = {name for text in files for name in re.findall(r"^def (save_\w+|simulate_to_\w+)\(", text, re.MULTILINE)}
    assert {"save_dataset", "save_network", "simulate_to_zarr"} <= writers
    assert [name for name in sorted(writers) if f"{name}(" not in tried] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_files_that_may_not_grow(tmp_path: Path) -> None:
    survived(tmp_path / "a", "limit:3000")


def test_a_full_and_a_read_only_disk(small_disk: Path) -> None:
    survived(small_disk / "a", "full:8192", "readonly")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "setuid"), reason="users are Unix's")
def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """Root may write everywhere, so a child becomes nobody."""
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o555)
    script = (
        "import os, sys\n"
        "from synaptogen_core.exchange.files.atomic import replacing\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "with replacing(sys.argv[1]) as temporary: temporary.write_text('x')\n"
    )
    for parent in [*folder.parents][: len(folder.parts) - len(Path("/tmp").parts)]:
        if os.access(parent, os.W_OK) and parent.stat().st_uid == os.getuid() and parent != Path("/tmp"):
            parent.chmod(0o755)
    path = folder / "a.csv"
    ended = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(CHILD.parents[2])},
    )  # fmt: skip
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert last.endswith(
        f"{path}: must be writable (got: Permission denied); choose another folder, or have it opened for writing"
    )


def values() -> xr.Dataset:
    """Many pieces that do not pack well, some of them on dask."""
    noise = np.random.default_rng(1).normal(size=(40, 1200))
    ds = xr.Dataset({"a": (("x", "y"), noise), "b": (("x", "y"), noise[::-1])}, attrs={"note": "two"})
    return ds.assign(c=ds["a"].chunk({"x": 7, "y": 900}))


ENCODING = {name: {"zlib": True, "chunksizes": (4, 100), "_FillValue": None} for name in "abc"}


def test_netcdf_is_what_xarray_writes(tmp_path: Path) -> None:
    netcdf.write(values(), tmp_path / "ours.nc", ENCODING)
    values().to_netcdf(tmp_path / "theirs.nc", engine="h5netcdf", encoding=ENCODING)
    with (
        xr.open_dataset(tmp_path / "ours.nc", engine="h5netcdf") as ours,
        xr.open_dataset(tmp_path / "theirs.nc", engine="h5netcdf") as theirs,
    ):
        assert ours.identical(theirs)
        for name in "abc":
            told = [{k: v for k, v in ds[name].encoding.items() if k != "source"} for ds in (ours, theirs)]
            assert told[0] == told[1]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Dask in one thread: the same writes each time."""
    with dask.config.set(scheduler="synchronous"):
        yield


def test_a_failure_at_any_write_is_survived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None) -> None:
    """HDF5 closes as if all was written: what cannot be written can be read back until then."""
    ds, put, writes, fatal = values(), netcdf.Steadfast._put, 0, -1

    def counted(stream: Any, content: memoryview) -> None:
        nonlocal writes
        writes += 1
        if writes >= fatal > 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        put(stream, content)

    monkeypatch.setattr(netcdf.Steadfast, "_put", counted)
    netcdf.write(ds, tmp_path / "whole.nc", ENCODING)
    total = writes
    assert total > 100
    for at in (1, 2, 5, total // 3, total // 2, total - 8, total - 1, total):
        writes, fatal = 0, at
        with pytest.raises(OSError, match="No space"):
            netcdf.write(ds, tmp_path / f"{at}.nc", ENCODING)
    fatal = -1
    netcdf.write(ds, tmp_path / "again.nc", ENCODING)
    assert (tmp_path / "again.nc").stat().st_size == (tmp_path / "whole.nc").stat().st_size


def test_what_the_disk_did_not_take_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a file in memory: overlapping writes, holes, reads across pages and behind the end."""
    put, chance, twin = netcdf.Steadfast._put, np.random.default_rng(2), bytearray(3 * netcdf.PAGE)
    stream = netcdf.Steadfast(tmp_path / "a")

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for k in range(200):
        monkeypatch.setattr(netcdf.Steadfast, "_put", put if k < 50 else broken)
        at, size = int(chance.integers(2 * netcdf.PAGE)), int(chance.integers(1, netcdf.PAGE))
        content = chance.bytes(size)
        stream.seek(at)
        assert stream.write(content) == size
        twin[at : at + size] = content
        got = bytearray(netcdf.PAGE)
        stream.seek(at := int(chance.integers(2 * netcdf.PAGE)))
        assert stream.readinto(got) == len(got)
        assert got == twin[at : at + len(got)]
    with pytest.raises(OSError, match="error"):
        stream.check()
    stream.release()


@pytest.mark.skipif(os.name == "nt", reason="signals are Unix's")
def test_ctrl_c_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes in the middle of a write by HDF5, whose file is closed all the same."""
    put, written, asked = netcdf.Steadfast._put, threading.Event(), []

    def interrupted(stream: Any, content: memoryview) -> None:
        if not written.is_set():
            written.set()
            asked.append(threading.current_thread() is threading.main_thread())
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        put(stream, content)

    monkeypatch.setattr(netcdf.Steadfast, "_put", interrupted)
    (tmp_path / "a.nc").write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic.replacing(tmp_path / "a.nc") as temporary:
        netcdf.write(values(), temporary, ENCODING)
    assert asked == [False]
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.nc", "old")]


@pytest.mark.parametrize(
    ("step", "number"),
    [("fsync", errno.EIO), ("fsync", errno.EDQUOT), ("replace", errno.ENOSPC), ("close", errno.EDQUOT)],
)
def test_late_refusals_get_their_sentence(
    step: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        with pytest.raises(FileError) as caught, atomic.replacing(tmp_path / "a") as temporary:
            temporary.write_text("new")
            patch.setattr(os, step, refuse)
        said = str(caught.value)
    assert said.startswith(f"{tmp_path / 'a'}: must be writable (got: {os.strerror(number)}); ")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a", "old")]


def test_names_that_cannot_be(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        with atomic.replacing(path) as temporary:
            temporary.write_text("x")

    longest = tmp_path / ("a" * 251 + ".csv")
    write(longest)
    assert longest.read_text() == "x"
    with pytest.raises(FileError, match=r"must be writable \(got: File name too long\); shorten the name"):
        write(longest.with_name("a" * 252 + ".csv"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileError, match=r"folder: must be writable \(got: Is a directory\); choose a name that no f"):
        write(tmp_path / "folder")
    with pytest.raises(FileError, match=r"must lie in a folder that exists \(got .*csv\); make it first"):
        write(longest / "a")
    assert {file.name for file in tmp_path.iterdir()} == {longest.name, "folder"}


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), FileNotFoundError(2, "none", "/elsewhere/in")])
def test_what_is_no_refusal_of_this_disk_stays(error: OSError, tmp_path: Path) -> None:
    with pytest.raises(type(error)) as caught, atomic.replacing(tmp_path / "a"):
        raise error
    assert caught.value is error
