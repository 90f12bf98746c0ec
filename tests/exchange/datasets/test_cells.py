"""Saved cells go on exactly as the ones that were saved."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.api import load_cells, save_cells

TRAIN = sc.PulseTrain.cycling(3) + sc.PulseTrain.staircase(1, steps=5) + sc.PulseTrain.random(4, seed=2)


@pytest.fixture
def cells(device: sc.DeviceParameters) -> sc.CellArray:
    cells = sc.CellArray((3, 5), device.vary(d2d=1.2), seed=2**62, order=4, first_cell=2**41)
    sc.simulate(cells, TRAIN)
    cells.apply_voltage(0.9)
    cells.read()
    return cells


def fault(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        load_cells(path)
    return str(caught.value)


def test_cells_go_on_where_they_were(cells: sc.CellArray, tmp_path: Path) -> None:
    save_cells(cells, tmp_path / "cells.nc")
    again = load_cells(tmp_path / "cells.nc")
    assert again.state_hash() == cells.state_hash()
    assert again.device == cells.device
    assert (again.shape, again.seed, again.first_cell, again.fresh) == ((3, 5), 2**62, 2**41, False)
    np.testing.assert_array_equal(again.read(), cells.read())
    both = [sc.simulate(c, TRAIN, record=["features", "conductance"], bandwidth=1e8) for c in (cells, again)]
    xr.testing.assert_equal(*both)
    assert again.state_hash() == cells.state_hash()


def test_fresh_cells_stay_fresh(device: sc.DeviceParameters, tmp_path: Path) -> None:
    cells = sc.CellArray((2, 2), device, seed=5, start="empty")
    save_cells(cells, tmp_path / "cells.nc")
    again = load_cells(tmp_path / "cells.nc", engine="numpy")
    assert again.fresh
    assert (again.start, again.engine) == ("empty", "numpy")
    assert again.state_hash() == cells.state_hash()


def test_a_used_run_can_be_made_again(cells: sc.CellArray, tmp_path: Path) -> None:
    save_cells(cells, tmp_path / "cells.nc")
    ds = sc.simulate(cells, TRAIN)
    xr.testing.assert_equal(sc.repeat(ds, load_cells(tmp_path / "cells.nc")), ds)


def test_plain_xarray_reads_the_cells(cells: sc.CellArray, tmp_path: Path) -> None:
    save_cells(cells, tmp_path / "cells.nc")
    with xr.open_dataset(tmp_path / "cells.nc") as ds:
        np.testing.assert_array_equal(ds["code"], cells.state().ravel())
        assert all(variable.attrs["long_name"] and variable.attrs["units"] for variable in ds.variables.values())


def edited(path: Path, change: Callable[[Any], None]) -> Path:
    copy = path.with_name("edited.nc")
    shutil.copy(path, copy)
    with h5py.File(copy, "r+") as file:
        change(file)
    return copy


def change_settings(**values: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file.attrs["settings"] = json.dumps({**json.loads(file.attrs["settings"]), **values})

    return change


def set_value(name: str, value: float) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file[name][0] = value

    return change


NOT_CELLS = "must hold cells that save_cells wrote; "
EDITS: list[tuple[str, Callable[[Any], None], str]] = [
    ("value", set_value("r", 0.5), "must have the hash "),
    ("nan", set_value("threshold", np.nan), NOT_CELLS + "cells: threshold must be numbers (got NaN)"),
    ("seed", change_settings(seed=4), "must have the hash "),
    ("shape", change_settings(shape=[10**9, 10**9]), NOT_CELLS + "shape: must have 15 cells"),
    ("stream", change_settings(stream_version=99), NOT_CELLS + "cells: must come from random"),
    ("device", change_settings(device={}), NOT_CELLS + "device: must have all parameters"),
    ("missing", lambda f: f.__delitem__("slope"), NOT_CELLS + "arrays: must be complete"),
    ("json", lambda f: f.attrs.update(settings="{"), "must be JSON (got a fault in line 1"),
    ("format", lambda f: f.attrs.update(format="x"), "must hold cells that save_cells wrote (got the format 'x')"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), [e[1:] for e in EDITS], ids=[e[0] for e in EDITS])
def test_changed_files_get_their_sentence(
    change: Callable[[Any], None], words: str, cells: sc.CellArray, tmp_path: Path
) -> None:
    save_cells(cells, tmp_path / "cells.nc")
    path = edited(tmp_path / "cells.nc", change)
    assert fault(path).startswith(f"{path}: {words}")


def test_other_files_get_their_sentence(cells: sc.CellArray, run: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "cells.nc"
    assert fault(path) == f"{path}: must exist (got no such file); check the name"
    sc.save_dataset(run, path)
    assert fault(path) == (f"{path}: must hold cells that save_cells wrote (got the format None); give another file")
    path.write_bytes(np.random.default_rng(2).bytes(3000))
    assert fault(path).startswith(f"{path}: must be readable as NetCDF (got contents that break the rules")
    save_cells(cells, path)
    path.write_bytes(path.read_bytes()[:4000])
    assert fault(path).startswith(f"{path}: must be readable as NetCDF (got 4,000 of its ")
    assert fault(tmp_path / "cells.npz") == f"{tmp_path / 'cells.npz'}: must end in .nc (got .npz); rename it"
    with pytest.raises(
        TypeError, match=r"^cells: must be a CellArray \(got Dataset\); a Dataset goes to save_dataset$"
    ):
        save_cells(run, path)  # type: ignore[arg-type]  # what a user must not do
