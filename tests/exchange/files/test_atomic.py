"""A file is written whole or not at all: the old one stays, and nothing temporary is left."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import (
    save_cells,
    save_dataset,
    save_device,
    save_features_csv,
    save_train,
)
from synaptogen_core.exchange.files import atomic


class BrokenDiskError(RuntimeError):
    """Stands for a full disk, a power cut, a lost network folder."""


def broken(*_: Any, **__: Any) -> Any:
    raise BrokenDiskError


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


WRITERS: dict[str, Callable[[Path, xr.Dataset, sc.DeviceParameters], None]] = {
    "a.nc": lambda path, run, _: save_dataset(run, path),
    "a.zarr": lambda path, run, _: save_dataset(run, path),
    "a.zarr.zip": lambda path, run, _: save_dataset(run, path),
    "a.csv": lambda path, run, _: save_features_csv(run, path),
    "c.nc": lambda path, _, device: save_cells(sc.CellArray((2, 3), device, seed=1), path),
    "d.json": lambda path, _, device: save_device(device, path),
    "t.csv": lambda path, *_: save_train(sc.PulseTrain.cycling(3), path),
}
FAILURES = {
    "rename": ("os.replace", broken),
    "flush": ("os.fsync", broken),
    "netcdf": ("xarray.Dataset.dump_to_store", broken),
    "zarr": ("xarray.Dataset.to_zarr", broken),
    "zip": ("zipfile.ZipFile.write", broken),
    "text": ("pathlib.Path.write_text", broken),
    "open": ("pathlib.Path.open", broken),
}
HITS = {  # what a writer uses, and so must survive the failure of
    "a.nc": {"rename", "flush", "netcdf"},
    "a.zarr": {"rename", "flush", "zarr", "text", "open"},
    "a.zarr.zip": {"rename", "flush", "zarr", "zip", "text", "open"},
    "a.csv": {"rename", "flush", "open"},
    "c.nc": {"rename", "flush", "netcdf"},
    "d.json": {"rename", "flush", "text", "open"},
    "t.csv": {"rename", "flush", "open"},
}


@pytest.mark.parametrize(("name", "failure"), [(name, failure) for name in HITS for failure in sorted(HITS[name])])
@pytest.mark.parametrize("old", [True, False], ids=["replacing", "new"])
def test_a_failed_write_changes_nothing(
    name: str,
    failure: str,
    old: bool,
    run: xr.Dataset,
    device: sc.DeviceParameters,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / name
    if old:
        WRITERS[name](path, run, device)
    before = contents(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(*FAILURES[failure])
        with pytest.raises(BrokenDiskError):
            WRITERS[name](path, run, device)
    assert contents(tmp_path) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ([name] if old else [])
    WRITERS[name](path, run, device)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_an_interrupted_write_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic.replacing(tmp_path / "a") as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert contents(tmp_path) == {"a": b"old"}


def test_a_folder_that_cannot_be_replaced_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old folder has been moved aside when the second rename fails."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("old")
    replace, calls = os.replace, []

    def second_fails(source: Any, target: Any) -> None:
        calls.append(source)
        if len(calls) == 2:
            raise BrokenDiskError
        replace(source, target)

    monkeypatch.setattr(os, "replace", second_fails)
    with pytest.raises(BrokenDiskError), atomic.replacing(tmp_path / "a") as temporary:
        temporary.mkdir()
        (temporary / "y").write_text("new")
    assert len(calls) == 3
    assert contents(tmp_path) == {"a/x": b"old"}


@pytest.mark.parametrize(("interrupted", "stays"), [(1, "old"), (2, "new")])
def test_a_folder_is_there_whenever_a_ctrl_c_comes(
    interrupted: int, stays: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "old").write_text("x")
    replace, calls = os.replace, []

    def stopped_after(source: Any, target: Any) -> None:
        replace(source, target)
        calls.append(source)
        if len(calls) == interrupted:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stopped_after)
    with pytest.raises(KeyboardInterrupt), atomic.replacing(tmp_path / "a") as temporary:
        temporary.mkdir()
        (temporary / "new").write_text("x")
    assert contents(tmp_path) == {f"a/{stays}": b"x"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with atomic.replacing(tmp_path / "a") as temporary:
            temporary.mkdir()
            (temporary / text).write_text(text)
    assert contents(tmp_path) == {"a/new": b"new"}


def test_everything_is_flushed_before_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (events.append("flush"), fsync(handle))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (events.append("rename"), replace(a, b))[1])
    with atomic.replacing(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert events == ["flush", "rename", "flush"]  # the bytes, the name, the folder that holds the name


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")
    file.chmod(0o600)
    with atomic.replacing(file) as temporary:
        temporary.write_text("new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic.replacing(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_missing_folder_gets_its_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught, atomic.replacing(tmp_path / "no" / "a"):
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'no' / 'a'}: must lie in a folder that exists (got {tmp_path / 'no'}); make it first"
    )
