"""A Zarr store that is filled group of rows by group of rows, by one process or by many, with pauses if need be."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import xarray as xr
import zarr

from synaptogen_core.array import tally
from synaptogen_core.array.runs import dataset
from synaptogen_core.array.runs.row_groups import Group, Parts
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.datasets import datasets
from synaptogen_core.exchange.datasets.unfinished import Marks
from synaptogen_core.exchange.files.atomic import flush

FLUSHES_AT_ONCE = 8


@dataclass(frozen=True)
class Store:
    """A store on its way.

    Parameters
    ----------
    path : Path
        Absolute.
    durable : bool
        Put every group on the disk before it is marked; without it, a mark outlives a killed process, but not the
        power.
    """

    path: Path
    durable: bool = True

    @property
    def marks(self) -> Marks:
        """What it knows of itself."""
        return Marks(self.path)

    def open(self, parts: Parts) -> Parts:
        """Begin the store, or go on with it; return the parts, cut as the store is.

        Raises
        ------
        FileError
            If something else is in the way, or the store began with other settings.
        """
        template = parts.template()
        wanted = {
            "settings": json.loads(template.attrs["settings"]),
            "train": train_hash(parts.train),
            "shape": list(parts.cells.shape),
        }
        if self.marks.there():
            run = self.marks.run()
            _check_same(self.path, wanted, run)
            parts = replace(parts, rows=int(run["rows"]))
        else:
            _check_free(self.path)
            self.marks.begin({**wanted, "rows": parts.rows})
        if not self.marks.header.exists():
            self._lay_out(template, parts.rows)
        return parts

    def left(self, parts: Parts) -> list[Group]:
        """The groups that are not done yet."""
        done = self.marks.done()
        return [group for group in parts.groups if group[0] not in done]

    def _lay_out(self, template: xr.Dataset, rows: int) -> None:
        """Write the headers of all arrays, and those that do not grow; the header of the store stays aside."""
        aside = self.marks.folder / "layout"
        encoding = datasets.zarr_encoding(template, rows)
        template.to_zarr(
            aside,
            mode="w",
            zarr_format=3,
            consolidated=False,
            encoding=encoding,
            compute=False,
            write_empty_chunks=True,
        )
        for file in sorted(aside.rglob("*")):
            flush(file)
        for folder in sorted(file for file in aside.iterdir() if file.is_dir()):
            if not (self.path / folder.name).exists():  # moved before a kill
                os.replace(folder, self.path / folder.name)
        flush(self.path)
        os.replace(aside / "zarr.json", self.marks.header)  # the sign that all is laid out
        flush(self.marks.folder)

    def write(self, ds: xr.Dataset, group: Group) -> None:
        """Write a group of rows and mark it.

        Parameters
        ----------
        ds : xarray.Dataset
            Of the group.
        group : (int, int)
            First row, and the end.
        """
        written: list[Path] = []
        for name, variable in changing(ds).items():
            array = zarr.open_array(self.path / name, mode="r+", zarr_format=3)
            array = array.with_config({"write_empty_chunks": True})  # a missing piece would read as zeros
            axis = variable.dims.index("row")
            array[(slice(None),) * axis + (slice(*group),)] = variable.values
            written += _pieces(self.path / name, array, axis, group)
        if self.durable:
            _flush_all(written, self.path)
        self.marks.mark(group[0], {name: ds.attrs[name] for name in tally.COUNTS})

    def finish(self) -> None:
        """Give the store its header, in one step, and remove the marks."""
        for orphan in self.path.rglob("*.partial"):  # of a writer that was killed; Zarr renames what is whole
            orphan.unlink(missing_ok=True)
        datasets.consolidate(self.path, self.marks.header, tally.total(self.marks.counts()))
        self.marks.remove()


def changing(ds: xr.Dataset) -> dict[str, xr.Variable]:
    """The variables that differ from part to part."""
    return {str(name): array.variable for name, array in ds.data_vars.items() if "row" in array.dims}


def train_hash(train: PulseTrain) -> str:
    """Hash of a train; the settings of a Dataset leave long tables out."""
    return hashlib.sha256(json.dumps(train.to_dict(), sort_keys=True).encode()).hexdigest()[:16]


def is_finished(path: Path, parts: Parts) -> bool:
    """Whether there is a whole store of the same run.

    Parameters
    ----------
    path : Path
    parts : Parts
        The run that is wanted.

    Returns
    -------
    bool

    Raises
    ------
    FileError
        If there is a whole store of another run.
    """
    if not (path / "zarr.json").is_file():
        return False
    with datasets.load_dataset(path, lazy=True) as ds:
        settings = dataset.settings_of(ds)
        found = {"settings": settings, "train": train_hash(dataset.train_of(settings, ds))}
    wanted = {"settings": json.loads(parts.template().attrs["settings"]), "train": train_hash(parts.train)}
    others = _differing(wanted, found)
    if others:
        raise FileError(
            f"{path}: must not hold another run (got a finished one with another {others}); "
            "choose another name, or remove it"
        )
    Marks(path).remove()  # killed between the header and this
    return True


def _check_free(path: Path) -> None:
    if path.is_file() or (path.is_dir() and any(inner.name != Marks(path).folder.name for inner in path.iterdir())):
        raise FileError(
            f"{path}: must not be something else (got a file or a folder of other things); choose another name"
        )


def _check_same(path: Path, wanted: dict[str, Any], run: dict[str, Any]) -> None:
    others = _differing(wanted, run)
    if others:
        raise FileError(
            f"{path}: must be resumed with the settings that it began with (got another {others}); "
            "give those, choose another name, or remove it"
        )


def _differing(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    """Names of the settings that differ."""
    ours, theirs = wanted["settings"], found.get("settings", {})
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    if wanted["train"] != found.get("train") and "train" not in names:
        names.append("train")
    return ", ".join(names)


def _pieces(folder: Path, array: Any, axis: int, group: Group) -> list[Path]:
    """The files of a group's pieces."""
    counts = [range(-(-size // chunk)) for size, chunk in zip(array.shape, array.chunks, strict=True)]
    chunk = array.chunks[axis]
    counts[axis] = range(group[0] // chunk, -(-group[1] // chunk))
    return [folder.joinpath("c", *map(str, place)) for place in product(*counts)]


def _flush_all(files: Iterable[Path], top: Path) -> None:
    """Put files, and the folders above them as far as `top`, on the disk."""
    listed = list(files)
    folders = {parent for file in listed for parent in file.parents if parent.is_relative_to(top)}
    with ThreadPoolExecutor(FLUSHES_AT_ONCE) as pool:
        list(pool.map(flush, listed))
        list(pool.map(flush, folders))
